//! Python face of fastText models.

use std::sync::{Mutex, PoisonError};

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::UInt8Type;
use llmdata_kernels::fasttext::{self, Model, Reading, View};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrow::{PyArray, PyRecordBatch};

#[pyclass(frozen, name = "FastText", module = "spark_llmdata._native")]
pub struct PyFastText {
    model: Model,
    reading: Mutex<Reading>,
}

impl PyFastText {
    /// Lets `work` read with what was kept from earlier texts; a panic in between leaves nothing that could be wrong.
    fn read<T: Send>(
        &self,
        py: Python<'_>,
        work: impl Send + FnOnce(&Model, &mut Reading) -> Result<T, String>,
    ) -> PyResult<T> {
        py.detach(|| {
            let mut reading = self.reading.lock().unwrap_or_else(|poisoned| {
                let mut reading = PoisonError::into_inner(poisoned);
                *reading = self.model.reading();
                self.reading.clear_poison();
                reading
            });
            work(&self.model, &mut reading)
        })
        .map_err(PyValueError::new_err)
    }
}

#[pymethods]
impl PyFastText {
    #[new]
    fn new(py: Python<'_>, data: PyArray) -> PyResult<Self> {
        let data = data.into_inner();
        let bytes = data
            .as_primitive_opt::<UInt8Type>()
            .ok_or_else(|| format!("the model is {}; expected uint8", data.data_type()))
            .map_err(PyValueError::new_err)?
            .values()
            .inner()
            .clone();
        let model = py
            .detach(|| Model::read(bytes))
            .map_err(PyValueError::new_err)?;
        let reading = Mutex::new(model.reading());
        Ok(Self { model, reading })
    }

    #[getter]
    fn labels(&self) -> Vec<String> {
        self.model.labels().to_vec()
    }

    #[getter]
    fn dim(&self) -> usize {
        self.model.dim()
    }

    fn predict(
        &self,
        py: Python<'_>,
        text: PyArray,
        k: usize,
        max_chars: Option<usize>,
        join_lines: bool,
    ) -> PyResult<PyRecordBatch> {
        let text = text.into_inner();
        let view = View {
            max_chars,
            join_lines,
        };
        self.read(py, |model, reading| {
            fasttext::predict(model, reading, &text, k, view)
        })
        .map(PyRecordBatch::new)
    }

    fn predict_lines(
        &self,
        py: Python<'_>,
        text: PyArray,
        max_chars: Option<usize>,
    ) -> PyResult<PyRecordBatch> {
        let text = text.into_inner();
        self.read(py, |model, reading| {
            fasttext::predict_lines(model, reading, &text, max_chars)
        })
        .map(PyRecordBatch::new)
    }
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<PyFastText>()
}
