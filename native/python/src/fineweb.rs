//! Python face of FineWeb's rules.

use llmdata_kernels::fineweb;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrow::PyRecordBatch;
use crate::words::PyWords;

#[pyfunction]
fn fineweb_lines(
    py: Python<'_>,
    words: &Bound<'_, PyWords>,
    short_line_chars: usize,
    trim: bool,
) -> PyResult<PyRecordBatch> {
    let words = &words.get().0;
    py.detach(|| fineweb::fineweb(words, short_line_chars, trim))
        .map(PyRecordBatch::new)
        .map_err(PyValueError::new_err)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(fineweb_lines, m)?)
}
