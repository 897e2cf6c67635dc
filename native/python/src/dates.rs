//! Python face of the dates.

use std::sync::Arc;

use arrow_array::Int64Array;
use arrow_array::cast::AsArray;
use llmdata_kernels::dates;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrow::PyArray;

#[pyfunction]
fn parse_dates(py: Python<'_>, text: PyArray) -> PyResult<PyArray> {
    let text = text.into_inner();
    let kind = text.data_type().clone();
    let column = text
        .as_string_opt::<i32>()
        .ok_or_else(|| PyValueError::new_err(format!("dates are {kind}; expected string")))?;
    let found: Int64Array = py.detach(|| {
        column
            .iter()
            .map(|value| value.and_then(dates::parse))
            .collect()
    });
    Ok(PyArray::from_array_ref(Arc::new(found)))
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(parse_dates, m)?)
}
