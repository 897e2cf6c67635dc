//! How much of documents is repeated: lines, paragraphs and n-grams, for the rules of Gopher (Rae et al. 2021, A.1.1).
//!
//! Everything is linear in the text: each segment and each word is hashed once, see `grams` for the n-grams.

mod grams;
pub(crate) mod segments;

use std::sync::Arc;

use arrow_array::builder::{Float64Builder, Int64Builder, UInt32Builder};
use arrow_array::{ArrayRef, FixedSizeListArray, RecordBatch};
use arrow_schema::{DataType, Field};
use memchr::{memchr_iter, memmem::Finder};

use crate::columns::batch;
use crate::definitions::Definitions;
use crate::python_text::{count_chars, split_at_feeds, split_at_runs, strip};
use crate::trimmed::Trimmed;
use crate::words::{Document, Span, Words};
use grams::Grams;
use segments::{Repeated, Segments};

/// Lengths of n-grams whose most frequent one counts, then of those whose every repetition counts.
const TOP: std::ops::RangeInclusive<usize> = 2..=4;
const LONGEST: usize = 10;
const RATIOS: [&str; 13] = [
    "dup_line_ratio",
    "dup_paragraph_ratio",
    "dup_line_char_ratio",
    "dup_paragraph_char_ratio",
    "top_2_gram_char_ratio",
    "top_3_gram_char_ratio",
    "top_4_gram_char_ratio",
    "dup_5_gram_char_ratio",
    "dup_6_gram_char_ratio",
    "dup_7_gram_char_ratio",
    "dup_8_gram_char_ratio",
    "dup_9_gram_char_ratio",
    "dup_10_gram_char_ratio",
];
/// What a document shows of its repetitions: a line, a paragraph, and for each n an n-gram.
pub const SPANS: usize = 11;

/// Measures every row alive of `words`; the others are null in all columns. A null text measures as an empty one.
///
/// Columns: `n_lines`, the thirteen ratios, and `spans`: of each row eleven pairs of bytes of the text, where the line
/// and the paragraph stand whose repeats hold most, the most frequent 2-, 3- and 4-gram, and the first repeated 5- to
/// 10-gram; two zeros where there is none.
pub fn repetition(words: &Words, definitions: Definitions) -> Result<RecordBatch, String> {
    let mut tables = Tables::default();
    let mut columns = Columns::default();
    for document in words.documents()? {
        columns.append(document.map(|document| tables.measure(document, definitions)));
    }
    columns.finish()
}

/// What one document measures.
#[derive(Clone, Debug, Default, PartialEq)]
struct Measures {
    lines: usize,
    ratios: [f64; RATIOS.len()],
    spans: [Span; SPANS],
}

/// What is used again for every document.
#[derive(Default)]
struct Tables {
    segments: Segments,
    grams: Grams,
    words: Vec<Span>,
}

impl Tables {
    fn measure(&mut self, document: Document<'_>, definitions: Definitions) -> Measures {
        let Document { text, words } = document;
        let ascii = text.is_ascii();
        let chars = count_chars(text, ascii);
        let trimmed = match definitions {
            Definitions::Gopher => Trimmed::new(text),
            _ => Trimmed::as_it_is(text),
        };
        let lines = self.lines(trimmed.text(), ascii, definitions);
        let paragraphs = self.paragraphs(trimmed.text(), ascii, definitions);
        let mut measures = Measures {
            lines: lines.total,
            ..Measures::default()
        };
        for (i, found) in [lines, paragraphs].into_iter().enumerate() {
            let (number, part, whole) = match definitions {
                Definitions::Datatrove => (found.later, found.later_chars, chars),
                _ => (found.all, found.all_chars, found.total_chars),
            };
            measures.ratios[i] = ratio(number, found.total);
            measures.ratios[i + 2] = ratio(part, whole);
            measures.spans[i] = trimmed.original(found.most);
        }
        match definitions {
            Definitions::Dclm => {
                let mut kept = std::mem::take(&mut self.words);
                kept.clear();
                kept.extend(words.iter().filter(|word| begins_word(text, **word)));
                self.measure_grams(text, &kept, chars, definitions, &mut measures);
                self.words = kept;
            }
            _ => self.measure_grams(text, words, chars, definitions, &mut measures),
        }
        measures
    }

    fn lines(&mut self, text: &str, ascii: bool, definitions: Definitions) -> Repeated {
        self.segments
            .begin(memchr_iter(b'\n', text.as_bytes()).count() + 1);
        match definitions {
            Definitions::Datatrove if text.is_empty() => (),
            Definitions::Datatrove => {
                split_at_runs(text, 1, |line| self.segments.take(text, line));
            }
            _ => split_at_feeds(text, |line| {
                let line = strip(line);
                if !line.is_empty() {
                    self.segments.take(text, line);
                }
            }),
        }
        self.segments.measure(text, ascii)
    }

    fn paragraphs(&mut self, text: &str, ascii: bool, definitions: Definitions) -> Repeated {
        let feeds = Finder::new("\n\n").find_iter(text.as_bytes()).count();
        self.segments.begin(feeds + 1);
        let take = |paragraph: &str| self.segments.take(text, paragraph);
        match definitions {
            Definitions::Datatrove => split_at_runs(strip(text), 2, take),
            _ => split_at_runs(text, 2, |paragraph| {
                let paragraph = strip(paragraph);
                if !paragraph.is_empty() {
                    self.segments.take(text, paragraph);
                }
            }),
        }
        self.segments.measure(text, ascii)
    }

    fn measure_grams(
        &mut self,
        text: &str,
        words: &[Span],
        chars: usize,
        definitions: Definitions,
        measures: &mut Measures,
    ) {
        let grams = &mut self.grams;
        grams.begin(text, words);
        let word_chars = grams.all_chars();
        for n in 2..=LONGEST {
            grams.grow();
            let (part, whole, at) = if TOP.contains(&n) {
                let (top, spaces, whole) = match definitions {
                    Definitions::Datatrove => (grams.first_top(), n - 1, chars),
                    _ => (grams.longest_top(), 0, word_chars),
                };
                let part = top.map_or(0, |top| top.count * (top.chars + spaces));
                (part, whole, top.map(|top| top.at))
            } else if definitions == Definitions::Datatrove {
                (grams.later_chars(), chars, grams.first_repeated())
            } else {
                (grams.covered_chars(), word_chars, grams.first_repeated())
            };
            measures.ratios[n + 2] = ratio(part, whole);
            measures.spans[n] = at.map_or(Span::default(), |at| Span {
                start: words[at].start,
                end: words[at + n - 1].end,
            });
        }
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

fn begins_word(text: &str, word: Span) -> bool {
    text[word.start as usize..]
        .chars()
        .next()
        .is_some_and(char::is_alphanumeric)
}

/// The result under construction, in the order of its columns.
#[derive(Default)]
struct Columns {
    n_lines: Int64Builder,
    ratios: [Float64Builder; RATIOS.len()],
    spans: UInt32Builder,
}

impl Columns {
    fn append(&mut self, measures: Option<Measures>) {
        self.n_lines
            .append_option(measures.as_ref().map(|m| m.lines as i64));
        for (i, column) in self.ratios.iter_mut().enumerate() {
            column.append_option(measures.as_ref().map(|m| m.ratios[i]));
        }
        for span in measures.map_or([Span::default(); SPANS], |m| m.spans) {
            self.spans.append_value(span.start);
            self.spans.append_value(span.end);
        }
    }

    fn finish(mut self) -> Result<RecordBatch, String> {
        let mut columns: Vec<(&str, ArrayRef)> = vec![("n_lines", Arc::new(self.n_lines.finish()))];
        for (name, ratio) in RATIOS.into_iter().zip(&mut self.ratios) {
            columns.push((name, Arc::new(ratio.finish())));
        }
        let item = Arc::new(Field::new_list_field(DataType::UInt32, false));
        let spans = Arc::new(self.spans.finish());
        let spans = FixedSizeListArray::try_new(item, 2 * SPANS as i32, spans, None)
            .map_err(|error| error.to_string())?;
        columns.push(("spans", Arc::new(spans)));
        batch(columns)
    }
}

#[cfg(test)]
mod tests;
