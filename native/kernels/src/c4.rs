//! The rules of C4 (Raffel et al. 2020, arXiv 1910.10683, 2.2): lines that go, and what condemns a whole page.

mod citations;
mod page;

use std::sync::Arc;

use arrow_array::builder::{Int64Builder, StringBuilder, UInt32Builder};
use arrow_array::{Array, ArrayRef, RecordBatch};

use crate::changes::Column;
use crate::phrases::{BadWords, Phrases};
use crate::sentences::{Rule as SentenceRule, Splitter};
use crate::words::TextColumn;
use page::{PHRASES, Page};

/// What is asked of lines.
#[derive(Clone, Debug)]
pub struct Rules {
    /// A line with a longer word goes; in code points.
    pub max_word_chars: Option<usize>,
    /// Marks of citations go.
    pub remove_citations: bool,
    /// A line that ends with none of these goes, and one that ends with an ellipsis; empty: not asked.
    pub end_marks: String,
    /// A line with fewer words goes.
    pub min_line_words: usize,
    /// Words are counted when citations are gone.
    pub count_words_late: bool,
    /// A line with the word goes.
    pub javascript: bool,
    /// A line about terms, privacy or cookies goes.
    pub policy: bool,
    /// Empty lines stay, lines keep the white space around them and are parted by line feeds alone; of the text it goes.
    pub keep_layout: bool,
    /// A page with one of these, by itself, is told.
    pub bad_words: Vec<String>,
    /// Also as part of a word.
    pub bad_words_inside: bool,
    /// How sentences are counted.
    pub sentences: SentenceRule,
}

/// Where the first line is that condemns a page, in the order in which a line is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Defect {
    lines: usize,
    begin: u32,
    end: u32,
    at: u32,
}

const DEFECTS: [&str; 3] = ["lorem", "curly", "bad"];

/// Edits and measures every row whose text is not null; the others are null in all columns.
///
/// Columns: `text`, null where nothing changed; `edits`, lines removed or changed; `n_chars` of the text as it was;
/// `n_lines` kept; `n_sentences` of these; and for `lorem` (ipsum), `curly` (bracket) and `bad` (words): `n_*_lines`,
/// `*_begin`, `*_end` and `*_at`, how many lines hold one that came so far, the bytes of the first of them, and where
/// about in it that is; `changes` (see there), where what went.
pub fn c4(text: &ArrayRef, rules: &Rules) -> Result<RecordBatch, String> {
    let column = TextColumn::new(text, "text")?;
    let phrases = Phrases::new(&PHRASES)?;
    let bad_words = BadWords::new(&rules.bad_words, rules.bad_words_inside)?;
    let mut page = Page::new(rules, &phrases, &bad_words, Splitter::new(rules.sentences));
    let mut columns = Columns::default();
    for row in 0..text.len() {
        match column.get(row) {
            None => columns.append(None),
            Some(text) => {
                page.read(text);
                columns.append(Some((text, &page)));
            }
        }
    }
    columns.finish()
}

/// The result under construction, in the order of its columns.
#[derive(Default)]
struct Columns {
    text: StringBuilder,
    counts: [Int64Builder; 4],
    defects: [(Int64Builder, [UInt32Builder; 3]); DEFECTS.len()],
    changes: Column,
}

impl Columns {
    fn append(&mut self, read: Option<(&str, &Page<'_>)>) {
        let page = read.map(|(_, page)| page);
        let changed = read.filter(|(text, page)| page.text() != *text);
        self.text
            .append_option(changed.map(|(_, page)| page.text()));
        let counts = page.map(|page| {
            let edits = page.edits.max(usize::from(changed.is_some()));
            [edits, page.chars, page.lines, page.sentences]
        });
        for (i, column) in self.counts.iter_mut().enumerate() {
            column.append_option(counts.map(|counts| counts[i] as i64));
        }
        for (i, (lines, bytes)) in self.defects.iter_mut().enumerate() {
            let defect = page.map(|page| page.defects[i]);
            lines.append_option(defect.map(|defect| defect.lines as i64));
            let found = defect.map(|defect| [defect.begin, defect.end, defect.at]);
            for (k, column) in bytes.iter_mut().enumerate() {
                column.append_option(found.map(|found| found[k]));
            }
        }
        let changes = page.map(|page| page.changes.as_slice());
        self.changes.append(changes.unwrap_or_default());
    }

    fn finish(mut self) -> Result<RecordBatch, String> {
        let mut columns: Vec<(String, ArrayRef)> =
            vec![("text".to_owned(), Arc::new(self.text.finish()))];
        let names = ["edits", "n_chars", "n_lines", "n_sentences"];
        for (name, counts) in names.into_iter().zip(&mut self.counts) {
            columns.push((name.to_owned(), Arc::new(counts.finish())));
        }
        for (name, (lines, bytes)) in DEFECTS.into_iter().zip(&mut self.defects) {
            columns.push((format!("n_{name}_lines"), Arc::new(lines.finish())));
            for (what, column) in ["begin", "end", "at"].into_iter().zip(bytes) {
                columns.push((format!("{name}_{what}"), Arc::new(column.finish())));
            }
        }
        let changes = self.changes.finish().map_err(|error| error.to_string())?;
        columns.push(("changes".to_owned(), changes));
        let columns = columns
            .into_iter()
            .map(|(name, column)| (name, column, true));
        RecordBatch::try_from_iter_with_nullable(columns).map_err(|error| error.to_string())
    }
}
