//! Python face of the text forms.

use llmdata_kernels::text_forms;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrow::{PyArray, PyRecordBatch};

#[pyfunction]
fn hash_text_forms(
    py: Python<'_>,
    text: PyArray,
    form: &str,
    with_sha256: bool,
) -> PyResult<PyRecordBatch> {
    let text = text.into_inner();
    py.detach(|| text_forms::hash(&text, form, with_sha256))
        .map(PyRecordBatch::new)
        .map_err(PyValueError::new_err)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add(
        "TEXT_FORMS",
        text_forms::FORMS.map(|(name, _)| name).to_vec(),
    )?;
    m.add_function(wrap_pyfunction!(hash_text_forms, m)?)
}
