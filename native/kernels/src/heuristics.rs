//! Surface statistics of documents: what the Gopher quality rules look at (Rae et al. 2021, arXiv 2112.11446, A.1.1).
//!
//! Everything is counted in one pass over the words and a few over the bytes; nothing is decided here.

mod published;
pub(crate) mod short;
mod stopwords;

use std::sync::Arc;

use arrow_array::builder::{Float64Builder, Int64Builder};
use arrow_array::{ArrayRef, RecordBatch};
use memchr::{memchr_iter, memmem::Finder};

use crate::columns::batch;
use crate::definitions::Definitions;
use crate::words::{Document, Words};
use published::{Spelled, measure_datatrove, measure_dclm};
use short::Short;
use stopwords::StopWords;

const ELLIPSIS: &str = "…";
const BULLETS: [char; 7] = ['•', '‣', '●', '▪', '◦', '*', '-'];

/// What one document measures. Counts are of words, lines or symbols.
#[derive(Debug, Default, PartialEq)]
struct Measures {
    words: usize,
    /// Words of which symbols and alphabetic words are shares.
    tokens: usize,
    /// Words of which the code points are.
    length_of: usize,
    code_points: usize,
    alphabetic: usize,
    stop_words: usize,
    hashes: usize,
    ellipses: usize,
    lines: Lines,
}

/// Lines that are not blank, and what they look like.
#[derive(Debug, Default, PartialEq)]
struct Lines {
    filled: usize,
    bulleted: usize,
    trailing_off: usize,
}

/// Measures every row alive of `words`; the others are null in all columns. A null text measures as an empty one.
///
/// Columns: `n_words`, `mean_word_length` (code points), `hash_ratio` and `ellipsis_ratio` (symbols per word, or their
/// number where there are no words), `bullet_line_ratio` and `ellipsis_line_ratio` (of lines that are not blank),
/// `alpha_word_ratio`, `n_stop_words` (how many different ones of `stop_words` occur, in lower case), `symbol_ratio`
/// (hashes and ellipses together). This is the paper's reading; see `published` for the others.
pub fn gopher_quality(
    words: &Words,
    stop_words: &[String],
    definitions: Definitions,
) -> Result<RecordBatch, String> {
    let mut met = StopWords::new(stop_words);
    let mut spelled = Spelled::new(stop_words);
    let ellipses = Ellipses::new();
    let mut columns = Columns::default();
    for document in words.documents()? {
        columns.append(document.map(|document| match definitions {
            Definitions::Gopher => measure(document, &mut met, &ellipses),
            Definitions::Datatrove => measure_datatrove(document, &mut spelled, &ellipses),
            Definitions::Dclm => measure_dclm(document, stop_words, &ellipses),
        }));
    }
    columns.finish()
}

fn measure(document: Document<'_>, stop_words: &mut StopWords, ellipses: &Ellipses) -> Measures {
    let text = document.text.as_bytes();
    let ascii = text.is_ascii();
    let mut measures = Measures {
        words: document.words.len(),
        tokens: document.words.len(),
        length_of: document.words.len(),
        ..Measures::default()
    };
    stop_words.begin();
    for &span in document.words {
        let length = (span.end - span.start) as usize;
        let short = Short::read(text, span);
        if let Some(short) = short.filter(|short| ascii || short.is_ascii()) {
            // Most words. Without branches on what they are made of, which nothing could predict.
            measures.code_points += length;
            measures.alphabetic += usize::from(short.has_letter());
            stop_words.meet_short(document.text, span, short);
            continue;
        }
        let word = span.of(text);
        let plain = ascii || word.is_ascii();
        if plain {
            measures.code_points += length;
            measures.alphabetic += usize::from(word.iter().any(u8::is_ascii_alphabetic));
        } else {
            let word = &document.text[span.start as usize..span.end as usize];
            measures.code_points += word.chars().count();
            measures.alphabetic += usize::from(word.chars().any(char::is_alphabetic));
        }
        stop_words.meet(document.text, span, plain);
    }
    measures.stop_words = stop_words.met();
    measures.hashes = memchr_iter(b'#', text).count();
    measures.ellipses = ellipses.count(text, ascii);
    measures.lines = lines(document.text);
    measures
}

/// Searchers that are worth preparing once.
struct Ellipses {
    dots: Finder<'static>,
    sign: Finder<'static>,
    spaced: Finder<'static>,
}

impl Ellipses {
    fn new() -> Self {
        Self {
            dots: Finder::new("..."),
            sign: Finder::new(ELLIPSIS),
            spaced: Finder::new(". . ."),
        }
    }

    /// Three dots, from the left and without overlap, and the sign.
    fn count(&self, text: &[u8], ascii: bool) -> usize {
        let signs = if ascii {
            0
        } else {
            self.sign.find_iter(text).count()
        };
        self.dots.find_iter(text).count() + signs
    }
}

fn lines(text: &str) -> Lines {
    let mut lines = Lines::default();
    let mut begin = 0;
    for end in memchr_iter(b'\n', text.as_bytes()).chain([text.len()]) {
        let line = trim(&text[begin..end]);
        begin = end + 1;
        if !line.is_empty() {
            lines.filled += 1;
            lines.bulleted += usize::from(line.starts_with(BULLETS));
            lines.trailing_off += usize::from(line.ends_with("...") || line.ends_with(ELLIPSIS));
        }
    }
    lines
}

/// The line without white space around it, which includes a carriage return; most have none.
#[inline]
fn trim(line: &str) -> &str {
    match line.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => line,
        _ => line.trim(),
    }
}

/// The result under construction, in the order of its columns.
#[derive(Default)]
struct Columns {
    n_words: Int64Builder,
    ratios: [Float64Builder; RATIOS.len()],
    n_stop_words: Int64Builder,
}

const RATIOS: [&str; 7] = [
    "mean_word_length",
    "hash_ratio",
    "ellipsis_ratio",
    "bullet_line_ratio",
    "ellipsis_line_ratio",
    "alpha_word_ratio",
    "symbol_ratio",
];

impl Columns {
    fn append(&mut self, measures: Option<Measures>) {
        self.n_words
            .append_option(measures.as_ref().map(|m| m.words as i64));
        self.n_stop_words
            .append_option(measures.as_ref().map(|m| m.stop_words as i64));
        let ratios = measures.map(|m| {
            let per_word = |count: usize| count as f64 / m.tokens.max(1) as f64;
            let per_line = |count: usize| count as f64 / m.lines.filled.max(1) as f64;
            [
                m.code_points as f64 / m.length_of.max(1) as f64,
                per_word(m.hashes),
                per_word(m.ellipses),
                per_line(m.lines.bulleted),
                per_line(m.lines.trailing_off),
                per_word(m.alphabetic),
                per_word(m.hashes + m.ellipses),
            ]
        });
        for (i, column) in self.ratios.iter_mut().enumerate() {
            column.append_option(ratios.map(|ratios| ratios[i]));
        }
    }

    fn finish(mut self) -> Result<RecordBatch, String> {
        let mut columns: Vec<(&str, ArrayRef)> = vec![("n_words", Arc::new(self.n_words.finish()))];
        for (name, ratio) in RATIOS.into_iter().zip(&mut self.ratios) {
            columns.push((name, Arc::new(ratio.finish())));
        }
        columns.push(("n_stop_words", Arc::new(self.n_stop_words.finish())));
        batch(columns)
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Float64Type, Int64Type};
    use arrow_array::{Array, BooleanArray, StringArray};

    use super::*;
    use crate::words::Rule;

    fn measured(text: &str) -> Measures {
        let words =
            Words::split(Arc::new(StringArray::from(vec![text])), None, Rule::Uax29).unwrap();
        let document = words.documents().unwrap().next().unwrap().unwrap();
        let stop_words = ["the", "be", "to", "of", "and", "that", "have", "with"].map(String::from);
        measure(document, &mut StopWords::new(&stop_words), &Ellipses::new())
    }

    #[test]
    fn counts_by_hand() {
        let found = measured(
            "The naïve cat… and THE dog......\r\n \t• # one 3.14\n\n  - two...\u{a0}\n* — ## x2",
        );
        let lines = Lines {
            filled: 4,
            bulleted: 3,
            trailing_off: 2,
        };
        // The naïve cat and THE dog one 3.14 two x2
        let expected = Measures {
            words: 10,
            tokens: 10,
            length_of: 10,
            code_points: 32,
            alphabetic: 9,
            stop_words: 2,
            hashes: 3,
            ellipses: 4,
            lines,
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn twenty_times_the_cat_and() {
        let found = measured(&"the cat and ".repeat(20));
        assert_eq!(
            (found.words, found.stop_words, found.lines.filled),
            (60, 2, 1)
        );
    }

    #[test]
    fn rows_not_alive_are_null_and_null_is_empty() {
        let text: ArrayRef = Arc::new(StringArray::from(vec![Some("a b"), None, Some("#...")]));
        let alive = BooleanArray::from(vec![false, true, true]);
        let words = Words::split(text, Some(alive), Rule::Uax29).unwrap();
        let batch = gopher_quality(&words, &[], Definitions::Gopher).unwrap();
        let names: Vec<_> = batch
            .schema()
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect();
        assert_eq!(names.len(), 9);
        batch
            .columns()
            .iter()
            .for_each(|column| assert_eq!((column.null_count(), column.is_null(0)), (1, true)));
        assert_eq!(
            batch["n_words"].as_primitive::<Int64Type>().values()[1..],
            [0, 0]
        );
        assert_eq!(
            batch["mean_word_length"]
                .as_primitive::<Float64Type>()
                .values()[1..],
            [0.0, 0.0]
        );
        assert_eq!(
            batch["hash_ratio"].as_primitive::<Float64Type>().values()[1..],
            [0.0, 1.0]
        );
        assert_eq!(
            batch["ellipsis_ratio"]
                .as_primitive::<Float64Type>()
                .values()[1..],
            [0.0, 1.0]
        );
    }

    #[test]
    fn other_definitions_are_refused() {
        assert!(
            Definitions::named("paper", "gopher_quality")
                .unwrap_err()
                .contains("\"paper\"")
        );
    }
}
