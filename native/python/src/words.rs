//! Python face of the words: a handle that kernels read, whose spans never become Python objects.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, BooleanArray};
use llmdata_kernels::words::{self, Rule, Words};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrow::PyArray;

#[pyclass(frozen, name = "Words", module = "spark_llmdata._native")]
pub struct PyWords(pub Words);

#[pymethods]
impl PyWords {
    fn counts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let counts = py.detach(|| self.0.counts());
        let counts = PyArray::from_array_ref(Arc::new(counts));
        py.import("pyarrow")?.call_method1("array", (counts,))
    }

    fn lists<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let lists = py
            .detach(|| self.0.lists())
            .map_err(PyValueError::new_err)?;
        let lists = PyArray::from_array_ref(Arc::new(lists));
        py.import("pyarrow")?.call_method1("array", (lists,))
    }

    fn restrict(&self, py: Python<'_>, alive: PyArray) -> PyResult<Self> {
        let alive = mask(alive).map_err(PyValueError::new_err)?;
        py.detach(|| self.0.restrict(&alive))
            .map(PyWords)
            .map_err(PyValueError::new_err)
    }

    #[getter]
    fn rule(&self) -> &'static str {
        self.0.rule().name()
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }
}

fn mask(alive: PyArray) -> Result<BooleanArray, String> {
    let alive = alive.into_inner();
    let kind = alive.data_type().clone();
    alive
        .as_boolean_opt()
        .cloned()
        .ok_or_else(|| format!("alive is {kind}; expected bool"))
}

#[pyfunction]
fn split_words(
    py: Python<'_>,
    text: PyArray,
    alive: Option<PyArray>,
    rule: &str,
) -> PyResult<PyWords> {
    let text = text.into_inner();
    let rule = Rule::named(rule).map_err(PyValueError::new_err)?;
    let alive = alive.map(mask).transpose().map_err(PyValueError::new_err)?;
    py.detach(|| Words::split(text, alive, rule))
        .map(PyWords)
        .map_err(PyValueError::new_err)
}

#[pyfunction]
fn are_symbol_words<'py>(py: Python<'py>, words: PyArray) -> PyResult<Bound<'py, PyAny>> {
    let words = words.into_inner();
    let symbols = py
        .detach(|| words::are_symbol_words(&words))
        .map_err(PyValueError::new_err)?;
    let symbols = PyArray::from_array_ref(Arc::new(symbols));
    py.import("pyarrow")?.call_method1("array", (symbols,))
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<PyWords>()?;
    m.add("WORD_RULES", Rule::ALL.map(Rule::name))?;
    m.add_function(wrap_pyfunction!(split_words, m)?)?;
    m.add_function(wrap_pyfunction!(are_symbol_words, m)?)
}
