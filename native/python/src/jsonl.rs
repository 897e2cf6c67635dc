//! JSON lines to records, for Python.

use llmdata_kernels::jsonl::{self, Columns, Limits};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::arrow::PyRecordBatch;

/// Parses JSON lines into records.
#[pyclass(frozen, module = "spark_llmdata._native")]
struct LineParser {
    columns: Columns,
    source: String,
    limits: Limits,
}

#[pymethods]
impl LineParser {
    #[new]
    #[pyo3(signature = (columns, source, *, max_record_bytes, batch_rows, batch_bytes))]
    fn new(
        columns: Vec<(String, String)>,
        source: String,
        max_record_bytes: usize,
        batch_rows: usize,
        batch_bytes: usize,
    ) -> PyResult<Self> {
        Ok(Self {
            columns: Columns::new(&columns).map_err(PyValueError::new_err)?,
            source,
            limits: Limits {
                record_bytes: max_record_bytes,
                rows: batch_rows,
                bytes: batch_bytes,
            },
        })
    }

    /// The records of `data` from `start` on, and where the next call is to start.
    fn parse(
        &self,
        py: Python<'_>,
        data: &[u8],
        start: usize,
        base_offset: i64,
    ) -> PyResult<(PyRecordBatch, usize)> {
        let parsed = py.detach(|| {
            jsonl::parse_lines(
                data,
                start,
                base_offset,
                &self.columns,
                &self.source,
                &self.limits,
            )
        });
        let (batch, next) = parsed.map_err(PyValueError::new_err)?;
        Ok((PyRecordBatch::new(batch), next))
    }
}

/// A line that comes in pieces and is not held.
#[pyclass(module = "spark_llmdata._native")]
struct LongLine(jsonl::LongLine);

#[pymethods]
impl LongLine {
    #[new]
    fn new() -> Self {
        Self(jsonl::LongLine::default())
    }

    fn update(&mut self, py: Python<'_>, piece: &[u8]) {
        py.detach(|| self.0.update(piece));
    }

    /// (bytes, blank, head, hash) of the line; then it is empty again.
    fn finish<'py>(
        &mut self,
        py: Python<'py>,
        ended: bool,
    ) -> (u64, bool, Bound<'py, PyBytes>, Bound<'py, PyBytes>) {
        let facts = self.0.finish(ended);
        (
            facts.bytes,
            facts.blank,
            PyBytes::new(py, &facts.head),
            PyBytes::new(py, &facts.hash),
        )
    }
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<LineParser>()?;
    m.add_class::<LongLine>()
}
