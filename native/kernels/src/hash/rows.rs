//! The hash of a whole row, whatever its columns are, by name rather than by place or layout.
//!
//! Columns come in the order of their names (by bytes). Each is `str(name)`, then a tag byte, then its value:
//!
//! | tag | value | encoding |
//! |---|---|---|
//! | 0 | null (of any type but the last two) | nothing |
//! | 1 | text, in any layout | `str(x)` |
//! | 2 | int64 | `int(x)` |
//! | 3 | float64 | `int(bits)`; every NaN is 0x7ff8000000000000, -0.0 is 0.0 |
//! | 4 | bool | one byte, 0 or 1 |
//! | 5 | timestamp(us) with time zone | `int(x)` |
//! | 6 | timestamp(us) without | `int(x)` |
//! | 7 | map of text to text | `int(entries)`, then `str(key) str(value)` of each |
//! | 8 | map of text to float64, or struct of float64 | `int(entries)`, then `str(key) int(bits)` of each |
//!
//! Entries are sorted by key, then by value (text by bytes, numbers by their bits read as a signed number); an entry
//! whose value is null is left out, and a null map or struct is one without entries.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{
    Array, BooleanArray, Float64Array, Int64Array, MapArray, RecordBatch, StructArray,
    TimestampMicrosecondArray,
};
use arrow_schema::{DataType, TimeUnit};

use super::{Encoder, halves};
use crate::words::TextColumn;

enum Values<'a> {
    Text(TextColumn<'a>),
    Int(&'a Int64Array),
    Float(&'a Float64Array),
    Bool(&'a BooleanArray),
    Instant(&'a TimestampMicrosecondArray, u8),
    TextMap(&'a MapArray, TextColumn<'a>, TextColumn<'a>),
    NumberMap(&'a MapArray, TextColumn<'a>, &'a Float64Array),
    NumberStruct(&'a StructArray, Vec<(&'a str, &'a Float64Array)>),
}

impl<'a> Values<'a> {
    fn of(array: &'a dyn Array) -> Option<Self> {
        match array.data_type() {
            DataType::Int64 => array.as_primitive_opt::<Int64Type>().map(Self::Int),
            DataType::Float64 => array.as_primitive_opt::<Float64Type>().map(Self::Float),
            DataType::Boolean => array.as_boolean_opt().map(Self::Bool),
            DataType::Timestamp(TimeUnit::Microsecond, zone) => {
                let tag = if zone.is_some() { 5 } else { 6 };
                array
                    .as_primitive_opt::<TimestampMicrosecondType>()
                    .map(|array| Self::Instant(array, tag))
            }
            DataType::Map(..) => {
                let map = array.as_map_opt()?;
                let keys = TextColumn::of(map.keys())?;
                let numbers = || map.values().as_primitive_opt::<Float64Type>();
                TextColumn::of(map.values())
                    .map(|values| Self::TextMap(map, keys, values))
                    .or_else(|| numbers().map(|values| Self::NumberMap(map, keys, values)))
            }
            DataType::Struct(fields) => {
                let array = array.as_struct_opt()?;
                let numbers = array
                    .columns()
                    .iter()
                    .map(|column| column.as_primitive_opt::<Float64Type>());
                let entries = fields
                    .iter()
                    .map(|field| field.name().as_str())
                    .zip(numbers);
                entries
                    .map(|(name, numbers)| Some((name, numbers?)))
                    .collect::<Option<_>>()
                    .map(|entries: Vec<_>| Self::NumberStruct(array, entries))
            }
            _ => TextColumn::of(array).map(Self::Text),
        }
    }

    fn encode(&self, row: usize, out: &mut Encoder) {
        match self {
            Self::Text(array) => tagged(out, 1, array.get(row), |out, value| out.text(value)),
            Self::Int(array) => tagged(
                out,
                2,
                array.is_valid(row).then(|| array.value(row)),
                Encoder::int,
            ),
            Self::Float(array) => {
                tagged(
                    out,
                    3,
                    array.is_valid(row).then(|| bits(array.value(row))),
                    Encoder::int,
                );
            }
            Self::Bool(array) => {
                tagged(
                    out,
                    4,
                    array.is_valid(row).then(|| u8::from(array.value(row))),
                    Encoder::byte,
                );
            }
            Self::Instant(array, tag) => {
                tagged(
                    out,
                    *tag,
                    array.is_valid(row).then(|| array.value(row)),
                    Encoder::int,
                );
            }
            Self::TextMap(map, keys, values) => {
                let entries =
                    span(map, row).filter_map(|at| Some((keys.get(at)?, values.get(at)?)));
                sorted(out, 7, entries.collect(), |out, value| out.text(value));
            }
            Self::NumberMap(map, keys, values) => {
                let number = |at: usize| values.is_valid(at).then(|| bits(values.value(at)));
                let entries = span(map, row).filter_map(|at| Some((keys.get(at)?, number(at)?)));
                sorted(out, 8, entries.collect(), Encoder::int);
            }
            Self::NumberStruct(array, fields) => {
                let there = fields
                    .iter()
                    .filter(|(_, values)| array.is_valid(row) && values.is_valid(row));
                let entries = there.map(|(name, values)| (*name, bits(values.value(row))));
                sorted(out, 8, entries.collect(), Encoder::int);
            }
        }
    }
}

fn tagged<T>(out: &mut Encoder, tag: u8, value: Option<T>, encode: impl FnOnce(&mut Encoder, T)) {
    match value {
        Some(value) => {
            out.byte(tag);
            encode(out, value);
        }
        None => out.byte(0),
    }
}

fn sorted<T: Ord>(
    out: &mut Encoder,
    tag: u8,
    mut entries: Vec<(&str, T)>,
    encode: impl Fn(&mut Encoder, T),
) {
    entries.sort_unstable();
    out.byte(tag);
    out.int(entries.len() as i64);
    for (key, value) in entries {
        out.text(key);
        encode(out, value);
    }
}

/// Where a row's entries stand among the map's.
fn span(map: &MapArray, row: usize) -> std::ops::Range<usize> {
    if map.is_null(row) {
        return 0..0;
    }
    let offsets = map.value_offsets();
    offsets[row] as usize..offsets[row + 1] as usize
}

/// A number's bits, equal for numbers that no query can tell apart.
fn bits(value: f64) -> i64 {
    let canonical = match value {
        _ if value.is_nan() => f64::from_bits(0x7ff8_0000_0000_0000),
        _ if value == 0.0 => 0.0,
        _ => value,
    };
    canonical.to_bits() as i64
}

/// The hash of each row over all its columns, as `hi` and `lo`.
pub fn row_hashes(batch: &RecordBatch) -> Result<(Int64Array, Int64Array), String> {
    let schema = batch.schema_ref();
    let mut columns = Vec::with_capacity(batch.num_columns());
    for (field, array) in schema.fields().iter().zip(batch.columns()) {
        let values = Values::of(array).ok_or_else(|| {
            format!(
                "column {} is {}; a row's hash covers text, int64, float64, bool, timestamp(us), maps of text to text \
                 or float64 and structs of float64",
                field.name(),
                field.data_type()
            )
        })?;
        columns.push((field.name().as_str(), values));
    }
    columns.sort_by_key(|(name, _)| *name);
    if let Some(twice) = columns.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(format!(
            "column {} occurs twice; a row's hash needs distinct names",
            twice[0].0
        ));
    }
    let mut encoder = Encoder::default();
    let hashes = (0..batch.num_rows()).map(|row| {
        for (name, values) in &columns {
            encoder.text(name);
            values.encode(row, &mut encoder);
        }
        halves(encoder.hash())
    });
    let (hi, lo): (Vec<_>, Vec<_>) = hashes.unzip();
    Ok((hi.into(), lo.into()))
}
