//! Python face of RefinedWeb's corrections.

use llmdata_kernels::refinedweb::{self, Rules};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrow::PyRecordBatch;
use crate::words::PyWords;

#[pyfunction]
#[pyo3(signature = (words, *, max_upper_ratio, max_digit_ratio, counters, min_line_words, max_snippet_words, any_three, trim))]
#[expect(clippy::too_many_arguments, reason = "one for each rule, by name")]
fn refinedweb_lines(
    py: Python<'_>,
    words: &Bound<'_, PyWords>,
    max_upper_ratio: Option<f64>,
    max_digit_ratio: Option<f64>,
    counters: bool,
    min_line_words: usize,
    max_snippet_words: Option<usize>,
    any_three: bool,
    trim: bool,
) -> PyResult<PyRecordBatch> {
    let rules = Rules {
        max_upper_ratio,
        max_digit_ratio,
        counters,
        min_line_words,
        max_snippet_words,
        any_three,
        trim,
    };
    let words = &words.get().0;
    py.detach(|| refinedweb::refinedweb(words, &rules))
        .map(PyRecordBatch::new)
        .map_err(PyValueError::new_err)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(refinedweb_lines, m)?)
}
