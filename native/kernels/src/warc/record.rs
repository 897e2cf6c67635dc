//! Finds the records in uncompressed bytes, and behind damage the next one.

use arrow_schema::ArrowError;
use xxhash_rust::xxh3::xxh3_128;

use super::arc::{self, UrlRecord, url_record};
use super::behind::{Behind, is_line_end, look_behind};
use super::content::{Record, push_record};
use super::edge::{Edge, unfinished};
use super::head::{Head, HeadEnd, find_end};
use super::long::Long;
use super::reject::Reject;
use super::run::Run;
use super::table::Table;
use super::window::{Next, VersionLine, Window, version_line};

/// No record's head is longer; those of crawlers have some hundred bytes.
const HEAD_BYTES: usize = 64 << 10;

/// No version line is longer.
const VERSION_BYTES: usize = 16;

/// Where a record's block lies, counted from the window's first byte.
struct Block {
    head: Head,
    begin: usize,
    end: usize,
    /// No member that begins before it begins another record.
    scan: usize,
}

enum State {
    /// Behind a record, or at the beginning.
    Between,
    /// In a record whose head was read.
    Block(Block),
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
    run: Run,
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
            run: Run::default(),
        }
    }

    /// Whether all records before the stop were read.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Ends the run of rejects that nothing follows.
    pub(super) fn end_run(&mut self, table: &mut Table) -> Result<bool, ArrowError> {
        self.run.end(table)
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
            State::Block(block) => self.finish(window, edge, table, block),
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
        // A member may begin a record of either kind, whatever those before it were: another range may begin there.
        let arc = if self.may_be_arc() || window.begins_member(0) {
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
                let line = if self.arc == Some(true) {
                    "http://192.0.2.1/ 192.0.2.1 20240501120000 text/html 1234"
                } else {
                    "WARC/1.0"
                };
                let error =
                    format!("expected a record to begin with a line like {line}, found {found:?}");
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
        let end = find_end(data, self.searched, begins_record);
        if let HeadEnd::More(resume) = end
            && data.len() < HEAD_BYTES
            && !edge.is_final()
        {
            self.searched = resume;
            return false;
        }
        // Of a head without an end only what is at hand however the bytes were cut.
        let reach = match end {
            HeadEnd::At(at) | HeadEnd::Stopped(at) if at <= HEAD_BYTES => at,
            _ => data.len().min(HEAD_BYTES - VERSION_BYTES),
        };
        let end = match window.find_member(1..reach) {
            Next::At(at) => HeadEnd::Stopped(at),
            _ => end,
        };
        let block = match end {
            HeadEnd::At(block) if block <= HEAD_BYTES => block,
            HeadEnd::Stopped(at) if at <= HEAD_BYTES => {
                let error = "another record begins in the record's head".to_owned();
                let reject = Reject::new(offset, "bad_record", error);
                return self.lose(reject.of(Head::parse(&data[..at])), at);
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
            Some(end) if end <= self.max_record_bytes => State::Block(Block {
                head,
                begin: block,
                end,
                scan: block,
            }),
            _ => {
                let keep = self.max_record_bytes;
                State::Long(Box::new(Long::new(window, head, block, length, keep)))
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
        if let Some(error) = long.pass(window, edge) {
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
                    if self.run.end(table)? {
                        self.state = State::Long(long);
                        return Ok(true);
                    }
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
        mut block: Block,
    ) -> Result<bool, ArrowError> {
        let (data, offset) = (window.data(), window.offset());
        block.scan = match window.find_member(block.scan..block.end) {
            Next::At(at) => return Ok(self.lose_to_member(offset, block, at)),
            Next::Perhaps(at) => at,
            Next::Nowhere => data.len(),
        };
        let (begin, end) = (block.begin, block.end);
        let behind = data
            .get(end..)
            .map_or(Behind::Short, |rest| look_behind(rest, block.head.arc));
        match behind {
            Behind::Whole(count) | Behind::Cut(count) => {
                let decided = data.len() > end + count;
                if !decided && let Edge::Damage(_) = edge {
                    let reject = edge.break_off(offset, String::new());
                    return Ok(self.lose(reject.of(block.head), data.len()));
                }
                if decided || !matches!(edge, Edge::Open) {
                    if self.run.end(table)? {
                        self.state = State::Block(block);
                        return Ok(true);
                    }
                    let raw = &data[..end];
                    let record = Record {
                        offset,
                        head: &block.head,
                        raw,
                        block: &data[begin..end],
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
                let reject = unfinished(window, edge, begin, end, self.may_be_arc());
                return Ok(self.lose(reject.of(block.head), begin));
            }
            Behind::Short | Behind::Another => {
                let length = end - begin;
                let error = format!("no blank lines follow the record's block of {length} bytes");
                let reject = Reject::new(offset, "bad_record", error);
                return Ok(self.lose(reject.of(block.head), begin));
            }
        }
        self.state = State::Block(block);
        Ok(false)
    }

    /// A member begins another record before the block ends: whatever may follow its end, its length is wrong.
    fn lose_to_member(&mut self, offset: u64, block: Block, at: usize) -> bool {
        let (at, length) = (at - block.begin, block.end - block.begin);
        let error = format!("another record begins {at} bytes into a block of {length}");
        let reject = Reject::new(offset, "bad_record", error);
        self.lose(reject.of(block.head), block.begin)
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
            self.run.add(reject, end, table)?;
            return Ok(true);
        }
        self.state = State::Lost { reject, scan: 0 };
        Ok(false)
    }
}

fn begins_record(line: &[u8]) -> bool {
    line.starts_with(b"WARC/") && matches!(version_line(line), VersionLine::Whole(_))
}
