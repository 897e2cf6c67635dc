//! Python face of the connected components.

use llmdata_kernels::components;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrow::{PyArray, PyRecordBatch};

#[pyclass(module = "spark_llmdata._native")]
struct Components(components::Components);

#[pymethods]
impl Components {
    #[new]
    fn new() -> Self {
        Self(components::Components::default())
    }

    fn push(&mut self, py: Python<'_>, a: PyArray, b: PyArray) -> PyResult<()> {
        let [a, b] = [a, b].map(PyArray::into_inner);
        py.detach(|| self.0.push(&a, &b))
            .map_err(PyValueError::new_err)
    }

    fn labels(&mut self, py: Python<'_>, begin: usize, rows: usize) -> PyResult<PyRecordBatch> {
        py.detach(|| self.0.labels(begin, rows))
            .map(PyRecordBatch::new)
            .map_err(PyValueError::new_err)
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<Components>()
}
