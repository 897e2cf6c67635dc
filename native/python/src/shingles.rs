//! Python face of the sets of shingles.

use arrow_array::ArrayRef;
use llmdata_kernels::shingles::{self, Shingling, Words};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrow::{PyArray, PyRecordBatch};

/// What a text's shingles are, from the names and numbers of a recipe.
fn shingling(words: &str, ngram: usize) -> PyResult<Shingling> {
    let words = Words::named(words).map_err(PyValueError::new_err)?;
    Ok(Shingling { words, ngram })
}

/// What a kernel makes of a column of texts as sets of shingles.
pub fn array_of(
    py: Python<'_>,
    text: PyArray,
    words: &str,
    ngram: usize,
    kernel: impl Send + FnOnce(&ArrayRef, Shingling) -> Result<ArrayRef, String>,
) -> PyResult<PyArray> {
    let text = text.into_inner();
    let shingling = shingling(words, ngram)?;
    py.detach(|| kernel(&text, shingling))
        .map(PyArray::from_array_ref)
        .map_err(PyValueError::new_err)
}

#[pyfunction]
fn shingle_sets(py: Python<'_>, text: PyArray, words: &str, ngram: usize) -> PyResult<PyArray> {
    array_of(py, text, words, ngram, shingles::sets)
}

#[pyfunction]
fn similarities(
    py: Python<'_>,
    text: PyArray,
    other: &str,
    words: &str,
    ngram: usize,
) -> PyResult<PyRecordBatch> {
    let text = text.into_inner();
    let shingling = shingling(words, ngram)?;
    py.detach(|| shingles::similarities(&text, other, shingling))
        .map(PyRecordBatch::new)
        .map_err(PyValueError::new_err)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("SHINGLE_WORDS", Words::ALL.map(Words::name))?;
    m.add_function(wrap_pyfunction!(shingle_sets, m)?)?;
    m.add_function(wrap_pyfunction!(similarities, m)?)
}
