//! Python face of C4's rules.

use llmdata_kernels::c4::{self, Rules};
use llmdata_kernels::sentences::Rule as SentenceRule;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrow::{PyArray, PyRecordBatch};

#[pyfunction]
#[pyo3(signature = (text, *, max_word_chars, remove_citations, end_marks, min_line_words, count_words_late, javascript,
    policy, keep_layout, bad_words, bad_words_inside, sentences))]
#[expect(clippy::too_many_arguments, reason = "one for each rule, by name")]
fn c4_pages(
    py: Python<'_>,
    text: PyArray,
    max_word_chars: Option<usize>,
    remove_citations: bool,
    end_marks: String,
    min_line_words: usize,
    count_words_late: bool,
    javascript: bool,
    policy: bool,
    keep_layout: bool,
    bad_words: Vec<String>,
    bad_words_inside: bool,
    sentences: &str,
) -> PyResult<PyRecordBatch> {
    let sentences = SentenceRule::named(sentences).map_err(PyValueError::new_err)?;
    let rules = Rules {
        max_word_chars,
        remove_citations,
        end_marks,
        min_line_words,
        count_words_late,
        javascript,
        policy,
        keep_layout,
        bad_words,
        bad_words_inside,
        sentences,
    };
    let text = text.into_inner();
    py.detach(|| c4::c4(&text, &rules))
        .map(PyRecordBatch::new)
        .map_err(PyValueError::new_err)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(c4_pages, m)?)
}
