//! What datatrove calls a symbol: a word made of nothing but its punctuation and of control characters.

use arrow_array::{ArrayRef, BooleanArray};

use super::TextColumn;
use super::spacy::ranges::holds;
use crate::punctuation::is_terminal;

/// Punctuation of Latin script and what stands on the same keys, and the control characters other than tab and line
/// feed; first and last of each range. Signs that end sentences are symbols too.
const SYMBOLS: &[(u32, u32)] = &[
    (0x0, 0x8),
    (0xb, 0x1f),
    (0x22, 0x2d),
    (0x2f, 0x2f),
    (0x3a, 0x3e),
    (0x40, 0x40),
    (0x5b, 0x60),
    (0x7b, 0x9f),
    (0xab, 0xab),
    (0xb4, 0xb4),
    (0xbb, 0xbb),
    (0x2013, 0x2014),
    (0x2019, 0x2019),
    (0x201c, 0x201e),
    (0x2026, 0x2026),
    (0x2236, 0x2236),
    (0x2501, 0x2501),
    (0x25ba, 0x25ba),
    (0x3001, 0x3001),
    (0x3008, 0x300d),
    (0x3010, 0x3011),
    (0xff05, 0xff05),
    (0xff08, 0xff09),
    (0xff0c, 0xff0c),
    (0xff11, 0xff11),
    (0xff1a, 0xff1b),
    (0xff5e, 0xff5e),
];

/// Whether every character of `word` is one of datatrove's symbols.
#[inline]
pub fn is_symbol_word(word: &str) -> bool {
    // Most words say no at once.
    let starts_plain = word.starts_with(|c: char| c.is_ascii_alphanumeric());
    !starts_plain && word.chars().all(|c| holds(SYMBOLS, c) || is_terminal(c))
}

/// Whether each word is one; null where it is null.
pub fn are_symbol_words(words: &ArrayRef) -> Result<BooleanArray, String> {
    let column = TextColumn::new(words, "words")?;
    let each = (0..words.len()).map(|row| column.get(row).map(is_symbol_word));
    Ok(each.collect())
}
