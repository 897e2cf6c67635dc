//! Python face of the Unicode forms and controls.

use std::sync::Arc;

use llmdata_kernels::choices;
use llmdata_kernels::unicode::{self, Settings};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrow::{PyArray, PyRecordBatch};

/// Settings by keyword, as `spark_llmdata.kernels.unicode.clean` has them.
#[pyfunction]
#[pyo3(signature = (text, *, form, keep_controls, line_ends, zero_width, bidi, private_use, max_newlines))]
#[expect(clippy::too_many_arguments, reason = "a keyword for each setting")]
fn clean_unicode(
    py: Python<'_>,
    text: PyArray,
    form: &str,
    keep_controls: &str,
    line_ends: bool,
    zero_width: bool,
    bidi: bool,
    private_use: bool,
    max_newlines: Option<usize>,
) -> PyResult<PyRecordBatch> {
    let text = text.into_inner();
    let form = choices::named(form, "form", &unicode::FORMS).map_err(PyValueError::new_err)?;
    let settings = Settings {
        form,
        keep_controls: keep_controls.chars().collect(),
        line_ends,
        zero_width,
        bidi,
        private_use,
        max_newlines,
    };
    py.detach(|| unicode::clean(&text, &settings))
        .map(PyRecordBatch::new)
        .map_err(PyValueError::new_err)
}

#[pyfunction]
fn suspect_mojibake(py: Python<'_>, text: PyArray) -> PyResult<PyArray> {
    let text = text.into_inner();
    py.detach(|| unicode::suspect_mojibake(&text))
        .map(|found| PyArray::from_array_ref(Arc::new(found)))
        .map_err(PyValueError::new_err)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(clean_unicode, m)?)?;
    m.add_function(wrap_pyfunction!(suspect_mojibake, m)?)
}
