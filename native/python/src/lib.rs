//! The extension module `spark_llmdata._native`: each function takes owned Arrow, releases the GIL, gives Arrow back.
#![deny(unsafe_code)] // but in one function of `arrow`

mod arrow;
mod c4;
mod charset;
mod components;
mod dates;
mod excerpts;
mod fasttext;
mod fineweb;
mod hash;
mod heuristics;
mod jsonl;
mod minhash;
mod near;
mod pages;
mod pii;
mod refinedweb;
mod repetition;
mod sentences;
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
    c4::register(m)?;
    charset::register(m)?;
    components::register(m)?;
    dates::register(m)?;
    excerpts::register(m)?;
    fineweb::register(m)?;
    fasttext::register(m)?;
    hash::register(m)?;
    heuristics::register(m)?;
    jsonl::register(m)?;
    minhash::register(m)?;
    near::register(m)?;
    pages::register(m)?;
    refinedweb::register(m)?;
    repetition::register(m)?;
    sentences::register(m)?;
    pii::register(m)?;
    shingles::register(m)?;
    text_forms::register(m)?;
    unicode::register(m)?;
    url_rules::register(m)?;
    urls::register(m)?;
    warc::register(m)?;
    words::register(m)?;
    Ok(())
}
