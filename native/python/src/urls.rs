//! Python face of the addresses.

use std::sync::Arc;

use llmdata_kernels::urls;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrow::PyArray;

#[pyfunction]
fn normalize_urls(py: Python<'_>, urls: PyArray, form: &str) -> PyResult<PyArray> {
    let urls = urls.into_inner();
    py.detach(|| urls::normalize(&urls, form))
        .map(|found| PyArray::from_array_ref(Arc::new(found)))
        .map_err(PyValueError::new_err)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("URL_FORMS", urls::FORMS.map(|(name, _)| name).to_vec())?;
    m.add_function(wrap_pyfunction!(normalize_urls, m)?)
}
