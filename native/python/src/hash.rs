//! Python face of the hashes.

use std::sync::Arc;

use arrow_array::ArrayRef;
use llmdata_kernels::hash::{self, Records, TableRows};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrow::{PyArray, PyRecordBatch};

fn array(
    py: Python<'_>,
    work: impl Send + FnOnce() -> Result<ArrayRef, String>,
) -> PyResult<PyArray> {
    py.detach(work)
        .map(PyArray::from_array_ref)
        .map_err(PyValueError::new_err)
}

#[pyfunction]
fn hash_bytes(py: Python<'_>, values: PyArray) -> PyResult<PyArray> {
    let values = values.into_inner();
    array(py, || Ok(Arc::new(hash::hash_bytes(&values)?)))
}

#[pyfunction]
fn doc_ids(
    py: Python<'_>,
    source: PyArray,
    id: PyArray,
    url: PyArray,
    date: PyArray,
    raw_hash: PyArray,
) -> PyResult<PyArray> {
    let [source, id, url, date, raw_hash] =
        [source, id, url, date, raw_hash].map(PyArray::into_inner);
    let records = Records {
        source,
        id,
        url,
        date,
        raw_hash,
    };
    array(py, || Ok(Arc::new(hash::doc_ids(&records)?)))
}

#[pyfunction]
fn table_hashes(
    py: Python<'_>,
    id: PyArray,
    url: PyArray,
    text: PyArray,
    date: PyArray,
    lang: PyArray,
    source: PyArray,
) -> PyResult<PyArray> {
    let [id, url, text, date, lang, source] =
        [id, url, text, date, lang, source].map(PyArray::into_inner);
    let table = TableRows {
        id,
        url,
        text,
        date,
        lang,
        source,
    };
    array(py, || Ok(Arc::new(hash::table_hashes(&table)?)))
}

#[pyfunction]
fn text_facts(py: Python<'_>, text: PyArray) -> PyResult<PyRecordBatch> {
    let text = text.into_inner();
    py.detach(|| hash::text_facts(&text))
        .map(PyRecordBatch::new)
        .map_err(PyValueError::new_err)
}

#[pyfunction]
fn row_hashes(py: Python<'_>, batch: PyRecordBatch) -> PyResult<(PyArray, PyArray)> {
    let batch = batch.into_inner();
    let (hi, lo) = py
        .detach(|| hash::row_hashes(&batch))
        .map_err(PyValueError::new_err)?;
    Ok((
        PyArray::from_array_ref(Arc::new(hi)),
        PyArray::from_array_ref(Arc::new(lo)),
    ))
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(hash_bytes, m)?)?;
    m.add_function(wrap_pyfunction!(doc_ids, m)?)?;
    m.add_function(wrap_pyfunction!(table_hashes, m)?)?;
    m.add_function(wrap_pyfunction!(text_facts, m)?)?;
    m.add_function(wrap_pyfunction!(row_hashes, m)?)
}
