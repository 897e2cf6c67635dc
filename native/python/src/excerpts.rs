//! Python face of excerpts.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::UInt32Type;
use arrow_array::{Array, UInt32Array};
use llmdata_kernels::excerpts;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrow::PyArray;

#[pyfunction]
fn excerpt(
    py: Python<'_>,
    text: PyArray,
    begin: PyArray,
    end: PyArray,
    max_chars: usize,
) -> PyResult<Py<PyAny>> {
    let text = text.into_inner();
    let begin = bounds(begin).map_err(PyValueError::new_err)?;
    let end = bounds(end).map_err(PyValueError::new_err)?;
    let found = py
        .detach(|| excerpts::excerpts(&text, &begin, &end, max_chars))
        .map_err(PyValueError::new_err)?;
    let found = PyArray::from_array_ref(Arc::new(found));
    Ok(py
        .import("pyarrow")?
        .call_method1("array", (found,))?
        .unbind())
}

fn bounds(array: PyArray) -> Result<UInt32Array, String> {
    let array = array.into_inner();
    let kind = array.data_type().clone();
    array
        .as_primitive_opt::<UInt32Type>()
        .cloned()
        .ok_or_else(|| format!("a bound is {kind}; expected uint32"))
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(excerpt, m)?)
}
