//! Finds the records in uncompressed bytes, and behind damage the next one.

use arrow_schema::ArrowError;
use xxhash_rust::xxh3::xxh3_128;

use super::arc::{self, UrlRecord, url_record};
use super::behind::{Behind, is_line_end, look_behind};
use super::content::{Record, push_record};
use super::head::{Head, HeadEnd, find_end};
use super::long::Long;
use super::member::Damage;
use super::reject::Reject;
use super::table::Table;
use super::window::{Next, VersionLine, Window, version_line};

/// No record's head is longer; those of crawlers have some hundred bytes.
const HEAD_BYTES: usize = 64 << 10;

/// What is known to lie behind the last byte of the window.
pub(super) enum Edge {
    /// More bytes, perhaps.
    Open,
    /// The end of a member whose checksum is right, before this stored byte.
    Member(u64),
    /// Bytes that could not be read.
    Damage(Damage),
    /// The end of the file, before this byte.
    File(u64),
}

impl Edge {
    pub(super) fn is_final(&self) -> bool {
        matches!(self, Edge::Damage(_) | Edge::File(_))
    }

    /// A reject for what breaks off at this edge; `error` is the sentence for the end of the file.
    pub(super) fn break_off(&self, offset: u64, error: String) -> Reject {
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
    /// In a record of which not all is kept.
    Long(Box<Long>),
    /// In bytes that belong to no record; those before `scan` need no further look.
    Lost { reject: Reject, scan: usize },
}

/// The state between the bytes of an archive; feeds a table.
pub(super) struct Records {
    state: State,
    max_record_bytes: usize,
    searched: usize,
    /// No record that begins at or behind this stored byte is read.
    stop: u64,
    stopped: bool,
    /// Whether the last record was one of an ARC archive, if there was one.
    arc: Option<bool>,
    /// So far every record began with a member.
    aligned: bool,
}

impl Records {
    pub(super) fn new(max_record_bytes: usize, stop: u64) -> Self {
        Records {
            state: State::Between,
            max_record_bytes,
            searched: 0,
            stop,
            stopped: false,
            arc: None,
            aligned: true,
        }
    }

    /// Whether all records before the stop were read.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped
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
            State::Long(long) => self.read_on(window, edge, table, long),
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
        let data = window.data();
        window.consume(data.iter().take_while(|b| is_line_end(**b)).count());
        let (data, offset) = (window.data(), window.offset());
        if data.is_empty() {
            if let Edge::Damage(damage) = edge {
                let mut reject = edge.break_off(damage.offset, String::new());
                reject.as_stored = damage.nothing_read;
                self.lose(reject, 0);
            }
            self.stopped |= matches!(edge, Edge::Member(end) if *end >= self.stop);
            return false;
        }
        if offset >= self.stop {
            self.stopped = true;
            return false;
        }
        let arc = if self.may_be_arc() {
            url_record(data)
        } else {
            UrlRecord::Absent
        };
        let at_hand = data.len();
        match (version_line(data), arc) {
            (VersionLine::Whole(_), _) => self.begin_block(window, edge),
            (_, UrlRecord::Whole(block)) => {
                let head = arc::parse(&data[..block]);
                self.enter(window, head, block)
            }
            (VersionLine::Cut, _) | (_, UrlRecord::Cut) if edge.is_final() => {
                let error = "the file ends in the first line of a record".to_owned();
                self.lose(edge.break_off(offset, error), at_hand)
            }
            (VersionLine::Cut, _) | (_, UrlRecord::Cut) => false,
            _ if edge.is_final() || at_hand >= 16 => {
                let found = String::from_utf8_lossy(&data[..at_hand.min(16)]);
                let error = format!(
                    "expected a record to begin with a line like WARC/1.0, found {found:?}"
                );
                self.lose(Reject::new(offset, "bad_record", error), 1)
            }
            _ => false,
        }
    }

    fn may_be_arc(&self) -> bool {
        self.arc != Some(false)
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
        self.enter(window, Head::parse(&data[..block]), block)
    }

    /// Goes into the block of a record whose head takes `block` bytes.
    fn enter(&mut self, window: &Window, head: Head, block: usize) -> bool {
        let offset = window.offset();
        self.arc = Some(head.arc);
        self.aligned &= !window.is_stored_as_is() && window.begins_member(0);
        let length = match head.block_length() {
            Ok(length) => length,
            Err(error) => {
                return self.lose(Reject::new(offset, "bad_record", error).of(head), block);
            }
        };
        let end = usize::try_from(length)
            .ok()
            .and_then(|length| length.checked_add(block));
        self.state = match end {
            Some(end) if end <= self.max_record_bytes => State::Block { head, block, end },
            _ => {
                let keep = self.max_record_bytes;
                State::Long(Box::new(Long::new(offset, head, block, length, keep)))
            }
        };
        true
    }

    /// In a record that is too long to be held: passes it by, keeping its beginning.
    fn read_on(
        &mut self,
        window: &mut Window,
        edge: &Edge,
        table: &mut Table,
        mut long: Box<Long>,
    ) -> Result<bool, ArrowError> {
        if let Some(error) = long.pass(window, edge, self.aligned) {
            return Ok(self.lose(long.into_reject(error), 0));
        }
        if long.is_open() {
            if edge.is_final() {
                let reject = edge.break_off(long.offset(), long.break_off());
                return Ok(self.lose(long.continued_by(reject), 0));
            }
            self.state = State::Long(long);
            return Ok(false);
        }
        match look_behind(window.data(), long.head().arc) {
            Behind::Whole(count) | Behind::Cut(count) => {
                let decided = window.data().len() > count;
                if !decided && let Edge::Damage(_) = edge {
                    let reject = edge.break_off(long.offset(), String::new());
                    return Ok(self.lose(long.continued_by(reject), 0));
                }
                if decided || !matches!(edge, Edge::Open) {
                    match edge {
                        Edge::Member(end) if !decided && long.is_bomb(*end) => {
                            let error = long.bomb(*end);
                            long.into_too_large(error).push(table, *end)?;
                        }
                        _ => long.push(table)?,
                    }
                    window.consume(count);
                    return Ok(true);
                }
            }
            Behind::Short if !edge.is_final() => {}
            Behind::Short | Behind::Another => {
                let error = long.nothing_follows();
                return Ok(self.lose(long.into_reject(error), 0));
            }
        }
        self.state = State::Long(long);
        Ok(false)
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
        let behind = data
            .get(end..)
            .map_or(Behind::Short, |rest| look_behind(rest, head.arc));
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
                        hash: xxh3_128(raw),
                        cut: false,
                        end: match edge {
                            Edge::Member(at) if !decided => Some(*at),
                            _ if window.is_stored_as_is() => Some(offset + (end + count) as u64),
                            _ => None,
                        },
                    };
                    push_record(table, &record, self.max_record_bytes)?;
                    window.consume(end + count);
                    return Ok(true);
                }
            }
            Behind::Short if !edge.is_final() => {}
            Behind::Short if data.len() < end => {
                let reject = unfinished(window, edge, block, end, self.may_be_arc());
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
        let next = window.find_record(scan, self.may_be_arc());
        let passed = match next {
            Next::At(at) => at,
            Next::Perhaps(at) if !edge.is_final() => at,
            _ => window.data().len(),
        };
        reject.feed(&window.data()[..passed]);
        window.consume(passed);
        let end = match (next, edge) {
            (Next::At(_), _) => Some(window.offset()),
            (_, Edge::File(end)) => Some(*end),
            _ => None,
        };
        if let Some(end) = end {
            reject.push(table, end)?;
            return Ok(true);
        }
        self.state = State::Lost { reject, scan: 0 };
        Ok(false)
    }
}

/// A reject for a record whose block does not end before the edge: is that the end, or is its length wrong?
fn unfinished(window: &Window, edge: &Edge, block: usize, end: usize, arc: bool) -> Reject {
    let (offset, length) = (window.offset(), end - block);
    match window.find_record(block, arc) {
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

fn begins_record(line: &[u8]) -> bool {
    line.starts_with(b"WARC/") && matches!(version_line(line), VersionLine::Whole(_))
}
