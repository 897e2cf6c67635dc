//! The set of a text's shingles: which words stand together in it, as sorted 64-bit hashes.
//!
//! A shingle is `ngram` consecutive words in lower case joined by one space; of a text with fewer words it is all of
//! them, and a text without words has none. Its hash is xxh3_64 with seed 0. Lower case is Unicode's full mapping with
//! the final sigma, what Python's `str.lower` gives.

mod classes;
mod columns;
mod joined;
mod sorted;

use std::sync::LazyLock;

use memchr::memmem::Finder;
use unicode_segmentation::UnicodeSegmentation;
use xxhash_rust::xxh3::xxh3_64;

use crate::choices;
use crate::words::{Rule, Span};
pub use columns::{sets, similarities};
use joined::Joined;
use sorted::Sorter;
pub use sorted::count_shared;

/// What counts as a word of a shingle. All look at the text in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// Maximal runs of letters, numbers (general categories L* and N*) and low lines: Python's `\w+`. A mark that
    /// combines (M*) parts words.
    Runs,
    /// As `Runs`, but marks continue the word they follow, and where a script has no spaces between words a code
    /// point with its marks is a word.
    Mixed,
    /// The words of [`Rule::Uax29`].
    Uax29,
    /// The words of [`Rule::Whitespace`].
    Whitespace,
}

impl Words {
    /// Every rule, in the order error messages list them.
    pub const ALL: [Words; 4] = [Words::Runs, Words::Mixed, Words::Uax29, Words::Whitespace];

    /// The rule's name in recipes.
    pub fn name(self) -> &'static str {
        match self {
            Words::Runs => "runs",
            Words::Mixed => "mixed",
            Words::Uax29 => Rule::Uax29.name(),
            Words::Whitespace => Rule::Whitespace.name(),
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
}

/// What a text's shingles are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shingling {
    /// What counts as a word.
    pub words: Words,
    /// Words per shingle, at least 1.
    pub ngram: usize,
}

/// Finds sets of shingles, one text after the other, in buffers that it keeps.
pub struct Shingler {
    shingling: Shingling,
    words: Joined,
    lower: String,
    spans: Vec<Span>,
    sorter: Sorter,
}

impl Shingler {
    /// An error where `ngram` is 0.
    pub fn new(shingling: Shingling) -> Result<Self, String> {
        if shingling.ngram == 0 {
            return Err("ngram is 0; a shingle has at least 1 word".to_owned());
        }
        Ok(Self {
            shingling,
            words: Joined::new(),
            lower: String::new(),
            spans: Vec::new(),
            sorter: Sorter::default(),
        })
    }

    /// Replaces `out` by the text's set: sorted, each hash once.
    pub fn set_of(&mut self, text: &str, out: &mut Vec<u64>) {
        self.hashes_of(text, out);
        self.sorter.sort_distinct(out);
    }

    /// Replaces `out` by the hashes of the text's shingles as they come, repeated ones again: for who asks for minima.
    pub fn hashes_of(&mut self, text: &str, out: &mut Vec<u64>) {
        self.words.clear();
        match self.shingling.words {
            Words::Runs => self.read_runs(text, false),
            Words::Mixed => self.read_runs(text, true),
            Words::Uax29 => self.read_by(Rule::Uax29, long_uax29, text),
            Words::Whitespace => self.read_by(Rule::Whitespace, long_whitespace, text),
        }
        self.words.finish();
        out.clear();
        let Joined { bytes, starts, .. } = &self.words;
        let words = starts.len() - 1;
        let together = self.shingling.ngram.min(words);
        if together > 0 {
            out.extend(starts.windows(together + 1).map(|at| {
                // Without the space behind the last word.
                let shingle = &bytes[at[0]..at[together] - 1];
                step(shingle.len());
                xxh3_64(shingle)
            }));
        }
    }

    fn read_runs(&mut self, text: &str, mixed: bool) {
        static SIGMA: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("Σ"));
        // Whether a sigma is final depends on what surrounds it; all other code points are lowered by themselves.
        if SIGMA.find(text.as_bytes()).is_some() {
            self.words.read_runs(&text.to_lowercase(), mixed);
        } else {
            self.words.read_runs(text, mixed);
        }
    }

    /// Reads by `rule`, or by `long` a text that has no spans.
    fn read_by(&mut self, rule: Rule, long: fn(&str, &mut Joined), text: &str) {
        self.lower.clear();
        if text.is_ascii() {
            self.lower.push_str(text);
            self.lower.make_ascii_lowercase();
        } else {
            self.lower.push_str(&text.to_lowercase());
        }
        if self.lower.len() > u32::MAX as usize {
            return long(&self.lower, &mut self.words);
        }
        self.spans.clear();
        rule.splitter().split_into(&self.lower, &mut self.spans);
        for span in &self.spans {
            self.words.push(span.of(self.lower.as_bytes()));
        }
    }
}

/// The words of [`Rule::Uax29`], from what those are made to be equal to.
fn long_uax29(text: &str, words: &mut Joined) {
    text.unicode_words()
        .for_each(|word| words.push(word.as_bytes()));
}

/// The words of [`Rule::Whitespace`], from what those are made to be equal to.
fn long_whitespace(text: &str, words: &mut Joined) {
    text.split_whitespace()
        .for_each(|word| words.push(word.as_bytes()));
}

/// Counts bytes looked at and numbers moved, for the proof that they grow like the text's length.
#[cfg(not(test))]
#[inline(always)]
fn step(_: usize) {}

#[cfg(test)]
use tests::step;

#[cfg(test)]
mod tests;
