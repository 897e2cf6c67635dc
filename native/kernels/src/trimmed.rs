//! Texts whose lines are without the white space at their ends, and where each byte of them was.
//!
//! Line ends of Windows, and blanks that nobody sees, are no part of a line: with and without them it is the same.

use std::borrow::Cow;

use memchr::memchr_iter;

use crate::python_text::{is_space, split_at_feeds, strip_end};
use crate::words::Span;

/// A text with its lines trimmed; the same text where nothing was to trim.
#[derive(Debug)]
pub(crate) struct Trimmed<'a> {
    text: Cow<'a, str>,
    /// Where each line starts, here and in the text as it was; empty if the text is the same.
    starts: Vec<(u32, u32)>,
}

impl<'a> Trimmed<'a> {
    /// The text as it is.
    pub(crate) fn as_it_is(text: &'a str) -> Self {
        Trimmed {
            text: Cow::Borrowed(text),
            starts: Vec::new(),
        }
    }

    /// Takes white space off the ends of lines, which are parted by line feeds.
    pub(crate) fn new(text: &'a str) -> Self {
        let bytes = text.as_bytes();
        let ends_well = |end: usize| match text[..end].chars().next_back() {
            None | Some('\n') => true,
            Some(last) => !is_space(last),
        };
        if memchr_iter(b'\n', bytes)
            .chain([bytes.len()])
            .all(ends_well)
        {
            return Self::as_it_is(text);
        }
        let mut trimmed = String::with_capacity(text.len());
        let mut starts = Vec::new();
        split_at_feeds(text, |line| {
            if !starts.is_empty() {
                trimmed.push('\n');
            }
            let start = line.as_ptr() as usize - text.as_ptr() as usize;
            starts.push((trimmed.len() as u32, start as u32));
            trimmed.push_str(strip_end(line));
        });
        Trimmed {
            text: Cow::Owned(trimmed),
            starts,
        }
    }

    /// The text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Where in the text as it was a piece of this one stands.
    pub(crate) fn original(&self, span: Span) -> Span {
        if span.start == span.end {
            return Span::default();
        }
        Span {
            start: self.place(span.start),
            // By its last byte: what was taken off behind it is not shown.
            end: self.place(span.end - 1) + 1,
        }
    }

    fn place(&self, at: u32) -> u32 {
        let line = self.starts.partition_point(|(here, _)| *here <= at);
        match line.checked_sub(1).map(|line| self.starts[line]) {
            Some((here, before)) => before + (at - here),
            None => at,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn by_hand() {
        for (text, expected) in [
            ("a\r\n b \t\nc", "a\n b\nc"),
            ("a\n\nb", "a\n\nb"),
            ("a\u{a0}\n \r\né\u{3000}", "a\n\né"),
            ("\r\n", "\n"),
            ("", ""),
        ] {
            assert_eq!(Trimmed::new(text).text(), expected, "{text:?}");
        }
        assert!(matches!(Trimmed::new("é\n中").text, Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn pieces_are_found_where_they_were(text in "([ab中\r \n]){0,30}") {
            let trimmed = Trimmed::new(&text);
            let mut lines = text.split('\n');
            split_at_feeds(trimmed.text(), |line| {
                let start = (line.as_ptr() as usize - trimmed.text().as_ptr() as usize) as u32;
                let span = trimmed.original(Span { start, end: start + line.len() as u32 });
                assert_eq!(line, strip_end(lines.next().unwrap()));
                assert_eq!(span.of(text.as_bytes()), line.as_bytes());
            });
        }
    }
}
