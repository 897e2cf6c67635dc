//! Repeated lines and paragraphs of one document.

use crate::python_text::count_chars;
use crate::repeats::Pieces;
use crate::words::Span;

/// Pieces of a text, numbered and counted.
#[derive(Default)]
pub(crate) struct Segments {
    pieces: Pieces,
    total: usize,
}

/// How much of the segments is repeated.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Repeated {
    /// Segments.
    pub total: usize,
    /// Their code points.
    pub total_chars: usize,
    /// Segments that were met before.
    pub later: usize,
    /// Their code points.
    pub later_chars: usize,
    /// Segments that occur more than once, each time.
    pub all: usize,
    /// Their code points.
    pub all_chars: usize,
    /// The segment whose repeats hold most code points; empty if none is repeated.
    pub most: Span,
}

impl Segments {
    /// Starts a text with at most that many segments.
    pub(crate) fn begin(&mut self, segments: usize) {
        self.pieces.begin(segments);
        self.total = 0;
    }

    /// Takes a segment, which is part of `text`.
    #[inline]
    pub(crate) fn take(&mut self, text: &str, segment: &str) {
        let start = segment.as_ptr() as usize - text.as_ptr() as usize;
        let span = Span {
            start: start as u32,
            end: (start + segment.len()) as u32,
        };
        self.pieces.meet(text.as_bytes(), span);
        self.total += 1;
    }

    /// What the segments taken come to.
    pub(crate) fn measure(&self, text: &str, ascii: bool) -> Repeated {
        let mut found = Repeated {
            total: self.total,
            ..Repeated::default()
        };
        let mut most = 0;
        for &(span, count) in &self.pieces.found {
            let count = count as usize;
            let chars = count_chars(&text[span.start as usize..span.end as usize], ascii);
            found.total_chars += count * chars;
            if count > 1 {
                found.later += count - 1;
                found.later_chars += (count - 1) * chars;
                found.all += count;
                found.all_chars += count * chars;
                if (count - 1) * chars > most {
                    most = (count - 1) * chars;
                    found.most = span;
                }
            }
        }
        found
    }
}
