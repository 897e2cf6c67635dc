//! Streams web archives into rows: exactly one for every record and for every stretch of bytes that is none.
//!
//! WARC, WET and WAT (ISO 28500) and ARC alike, plain or with gzip members or zstd or LZ4 frames in any relation to
//! records. All of a file's bytes belong to some row: damaged ones to the reject that stands for them. Whatever a
//! length or a member says, no more is held than a record of the allowed size, a chunk, a batch and what a decoder
//! needs (of zstd at most 128 MiB).

mod arc;
mod behind;
mod codec;
mod coding;
mod content;
mod edge;
mod head;
mod http;
mod kind;
mod long;
mod lost;
mod lz4;
mod member;
mod record;
mod reject;
mod run;
mod stream;
mod table;
#[cfg(test)]
mod tests;
mod trial;
mod window;

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;

pub use codec::Packing;
use edge::Edge;
pub use lost::Finder;
use member::{Pull, Source};
use record::Records;
use table::Table;
use window::Window;

/// What a parser must not exceed.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of an uncompressed record from its first line to the end of its block, and of a decoded body. What is
    /// longer is cut.
    pub max_record_bytes: usize,
    /// Rows of a batch.
    pub batch_rows: usize,
    /// A batch ends with the row that reaches so many bytes of content.
    pub batch_bytes: usize,
    /// Every record's row has the record itself as its payload, and nothing of what it holds.
    pub raw: bool,
}

/// Which part of a file to read.
#[derive(Clone, Debug)]
pub struct Range {
    /// The first byte that is pushed: that of a member.
    pub begin: u64,
    /// Records that begin at or behind this byte are not read. More bytes are pushed until the last one before is whole.
    pub stop: u64,
    /// Of the zstd frames, where it does not stand at byte `begin`; as it is stored.
    pub dictionary: Vec<u8>,
}

impl Range {
    /// All of a file.
    pub fn whole() -> Self {
        Range {
            begin: 0,
            stop: u64::MAX,
            dictionary: Vec::new(),
        }
    }
}

/// What a parser met so far.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Counts {
    /// Members (gzip) or frames (zstd, LZ4) read to their end.
    pub members: u64,
    /// Rows, rejects included.
    pub records: u64,
    /// Rows of what could not be read.
    pub rejects: u64,
    /// Stored bytes that were read or passed over.
    pub consumed: u64,
    /// Uncompressed bytes of members so far; how many between two rows depends on how the bytes were cut.
    pub undone: u64,
}

/// Reads one archive that is pushed to it piece by piece.
pub struct Parser {
    source: Source,
    window: Window,
    records: Records,
    edge: Edge,
    table: Table,
    stop: u64,
}

impl Parser {
    /// `expected` says how a file is packed whose first bytes do not show it. Errors where a limit is zero or above
    /// 1 GiB, since a batch's offsets have 32 bits, or where the dictionary cannot be undone.
    pub fn new(expected: Option<Packing>, limits: Limits, range: Range) -> Result<Self, String> {
        let named = [
            ("max_record_bytes", limits.max_record_bytes),
            ("batch_bytes", limits.batch_bytes),
        ];
        for (name, value) in named {
            if value == 0 || value > 1 << 30 {
                return Err(format!("{name} is {value}, expected 1 to {}", 1 << 30));
            }
        }
        if limits.batch_rows == 0 {
            return Err("batch_rows is 0, expected at least 1".to_owned());
        }
        let dictionary = codec::unpack_dictionary(range.dictionary).ok_or(codec::BAD_DICTIONARY)?;
        Ok(Parser {
            source: Source::new(expected, range.begin, range.stop, dictionary),
            window: Window::new(range.begin),
            records: Records::new(limits.max_record_bytes, range.stop),
            stop: range.stop,
            edge: Edge::Open,
            table: Table::new(limits),
        })
    }

    /// Takes the next stored bytes; `last` says that there are no more behind them.
    ///
    /// Gives a batch when one is full, or with `last` what remains. After a batch, push nothing more (an empty chunk
    /// with the same `last`) until there is none: bytes wait for the batch to be taken. Batches do not depend on how
    /// the bytes were cut into chunks.
    pub fn push(&mut self, chunk: &[u8], last: bool) -> Result<Option<RecordBatch>, ArrowError> {
        self.source.push(chunk);
        loop {
            if self.table.is_full() {
                return self.table.finish().map(Some);
            }
            if self
                .records
                .advance(&mut self.window, &self.edge, &mut self.table)?
            {
                continue;
            }
            if self.records.is_stopped() {
                break;
            }
            match self.source.pull(&mut self.window, last) {
                Pull::Bytes => self.edge = Edge::Open,
                Pull::MemberEnd(end) => self.edge = Edge::Member(end),
                Pull::Damage(damage) => self.edge = Edge::Damage(damage),
                Pull::PassedOver(range) => self.records.pass_over(self.source.stored(&range)),
                Pull::Starved => return Ok(None),
                Pull::End if matches!(self.edge, Edge::File(_)) => break,
                Pull::End => self.edge = Edge::File(self.source.consumed()),
            }
        }
        self.records.end_run(&mut self.table)?;
        if self.table.is_empty() {
            Ok(None)
        } else {
            self.table.finish().map(Some)
        }
    }

    /// Whether every record before the stop was read, so that nothing more need be pushed.
    pub fn is_stopped(&self) -> bool {
        self.records.is_stopped()
    }

    /// What was met so far.
    pub fn counts(&self) -> Counts {
        let (records, rejects) = self.table.totals();
        Counts {
            members: self.source.members(),
            records,
            rejects,
            consumed: self.source.consumed().min(self.stop),
            undone: self.source.undone(),
        }
    }
}
