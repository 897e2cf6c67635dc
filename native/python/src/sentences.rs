//! Python face of the sentences.

use std::sync::Arc;

use llmdata_kernels::sentences::{self, Rule};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrow::PyArray;

#[pyfunction]
fn count_sentences<'py>(py: Python<'py>, text: PyArray, rule: &str) -> PyResult<Bound<'py, PyAny>> {
    let text = text.into_inner();
    let rule = Rule::named(rule).map_err(PyValueError::new_err)?;
    let counts = py
        .detach(|| sentences::count(&text, rule))
        .map_err(PyValueError::new_err)?;
    let counts = PyArray::from_array_ref(Arc::new(counts));
    py.import("pyarrow")?.call_method1("array", (counts,))
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("SENTENCE_RULES", Rule::ALL.map(Rule::name))?;
    m.add_function(wrap_pyfunction!(count_sentences, m)?)
}
