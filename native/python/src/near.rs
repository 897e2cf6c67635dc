//! The passes of near-duplicate detection, for Python.

use llmdata_kernels::choices::named;
use llmdata_kernels::minhash::Bands;
use llmdata_kernels::near::{
    self, Candidates, Clusters, Measure, Similarity, SketchSettings, SolveSettings,
};
use llmdata_kernels::shingles::{Shingling, Words};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrow::PyRecordBatch;

/// (words, ngram, bands, rows)
type PyCandidates = (String, usize, usize, usize);

fn candidates((words, ngram, bands, rows): PyCandidates) -> Result<Candidates, String> {
    Ok(Candidates {
        shingling: Shingling {
            words: Words::named(&words)?,
            ngram,
        },
        bands: Bands { bands, rows },
    })
}

fn similarity(measure: &str, threshold: (u64, u64)) -> Result<Similarity, String> {
    let known = [
        ("jaccard", Measure::Jaccard),
        ("containment", Measure::Containment),
    ];
    Similarity::new(named(measure, "similarity", &known)?, threshold)
}

/// First pass: texts to records.
#[pyclass(module = "spark_llmdata._native")]
struct Sketcher(near::Sketcher);

#[pymethods]
impl Sketcher {
    #[new]
    fn new(
        candidates: PyCandidates,
        bitmaps: Option<usize>,
        partitions: usize,
        flush_bytes: usize,
    ) -> PyResult<Self> {
        let made = self::candidates(candidates).and_then(|candidates| {
            near::Sketcher::new(SketchSettings {
                candidates,
                bitmaps,
                partitions,
                flush_bytes,
            })
        });
        made.map(Self).map_err(PyValueError::new_err)
    }

    /// Takes a batch; gives records whenever enough are held.
    fn push(&mut self, py: Python<'_>, batch: PyRecordBatch) -> PyResult<Vec<PyRecordBatch>> {
        let batch = batch.into_inner();
        all_given(py.detach(|| self.0.push(&batch)))
    }

    /// Gives the records that are held.
    fn finish(&mut self, py: Python<'_>) -> PyResult<PyRecordBatch> {
        given(py.detach(|| self.0.take()))
    }
}

/// Second pass: records to links.
#[pyclass(module = "spark_llmdata._native")]
struct Linker(near::Linker);

#[pymethods]
impl Linker {
    #[new]
    fn new(order_keys: usize) -> Self {
        Self(near::Linker::new(order_keys))
    }

    fn push(&mut self, py: Python<'_>, sets: &[u8], bands: &[u8]) -> PyResult<()> {
        py.detach(|| self.0.push(sets, bands))
            .map_err(PyValueError::new_err)
    }

    fn finish(&mut self, py: Python<'_>, rows: usize) -> PyResult<Vec<PyRecordBatch>> {
        all_given(py.detach(|| self.0.finish(rows)))
    }
}

/// In between, for crowds: records with bitmaps to links between documents that can be similar.
#[pyclass(module = "spark_llmdata._native")]
struct CrowdLinker(near::CrowdLinker);

#[pymethods]
impl CrowdLinker {
    #[new]
    fn new(similarity: &str, threshold: (u64, u64), max_block: usize) -> PyResult<Self> {
        let similarity = self::similarity(similarity, threshold);
        let made = similarity.map(|similarity| near::CrowdLinker::new(similarity, max_block));
        made.map(Self).map_err(PyValueError::new_err)
    }

    fn push(&mut self, py: Python<'_>, bands: &[u8]) -> PyResult<()> {
        py.detach(|| self.0.push(bands))
            .map_err(PyValueError::new_err)
    }

    fn finish(&mut self, py: Python<'_>, rows: usize) -> PyResult<Vec<PyRecordBatch>> {
        all_given(py.detach(|| self.0.finish(rows)))
    }

    /// Pairs whose sizes and bitmaps were looked at.
    fn looked_at(&self) -> u64 {
        self.0.looked_at()
    }
}

/// Third pass: texts, component by component, to who is removed.
#[pyclass(module = "spark_llmdata._native")]
struct Solver(near::Solver);

#[pymethods]
impl Solver {
    #[new]
    fn new(
        candidates: PyCandidates,
        similarity: &str,
        clusters: &str,
        threshold: (u64, u64),
        max_block: usize,
    ) -> PyResult<Self> {
        let make = || {
            near::Solver::new(SolveSettings {
                candidates: self::candidates(candidates)?,
                similarity: self::similarity(similarity, threshold)?,
                clusters: named(
                    clusters,
                    "clusters",
                    &[
                        ("greedy", Clusters::Greedy),
                        ("components", Clusters::Components),
                    ],
                )?,
                max_block,
            })
        };
        make().map(Self).map_err(PyValueError::new_err)
    }

    fn push(&mut self, py: Python<'_>, batch: PyRecordBatch) -> PyResult<PyRecordBatch> {
        let batch = batch.into_inner();
        given(py.detach(|| self.0.push(&batch)))
    }

    fn finish(&mut self, py: Python<'_>) -> PyResult<PyRecordBatch> {
        given(py.detach(|| self.0.finish()))
    }

    /// (pairs looked at, pairs whose sets were gone through, documents held)
    fn work(&self) -> (u64, u64, usize) {
        let (looked_at, compared) = self.0.pairs();
        (looked_at, compared, self.0.held())
    }
}

fn given(batch: Result<arrow_array::RecordBatch, String>) -> PyResult<PyRecordBatch> {
    batch.map(PyRecordBatch::new).map_err(PyValueError::new_err)
}

fn all_given(
    batches: Result<Vec<arrow_array::RecordBatch>, String>,
) -> PyResult<Vec<PyRecordBatch>> {
    let batches = batches.map_err(PyValueError::new_err)?;
    Ok(batches.into_iter().map(PyRecordBatch::new).collect())
}

/// Bits for each shingle that bitmaps need at a threshold.
#[pyfunction]
fn bitmap_bits(similarity: &str, threshold: (u64, u64)) -> PyResult<usize> {
    let similarity = self::similarity(similarity, threshold);
    similarity
        .map(Similarity::bits)
        .map_err(PyValueError::new_err)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<Sketcher>()?;
    m.add_function(wrap_pyfunction!(bitmap_bits, m)?)?;
    m.add_class::<Linker>()?;
    m.add_class::<CrowdLinker>()?;
    m.add_class::<Solver>()
}
