//! Sentences as datatrove has them: spaCy's sentencizer over the tokens of its rules for English.

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use crate::words::datatrove;
use crate::words::spacy::ranges::holds;

/// Signs that end a sentence where they are a token of their own; all are punctuation. First and last of each range.
const ENDS: &[(u32, u32)] = &[
    (0x21, 0x21),
    (0x2e, 0x2e),
    (0x3f, 0x3f),
    (0x589, 0x589),
    (0x61f, 0x61f),
    (0x6d4, 0x6d4),
    (0x700, 0x702),
    (0x7f9, 0x7f9),
    (0x964, 0x965),
    (0x104a, 0x104b),
    (0x1362, 0x1362),
    (0x1367, 0x1368),
    (0x166e, 0x166e),
    (0x1735, 0x1736),
    (0x1803, 0x1803),
    (0x1809, 0x1809),
    (0x1944, 0x1945),
    (0x1aa8, 0x1aab),
    (0x1b5a, 0x1b5b),
    (0x1b5e, 0x1b5f),
    (0x1c3b, 0x1c3c),
    (0x1c7e, 0x1c7f),
    (0x203c, 0x203d),
    (0x2047, 0x2049),
    (0x2e2e, 0x2e2e),
    (0x2e3c, 0x2e3c),
    (0x3002, 0x3002),
    (0xa4ff, 0xa4ff),
    (0xa60e, 0xa60f),
    (0xa6f3, 0xa6f3),
    (0xa6f7, 0xa6f7),
    (0xa876, 0xa877),
    (0xa8ce, 0xa8cf),
    (0xa92f, 0xa92f),
    (0xa9c8, 0xa9c9),
    (0xaa5d, 0xaa5f),
    (0xaaf0, 0xaaf1),
    (0xabeb, 0xabeb),
    (0xfe52, 0xfe52),
    (0xfe56, 0xfe57),
    (0xff01, 0xff01),
    (0xff0e, 0xff0e),
    (0xff1f, 0xff1f),
    (0xff61, 0xff61),
    (0x10a56, 0x10a57),
    (0x11047, 0x11048),
    (0x110be, 0x110c1),
    (0x11141, 0x11143),
    (0x111c5, 0x111c6),
    (0x111cd, 0x111cd),
    (0x111de, 0x111df),
    (0x11238, 0x11239),
    (0x1123b, 0x1123c),
    (0x112a9, 0x112a9),
    (0x1144b, 0x1144c),
    (0x115c2, 0x115c3),
    (0x115c9, 0x115d7),
    (0x11641, 0x11642),
    (0x1173c, 0x1173e),
    (0x11a42, 0x11a43),
    (0x11a9b, 0x11a9c),
    (0x11c41, 0x11c42),
    (0x16a6e, 0x16a6f),
    (0x16af5, 0x16af5),
    (0x16b37, 0x16b38),
    (0x16b44, 0x16b44),
    (0x1bc9f, 0x1bc9f),
    (0x1da88, 0x1da88),
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
    let mut chars = token.chars();
    token.len() <= 4 && chars.next().is_some_and(|c| holds(ENDS, c)) && chars.next().is_none()
}

#[inline]
fn is_punctuation(token: &str) -> bool {
    token
        .chars()
        .all(|c| c.general_category_group() == GeneralCategoryGroup::Punctuation)
}
