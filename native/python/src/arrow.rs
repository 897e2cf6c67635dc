//! Arrow between Python and Rust, by the Arrow PyCapsule interface: nothing is copied.
//!
//! Kernels take strings for UTF-8, as Rust does; Python's Arrow and Spark do not look (a Parquet file may say "string"
//! of Latin-1). So every string that comes in is looked at here, once.

use arrow_array::cast::AsArray;
use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi};
use arrow_array::{
    Array, ArrayRef, GenericStringArray, OffsetSizeTrait, RecordBatch, StructArray, make_array,
};
use arrow_schema::{ArrowError, DataType};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use simdutf8::basic::from_utf8;

const ARRAY: &std::ffi::CStr = c"arrow_array";
const SCHEMA: &std::ffi::CStr = c"arrow_schema";

/// An array from Python or for it; there it is what `pyarrow.array` takes.
#[pyclass(frozen, module = "spark_llmdata._native")]
pub struct PyArray(ArrayRef);

/// A batch from Python or for it; there it is what `pyarrow.record_batch` takes.
#[pyclass(frozen, module = "spark_llmdata._native")]
pub struct PyRecordBatch(RecordBatch);

/// What an object's `__arrow_c_array__` gives: a schema and an array, as capsules.
type Capsules<'py> = (Bound<'py, PyCapsule>, Bound<'py, PyCapsule>);

impl PyArray {
    pub fn from_array_ref(array: ArrayRef) -> Self {
        Self(array)
    }

    pub fn into_inner(self) -> ArrayRef {
        self.0
    }
}

impl PyRecordBatch {
    pub fn new(batch: RecordBatch) -> Self {
        Self(batch)
    }

    pub fn into_inner(self) -> RecordBatch {
        self.0
    }
}

#[pymethods]
impl PyArray {
    /// The type is the kernel's whatever is asked for, as the interface allows.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Capsules<'py>> {
        let _ = requested_schema;
        exported(
            py,
            FFI_ArrowSchema::try_from(self.0.data_type()),
            self.0.as_ref(),
        )
    }
}

#[pymethods]
impl PyRecordBatch {
    /// The schema is the kernel's whatever is asked for, as the interface allows.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Capsules<'py>> {
        let _ = requested_schema;
        let rows = StructArray::from(self.0.clone());
        exported(
            py,
            FFI_ArrowSchema::try_from(self.0.schema().as_ref()),
            &rows,
        )
    }
}

impl<'py> FromPyObject<'_, 'py> for PyArray {
    type Error = PyErr;

    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        imported(given).map(Self)
    }
}

impl<'py> FromPyObject<'_, 'py> for PyRecordBatch {
    type Error = PyErr;

    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let rows = imported(given)?;
        match rows.as_struct_opt() {
            Some(rows) if rows.null_count() == 0 => Ok(Self(RecordBatch::from(rows))),
            _ => Err(PyTypeError::new_err(format!(
                "a {} was given; expected a record batch",
                rows.data_type()
            ))),
        }
    }
}

fn exported<'py>(
    py: Python<'py>,
    schema: Result<FFI_ArrowSchema, ArrowError>,
    array: &dyn Array,
) -> PyResult<Capsules<'py>> {
    let schema = schema.map_err(|error| PyValueError::new_err(error.to_string()))?;
    let array = FFI_ArrowArray::new(&array.to_data());
    Ok((
        PyCapsule::new_with_value(py, schema, SCHEMA)?,
        PyCapsule::new_with_value(py, array, ARRAY)?,
    ))
}

fn imported(given: Borrowed<'_, '_, PyAny>) -> PyResult<ArrayRef> {
    let name = intern!(given.py(), "__arrow_c_array__");
    let Some(export) = given.getattr_opt(name)? else {
        return Err(PyTypeError::new_err(format!(
            "a {} was given; expected an array or a batch of Arrow (one with __arrow_c_array__)",
            given.get_type().name()?
        )));
    };
    let (schema, array): Capsules<'_> = export.call0()?.extract()?;
    let array = taken(&schema, &array)?;
    check_text(&array).map_err(PyValueError::new_err)?;
    Ok(array)
}

#[expect(
    unsafe_code,
    reason = "pointers are how the C data interface hands arrays over"
)]
fn taken(schema: &Bound<'_, PyCapsule>, array: &Bound<'_, PyCapsule>) -> PyResult<ArrayRef> {
    let schema = schema
        .pointer_checked(Some(SCHEMA))?
        .cast::<FFI_ArrowSchema>();
    let array = array.pointer_checked(Some(ARRAY))?.cast::<FFI_ArrowArray>();
    // SAFETY: capsules of these names hold these structures, by the interface's definition, and live for this call. The
    // array is moved out, which leaves a released one behind, as a consumer must.
    let array = unsafe { FFI_ArrowArray::from_raw(array.as_ptr()) };
    if array.is_released() {
        return Err(PyValueError::new_err(
            "an array was given that somebody has taken already",
        ));
    }
    // SAFETY: they are of one another, as they came.
    let data = unsafe { from_ffi(array, schema.as_ref()) };
    data.map(make_array)
        .map_err(|error| PyTypeError::new_err(error.to_string()))
}

/// Says of which row the text is none.
fn check_text(array: &ArrayRef) -> Result<(), String> {
    match array.data_type() {
        DataType::Utf8 => check_strings(array.as_string::<i32>()),
        DataType::LargeUtf8 => check_strings(array.as_string::<i64>()),
        DataType::Utf8View => {
            let bytes = array.as_string_view().clone().to_binary_view();
            check_rows(bytes.iter())
        }
        DataType::Struct(fields) => {
            let columns = fields.iter().zip(array.as_struct().columns());
            columns.into_iter().try_for_each(|(field, column)| {
                let name = field.name();
                check_text(column).map_err(|error| format!("column {name}: {error}"))
            })
        }
        DataType::List(_) => check_items(array.as_list::<i32>().value_offsets(), array),
        DataType::LargeList(_) => check_items(array.as_list::<i64>().value_offsets(), array),
        DataType::Map(..) => check_items(array.as_map().value_offsets(), array),
        kind if kind.is_nested() || matches!(kind, DataType::Dictionary(..)) => {
            let data = array.to_data();
            let mut children = data.child_data().iter();
            children.try_for_each(|child| check_text(&make_array(child.clone())))
        }
        _ => Ok(()),
    }
}

/// What the rows of a list or a map hold; its child may hold more.
fn check_items<O: OffsetSizeTrait>(offsets: &[O], array: &ArrayRef) -> Result<(), String> {
    let data = array.to_data();
    let ([first, .., last], [items, ..]) = (offsets, data.child_data()) else {
        return Ok(());
    };
    let (first, last) = (first.as_usize(), last.as_usize());
    check_text(&make_array(items.clone()).slice(first, last - first))
}

/// All bytes at once; row by row only to find which row, or that what is no text is behind a null.
fn check_strings<O: OffsetSizeTrait>(array: &GenericStringArray<O>) -> Result<(), String> {
    let offsets = array.value_offsets();
    let bytes = array.value_data();
    let [first, .., last] = offsets else {
        return Ok(());
    };
    let whole = bytes.get(first.as_usize()..last.as_usize());
    let cut = |offset: &O| {
        bytes
            .get(offset.as_usize())
            .is_some_and(|byte| byte & 0xC0 == 0x80)
    };
    if whole.is_some_and(|whole| from_utf8(whole).is_ok()) && !offsets.iter().any(cut) {
        return Ok(());
    }
    check_rows(offsets.windows(2).enumerate().map(|(row, ends)| {
        let value = || bytes.get(ends[0].as_usize()..ends[1].as_usize());
        array.is_valid(row).then(|| value().unwrap_or(b"\xff"))
    }))
}

fn check_rows<'a>(rows: impl Iterator<Item = Option<&'a [u8]>>) -> Result<(), String> {
    for (row, value) in rows.enumerate() {
        if let Some(Err(error)) = value.map(std::str::from_utf8) {
            let at = error.valid_up_to();
            return Err(format!(
                "the text of row {row} is no UTF-8 from its byte {at} on"
            ));
        }
    }
    Ok(())
}
