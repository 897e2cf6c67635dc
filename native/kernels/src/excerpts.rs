//! Pieces of texts, for people to read: what a verdict shows of the text that decided.

use arrow_array::builder::StringBuilder;
use arrow_array::{Array, ArrayRef, StringArray, UInt32Array};

use crate::words::TextColumn;

/// Of every row the bytes `[begin, end)` of its text, cut to `max_chars` code points, the first a whole one.
///
/// Null where the text or a bound is, where nothing is left, or where the end is not one of a code point.
pub fn excerpts(
    text: &ArrayRef,
    begin: &UInt32Array,
    end: &UInt32Array,
    max_chars: usize,
) -> Result<StringArray, String> {
    let column = TextColumn::new(text, "text")?;
    if begin.len() != text.len() || end.len() != text.len() {
        return Err(format!(
            "bounds have {} and {} rows, text has {}; expected as many",
            begin.len(),
            end.len(),
            text.len()
        ));
    }
    let mut pieces = StringBuilder::new();
    for (row, bounds) in begin.iter().zip(end).enumerate() {
        let piece = match (column.get(row), bounds) {
            (Some(text), (Some(begin), Some(end))) => {
                text.get(text.floor_char_boundary(begin as usize)..end as usize)
            }
            _ => None,
        };
        pieces.append_option(piece.filter(|piece| !piece.is_empty()).map(|piece| {
            let cut = piece.char_indices().nth(max_chars);
            &piece[..cut.map_or(piece.len(), |(at, _)| at)]
        }));
    }
    Ok(pieces.finish())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn pieces_are_cut_and_what_is_none_is_null() {
        let text: ArrayRef = Arc::new(StringArray::from(vec![
            Some("añb"),
            Some("añb"),
            Some("ab"),
            None,
        ]));
        let begin = UInt32Array::from(vec![1, 2, 1, 0]);
        let end = UInt32Array::from(vec![4, 4, 1, 1]);
        let found = excerpts(&text, &begin, &end, 1).unwrap();
        assert_eq!(
            found,
            StringArray::from(vec![Some("ñ"), Some("ñ"), None, None])
        );
        assert!(excerpts(&text, &begin, &UInt32Array::from(vec![1]), 1).is_err());
    }
}
