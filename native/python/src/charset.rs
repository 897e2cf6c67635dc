//! Python face of the charsets.

use llmdata_kernels::charset;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrow::{PyArray, PyRecordBatch};

#[pyfunction]
fn decode_pages(py: Python<'_>, data: PyArray, content_type: PyArray) -> PyResult<PyRecordBatch> {
    let data = data.into_inner();
    let content_type = content_type.into_inner();
    py.detach(|| charset::decode_all(&data, &content_type))
        .map(PyRecordBatch::new)
        .map_err(PyValueError::new_err)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("CHARSET_SOURCES", charset::SOURCES.to_vec())?;
    m.add_function(wrap_pyfunction!(decode_pages, m)?)
}
