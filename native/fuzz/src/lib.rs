//! What must hold of every archive, whatever its bytes: nothing is lost, nothing grows, no piece matters.

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, RecordBatch};
use llmdata_kernels::warc::{Limits, Packing, Parser, Range};

/// Small, so that a fuzzer's small inputs reach what happens beyond them.
pub const LIMITS: Limits = Limits {
    max_record_bytes: 2_000,
    batch_rows: 5,
    batch_bytes: 4_000,
    raw: false,
};

const KEPT_BYTES: usize = 64 << 10;

/// A row in short.
#[derive(PartialEq, Eq, Debug)]
pub struct Row {
    /// Where it begins in the stored bytes.
    pub offset: i64,
    /// What is wrong with it, if anything.
    pub defect: Option<String>,
    rejected: bool,
    evidence: Option<String>,
    hash: Option<Vec<u8>>,
    content: Option<Vec<u8>>,
}

/// Reads an archive in pieces of `piece` bytes.
pub fn read(bytes: &[u8], packing: Option<Packing>, piece: usize) -> Vec<Row> {
    let mut parser = Parser::new(packing, LIMITS, Range::whole()).unwrap();
    let mut rows = Vec::new();
    let mut pieces = bytes.chunks(piece).peekable();
    loop {
        let mut chunk = pieces.next().unwrap_or_default();
        let last = pieces.peek().is_none();
        while let Some(batch) = parser.push(chunk, last).unwrap() {
            assert!(batch.num_rows() <= LIMITS.batch_rows);
            take(&batch, &mut rows);
            chunk = &[];
        }
        if last {
            break;
        }
    }
    let counts = parser.counts();
    assert_eq!(counts.consumed, bytes.len() as u64);
    assert_eq!(counts.records, rows.len() as u64);
    assert_eq!(
        counts.rejects,
        rows.iter().filter(|row| row.rejected).count() as u64
    );
    rows
}

/// Checks what must hold of the rows of these bytes.
pub fn check(bytes: &[u8], packing: Option<Packing>) {
    let rows = read(bytes, packing, bytes.len().max(1));
    let piece = 1 + bytes.first().map_or(0, |&b| usize::from(b) % 61);
    assert_eq!(read(bytes, packing, piece), rows);
    let ends = rows
        .iter()
        .skip(1)
        .map(|row| row.offset)
        .chain([bytes.len() as i64]);
    for (row, end) in rows.iter().zip(ends) {
        assert!(
            row.offset <= end && row.offset < bytes.len() as i64,
            "{row:?}"
        );
        assert!(
            row.content
                .as_ref()
                .is_none_or(|c| c.len() <= LIMITS.max_record_bytes)
        );
        if row.rejected && row.defect.as_deref() != Some("unsupported_encoding") {
            let said: serde_json::Value =
                serde_json::from_str(row.evidence.as_deref().unwrap()).unwrap();
            let length = said["length"].as_i64().unwrap_or_default();
            assert!(
                row.defect.as_deref() == Some("too_large") || length == end - row.offset,
                "{row:?} to {end}"
            );
        }
    }
}

/// Checks that two ranges give the rows of the whole, wherever members that are a record each follow one another to the
/// end from the place on at which they meet.
pub fn check_ranges(bytes: &[u8], packing: Packing) {
    let whole = read(bytes, Some(packing), bytes.len().max(1));
    let mut begins: Vec<u64> = whole.iter().map(|row| row.offset as u64).collect();
    begins.dedup();
    for begin in begins
        .into_iter()
        .rev()
        .take_while(|&b| is_chain(bytes, packing, b))
        .take(8)
    {
        let mut rows = read_range(bytes, packing, 0, begin);
        rows.extend(read_range(bytes, packing, begin, u64::MAX));
        assert_eq!(rows, whole, "divided at {begin}");
    }
}

fn is_chain(bytes: &[u8], packing: Packing, begin: u64) -> bool {
    let limits = Limits {
        batch_rows: 1,
        ..LIMITS
    };
    let mut parser = Parser::new(Some(packing), limits, range(begin, u64::MAX)).unwrap();
    let mut chunk = &bytes[begin as usize..];
    let mut rows = Vec::new();
    while let Some(batch) = parser.push(chunk, true).unwrap() {
        take(&batch, &mut rows);
        chunk = &[];
        let damaged = matches!(
            rows.last().and_then(|row| row.defect.as_deref()),
            Some("bad_record" | "corrupt" | "truncated")
        );
        if damaged || parser.counts().members != rows.len() as u64 {
            return false;
        }
    }
    rows.first().is_some_and(|row| row.offset as u64 == begin)
}

fn read_range(bytes: &[u8], packing: Packing, begin: u64, stop: u64) -> Vec<Row> {
    let mut parser = Parser::new(Some(packing), LIMITS, range(begin, stop)).unwrap();
    let mut chunk = &bytes[begin as usize..];
    let mut rows = Vec::new();
    while let Some(batch) = parser.push(chunk, true).unwrap() {
        take(&batch, &mut rows);
        chunk = &[];
    }
    rows
}

fn range(begin: u64, stop: u64) -> Range {
    Range {
        begin,
        stop,
        dictionary: Vec::new(),
    }
}

fn take(batch: &RecordBatch, rows: &mut Vec<Row>) {
    let column = |name: &str| batch.column_by_name(name).unwrap();
    let text = |name: &str, row| {
        let column = column(name).as_string::<i32>();
        column.is_valid(row).then(|| column.value(row).to_owned())
    };
    let bytes = |name: &str, row| {
        let column = column(name).as_binary::<i32>();
        column.is_valid(row).then(|| column.value(row).to_vec())
    };
    let hashes = column("raw_hash").as_fixed_size_binary();
    for row in 0..batch.num_rows() {
        assert!(bytes("payload", row).is_none_or(|payload| payload.len() <= KEPT_BYTES));
        rows.push(Row {
            offset: column("offset").as_primitive::<Int64Type>().value(row),
            defect: text("defect", row),
            rejected: column("rejected").as_boolean().value(row),
            evidence: text("evidence", row),
            hash: hashes.is_valid(row).then(|| hashes.value(row).to_vec()),
            content: bytes("html", row).or(text("text", row).map(String::into_bytes)),
        });
    }
}
