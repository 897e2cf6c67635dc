//! Words of a batch of documents, found once and kept for every kernel that reads words.

mod blocks;
mod column;
pub(crate) mod datatrove;
mod dictionary;
pub(crate) mod spacy;
mod symbols;
mod uax29;
mod whitespace;

use std::sync::Arc;

use arrow_array::builder::{LargeStringBuilder, ListBuilder};
use arrow_array::{Array, ArrayRef, BooleanArray, Int64Array, ListArray};

use crate::choices;
pub use column::TextColumn;
pub use symbols::{are_symbol_words, is_symbol_word};
pub use whitespace::count_runs;

/// A word's place in its document: bytes `[start, end)` of the text in UTF-8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

impl Span {
    fn new(start: usize, end: usize) -> Self {
        // `Words::split` refuses longer documents before any span is made.
        Self {
            start: start as u32,
            end: end as u32,
        }
    }

    /// The word's bytes, given its document's.
    #[inline]
    pub fn of(self, document: &[u8]) -> &[u8] {
        &document[self.start as usize..self.end as usize]
    }
}

/// What counts as a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Segments between word boundaries of UAX #29 that hold an alphanumeric code point.
    Uax29,
    /// Maximal runs of code points without the property White_Space.
    Whitespace,
    /// What datatrove's filters see in English: the tokens of spaCy 3.8's rules, white space left out.
    Datatrove,
    /// As `Uax29`, with dictionaries for Chinese, Japanese, Thai, Lao, Khmer and Burmese.
    Dictionary,
}

impl Rule {
    /// Every rule, in the order error messages list them.
    pub const ALL: [Rule; 4] = [
        Rule::Uax29,
        Rule::Whitespace,
        Rule::Datatrove,
        Rule::Dictionary,
    ];

    /// The rule's name in recipes.
    pub fn name(self) -> &'static str {
        match self {
            Rule::Uax29 => "uax29",
            Rule::Whitespace => "whitespace",
            Rule::Datatrove => "datatrove",
            Rule::Dictionary => "dictionary",
        }
    }

    /// The rule of that name; an error lists the known ones.
    pub fn named(name: &str) -> Result<Self, String> {
        choices::named(
            name,
            "word rule",
            &Self::ALL.map(|rule| (rule.name(), rule)),
        )
    }

    /// Finds words by this rule.
    pub(crate) fn splitter(self) -> Splitter {
        match self {
            Rule::Uax29 => Splitter::Uax29,
            Rule::Whitespace => Splitter::Whitespace,
            Rule::Datatrove => Splitter::Datatrove(Box::new(datatrove::Splitter::new())),
            Rule::Dictionary => Splitter::Dictionary,
        }
    }
}

/// A rule with the memory it works in.
#[derive(Debug)]
pub(crate) enum Splitter {
    Uax29,
    Whitespace,
    Datatrove(Box<datatrove::Splitter>),
    Dictionary,
}

impl Splitter {
    /// Appends the words of `text` to `out`, in order.
    pub(crate) fn split_into(&mut self, text: &str, out: &mut Vec<Span>) {
        match self {
            Splitter::Uax29 => uax29::split_into(text, out),
            Splitter::Whitespace => whitespace::split_into(text, out),
            Splitter::Datatrove(splitter) => splitter.split_into(text, out),
            Splitter::Dictionary => dictionary::split_into(text, out),
        }
    }
}

/// One document as kernels see it.
#[derive(Clone, Copy, Debug)]
pub struct Document<'a> {
    /// The text; empty where it is null.
    pub text: &'a str,
    /// Its words, in order, without overlap.
    pub words: &'a [Span],
}

/// About what English takes, with the space behind; a guess at how much room the spans need.
const BYTES_PER_WORD: usize = 6;

/// A batch's texts with their words. Rows that are not alive have none and are measured by no kernel.
#[derive(Clone, Debug)]
pub struct Words {
    text: ArrayRef,
    rule: Rule,
    alive: Option<BooleanArray>,
    /// Shared by all handles made of one another.
    found: Arc<Found>,
}

#[derive(Debug)]
struct Found {
    spans: Vec<Span>,
    /// Row `i` owns `spans[index[i]..index[i + 1]]`.
    index: Vec<usize>,
}

impl Words {
    /// Splits every row alive. A row whose `alive` is false or null is skipped; without `alive` all rows are alive.
    pub fn split(text: ArrayRef, alive: Option<BooleanArray>, rule: Rule) -> Result<Self, String> {
        let column = TextColumn::new(&text, "text")?;
        if let Some(mask) = &alive {
            check_length(mask, text.len())?;
        }
        let alive_rows = || (0..text.len()).filter(|&row| holds(alive.as_ref(), row));
        let bytes: usize = alive_rows()
            .map(|row| column.get(row).map_or(0, str::len))
            .sum();
        let mut spans = Vec::with_capacity(bytes / BYTES_PER_WORD);
        let mut splitter = rule.splitter();
        let mut index = Vec::with_capacity(text.len() + 1);
        index.push(0);
        for row in 0..text.len() {
            if let Some(document) = column.get(row).filter(|_| holds(alive.as_ref(), row)) {
                if document.len() > u32::MAX as usize {
                    return Err(format!(
                        "the text in row {row} has {} bytes; words are found in texts below 4 GiB only",
                        document.len()
                    ));
                }
                splitter.split_into(document, &mut spans);
            }
            index.push(spans.len());
        }
        let found = Arc::new(Found { spans, index });
        Ok(Self {
            text,
            rule,
            alive,
            found,
        })
    }

    /// The same words for fewer rows: alive stays what was alive and is in `alive`. Nothing is split or copied.
    pub fn restrict(&self, alive: &BooleanArray) -> Result<Self, String> {
        check_length(alive, self.len())?;
        let both = |row| holds(self.alive.as_ref(), row) && holds(Some(alive), row);
        let alive = (0..self.len()).map(|row| Some(both(row))).collect();
        Ok(Self {
            alive: Some(alive),
            ..self.clone()
        })
    }

    /// Rows of the batch, alive or not.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether the batch has no rows.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The rule that found these words.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// Every row's document; none where the row is not alive.
    pub fn documents(&self) -> Result<impl Iterator<Item = Option<Document<'_>>>, String> {
        let column = TextColumn::new(&self.text, "text")?;
        Ok((0..self.len()).map(move |row| {
            holds(self.alive.as_ref(), row).then(|| Document {
                text: column.get(row).unwrap_or_default(),
                words: &self.found.spans[self.found.index[row]..self.found.index[row + 1]],
            })
        }))
    }

    /// The words themselves, a list per row; null where the row is not alive or its text is null.
    pub fn lists(&self) -> Result<ListArray, String> {
        let mut lists = ListBuilder::new(LargeStringBuilder::new());
        for (row, document) in self.documents()?.enumerate() {
            let document = document.filter(|_| self.text.is_valid(row));
            for span in document.map_or(&[][..], |document| document.words) {
                let text = document.map_or("", |document| document.text);
                lists
                    .values()
                    .append_value(&text[span.start as usize..span.end as usize]);
            }
            lists.append(document.is_some());
        }
        Ok(lists.finish())
    }

    /// Words per row; null where the row is not alive or its text is null.
    pub fn counts(&self) -> Int64Array {
        let known = |row: usize| holds(self.alive.as_ref(), row) && self.text.is_valid(row);
        let count = |row: usize| (self.found.index[row + 1] - self.found.index[row]) as i64;
        (0..self.len())
            .map(|row| known(row).then(|| count(row)))
            .collect()
    }
}

fn check_length(alive: &BooleanArray, rows: usize) -> Result<(), String> {
    if alive.len() == rows {
        return Ok(());
    }
    Err(format!(
        "alive has {} rows, text has {rows}; expected as many",
        alive.len()
    ))
}

fn holds(mask: Option<&BooleanArray>, row: usize) -> bool {
    mask.is_none_or(|mask| mask.is_valid(row) && mask.value(row))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{LargeStringArray, StringArray, StringViewArray};

    use super::*;

    fn texts() -> Vec<Option<&'static str>> {
        vec![
            Some("two words"),
            None,
            Some(""),
            Some("dead row here"),
            Some("it's 3.14 -- naïve"),
        ]
    }

    #[test]
    fn rows_keep_their_words_in_every_layout() {
        let layouts: [ArrayRef; 3] = [
            Arc::new(StringArray::from(texts())),
            Arc::new(LargeStringArray::from(texts())),
            Arc::new(StringViewArray::from(texts())),
        ];
        for layout in layouts {
            let alive =
                BooleanArray::from(vec![Some(true), Some(true), Some(true), None, Some(true)]);
            let words = Words::split(layout, Some(alive), Rule::Uax29).unwrap();
            let counts: Vec<_> = words.counts().iter().collect();
            assert_eq!(counts, [Some(2), None, Some(0), None, Some(3)]);
            let last = words.documents().unwrap().last().unwrap().unwrap();
            let found: Vec<_> = last
                .words
                .iter()
                .map(|span| span.of(last.text.as_bytes()))
                .collect();
            assert_eq!(found, ["it's".as_bytes(), b"3.14", "naïve".as_bytes()]);
        }
    }

    #[test]
    fn restricting_never_revives() {
        let text: ArrayRef = Arc::new(StringArray::from(texts()));
        let first = BooleanArray::from(vec![true, true, true, false, true]);
        let words = Words::split(text, Some(first), Rule::Uax29).unwrap();
        let second =
            BooleanArray::from(vec![Some(true), Some(true), None, Some(true), Some(false)]);
        let fewer = words.restrict(&second).unwrap();
        assert_eq!(
            fewer.counts().iter().collect::<Vec<_>>(),
            [Some(2), None, None, None, None]
        );
        assert_eq!(
            words.counts().iter().collect::<Vec<_>>(),
            [Some(2), None, Some(0), None, Some(3)]
        );
        assert_eq!(
            fewer.documents().unwrap().filter(Option::is_some).count(),
            2
        );
        assert!(
            words
                .restrict(&second.slice(0, 2))
                .unwrap_err()
                .contains("alive has 2 rows, text has 5")
        );
    }

    #[test]
    fn a_slice_is_split_as_a_slice() {
        let text: ArrayRef = Arc::new(StringArray::from(texts()));
        let words = Words::split(text.slice(3, 2), None, Rule::Whitespace).unwrap();
        assert_eq!(
            words.counts().iter().collect::<Vec<_>>(),
            [Some(3), Some(4)]
        );
    }

    #[test]
    fn what_cannot_work_is_said() {
        let text: ArrayRef = Arc::new(StringArray::from(texts()));
        let short = Some(BooleanArray::from(vec![true]));
        assert!(
            Words::split(text, short, Rule::Uax29)
                .unwrap_err()
                .contains("alive has 1 rows, text has 5")
        );
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1]));
        assert!(
            Words::split(numbers, None, Rule::Uax29)
                .unwrap_err()
                .contains("Int64")
        );
        assert_eq!(
            Rule::named("spacy").unwrap_err(),
            "unknown word rule \"spacy\"; expected one of: uax29, whitespace, datatrove, dictionary"
        );
    }
}
