//! The uncompressed bytes at hand: a bounded window over an archive, and where in the stored file each came from.

use std::collections::VecDeque;
use std::ops::Range;

use memchr::{memchr_iter, memmem};

use super::arc::{UrlRecord, url_record};
use super::behind::{Begins, begins_record};

/// Bytes that are added to the window at a time.
pub(super) const STEP: usize = 64 << 10;

const MARK: &[u8] = b"WARC/";
const FIELD: &[u8] = b"WARC-";

/// What a version line (`WARC/1.0` and a line end) at the beginning of some bytes looks like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum VersionLine {
    /// There is one, of that many bytes.
    Whole(usize),
    /// More bytes could make one.
    Cut,
    /// There is none.
    Absent,
}

/// Where the next record seems to begin, counted from the window's first byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Next {
    At(usize),
    Perhaps(usize),
    Nowhere,
}

/// Uncompressed bytes that are not yet part of a row.
pub(super) struct Window {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    position: u64,
    line_start: bool,
    members: VecDeque<(u64, u64)>,
    stored_as_is: bool,
}

impl Window {
    /// Where the file is not compressed, its first byte will be the one at `position` of it.
    pub(super) fn new(position: u64) -> Self {
        Window {
            bytes: Vec::new(),
            start: 0,
            end: 0,
            position,
            line_start: true,
            members: VecDeque::new(),
            stored_as_is: false,
        }
    }

    /// The bytes at hand.
    pub(super) fn data(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Says that the file is not compressed, so that positions are offsets.
    pub(super) fn set_stored_as_is(&mut self) {
        self.stored_as_is = true;
    }

    /// Room for `STEP` bytes behind those at hand; `add` says how many were written there.
    pub(super) fn room(&mut self) -> &mut [u8] {
        if self.bytes.len() - self.end < STEP {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
            let needed = self.end + STEP;
            if self.bytes.len() < needed {
                self.bytes.resize(needed + needed / 2, 0);
            }
        }
        &mut self.bytes[self.end..self.end + STEP]
    }

    pub(super) fn add(&mut self, count: usize) {
        self.end += count;
    }

    /// Drops the first `count` bytes at hand.
    pub(super) fn consume(&mut self, count: usize) {
        let Some(last) = count.checked_sub(1) else {
            return;
        };
        self.line_start = self.data()[last] == b'\n';
        self.start += count;
        self.position += count as u64;
        while self
            .members
            .get(1)
            .is_some_and(|&(position, _)| position <= self.position)
        {
            self.members.pop_front();
        }
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        }
    }

    /// Says that the next byte added begins the member at `offset` of the stored file.
    pub(super) fn begin_member(&mut self, offset: u64) {
        let position = self.position + (self.end - self.start) as u64;
        if self
            .members
            .back()
            .is_some_and(|&(last, _)| last == position)
        {
            self.members.pop_back();
        }
        self.members.push_back((position, offset));
        while self
            .members
            .get(1)
            .is_some_and(|&(start, _)| start <= self.position)
        {
            self.members.pop_front();
        }
    }

    /// The offset in the stored file of the first byte at hand, or of the member it is in.
    pub(super) fn offset(&self) -> u64 {
        match self.members.front() {
            Some(&(_, offset)) if !self.stored_as_is => offset,
            _ => self.position,
        }
    }

    /// Whether the byte at `index` is the first of a line or of a member.
    pub(super) fn begins_line(&self, index: usize) -> bool {
        let after_newline = match index.checked_sub(1) {
            Some(before) => self.data().get(before) == Some(&b'\n'),
            None => self.line_start,
        };
        after_newline || self.begins_member(index)
    }

    /// Whether the byte at `index` is the first of a member.
    pub(super) fn begins_member(&self, index: usize) -> bool {
        let position = self.position + index as u64;
        self.members
            .binary_search_by_key(&position, |&(start, _)| start)
            .is_ok()
    }

    /// The first member that begins in these bytes at hand, and with what begins a record, of WARC or of ARC.
    pub(super) fn find_member(&self, within: Range<usize>) -> Next {
        let data = self.data();
        let from = self.position + within.start as u64;
        let first = self.members.partition_point(|&(start, _)| start < from);
        for &(start, _) in self.members.range(first..) {
            let at = (start - self.position) as usize;
            if at >= within.end.min(data.len()) {
                break;
            }
            match begins_record(&data[at..], true) {
                Begins::Record => return Next::At(at),
                Begins::Perhaps => return Next::Perhaps(at),
                Begins::Other => {}
            }
        }
        Next::Nowhere
    }

    /// Whether the file is not compressed.
    pub(super) fn is_stored_as_is(&self) -> bool {
        self.stored_as_is
    }

    /// The first line from `from` on that looks like the beginning of a record; of one of an ARC archive with `arc`, or
    /// where a member begins.
    pub(super) fn find_record(&self, from: usize, arc: bool) -> Next {
        let found = self.find_version_line(from);
        let before = match found {
            Next::At(at) | Next::Perhaps(at) => at,
            Next::Nowhere => self.data().len(),
        };
        let other = if arc {
            self.find_url_record(from, before)
        } else {
            self.find_member(from..before)
        };
        match other {
            Next::Nowhere => found,
            other => other,
        }
    }

    fn find_version_line(&self, from: usize) -> Next {
        let data = self.data();
        if from >= data.len() {
            return Next::Nowhere;
        }
        for hit in memmem::find_iter(&data[from..], MARK) {
            let index = from + hit;
            match version_line(&data[index..]) {
                VersionLine::Whole(_) if self.begins_line(index) => return Next::At(index),
                VersionLine::Whole(end) => match first_field(&data[index + end..]) {
                    VersionLine::Whole(_) => return Next::At(index),
                    VersionLine::Cut => return Next::Perhaps(index),
                    VersionLine::Absent => {}
                },
                VersionLine::Cut => return Next::Perhaps(index),
                VersionLine::Absent => {}
            }
        }
        (1..MARK.len())
            .rev()
            .filter(|&length| data.len() >= from + length)
            .find(|&length| data.ends_with(&MARK[..length]))
            .map_or(Next::Nowhere, |length| Next::Perhaps(data.len() - length))
    }

    fn find_url_record(&self, from: usize, before: usize) -> Next {
        if from >= before {
            return Next::Nowhere;
        }
        let data = self.data();
        let first = self.begins_line(from).then_some(from);
        let others = memchr_iter(b'\n', &data[from..before]).map(|newline| from + newline + 1);
        for at in first
            .into_iter()
            .chain(others)
            .take_while(|&at| at < before)
        {
            match url_record(&data[at..]) {
                UrlRecord::Whole(_) => return Next::At(at),
                UrlRecord::Cut => return Next::Perhaps(at),
                UrlRecord::Absent => {}
            }
        }
        Next::Nowhere
    }
}

/// Whether a line that is no first of a line begins a record all the same, behind other bytes without a line end: the
/// field that follows it says so.
fn first_field(bytes: &[u8]) -> VersionLine {
    let shared = bytes.len().min(FIELD.len());
    match bytes[..shared].eq_ignore_ascii_case(&FIELD[..shared]) {
        true if shared == FIELD.len() => VersionLine::Whole(shared),
        true => VersionLine::Cut,
        false => VersionLine::Absent,
    }
}

/// Reads `WARC/` in any case, one to three digits, a dot, one to three digits and a line end.
pub(super) fn version_line(bytes: &[u8]) -> VersionLine {
    let shared = bytes.len().min(MARK.len());
    if !bytes[..shared].eq_ignore_ascii_case(&MARK[..shared]) {
        return VersionLine::Absent;
    }
    let mut at = MARK.len();
    for end in [b'.', b'\n'] {
        let digits = bytes
            .iter()
            .skip(at)
            .take(4)
            .take_while(|b| b.is_ascii_digit())
            .count();
        at += digits;
        if digits < 4 && at >= bytes.len() {
            return VersionLine::Cut;
        }
        if digits == 0 || digits > 3 {
            return VersionLine::Absent;
        }
        if end == b'\n' && bytes[at] == b'\r' {
            at += 1;
        }
        match bytes.get(at) {
            None => return VersionLine::Cut,
            Some(&byte) if byte == end => at += 1,
            Some(_) => return VersionLine::Absent,
        }
    }
    VersionLine::Whole(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(bytes: &[u8]) -> Window {
        let mut window = Window::new(0);
        window.room()[..bytes.len()].copy_from_slice(bytes);
        window.add(bytes.len());
        window
    }

    #[test]
    fn version_lines_are_told_from_others() {
        assert_eq!(version_line(b"WARC/1.0\r\nx"), VersionLine::Whole(10));
        assert_eq!(version_line(b"warc/0.17\nx"), VersionLine::Whole(10));
        for cut in 0..10 {
            assert_eq!(
                version_line(&b"WARC/1.0\r\n"[..cut]),
                VersionLine::Cut,
                "{cut}"
            );
        }
        for other in [
            "WARD",
            "WARC/x",
            "WARC/1,0",
            "WARC/1.0 x",
            "WARC/1.\n",
            "WARC/1234",
            "WARC/1.1234",
        ] {
            assert_eq!(
                version_line(other.as_bytes()),
                VersionLine::Absent,
                "{other}"
            );
        }
    }

    #[test]
    fn records_begin_at_lines_only() {
        assert_eq!(
            window(b"x WARC/1.0\r\n\nWARC/1.1\n").find_record(0, false),
            Next::At(13)
        );
        assert_eq!(window(b"WARC/1.0\r\n").find_record(1, false), Next::Nowhere);
        assert_eq!(window(b"abc\nWARC").find_record(0, false), Next::Perhaps(4));
        assert_eq!(
            window(b"abc\nWARC/1.").find_record(0, false),
            Next::Perhaps(4)
        );
        assert_eq!(window(b"abcWARC").find_record(0, false), Next::Perhaps(3));
        assert_eq!(
            window(b"\0WARC/1.0\nWARC-T: x").find_record(0, false),
            Next::At(1)
        );
        assert_eq!(
            window(b"\0WARC/1.0\nWAR").find_record(0, false),
            Next::Perhaps(1)
        );
        assert_eq!(
            window(b"see WARC/1.0\nfor more").find_record(0, false),
            Next::Nowhere
        );
    }

    #[test]
    fn a_member_begins_a_line() {
        let mut w = Window::new(0);
        w.begin_member(5);
        w.room()[..3].copy_from_slice(b"abc");
        w.add(3);
        w.begin_member(77);
        w.room()[..10].copy_from_slice(b"WARC/1.0\r\n");
        w.add(10);
        assert_eq!(w.find_record(0, false), Next::At(3));
        assert_eq!(w.offset(), 5);
        w.consume(3);
        assert_eq!(w.offset(), 77);
        assert_eq!(w.find_record(0, false), Next::At(0));
    }

    #[test]
    fn every_member_keeps_its_offset() {
        let mut w = Window::new(0);
        for n in 0..10_000 {
            w.begin_member(100 * n);
            w.room()[0] = b'x';
            w.add(1);
        }
        assert_eq!(w.offset(), 0);
        w.consume(9_990);
        assert_eq!(w.offset(), 999_000);
    }
}
