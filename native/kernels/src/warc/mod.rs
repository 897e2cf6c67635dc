//! Streams WARC archives, plain or gzip, into rows: exactly one for every record and for every stretch that is none.
//!
//! `.warc`, WET and WAT files alike (ISO 28500), with gzip members in any relation to records. All of a file's bytes
//! belong to some row: damaged ones to the reject that stands for them. Whatever a length or a gzip member says, no
//! more is held than a record of the allowed size, a chunk, a batch and about a megabyte.

mod coding;
mod content;
mod head;
mod http;
mod member;
mod record;
mod reject;
mod table;
#[cfg(test)]
mod tests;
mod window;

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;

use member::{Pull, Source};
use record::{Edge, Records};
use table::Table;
use window::Window;

/// What a parser must not exceed.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of an uncompressed record from its version line to the end of its block, and of a decoded body.
    pub max_record_bytes: usize,
    /// Rows of a batch.
    pub batch_rows: usize,
    /// A batch ends with the row that reaches so many bytes of content.
    pub batch_bytes: usize,
}

/// What a parser met so far.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Counts {
    /// Gzip members read to their end.
    pub members: u64,
    /// Rows, rejects included.
    pub records: u64,
    /// Rows of what could not be read.
    pub rejects: u64,
    /// Stored bytes that were read or passed over.
    pub consumed: u64,
}

/// Reads one archive that is pushed to it piece by piece.
pub struct Parser {
    source: Source,
    window: Window,
    records: Records,
    edge: Edge,
    table: Table,
}

impl Parser {
    /// `gzip` says what to expect of a file whose first bytes do not show it. Errors where a limit is zero or above
    /// 1 GiB, since a batch's offsets have 32 bits.
    pub fn new(gzip: bool, limits: Limits) -> Result<Self, String> {
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
        Ok(Parser {
            source: Source::new(gzip),
            window: Window::new(),
            records: Records::new(limits.max_record_bytes),
            edge: Edge::Open,
            table: Table::new(limits.batch_rows, limits.batch_bytes),
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
            match self.source.pull(&mut self.window, last) {
                Pull::Bytes => self.edge = Edge::Open,
                Pull::MemberEnd => self.edge = Edge::Member,
                Pull::Damage(damage) => self.edge = Edge::Damage(damage),
                Pull::PassedOver(range) => self.records.pass_over(self.source.stored(&range)),
                Pull::Starved => return Ok(None),
                Pull::End if matches!(self.edge, Edge::File) => break,
                Pull::End => self.edge = Edge::File,
            }
        }
        if self.table.is_empty() {
            Ok(None)
        } else {
            self.table.finish().map(Some)
        }
    }

    /// What was met so far.
    pub fn counts(&self) -> Counts {
        let (records, rejects) = self.table.totals();
        Counts {
            members: self.source.members(),
            records,
            rejects,
            consumed: self.source.consumed(),
        }
    }
}
