//! Stable 128-bit hashes of records, texts and rows. What is hashed is fixed for ever: ids and proofs rest on it.
//!
//! All hashes are xxh3_128 with seed 0. As bytes they are big-endian; as two numbers, `hi` holds the first eight of
//! those bytes and `lo` the last eight. Composite values are encoded without ambiguity before they are hashed:
//!
//! * `str(x)`: the length of x in bytes as 8 bytes little-endian, then the bytes of x in UTF-8;
//! * `int(x)`: 8 bytes little-endian, two's complement; a date is its microseconds since 1970-01-01T00:00:00Z;
//! * `opt(x)`: the byte 0 for null, else the byte 1 and then x.
//!
//! A document's id hashes `str(source)`, then either the byte 1 and `str(id)`, or, where id is null, the byte 0,
//! `opt(str(url))` and `opt(int(date))`; then the 16 bytes of the raw record's hash.
//!
//! A table's row hashes `opt(str(id)) opt(str(url)) opt(str(text)) opt(int(date)) opt(str(lang)) opt(str(source))`.

mod rows;

use std::sync::Arc;

use arrow_array::builder::{FixedSizeBinaryBuilder, Int64Builder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::{
    Array, ArrayRef, FixedSizeBinaryArray, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow_schema::{DataType, TimeUnit};
use xxhash_rust::xxh3::xxh3_128;

use crate::columns::batch;
use crate::words::{TextColumn, count_runs};
pub use rows::row_hashes;

const HASH_BYTES: i32 = 16;

/// The encoding above, written into a buffer that is used again.
#[derive(Default)]
struct Encoder(Vec<u8>);

impl Encoder {
    fn byte(&mut self, value: u8) {
        self.0.push(value);
    }

    fn int(&mut self, value: i64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn text(&mut self, value: impl AsRef<[u8]>) {
        let value = value.as_ref();
        self.0
            .extend_from_slice(&(value.len() as u64).to_le_bytes());
        self.0.extend_from_slice(value);
    }

    fn optional_text(&mut self, value: Option<impl AsRef<[u8]>>) {
        self.byte(u8::from(value.is_some()));
        if let Some(value) = value {
            self.text(value);
        }
    }

    fn optional_int(&mut self, value: Option<i64>) {
        self.byte(u8::from(value.is_some()));
        if let Some(value) = value {
            self.int(value);
        }
    }

    /// The hash of what was written, and an empty buffer again.
    fn hash(&mut self) -> u128 {
        let hash = xxh3_128(&self.0);
        self.0.clear();
        hash
    }
}

/// The hash's halves as Spark's numbers.
fn halves(hash: u128) -> (i64, i64) {
    ((hash >> 64) as i64, hash as i64)
}

/// Instants in microseconds.
struct Dates<'a>(&'a TimestampMicrosecondArray);

impl<'a> Dates<'a> {
    fn new(array: &'a dyn Array) -> Result<Self, String> {
        match array.data_type() {
            DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => {
                array.as_primitive_opt().map(Self)
            }
            _ => None,
        }
        .ok_or_else(|| {
            format!(
                "column date is {}; expected timestamp(us, UTC)",
                array.data_type()
            )
        })
    }

    fn get(&self, row: usize) -> Option<i64> {
        self.0.is_valid(row).then(|| self.0.value(row))
    }
}

fn same_length(columns: &[(&str, &ArrayRef)]) -> Result<usize, String> {
    let (first, rows) = columns
        .first()
        .map_or(("", 0), |(name, column)| (*name, column.len()));
    match columns.iter().find(|(_, column)| column.len() != rows) {
        Some((name, column)) => Err(format!(
            "column {name} has {} rows, {first} has {rows}; expected as many",
            column.len()
        )),
        None => Ok(rows),
    }
}

/// The hash of each value's bytes (text or binary, in any layout), null for null.
pub fn hash_bytes(values: &ArrayRef) -> Result<FixedSizeBinaryArray, String> {
    let read = reader(values)?;
    let mut hashes = FixedSizeBinaryBuilder::with_capacity(values.len(), HASH_BYTES);
    for row in 0..values.len() {
        if values.is_null(row) {
            hashes.append_null();
        } else {
            hashes
                .append_value(xxh3_128(read(row)).to_be_bytes())
                .map_err(|error| error.to_string())?;
        }
    }
    Ok(hashes.finish())
}

type Reader<'a> = Box<dyn Fn(usize) -> &'a [u8] + 'a>;

/// Gives a row's bytes; what it gives for null is of no meaning.
fn reader(values: &ArrayRef) -> Result<Reader<'_>, String> {
    Ok(match values.data_type() {
        DataType::Binary => Box::new(|row| values.as_binary::<i32>().value(row)),
        DataType::LargeBinary => Box::new(|row| values.as_binary::<i64>().value(row)),
        DataType::BinaryView => Box::new(|row| values.as_binary_view().value(row)),
        DataType::FixedSizeBinary(_) => Box::new(|row| values.as_fixed_size_binary().value(row)),
        DataType::Utf8 => Box::new(|row| values.as_string::<i32>().value(row).as_bytes()),
        DataType::LargeUtf8 => Box::new(|row| values.as_string::<i64>().value(row).as_bytes()),
        DataType::Utf8View => Box::new(|row| values.as_string_view().value(row).as_bytes()),
        other => {
            return Err(format!(
                "cannot hash values of type {other}; expected text or binary"
            ));
        }
    })
}

/// Gives a row's bytes where it has any, of text and of what was to be text.
fn optional_reader<'a>(
    values: &'a ArrayRef,
    name: &str,
) -> Result<impl Fn(usize) -> Option<&'a [u8]>, String> {
    let kind = values.data_type();
    if !(kind.is_string() || kind.is_binary()) {
        return Err(format!("column {name} is {kind}; expected text"));
    }
    let read = reader(values)?;
    Ok(move |row| values.is_valid(row).then(|| read(row)))
}

/// What the reader knows of each record, as long as one another.
#[derive(Debug)]
pub struct Records {
    /// The name the user gave the input.
    pub source: ArrayRef,
    /// The record's own id, as it came.
    pub id: ArrayRef,
    /// The record's address, as it came.
    pub url: ArrayRef,
    /// timestamp(us, UTC).
    pub date: ArrayRef,
    /// Hashes of the raw records, 16 bytes each; null where there were no bytes.
    pub raw_hash: ArrayRef,
}

/// Each record's document id, 32 lower-case hexadecimal digits; null where `raw_hash` is.
pub fn doc_ids(records: &Records) -> Result<StringArray, String> {
    let Records {
        source,
        id,
        url,
        date,
        raw_hash,
    } = records;
    let named = [
        ("source", source),
        ("id", id),
        ("url", url),
        ("date", date),
        ("raw_hash", raw_hash),
    ];
    let rows = same_length(&named)?;
    let [sources, ids, urls] =
        [("source", source), ("id", id), ("url", url)].map(|(n, c)| TextColumn::new(c, n));
    let (sources, ids, urls, dates) = (sources?, ids?, urls?, Dates::new(date)?);
    let hashes = raw_hash
        .as_fixed_size_binary_opt()
        .filter(|hashes| hashes.value_length() == HASH_BYTES)
        .ok_or_else(|| {
            format!(
                "column raw_hash is {}; expected 16 bytes a row",
                raw_hash.data_type()
            )
        })?;
    let mut out = StringBuilder::with_capacity(rows, rows * 2 * HASH_BYTES as usize);
    let mut encoder = Encoder::default();
    for row in 0..rows {
        if hashes.is_null(row) {
            out.append_null();
            continue;
        }
        encoder.text(
            sources
                .get(row)
                .ok_or_else(|| format!("source is null in row {row}; every record has one"))?,
        );
        match ids.get(row) {
            Some(id) => {
                encoder.byte(1);
                encoder.text(id);
            }
            None => {
                encoder.byte(0);
                encoder.optional_text(urls.get(row));
                encoder.optional_int(dates.get(row));
            }
        }
        encoder.0.extend_from_slice(hashes.value(row));
        out.append_value(format!("{:032x}", encoder.hash()));
    }
    Ok(out.finish())
}

/// The columns of a table's row that are its raw record, as long as one another.
#[derive(Debug)]
pub struct TableRows {
    /// Text, like all but `date`; or its bytes, where they are no UTF-8.
    pub id: ArrayRef,
    /// Text.
    pub url: ArrayRef,
    /// Text.
    pub text: ArrayRef,
    /// timestamp(us, UTC).
    pub date: ArrayRef,
    /// Text.
    pub lang: ArrayRef,
    /// Text.
    pub source: ArrayRef,
}

/// The raw hash of each row of a table, never null.
pub fn table_hashes(table: &TableRows) -> Result<FixedSizeBinaryArray, String> {
    let TableRows {
        id,
        url,
        text,
        date,
        lang,
        source,
    } = table;
    let texts = [
        ("id", id),
        ("url", url),
        ("text", text),
        ("lang", lang),
        ("source", source),
    ];
    let rows = same_length(&[texts.as_slice(), &[("date", date)]].concat())?;
    let [id, url, text, lang, source] = texts.map(|(name, column)| optional_reader(column, name));
    let (before, dates, after) = ([id?, url?, text?], Dates::new(date)?, [lang?, source?]);
    let mut out = FixedSizeBinaryBuilder::with_capacity(rows, HASH_BYTES);
    let mut encoder = Encoder::default();
    for row in 0..rows {
        before
            .iter()
            .for_each(|get| encoder.optional_text(get(row)));
        encoder.optional_int(dates.get(row));
        after.iter().for_each(|get| encoder.optional_text(get(row)));
        out.append_value(encoder.hash().to_be_bytes())
            .map_err(|error| error.to_string())?;
    }
    Ok(out.finish())
}

/// Of each text: `bytes` in UTF-8, `words` (runs without white space), and its hash as `hi` and `lo`; null for null.
pub fn text_facts(text: &ArrayRef) -> Result<RecordBatch, String> {
    let column = TextColumn::new(text, "text")?;
    let mut out: [Int64Builder; 4] =
        std::array::from_fn(|_| Int64Builder::with_capacity(text.len()));
    for row in 0..text.len() {
        let facts = column.get(row).map(|text| {
            let (hi, lo) = halves(xxh3_128(text.as_bytes()));
            [text.len() as i64, count_runs(text), hi, lo]
        });
        for (i, builder) in out.iter_mut().enumerate() {
            builder.append_option(facts.map(|facts| facts[i]));
        }
    }
    let named = ["bytes", "words", "hi", "lo"]
        .into_iter()
        .zip(out.iter_mut());
    batch(named.map(|(name, builder)| (name, Arc::new(builder.finish()) as ArrayRef)))
}
