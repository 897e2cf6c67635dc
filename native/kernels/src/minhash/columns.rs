//! Signatures and keys of columns of text.

use std::sync::Arc;

use arrow_array::types::{UInt32Type, UInt64Type};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, FixedSizeListArray, PrimitiveArray};
use arrow_buffer::NullBuffer;
use arrow_schema::Field;

use super::{Bands, Hasher};
use crate::shingles::{Shingler, Shingling};
use crate::words::TextColumn;

/// The signature of each text's shingles: `bands * rows` minima. Null for null and for a text without words.
pub fn signatures(text: &ArrayRef, shingling: Shingling, bands: Bands) -> Result<ArrayRef, String> {
    let hasher = Hasher::new(bands.bands, bands.rows)?;
    lists::<UInt32Type>(
        text,
        shingling,
        hasher,
        bands.num_hashes(),
        |hasher, set, out| {
            out.extend_from_slice(hasher.signature_of(set));
        },
    )
}

/// The keys of each text's bands: `bands` numbers. Null for null and for a text without words.
pub fn band_keys(text: &ArrayRef, shingling: Shingling, bands: Bands) -> Result<ArrayRef, String> {
    let hasher = Hasher::new(bands.bands, bands.rows)?;
    let mut keys = Vec::new();
    lists::<UInt64Type>(text, shingling, hasher, bands.bands, |hasher, set, out| {
        hasher.keys_of(set, &mut keys);
        out.extend_from_slice(&keys);
    })
}

/// A list of `length` numbers for every text that has shingles.
fn lists<T: ArrowPrimitiveType>(
    text: &ArrayRef,
    shingling: Shingling,
    mut hasher: Hasher,
    length: usize,
    mut measure: impl FnMut(&mut Hasher, &[u64], &mut Vec<T::Native>),
) -> Result<ArrayRef, String> {
    let column = TextColumn::new(text, "text")?;
    let mut shingler = Shingler::new(shingling)?;
    let mut hashes = Vec::new();
    let mut numbers = Vec::with_capacity(text.len() * length);
    let mut known = Vec::with_capacity(text.len());
    for row in 0..text.len() {
        hashes.clear();
        if let Some(text) = column.get(row) {
            shingler.hashes_of(text, &mut hashes);
        }
        known.push(!hashes.is_empty());
        if hashes.is_empty() {
            numbers.resize(numbers.len() + length, T::default_value());
        } else {
            measure(&mut hasher, &hashes, &mut numbers);
        }
    }
    let numbers = PrimitiveArray::<T>::new(numbers.into(), None);
    let item = Arc::new(Field::new_list_field(T::DATA_TYPE, true));
    let lists = FixedSizeListArray::try_new(
        item,
        length as i32,
        Arc::new(numbers),
        Some(NullBuffer::from(known)),
    )
    .map_err(|error| error.to_string())?;
    Ok(Arc::new(lists))
}
