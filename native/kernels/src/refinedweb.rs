//! RefinedWeb's corrections of lines (Penedo et al. 2023, arXiv 2306.01116, G.2).

mod line;

use std::sync::Arc;

use arrow_array::builder::{Float64Builder, Int64Builder, StringBuilder, UInt32Builder};
use arrow_array::{ArrayRef, RecordBatch};

use crate::changes::{Column, LineChanges};
use crate::python_text::{split_at_feeds, strip, strip_end};
use crate::words::{Document, Span, Words};
pub use line::Rules;
use line::without;

/// What became of one document.
#[derive(Debug, Default, PartialEq)]
struct Corrected {
    words: usize,
    removed: usize,
    edits: usize,
    first: Span,
}

/// Corrects every row alive of `words`; the others are null in all columns. A null text is an empty one.
///
/// Columns: `text`, null where nothing changed; `edits`, lines removed or changed; `n_words` as they were;
/// `removed_word_ratio` of them; `line_begin` and `line_end`, the bytes of the first line removed or changed; `changes`
/// (see there), where what went.
pub fn refinedweb(words: &Words, rules: &Rules) -> Result<RecordBatch, String> {
    let mut columns = Columns::default();
    let (mut kept, mut spans) = (String::new(), Vec::new());
    let mut changes = LineChanges::default();
    let mut splitter = words.rule().splitter();
    for document in words.documents()? {
        let corrected = document.map(|document| {
            let mut found = correct(document, rules, &mut kept, &mut changes);
            if found.edits > 0 {
                spans.clear();
                splitter.split_into(strip(&kept), &mut spans);
                found.removed = found.words.saturating_sub(spans.len());
            }
            found
        });
        columns.append(corrected, &kept, &changes);
    }
    columns.finish()
}

fn correct(
    document: Document<'_>,
    rules: &Rules,
    kept: &mut String,
    changes: &mut LineChanges,
) -> Corrected {
    let text = document.text;
    let mut found = Corrected {
        words: document.words.len(),
        ..Corrected::default()
    };
    kept.clear();
    changes.clear();
    let (mut lines, mut cuts, mut words) = (0, Vec::new(), document.words);
    split_at_feeds(text, |whole| {
        let begin = whole.as_ptr() as usize - text.as_ptr() as usize;
        let end = begin + whole.len();
        let here = words.partition_point(|word| (word.start as usize) < end);
        words = &words[here..];
        let line = if rules.trim { strip_end(whole) } else { whole };
        let goes = rules.correct(line, here, &mut cuts);
        if goes.is_some() || !cuts.is_empty() {
            found.edits += 1;
            if found.edits == 1 {
                found.first = Span {
                    start: begin as u32,
                    end: end as u32,
                };
            }
        }
        if let Some(rule) = goes {
            changes.remove(rule, end);
            return;
        }
        changes.keep(text, begin..end);
        for (snippet, cut) in &cuts {
            changes.cut(snippet, begin + cut.start..begin + cut.end);
        }
        if lines > 0 {
            kept.push('\n');
        }
        lines += 1;
        if cuts.is_empty() {
            kept.push_str(whole); // a line that stays does so with the white space behind it
        } else {
            changes.cut_space(begin + line.len()..end);
            kept.push_str(&without(line, &cuts));
        }
    });
    if found.edits > 0 {
        changes.finish(text, kept, strip(kept));
    }
    found
}

/// The result under construction, in the order of its columns.
#[derive(Default)]
struct Columns {
    text: StringBuilder,
    edits: Int64Builder,
    words: Int64Builder,
    removed: Float64Builder,
    begin: UInt32Builder,
    end: UInt32Builder,
    changes: Column,
}

impl Columns {
    fn append(&mut self, corrected: Option<Corrected>, kept: &str, changes: &LineChanges) {
        let found = corrected.as_ref();
        let changes = found.filter(|found| found.edits > 0).map(|_| changes);
        self.changes
            .append(changes.map_or(&[], LineChanges::as_slice));
        self.text
            .append_option(found.filter(|found| found.edits > 0).map(|_| strip(kept)));
        self.edits
            .append_option(found.map(|found| found.edits as i64));
        self.words
            .append_option(found.map(|found| found.words as i64));
        self.removed
            .append_option(found.map(|found| found.removed as f64 / found.words.max(1) as f64));
        self.begin
            .append_option(found.map(|found| found.first.start));
        self.end.append_option(found.map(|found| found.first.end));
    }

    fn finish(mut self) -> Result<RecordBatch, String> {
        let changes = self.changes.finish().map_err(|error| error.to_string())?;
        let columns: [(&str, ArrayRef); 7] = [
            ("text", Arc::new(self.text.finish())),
            ("edits", Arc::new(self.edits.finish())),
            ("n_words", Arc::new(self.words.finish())),
            ("removed_word_ratio", Arc::new(self.removed.finish())),
            ("line_begin", Arc::new(self.begin.finish())),
            ("line_end", Arc::new(self.end.finish())),
            ("changes", changes),
        ];
        let columns = columns
            .into_iter()
            .map(|(name, column)| (name, column, true));
        RecordBatch::try_from_iter_with_nullable(columns).map_err(|error| error.to_string())
    }
}
