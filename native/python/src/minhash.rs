//! Python face of MinHash.

use llmdata_kernels::minhash::{self, Bands};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrow::PyArray;
use crate::shingles::array_of;

#[pyfunction]
fn minhash_signatures(
    py: Python<'_>,
    text: PyArray,
    words: &str,
    ngram: usize,
    bands: usize,
    rows: usize,
) -> PyResult<PyArray> {
    let cut = Bands { bands, rows };
    array_of(py, text, words, ngram, |text, shingling| {
        minhash::signatures(text, shingling, cut)
    })
}

#[pyfunction]
fn minhash_band_keys(
    py: Python<'_>,
    text: PyArray,
    words: &str,
    ngram: usize,
    bands: usize,
    rows: usize,
) -> PyResult<PyArray> {
    let cut = Bands { bands, rows };
    array_of(py, text, words, ngram, |text, shingling| {
        minhash::band_keys(text, shingling, cut)
    })
}

#[pyfunction]
fn choose_bands(num_hashes: usize, threshold: f64, recall: f64) -> PyResult<(usize, usize)> {
    minhash::choose_bands(num_hashes, threshold, recall)
        .map(|chosen| (chosen.bands, chosen.rows))
        .map_err(PyValueError::new_err)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(minhash_signatures, m)?)?;
    m.add_function(wrap_pyfunction!(minhash_band_keys, m)?)?;
    m.add_function(wrap_pyfunction!(choose_bands, m)?)
}
