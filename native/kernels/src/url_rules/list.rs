//! A set of texts as an Arrow table that needs no loading: what is asked for is found in it where it lies.
//!
//! It has a power of two rows, at most 60 of 100 filled. A text's row is told by the highest bits of its xxh3_64, or is the
//! next free one behind (behind the last comes the first); a free row has the hash 0. The text itself stands beside its
//! hash and is compared, so a text is found only if it is in the set.

use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, UInt64Builder};
use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use arrow_array::{Array, BinaryArray, RecordBatch, UInt64Array};
use xxhash_rust::xxh3::xxh3_64;

/// Collects texts for a list.
#[derive(Default)]
pub struct Builder {
    bytes: Vec<u8>,
    /// Hash, and where the text lies in `bytes`.
    texts: Vec<(u64, usize, usize)>,
}

impl Builder {
    /// Adds a text; an empty one is none.
    pub fn push(&mut self, text: &str) {
        if !text.is_empty() {
            let begin = self.bytes.len();
            self.bytes.extend_from_slice(text.as_bytes());
            self.texts
                .push((hash(text.as_bytes()), begin, self.bytes.len()));
        }
    }

    /// The table of all texts, each once: columns `hash` and `text`. It depends on which texts there are alone.
    pub fn finish(mut self) -> Result<RecordBatch, String> {
        if self.bytes.len() > i32::MAX as usize {
            return Err(format!(
                "the entries have {} bytes, a list can have 2 GiB; use fewer lists",
                self.bytes.len()
            ));
        }
        let bytes = &self.bytes;
        let of = |&(hash, begin, end): &(u64, usize, usize)| (hash, &bytes[begin..end]);
        self.texts.sort_unstable_by(|a, b| of(a).cmp(&of(b)));
        self.texts.dedup_by(|a, b| of(a) == of(b));
        let rows = (self.texts.len() * 5 / 3 + 1).next_power_of_two().max(2);
        let mut slots: Vec<u32> = vec![u32::MAX; rows];
        for (number, &(hash, ..)) in self.texts.iter().enumerate() {
            let mut row = first_row(hash, rows);
            while slots[row] != u32::MAX {
                row = (row + 1) & (rows - 1);
            }
            slots[row] = number as u32;
        }
        let mut hashes = UInt64Builder::with_capacity(rows);
        let mut texts = BinaryBuilder::with_capacity(rows, self.bytes.len());
        for number in slots {
            let (hash, text) = self.texts.get(number as usize).map_or((0, &[][..]), of);
            hashes.append_value(hash);
            texts.append_value(text);
        }
        let columns = [
            ("hash", Arc::new(hashes.finish()) as _),
            ("text", Arc::new(texts.finish()) as _),
        ];
        RecordBatch::try_from_iter(columns).map_err(|error| error.to_string())
    }
}

/// A table that `Builder` made.
#[derive(Clone, Debug)]
pub struct List {
    hashes: UInt64Array,
    texts: BinaryArray,
}

impl List {
    /// Takes a table as a list; what is in it is not copied.
    pub fn open(table: &RecordBatch) -> Result<Self, String> {
        let wrong = || format!("a table of {} is no list of addresses", table.schema());
        let hashes = table
            .column_by_name("hash")
            .and_then(|column| column.as_primitive_opt::<UInt64Type>())
            .ok_or_else(wrong)?;
        let texts = table
            .column_by_name("text")
            .and_then(|column| column.as_binary_opt::<i32>())
            .ok_or_else(wrong)?;
        let whole = hashes.null_count() == 0 && texts.null_count() == 0;
        // A search ends at a free row, so one must be there.
        if !whole
            || hashes.len() < 2
            || !hashes.len().is_power_of_two()
            || !hashes.values().contains(&0)
        {
            return Err(wrong());
        }
        Ok(List {
            hashes: hashes.clone(),
            texts: texts.clone(),
        })
    }

    /// Whether the text is in the list.
    pub fn contains(&self, text: &str) -> bool {
        self.search(hash(text.as_bytes()), |row| {
            self.texts.value(row) == text.as_bytes()
        })
    }

    /// Whether a text of that hash is in the list: if not, no text with it is.
    #[inline]
    pub fn has_hash(&self, hash: u64) -> bool {
        self.search(hash, |_| true)
    }

    #[inline]
    fn search(&self, hash: u64, is_meant: impl Fn(usize) -> bool) -> bool {
        let hashes = self.hashes.values();
        let rows = hashes.len();
        let mut row = first_row(hash, rows);
        while hashes[row] != 0 {
            if hashes[row] == hash && is_meant(row) {
                return true;
            }
            row = (row + 1) & (rows - 1);
        }
        false
    }
}

/// The hash of a text, never zero, which stands for a free row.
#[inline]
pub fn hash(text: &[u8]) -> u64 {
    xxh3_64(text).max(1)
}

#[inline]
fn first_row(hash: u64, rows: usize) -> usize {
    (hash >> (64 - rows.trailing_zeros())) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(texts: &[&str]) -> RecordBatch {
        let mut builder = Builder::default();
        texts.iter().for_each(|text| builder.push(text));
        builder.finish().unwrap()
    }

    #[test]
    fn finds_what_it_was_given_and_nothing_else() {
        for size in [0, 1, 2, 5, 100, 5000] {
            let texts: Vec<String> = (0..size).map(|i| format!("{i}.example")).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let list = List::open(&list(&texts)).unwrap();
            assert!(texts.iter().all(|text| list.contains(text)));
            assert!((size..size + 5000).all(|i| !list.contains(&format!("{i}.example"))));
            assert!(!list.contains(""));
            assert!(list.hashes.len() * 6 >= size * 10);
        }
    }

    #[test]
    fn order_and_repetition_do_not_matter() {
        assert_eq!(list(&["a", "b", "c"]), list(&["c", "", "b", "a", "b"]));
    }

    #[test]
    fn an_equal_hash_is_not_enough() {
        let table = list(&["a"]);
        let texts = BinaryArray::from_iter_values(
            (0..table.num_rows()).map(|_| b"another text".as_slice()),
        );
        let columns = [
            ("hash", table["hash"].clone()),
            ("text", Arc::new(texts) as _),
        ];
        let forged = List::open(&RecordBatch::try_from_iter(columns).unwrap()).unwrap();
        assert!(!forged.contains("a"));
    }

    #[test]
    fn other_tables_are_refused() {
        let table = list(&["a", "b", "c", "d", "e"]);
        assert!(List::open(&table.slice(0, table.num_rows() - 1)).is_err());
        let table = list(&["a"]);
        assert!(List::open(&table.slice(0, 1)).is_err());
        let full = UInt64Array::from(vec![1, 1]);
        let columns = [
            ("hash", Arc::new(full) as _),
            ("text", table["text"].clone()),
        ];
        assert!(List::open(&RecordBatch::try_from_iter(columns).unwrap()).is_err());
        assert!(List::open(&table.project(&[0]).unwrap()).is_err());
    }
}
