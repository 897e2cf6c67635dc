//! Python face of the rules for addresses.

use llmdata_kernels::choices;
use llmdata_kernels::url_rules::{
    Compiler, Domains, Form, Kind, List, Rules, Settings, Spelling, Words,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrow::{PyArray, PyRecordBatch};

fn named<T: Copy>(name: &str, of: &str, known: &[(&str, T)]) -> PyResult<T> {
    choices::named(name, of, known).map_err(PyValueError::new_err)
}

const FORMS: [(&str, Form); 2] = [("exact", Form::Exact), ("c4", Form::C4)];

/// Makes the lines of lists into a table.
#[pyclass(module = "spark_llmdata._native")]
struct UrlListCompiler(Option<Compiler>);

#[pymethods]
impl UrlListCompiler {
    /// `form` is that of whole addresses; none for domains.
    #[new]
    fn new(form: Option<&str>) -> PyResult<Self> {
        let kind = match form {
            None => Kind::Domains,
            Some(form) => Kind::Urls(named(form, "form", &FORMS)?),
        };
        Ok(Self(Some(Compiler::new(kind))))
    }

    fn push(&mut self, py: Python<'_>, lines: &[u8]) -> PyResult<()> {
        let compiler = self.0.as_mut().ok_or_else(finished)?;
        py.detach(|| compiler.push(lines))
            .map_err(PyValueError::new_err)
    }

    /// (the table, lines that were not UTF-8)
    fn finish(&mut self, py: Python<'_>) -> PyResult<(PyRecordBatch, u64)> {
        let compiler = self.0.take().ok_or_else(finished)?;
        let unreadable = compiler.unreadable();
        let table = py.detach(|| compiler.finish());
        let table = table.map_err(PyValueError::new_err)?;
        Ok((PyRecordBatch::new(table), unreadable))
    }
}

fn finished() -> PyErr {
    PyValueError::new_err("the list is finished; make a new compiler")
}

/// Lists and words, ready to be asked.
#[pyclass(frozen, module = "spark_llmdata._native")]
struct UrlRules(Rules);

/// (hard, soft, strict, allowed, excluded)
type PyWords = (
    Vec<String>,
    Vec<String>,
    Vec<String>,
    Vec<String>,
    Vec<String>,
);

#[pymethods]
impl UrlRules {
    /// `settings` are (domain_match, url_form, words, ignore_case).
    #[new]
    fn new(
        settings: (String, String, String, bool),
        domains: Option<PyRecordBatch>,
        urls: Option<PyRecordBatch>,
        words: PyWords,
    ) -> PyResult<Self> {
        let (domain_match, url_form, spelling, ignore_case) = settings;
        let settings = Settings {
            domains: named(
                &domain_match,
                "domain_match",
                &[
                    ("registered", Domains::Registered),
                    ("host", Domains::Host),
                    ("parents", Domains::Parents),
                    ("datatrove", Domains::Datatrove),
                ],
            )?,
            form: named(&url_form, "form", &FORMS)?,
            spelling: named(
                &spelling,
                "words",
                &[
                    ("alphanumeric", Spelling::Alphanumeric),
                    ("boundaries", Spelling::Boundaries),
                ],
            )?,
            ignore_case,
        };
        let (hard, soft, strict, allowed, excluded) = words;
        let words = Words {
            hard,
            soft,
            strict,
            allowed,
            excluded,
        };
        let open = |table: Option<PyRecordBatch>| {
            let table = table.map(PyRecordBatch::into_inner);
            table.as_ref().map(List::open).transpose()
        };
        let made =
            open(domains).and_then(|domains| Rules::new(settings, domains, open(urls)?, &words));
        made.map(Self).map_err(PyValueError::new_err)
    }

    fn measure(&self, py: Python<'_>, urls: PyArray) -> PyResult<PyRecordBatch> {
        let urls = urls.into_inner();
        py.detach(|| self.0.measure(&urls))
            .map(PyRecordBatch::new)
            .map_err(PyValueError::new_err)
    }
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<UrlListCompiler>()?;
    m.add_class::<UrlRules>()
}
