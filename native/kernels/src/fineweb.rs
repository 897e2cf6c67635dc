//! What FineWeb's own rules look at (Penedo et al. 2024, arXiv 2406.17557, 3.6): line ends, short and repeated lines.

use std::sync::Arc;

use arrow_array::builder::{Float64Builder, Int64Builder, UInt32Builder};
use arrow_array::{ArrayRef, RecordBatch};
use memchr::memchr_iter;

use crate::columns::batch;
use crate::punctuation::is_terminal;
use crate::python_text::{count_chars, split_at_feeds, strip};
use crate::repetition::segments::Segments;
use crate::trimmed::Trimmed;
use crate::words::{Span, Words};

const RATIOS: [&str; 4] = [
    "punctuated_line_ratio",
    "short_line_ratio",
    "dup_line_char_ratio",
    "newline_ratio",
];

/// What one document measures.
#[derive(Debug, Default, PartialEq)]
struct Measures {
    lines: usize,
    ratios: [f64; RATIOS.len()],
    most: Span,
}

/// Measures every row alive of `words`; the others are null in all columns. A null text measures as an empty one.
///
/// Lines are parted by line feeds; blank ones do not count. Columns: `n_lines`; `punctuated_line_ratio`, of lines whose
/// last character ends sentences; `short_line_ratio`, of lines of at most `short_line_chars` code points;
/// `dup_line_char_ratio`, code points of second and later equal lines, of all but line feeds; `newline_ratio`, line
/// feeds per word; `line_begin` and `line_end`, the bytes of the line whose repeats hold most, 0 and 0 if none does.
/// With `trim` the white space at the end of a line is no part of it.
pub fn fineweb(words: &Words, short_line_chars: usize, trim: bool) -> Result<RecordBatch, String> {
    let mut segments = Segments::default();
    let mut columns = Columns::default();
    for document in words.documents()? {
        columns.append(document.map(|document| {
            let text = if trim {
                Trimmed::new(document.text)
            } else {
                Trimmed::as_it_is(document.text)
            };
            let words = document.words.len();
            let mut measures = measure(text.text(), words, short_line_chars, &mut segments);
            measures.most = text.original(measures.most);
            measures
        }));
    }
    columns.finish()
}

fn measure(text: &str, words: usize, short_line_chars: usize, segments: &mut Segments) -> Measures {
    let ascii = text.is_ascii();
    let feeds = memchr_iter(b'\n', text.as_bytes()).count();
    let (mut punctuated, mut short) = (0, 0);
    segments.begin(feeds + 1);
    split_at_feeds(text, |line| {
        if strip(line).is_empty() {
            return;
        }
        segments.take(text, line);
        punctuated += usize::from(line.chars().next_back().is_some_and(is_terminal));
        // Four bytes make a code point at the most.
        short += usize::from(
            line.len() <= 4 * short_line_chars && count_chars(line, ascii) <= short_line_chars,
        );
    });
    let repeated = segments.measure(text, ascii);
    let ratio = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
    Measures {
        lines: repeated.total,
        ratios: [
            ratio(punctuated, repeated.total),
            ratio(short, repeated.total),
            ratio(repeated.later_chars, count_chars(text, ascii) - feeds),
            ratio(feeds, words),
        ],
        most: repeated.most,
    }
}

/// The result under construction, in the order of its columns.
#[derive(Default)]
struct Columns {
    n_lines: Int64Builder,
    ratios: [Float64Builder; RATIOS.len()],
    begin: UInt32Builder,
    end: UInt32Builder,
}

impl Columns {
    fn append(&mut self, measures: Option<Measures>) {
        let measures = measures.as_ref();
        self.n_lines.append_option(measures.map(|m| m.lines as i64));
        for (i, column) in self.ratios.iter_mut().enumerate() {
            column.append_option(measures.map(|m| m.ratios[i]));
        }
        self.begin.append_option(measures.map(|m| m.most.start));
        self.end.append_option(measures.map(|m| m.most.end));
    }

    fn finish(mut self) -> Result<RecordBatch, String> {
        let mut columns: Vec<(&str, ArrayRef)> = vec![("n_lines", Arc::new(self.n_lines.finish()))];
        for (name, ratio) in RATIOS.into_iter().zip(&mut self.ratios) {
            columns.push((name, Arc::new(ratio.finish())));
        }
        columns.push(("line_begin", Arc::new(self.begin.finish())));
        columns.push(("line_end", Arc::new(self.end.finish())));
        batch(columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let text = "One two.\n\n  \nOne two.\nthree 中文。\n four";
        let found = measure(text, 7, 8, &mut Segments::default());
        assert_eq!(found.lines, 4);
        assert_eq!(found.ratios, [0.75, 0.75, 8.0 / 32.0, 5.0 / 7.0]);
        assert_eq!(found.most, Span { start: 0, end: 8 });
    }
}
