//! The changes of an edit that looks at lines: each goes, or stays with pieces cut out of it.

use std::ops::Range;

use super::{Change, Changes};

/// White space around lines and at the ends of a text; line ends that become line feeds.
const SPACE: &str = "space";

/// Notes what becomes of one line after another; those that stay are joined by line feeds.
#[derive(Debug, Default)]
pub(crate) struct LineChanges {
    changes: Changes,
    last: usize, // where the line before ended
    has_kept: bool,
    gone: Option<&'static str>, // why the line before went
}

impl LineChanges {
    pub(crate) fn as_slice(&self) -> &[Change] {
        self.changes.as_slice()
    }

    /// Begins a text.
    pub(crate) fn clear(&mut self) {
        self.changes.clear();
        (self.last, self.has_kept, self.gone) = (0, false, None);
    }

    /// The line that ends at byte `end` goes, with the line end in front of it.
    #[inline]
    pub(crate) fn remove(&mut self, kind: &'static str, end: usize) {
        self.changes.push(kind, self.last..end, 0);
        (self.last, self.gone) = (end, Some(kind));
    }

    /// The line in bytes `line` of the text stays; what is cut out of it follows by `cut`.
    #[inline]
    pub(crate) fn keep(&mut self, text: &str, line: Range<usize>) {
        if !self.has_kept {
            let kind = self.gone.unwrap_or(SPACE);
            self.changes.push(kind, self.last..line.start, 0);
        } else if text.as_bytes()[self.last..line.start] != *b"\n" {
            self.changes.push(SPACE, self.last..line.start, 1);
        }
        (self.last, self.has_kept, self.gone) = (line.end, true, None);
    }

    /// Bytes of the line that was kept last go.
    pub(crate) fn cut(&mut self, kind: &'static str, place: Range<usize>) {
        self.changes.push(kind, place, 0);
    }

    pub(crate) fn cut_space(&mut self, place: Range<usize>) {
        self.cut(SPACE, place);
    }

    /// The text ends, `joined` are the lines kept; of these only the bytes `stays` stay.
    pub(crate) fn finish(&mut self, text: &str, joined: &str, stays: &str) {
        let kind = self.gone.unwrap_or(SPACE);
        self.changes.push(kind, self.last..text.len(), 0);
        let begin = stays.as_ptr() as usize - joined.as_ptr() as usize;
        let kept = begin..begin + stays.len();
        self.changes.trim(SPACE, text.len(), joined.len(), kept);
    }
}
