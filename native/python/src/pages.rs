//! Python face of the pages.

use llmdata_kernels::pages;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrow::{PyArray, PyRecordBatch};

#[pyfunction]
fn strip_pages(py: Python<'_>, pages: PyArray) -> PyResult<PyArray> {
    let pages = pages.into_inner();
    py.detach(|| pages::strip_all(&pages))
        .map(PyArray::from_array_ref)
        .map_err(PyValueError::new_err)
}

#[pyfunction]
fn read_page_facts(py: Python<'_>, pages: PyArray) -> PyResult<PyRecordBatch> {
    let pages = pages.into_inner();
    py.detach(|| pages::read_all(&pages))
        .map(PyRecordBatch::new)
        .map_err(PyValueError::new_err)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("PAGE_FACTS", pages::FACTS.to_vec())?;
    m.add("PAGE_COUNTS", pages::COUNTS.map(|(name, _)| name).to_vec())?;
    m.add_function(wrap_pyfunction!(strip_pages, m)?)?;
    m.add_function(wrap_pyfunction!(read_page_facts, m)?)
}
