//! Python face of the `warc` kernel.

use llmdata_kernels::warc::{Limits, Parser};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3_arrow::PyRecordBatch;

/// Reads one archive that is pushed to it piece by piece.
#[pyclass(module = "spark_llmdata._native")]
struct WarcParser(Parser);

#[pymethods]
impl WarcParser {
    #[new]
    fn new(
        gzip: bool,
        max_record_bytes: usize,
        batch_rows: usize,
        batch_bytes: usize,
    ) -> PyResult<Self> {
        let limits = Limits {
            max_record_bytes,
            batch_rows,
            batch_bytes,
        };
        Parser::new(gzip, limits)
            .map(WarcParser)
            .map_err(PyValueError::new_err)
    }

    fn push(
        &mut self,
        py: Python<'_>,
        chunk: &[u8],
        last: bool,
    ) -> PyResult<Option<PyRecordBatch>> {
        let batch = py.detach(|| self.0.push(chunk, last));
        let batch = batch.map_err(|error| PyValueError::new_err(error.to_string()))?;
        Ok(batch.map(PyRecordBatch::new))
    }

    #[getter]
    fn members(&self) -> u64 {
        self.0.counts().members
    }

    #[getter]
    fn records(&self) -> u64 {
        self.0.counts().records
    }

    #[getter]
    fn rejects(&self) -> u64 {
        self.0.counts().rejects
    }

    #[getter]
    fn consumed(&self) -> u64 {
        self.0.counts().consumed
    }
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<WarcParser>()
}
