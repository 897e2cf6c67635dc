//! Python face of repetition.

use llmdata_kernels::definitions::Definitions;
use llmdata_kernels::repetition;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrow::PyRecordBatch;
use crate::words::PyWords;

#[pyfunction]
fn gopher_repetition(
    py: Python<'_>,
    words: &Bound<'_, PyWords>,
    definitions: &str,
) -> PyResult<PyRecordBatch> {
    let definitions =
        Definitions::named(definitions, "repetition").map_err(PyValueError::new_err)?;
    let words = &words.get().0;
    py.detach(|| repetition::repetition(words, definitions))
        .map(PyRecordBatch::new)
        .map_err(PyValueError::new_err)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(gopher_repetition, m)?)
}
