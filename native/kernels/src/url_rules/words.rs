//! The words of an address, and which of them are listed.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

/// How the words of an address are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// Runs of ASCII letters and digits; strict words are looked for in those alone, written together.
    Alphanumeric,
    /// Runs of letters, digits and `_` of any script; strict words are looked for in all but `-` and `.`.
    Boundaries,
}

impl Spelling {
    /// The words in `text`, from the left.
    pub fn words(self, text: &str) -> impl Iterator<Item = &str> {
        text.split(move |c: char| !self.is_in_word(c))
            .filter(|word| !word.is_empty())
    }

    fn is_in_word(self, c: char) -> bool {
        c.is_ascii_alphanumeric()
            || self == Self::Boundaries && (c == '_' || !c.is_ascii() && c.is_alphanumeric())
    }

    /// Writes what strict words are looked for in, in lower case.
    pub fn write_squeezed(self, text: &str, out: &mut String) {
        out.clear();
        match self {
            Self::Alphanumeric => out.extend(
                text.bytes()
                    .filter(u8::is_ascii_alphanumeric)
                    .map(|b| char::from(b.to_ascii_lowercase())),
            ),
            Self::Boundaries => out.extend(
                text.chars()
                    .filter(|c| !matches!(c, '-' | '.'))
                    .flat_map(char::to_lowercase),
            ),
        }
    }
}

/// Words that a word is compared with.
#[derive(Debug, Default)]
pub struct WordSet {
    words: Vec<String>,
    /// For each first byte a bit for each length, the last bit for all from 63 on: most words are told by it.
    shapes: Box<[u64]>,
}

impl WordSet {
    /// The words in lower case, brought to the spelling; empty ones are none.
    pub fn new(words: &[String], spelling: Spelling) -> Self {
        let mut words: Vec<String> = words
            .iter()
            .map(|word| spell(word, spelling))
            .filter(|word| !word.is_empty())
            .collect();
        words.sort_unstable();
        words.dedup();
        let mut shapes = vec![0; 256].into_boxed_slice();
        for word in &words {
            shapes[usize::from(word.as_bytes()[0])] |= shape(word.len());
        }
        WordSet { words, shapes }
    }

    /// The number of a word, which must be in lower case to be found.
    #[inline]
    pub fn find(&self, word: &str) -> Option<usize> {
        let first = word.as_bytes().first()?;
        if self.shapes[usize::from(*first)] & shape(word.len()) == 0 {
            return None;
        }
        self.words
            .binary_search_by(|known| known.as_str().cmp(word))
            .ok()
    }

    /// The word of a number.
    pub fn get(&self, number: usize) -> &str {
        &self.words[number]
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }
}

fn shape(length: usize) -> u64 {
    1 << length.min(63)
}

/// Words that may stand anywhere.
pub struct StrictWords {
    words: Vec<String>,
    automaton: Option<AhoCorasick>,
}

impl StrictWords {
    /// The words in lower case, brought to the spelling.
    pub fn new(words: &[String], spelling: Spelling) -> Result<Self, String> {
        let mut squeezed: Vec<String> = words
            .iter()
            .map(|word| {
                let mut squeezed = String::new();
                spelling.write_squeezed(word, &mut squeezed);
                squeezed
            })
            .filter(|word| !word.is_empty())
            .collect();
        // The longest first: of those that end at one place it is the one found.
        squeezed.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        squeezed.dedup();
        let automaton = if squeezed.is_empty() {
            None
        } else {
            let built = AhoCorasick::builder()
                .match_kind(MatchKind::Standard)
                .kind((squeezed.len() <= 2_000).then_some(AhoCorasickKind::DFA))
                .build(&squeezed);
            Some(built.map_err(|error| format!("the strict words are too many: {error}"))?)
        };
        Ok(StrictWords {
            words: squeezed,
            automaton,
        })
    }

    /// The word that ends first, the longest of those.
    pub fn find(&self, squeezed: &str) -> Option<&str> {
        let found = self.automaton.as_ref()?.find(squeezed)?;
        Some(&self.words[found.pattern().as_usize()])
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }
}

/// A listed word as words of an address are: what is no part of a word is left out.
fn spell(word: &str, spelling: Spelling) -> String {
    match spelling {
        Spelling::Alphanumeric => {
            let mut out = String::new();
            spelling.write_squeezed(word, &mut out);
            out
        }
        Spelling::Boundaries => word
            .chars()
            .filter(|c| spelling.is_in_word(*c))
            .flat_map(char::to_lowercase)
            .collect(),
    }
}
