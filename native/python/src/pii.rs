//! Python face of personal data.

use llmdata_kernels::pii;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrow::{PyArray, PyRecordBatch};

#[pyfunction]
fn find_pii(
    py: Python<'_>,
    text: PyArray,
    kinds: Vec<String>,
    rules: &str,
) -> PyResult<PyRecordBatch> {
    let text = text.into_inner();
    py.detach(|| pii::find(&text, &kinds, rules))
        .map(PyRecordBatch::new)
        .map_err(PyValueError::new_err)
}

#[pyfunction]
fn replace_pii(
    py: Python<'_>,
    text: PyArray,
    doc_id: PyArray,
    spans: PyRecordBatch,
    choices: Vec<Vec<String>>,
) -> PyResult<(PyArray, PyArray)> {
    let (text, doc_id) = (text.into_inner(), doc_id.into_inner());
    let spans = spans.into_inner();
    let (edited, lengths) = py
        .detach(|| pii::replace(&text, &doc_id, &spans, &choices))
        .map_err(PyValueError::new_err)?;
    Ok((
        PyArray::from_array_ref(edited),
        PyArray::from_array_ref(lengths),
    ))
}

#[pyfunction]
fn is_global_address(address: &str) -> Option<bool> {
    pii::is_global(address)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("PII_KINDS", pii::KINDS.to_vec())?;
    m.add("PII_RULES", pii::RULES.to_vec())?;
    m.add_function(wrap_pyfunction!(find_pii, m)?)?;
    m.add_function(wrap_pyfunction!(replace_pii, m)?)?;
    m.add_function(wrap_pyfunction!(is_global_address, m)?)
}
