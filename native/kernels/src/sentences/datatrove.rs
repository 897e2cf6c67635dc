//! Sentences as datatrove has them: spaCy's sentencizer over the tokens of its rules for English.

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use crate::punctuation::is_terminal;
use crate::words::datatrove;
use crate::words::spacy::ranges::holds;

/// Signs with which sentences end, but not to spaCy; first and last of each range.
const UNKNOWN: &[(u32, u32)] = &[
    (0x61d, 0x61e),
    (0x837, 0x837),
    (0x839, 0x839),
    (0x83d, 0x83e),
    (0x17d4, 0x17d6),
    (0x17d9, 0x17da),
    (0x1b7d, 0x1b7e),
    (0x2e53, 0x2e54),
    (0x10f55, 0x10f59),
    (0x10f86, 0x10f89),
    (0x11944, 0x11944),
    (0x11946, 0x11946),
    (0x11ef7, 0x11ef8),
    (0x11f43, 0x11f44),
    (0x16e98, 0x16e98),
];

/// Counts sentences, text after text.
#[derive(Debug)]
pub struct Splitter {
    words: datatrove::Splitter,
}

impl Splitter {
    pub fn new() -> Self {
        Self {
            words: datatrove::Splitter::new(),
        }
    }

    /// The sentences of `text`, at least one: the first token that is no punctuation, white space included, begins a
    /// sentence if an end came before.
    pub fn count(&mut self, text: &str) -> usize {
        let mended = self.words.mend(text);
        let text = mended.as_deref().unwrap_or(text);
        let (mut sentences, mut ended) = (1, false);
        for token in self.words.tokens(text) {
            let token = &text[token.start as usize..token.end as usize];
            if ended && !is_punctuation(token) {
                sentences += 1;
                ended = false;
            } else if is_end(token) {
                ended = true;
            }
        }
        sentences
    }
}

#[inline]
fn is_end(token: &str) -> bool {
    if let &[byte] = token.as_bytes() {
        return matches!(byte, b'!' | b'.' | b'?');
    }
    let ends = |c| is_terminal(c) && !holds(UNKNOWN, c);
    let mut chars = token.chars();
    token.len() <= 4 && chars.next().is_some_and(ends) && chars.next().is_none()
}

#[inline]
fn is_punctuation(token: &str) -> bool {
    token
        .chars()
        .all(|c| c.general_category_group() == GeneralCategoryGroup::Punctuation)
}
