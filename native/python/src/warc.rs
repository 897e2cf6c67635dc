//! Python face of the `warc` kernel.

use llmdata_kernels::warc::{Finder, Limits, Packing, Parser, Range};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrow::PyRecordBatch;

/// Reads one archive that is pushed to it piece by piece.
#[pyclass(module = "spark_llmdata._native")]
struct WarcParser(Parser);

#[pymethods]
impl WarcParser {
    #[new]
    #[expect(clippy::too_many_arguments, reason = "the Python face names them")]
    fn new(
        expected: &str,
        max_record_bytes: usize,
        batch_rows: usize,
        batch_bytes: usize,
        raw: bool,
        begin: u64,
        stop: u64,
        dictionary: &[u8],
    ) -> PyResult<Self> {
        let expected = packing(expected)?;
        let range = Range {
            begin,
            stop,
            dictionary: dictionary.to_vec(),
        };
        let limits = Limits {
            max_record_bytes,
            batch_rows,
            batch_bytes,
            raw,
        };
        Parser::new(expected, limits, range)
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
    fn stopped(&self) -> bool {
        self.0.is_stopped()
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

    #[getter]
    fn undone(&self) -> u64 {
        self.0.counts().undone
    }
}

/// Finds the members of an archive that begin a record.
#[pyclass(module = "spark_llmdata._native")]
struct MemberFinder(Finder);

#[pymethods]
impl MemberFinder {
    #[new]
    fn new(compression: &str, begin: u64, dictionary: &[u8]) -> PyResult<Self> {
        let packing = packing(compression)?.ok_or_else(|| {
            PyValueError::new_err("an archive that is not compressed has no members")
        })?;
        Finder::new(packing, begin, dictionary.to_vec())
            .map(MemberFinder)
            .map_err(PyValueError::new_err)
    }

    fn push(&mut self, py: Python<'_>, chunk: &[u8], last: bool) -> Option<u64> {
        py.detach(|| self.0.push(chunk, last))
    }
}

fn packing(name: &str) -> PyResult<Option<Packing>> {
    match name {
        "none" => Ok(None),
        "gzip" => Ok(Some(Packing::Gzip)),
        "zstd" => Ok(Some(Packing::Zstd)),
        "lz4" => Ok(Some(Packing::Lz4)),
        other => {
            let error = format!("compression is {other}, expected none, gzip, zstd or lz4");
            Err(PyValueError::new_err(error))
        }
    }
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<MemberFinder>()?;
    m.add_class::<WarcParser>()
}
