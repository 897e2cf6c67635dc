//! The extension module `spark_llmdata._native`: each function takes owned Arrow, releases the GIL, gives Arrow back.
#![forbid(unsafe_code)]

mod components;
mod dates;
mod hash;
mod heuristics;
mod jsonl;
mod minhash;
mod near;
mod shingles;
mod text_forms;
mod unicode;
mod url_rules;
mod urls;
mod warc;
mod words;

use pyo3::prelude::*;

#[pymodule]
fn _native(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("__version__", env!("CARGO_PKG_VERSION"))?;
    components::register(m)?;
    dates::register(m)?;
    hash::register(m)?;
    heuristics::register(m)?;
    jsonl::register(m)?;
    minhash::register(m)?;
    near::register(m)?;
    shingles::register(m)?;
    text_forms::register(m)?;
    unicode::register(m)?;
    url_rules::register(m)?;
    urls::register(m)?;
    warc::register(m)?;
    words::register(m)?;
    Ok(())
}
