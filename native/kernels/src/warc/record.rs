//! Finds the records in uncompressed bytes, and behind damage the next one.

use arrow_schema::ArrowError;

use super::content::{Record, push_record};
use super::head::{Head, HeadEnd, find_end};
use super::member::Damage;
use super::reject::Reject;
use super::table::Table;
use super::window::{Next, VersionLine, Window, version_line};

/// No record's head is longer; those of crawlers have some hundred bytes.
const HEAD_BYTES: usize = 64 << 10;

const ARC_MARK: &[u8] = b"filedesc:";

/// What is known to lie behind the last byte of the window.
pub(super) enum Edge {
    /// More bytes, perhaps.
    Open,
    /// The end of a gzip member whose checksum is right.
    Member,
    /// Bytes that could not be read.
    Damage(Damage),
    /// The end of the file.
    File,
}

impl Edge {
    fn is_final(&self) -> bool {
        matches!(self, Edge::Damage(_) | Edge::File)
    }

    /// A reject for what breaks off at this edge; `error` is the sentence for the end of the file.
    fn break_off(&self, offset: u64, error: String) -> Reject {
        match self {
            Edge::Damage(damage) => Reject::new(offset, damage.defect, damage.error.clone()),
            _ => Reject::new(offset, "truncated", error),
        }
    }
}

enum State {
    /// Behind a record, or at the beginning.
    Between,
    /// In a record whose head was read; `block` and `end` are counted from the window's first byte.
    Block {
        head: Head,
        block: usize,
        end: usize,
    },
    /// In bytes that belong to no record; those before `scan` need no further look.
    Lost { reject: Reject, scan: usize },
}

/// The state between the bytes of an archive; feeds a table.
pub(super) struct Records {
    state: State,
    max_record_bytes: usize,
    searched: usize,
}

impl Records {
    pub(super) fn new(max_record_bytes: usize) -> Self {
        Records {
            state: State::Between,
            max_record_bytes,
            searched: 0,
        }
    }

    /// Takes one step: adds at most one row. False where nothing more can be done with the bytes at hand.
    pub(super) fn advance(
        &mut self,
        window: &mut Window,
        edge: &Edge,
        table: &mut Table,
    ) -> Result<bool, ArrowError> {
        match std::mem::replace(&mut self.state, State::Between) {
            State::Between => Ok(self.begin(window, edge)),
            State::Block { head, block, end } => self.finish(window, edge, table, head, block, end),
            State::Lost { reject, scan } => self.search(window, edge, table, reject, scan),
        }
    }

    /// Adds stored bytes that were passed over to the reject that stands for them.
    pub(super) fn pass_over(&mut self, stored: &[u8]) {
        if let State::Lost { reject, .. } = &mut self.state
            && reject.as_stored
        {
            reject.feed(stored);
        }
    }

    fn lose(&mut self, reject: Reject, scan: usize) -> bool {
        self.searched = 0;
        self.state = State::Lost { reject, scan };
        true
    }

    /// Between records: passes over line ends and reads the next head.
    fn begin(&mut self, window: &mut Window, edge: &Edge) -> bool {
        let line_ends = window
            .data()
            .iter()
            .take_while(|b| is_line_end(**b))
            .count();
        window.consume(line_ends);
        let (data, offset) = (window.data(), window.offset());
        if data.is_empty() {
            if let Edge::Damage(damage) = edge {
                let mut reject = edge.break_off(damage.offset, String::new());
                reject.as_stored = damage.nothing_read;
                self.lose(reject, 0);
            }
            return false;
        }
        let at_hand = data.len();
        if window.position() == 0
            && !edge.is_final()
            && at_hand < ARC_MARK.len()
            && ARC_MARK.starts_with(data)
        {
            return false;
        }
        if window.position() == 0 && data.starts_with(ARC_MARK) {
            let mut reject = Reject::new(
                offset,
                "bad_record",
                "this is an ARC file; ARC is not supported".to_owned(),
            );
            reject.endless = true;
            return self.lose(reject, 0);
        }
        match version_line(data) {
            VersionLine::Whole(_) => self.begin_block(window, edge),
            VersionLine::Cut if edge.is_final() => self.lose(
                edge.break_off(
                    offset,
                    "the file ends in the first line of a record".to_owned(),
                ),
                at_hand,
            ),
            VersionLine::Absent if edge.is_final() || at_hand >= 16 => {
                let found = String::from_utf8_lossy(&data[..at_hand.min(16)]);
                let error = format!(
                    "expected a record to begin with a line like WARC/1.0, found {found:?}"
                );
                self.lose(Reject::new(offset, "bad_record", error), 1)
            }
            _ => false,
        }
    }

    fn begin_block(&mut self, window: &Window, edge: &Edge) -> bool {
        let (data, offset) = (window.data(), window.offset());
        let block = match find_end(data, self.searched, begins_record) {
            HeadEnd::At(block) if block <= HEAD_BYTES => block,
            HeadEnd::Stopped(at) if at <= HEAD_BYTES => {
                let error = "another record begins in the record's head".to_owned();
                let reject = Reject::new(offset, "bad_record", error);
                return self.lose(reject.of(Head::parse(&data[..at])), at);
            }
            HeadEnd::More(resume) if data.len() < HEAD_BYTES && !edge.is_final() => {
                self.searched = resume;
                return false;
            }
            _ if data.len() >= HEAD_BYTES => {
                let error = format!("the record's head does not end within {HEAD_BYTES} bytes");
                return self.lose(Reject::new(offset, "bad_record", error), 1);
            }
            _ => {
                let error = "the file ends in the head of a record".to_owned();
                return self.lose(edge.break_off(offset, error), data.len());
            }
        };
        self.searched = 0;
        let head = Head::parse(&data[..block]);
        let length = match head.block_length() {
            Ok(length) => length,
            Err(error) => {
                return self.lose(Reject::new(offset, "bad_record", error).of(head), block);
            }
        };
        match usize::try_from(length)
            .ok()
            .and_then(|length| length.checked_add(block))
        {
            Some(end) if end <= self.max_record_bytes => {
                self.state = State::Block { head, block, end };
                true
            }
            _ => {
                let error = format!(
                    "the record's head of {block} bytes and its Content-Length of {length} exceed the {} bytes allowed",
                    self.max_record_bytes
                );
                self.lose(Reject::new(offset, "too_large", error).of(head), block)
            }
        }
    }

    /// In a record: waits for all of its block and for what must follow it.
    fn finish(
        &mut self,
        window: &mut Window,
        edge: &Edge,
        table: &mut Table,
        head: Head,
        block: usize,
        end: usize,
    ) -> Result<bool, ArrowError> {
        let (data, offset) = (window.data(), window.offset());
        let behind = data.get(end..).map_or(Behind::Short, look_behind);
        match behind {
            Behind::Whole(count) | Behind::Cut(count) => {
                let decided = data.len() > end + count;
                if !decided && let Edge::Damage(_) = edge {
                    let reject = edge.break_off(offset, String::new());
                    return Ok(self.lose(reject.of(head), data.len()));
                }
                if decided || !matches!(edge, Edge::Open) {
                    let (raw, block) = (&data[..end], &data[block..end]);
                    let record = Record {
                        offset,
                        head: &head,
                        raw,
                        block,
                    };
                    push_record(table, &record, self.max_record_bytes)?;
                    window.consume(end + count);
                    return Ok(true);
                }
            }
            Behind::Short if !edge.is_final() => {}
            Behind::Short if data.len() < end => {
                let reject = unfinished(window, edge, block, end);
                return Ok(self.lose(reject.of(head), block));
            }
            Behind::Short | Behind::Another => {
                let length = end - block;
                let error = format!("no blank lines follow the record's block of {length} bytes");
                return Ok(self.lose(Reject::new(offset, "bad_record", error).of(head), block));
            }
        }
        self.state = State::Block { head, block, end };
        Ok(false)
    }

    /// Lost: looks for the next line that begins a record.
    fn search(
        &mut self,
        window: &mut Window,
        edge: &Edge,
        table: &mut Table,
        mut reject: Reject,
        scan: usize,
    ) -> Result<bool, ArrowError> {
        let next = if reject.endless {
            Next::Nowhere
        } else {
            window.find_record(scan)
        };
        let passed = match next {
            Next::At(at) => at,
            Next::Perhaps(at) if !edge.is_final() => at,
            _ => window.data().len(),
        };
        reject.feed(&window.data()[..passed]);
        window.consume(passed);
        if matches!(next, Next::At(_)) || matches!(edge, Edge::File) {
            reject.push(table)?;
            return Ok(true);
        }
        self.state = State::Lost { reject, scan: 0 };
        Ok(false)
    }
}

/// A reject for a record whose block does not end before the edge: is that the end, or is its length wrong?
fn unfinished(window: &Window, edge: &Edge, block: usize, end: usize) -> Reject {
    let (offset, length) = (window.offset(), end - block);
    match window.find_record(block) {
        Next::At(at) => {
            let at = at - block;
            let error = format!("another record begins {at} bytes into a block of {length}");
            Reject::new(offset, "bad_record", error)
        }
        _ => {
            let there = window.data().len() - block;
            edge.break_off(
                offset,
                format!("the file ends {there} bytes into a block of {length}"),
            )
        }
    }
}

/// What follows a block.
enum Behind {
    /// What separates records, in so many bytes.
    Whole(usize),
    /// One line end or none in so many bytes, which are all there are.
    Cut(usize),
    /// Too few bytes to say.
    Short,
    /// Something else.
    Another,
}

/// Reads the two line ends behind a block. Four other bytes and then a record do as well: they are damaged, but the
/// block's length is right.
fn look_behind(bytes: &[u8]) -> Behind {
    let mut seen = 0;
    for (index, &byte) in bytes.iter().enumerate() {
        if !is_line_end(byte) {
            return match bytes.get(4..).map_or(VersionLine::Cut, version_line) {
                VersionLine::Whole(_) => Behind::Whole(4),
                VersionLine::Cut => Behind::Short,
                VersionLine::Absent => Behind::Another,
            };
        }
        seen += usize::from(byte == b'\n');
        if seen == 2 {
            return Behind::Whole(index + 1);
        }
    }
    Behind::Cut(bytes.len())
}

fn begins_record(line: &[u8]) -> bool {
    line.starts_with(b"WARC/") && matches!(version_line(line), VersionLine::Whole(_))
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}
