//! A text column in whichever of Arrow's three layouts it came.

use arrow_array::cast::AsArray;
use arrow_array::{Array, LargeStringArray, StringArray, StringViewArray};
use arrow_schema::DataType;

/// A borrowed column of text.
#[derive(Clone, Copy, Debug)]
pub enum TextColumn<'a> {
    /// 32-bit offsets.
    Utf8(&'a StringArray),
    /// 64-bit offsets.
    LargeUtf8(&'a LargeStringArray),
    /// Views.
    Utf8View(&'a StringViewArray),
}

impl<'a> TextColumn<'a> {
    /// Reads `array` as text; the error calls it `name`.
    pub fn new(array: &'a dyn Array, name: &str) -> Result<Self, String> {
        Self::of(array)
            .ok_or_else(|| format!("column {name} is {}; expected text", array.data_type()))
    }

    /// Reads `array` as text, if it is.
    pub fn of(array: &'a dyn Array) -> Option<Self> {
        match array.data_type() {
            DataType::Utf8 => array.as_string_opt().map(Self::Utf8),
            DataType::LargeUtf8 => array.as_string_opt().map(Self::LargeUtf8),
            DataType::Utf8View => array.as_string_view_opt().map(Self::Utf8View),
            _ => None,
        }
    }

    /// The text in `row`, none where it is null. Panics behind the last row, like the arrays do.
    #[inline]
    pub fn get(&self, row: usize) -> Option<&'a str> {
        match self {
            Self::Utf8(array) => array.is_valid(row).then(|| array.value(row)),
            Self::LargeUtf8(array) => array.is_valid(row).then(|| array.value(row)),
            Self::Utf8View(array) => array.is_valid(row).then(|| array.value(row)),
        }
    }
}
