//! JSON lines to records: the recognised fields become columns, the rest `meta`, what cannot be read a reject.

mod long_line;
mod object;
mod rows;
#[cfg(test)]
mod tests;

use arrow_array::RecordBatch;

pub use long_line::{LineFacts, LongLine};
use rows::Rows;

/// Bytes of an unreadable record that its reject keeps.
pub const PAYLOAD_BYTES: usize = 64 << 10;
/// Bytes of one call's data and rows of one call's result: they keep every column below 2 GiB.
const MAX_DATA: usize = (1 << 30) + (1 << 26);
const MAX_ROWS: usize = 1 << 19;
const MAX_SOURCE: usize = 1 << 10;

// Places in `NAMES` of the columns with rules of their own.
const ID: usize = 0;
const TEXT: usize = 2;
const DATE: usize = 3;
const HTML: usize = 6;
const NAMES: [&str; 7] = ["id", "url", "text", "date", "lang", "source", "html"];

/// Which JSON key fills which column.
pub struct Columns {
    keys: [Option<String>; NAMES.len()],
    opened: Option<String>,
}

impl Columns {
    /// From pairs (column, JSON key). A column that is not named is filled by the key of its own name, but `html` by
    /// none, and `text` not by a key that was given to `html`. `meta` names a key whose object is opened: its members
    /// count as the record's own where the record has no such key. A name that is no column is an error.
    pub fn new(pairs: &[(String, String)]) -> Result<Self, String> {
        let mut keys = NAMES.map(|name| Some(name.to_owned()));
        keys[HTML] = None;
        let mut opened = None;
        for (name, key) in pairs {
            if name == "meta" {
                opened = Some(key.clone());
                continue;
            }
            let Some(column) = NAMES.iter().position(|known| known == name) else {
                let known = NAMES.join(", ");
                return Err(format!(
                    "`{name}` is no column of a document; the columns are {known}, meta"
                ));
            };
            keys[column] = Some(key.clone());
        }
        let text_is_named = pairs.iter().any(|(name, _)| name == NAMES[TEXT]);
        if !text_is_named && keys[TEXT] == keys[HTML] {
            keys[TEXT] = None;
        }
        Ok(Self { keys, opened })
    }

    /// The columns that `key` fills, as a set of bits.
    fn filled_by(&self, key: &str) -> u8 {
        let fills = |column: &Option<String>| column.as_deref() == Some(key);
        let bits = self.keys.iter().enumerate();
        bits.fold(0, |set, (bit, column)| set | u8::from(fills(column)) << bit)
    }

    fn opens(&self, key: &str) -> bool {
        self.opened.as_deref() == Some(key)
    }

    fn key(&self, column: usize) -> &str {
        self.keys[column].as_deref().unwrap_or(NAMES[column])
    }
}

/// Where a call stops and what it refuses.
pub struct Limits {
    /// A record longer than this many bytes is rejected unread.
    pub record_bytes: usize,
    /// Rows after which a call stops.
    pub rows: usize,
    /// Bytes of lines after which a call stops, at the end of a line.
    pub bytes: usize,
}

/// Parses lines of `data` from position `start` on; gives the records and the position behind the last line read.
///
/// `data` holds whole lines; only the last may lack its line end. `base_offset` is the place of `data[0]` in the file.
/// Blank lines are no records. The columns are those of a record but `file` and `ordinal`. `source` stands where the
/// record names none of its own.
pub fn parse_lines(
    data: &[u8],
    start: usize,
    base_offset: i64,
    columns: &Columns,
    source: &str,
    limits: &Limits,
) -> Result<(RecordBatch, usize), String> {
    if data.len() > MAX_DATA || source.len() > MAX_SOURCE || start > data.len() {
        return Err(format!(
            "cannot parse {} bytes from byte {start} on with a source name of {} bytes: at most {MAX_DATA} bytes and \
             {MAX_SOURCE} bytes are possible",
            data.len(),
            source.len()
        ));
    }
    let max_rows = limits.rows.clamp(1, MAX_ROWS);
    let mut rows = Rows::new(columns, source);
    let mut position = start;
    while position < data.len() && rows.len < max_rows && position - start < limits.bytes.max(1) {
        let rest = &data[position..];
        let (line, step) = match memchr::memchr(b'\n', rest) {
            Some(end) => (
                rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]),
                end + 1,
            ),
            None => (rest, rest.len()),
        };
        if !line.iter().all(|&byte| is_blank(byte)) {
            rows.push(line, base_offset + position as i64, limits.record_bytes);
        }
        position += step;
    }
    let batch = rows.finish().map_err(|error| error.to_string())?;
    Ok((batch, position))
}

/// ASCII white space, as Python's `bytes.isspace` has it.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | 0x09..=0x0d)
}
