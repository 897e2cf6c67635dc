//! The extension module `spark_llmdata._native`: each function takes owned Arrow, releases the GIL, gives Arrow back.
#![forbid(unsafe_code)]

mod dates;
mod hash;
mod heuristics;
mod jsonl;
mod minhash;
mod shingles;
mod warc;
mod words;

use pyo3::prelude::*;

#[pymodule]
fn _native(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("__version__", env!("CARGO_PKG_VERSION"))?;
    dates::register(m)?;
    hash::register(m)?;
    words::register(m)?;
    heuristics::register(m)?;
    jsonl::register(m)?;
    shingles::register(m)?;
    minhash::register(m)?;
    warc::register(m)
}
