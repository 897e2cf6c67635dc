//! Python face of the surface statistics.

use llmdata_kernels::definitions::Definitions;
use llmdata_kernels::heuristics;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrow::PyRecordBatch;
use crate::words::PyWords;

#[pyfunction]
fn gopher_quality(
    py: Python<'_>,
    words: &Bound<'_, PyWords>,
    stop_words: Vec<String>,
    definitions: &str,
) -> PyResult<PyRecordBatch> {
    let definitions =
        Definitions::named(definitions, "gopher_quality").map_err(PyValueError::new_err)?;
    let words = &words.get().0;
    let measured = py.detach(|| heuristics::gopher_quality(words, &stop_words, definitions));
    measured
        .map(PyRecordBatch::new)
        .map_err(PyValueError::new_err)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(gopher_quality, m)?)
}
