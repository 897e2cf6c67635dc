//! A record longer than what may be held: it is passed by, its beginning is kept, its hash is that of all of it.

use arrow_schema::ArrowError;
use xxhash_rust::xxh3::Xxh3;

use super::content::{BOMB_RATIO, Record, push_record};
use super::edge::Edge;
use super::head::Head;

use super::reject::Reject;
use super::table::Table;
use super::window::{Next, Window};

/// A record of which only the first bytes are kept.
pub(super) struct Long {
    offset: u64,
    head: Head,
    /// Bytes before the block.
    block: usize,
    /// Bytes to the end of the block, as the head says, and how many of them were passed.
    total: u64,
    passed: u64,
    keep: usize,
    kept: Vec<u8>,
    hasher: Box<Xxh3>,
    /// It begins with a member.
    aligned: bool,
}

impl Long {
    /// The record at the beginning of the bytes at hand, whose head takes `block` of them.
    pub(super) fn new(window: &Window, head: Head, block: usize, length: u64, keep: usize) -> Self {
        Long {
            offset: window.offset(),
            aligned: !window.is_stored_as_is() && window.begins_member(0),
            head,
            block,
            total: length.saturating_add(block as u64),
            passed: 0,
            keep,
            kept: Vec::new(),
            hasher: Box::new(Xxh3::new()),
        }
    }

    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    pub(super) fn head(&self) -> &Head {
        &self.head
    }

    /// Whether its end was not reached.
    pub(super) fn is_open(&self) -> bool {
        self.passed < self.total
    }

    /// Passes the bytes at hand. A sentence where another record begins among them, so that the length is wrong.
    ///
    /// A payload may hold a record, and this one is never there as a whole to tell: where it began with a member, the
    /// next one does so too; else the first line that looks like one counts.
    pub(super) fn pass(&mut self, window: &mut Window, edge: &Edge) -> Option<String> {
        let left = usize::try_from(self.total - self.passed).unwrap_or(usize::MAX);
        let mut count = window.data().len().min(left);
        let from = if self.passed == 0 { self.block } else { 0 };
        let next = if self.aligned {
            window.find_member(from..window.data().len())
        } else {
            window.find_record(from, self.head.arc)
        };
        match next {
            Next::At(at) => count = count.min(at),
            Next::Perhaps(at) if !edge.is_final() => count = count.min(at),
            _ => {}
        }
        let data = &window.data()[..count];
        let room = self.keep - self.kept.len();
        self.kept.extend_from_slice(&data[..count.min(room)]);
        self.hasher.update(data);
        self.passed += count as u64;
        window.consume(count);
        let stopped = next == Next::At(count) && self.is_open();
        stopped.then(|| {
            let length = self.total - self.block as u64;
            let at = self.passed - self.block as u64;
            format!("another record begins {at} bytes into a block of {length}")
        })
    }

    /// What is wrong where the file ends in it.
    pub(super) fn break_off(&self) -> String {
        let block = self.block as u64;
        let (there, length) = (self.passed.saturating_sub(block), self.total - block);
        format!("the file ends {there} bytes into a block of {length}")
    }

    /// What is wrong where its end is none.
    pub(super) fn nothing_follows(&self) -> String {
        let length = self.total - self.block as u64;
        format!("no blank lines follow the record's block of {length} bytes")
    }

    /// Whether so much came out of its member, which ends before the stored byte `end`, that somebody meant it.
    pub(super) fn is_bomb(&self, end: u64) -> bool {
        self.total / BOMB_RATIO > end.saturating_sub(self.offset)
    }

    pub(super) fn bomb(&self, end: u64) -> String {
        format!(
            "the record's {} bytes exceed the {} allowed and are more than {BOMB_RATIO} times the {} stored",
            self.total,
            self.keep,
            end.saturating_sub(self.offset)
        )
    }

    /// A reject instead of the record, whose length is wrong.
    pub(super) fn into_reject(self, error: String) -> Reject {
        let reject = Reject::new(self.offset, "bad_record", error);
        self.continued_by(reject)
    }

    pub(super) fn into_too_large(self, error: String) -> Reject {
        let reject = Reject::new(self.offset, "too_large", error);
        self.continued_by(reject)
    }

    /// A reject that takes over what was passed.
    pub(super) fn continued_by(self, reject: Reject) -> Reject {
        reject
            .of(self.head)
            .resume(self.hasher, self.kept, self.passed)
    }

    /// Adds its row to the table: what is kept of it, marked as cut.
    pub(super) fn push(&self, table: &mut Table) -> Result<(), ArrowError> {
        let record = Record {
            offset: self.offset,
            head: &self.head,
            raw: &self.kept,
            block: self.kept.get(self.block..).unwrap_or_default(),
            hash: self.hasher.digest128(),
            cut: true,
            end: None,
        };
        push_record(table, &record, self.keep)
    }
}
