//! Whether a text could hold UTF-8 that was decoded as something else (`Ã©` for `é`), told by pairs of neighbors.
//!
//! A sieve before a judge that takes a thousand times as long: it lets pass every text in which the library ftfy finds
//! something to mend (tests try all pairs of characters that ftfy knows), and stops nearly all others. UTF-8 read by an 8-bit
//! charset gives at least two characters beyond ASCII in a row, or one of the few signs below; so what counts is which
//! neighbors good texts have: letters of one case, letters beside quotation marks, tables of box drawing.

use crate::steps::step;

/// Characters of wrongly decoded text that good text hardly has in front of any other beyond ASCII.
const LEADING: [char; 7] = ['Â', 'Ã', 'Î', 'Ð', 'Ø', 'Ù', '√'];

/// Signs that are at home beside any other.
const COMMON: [char; 9] = ['\u{a0}', '\u{ad}', '·', '´', '–', '—', '―', '…', '’'];

/// Letters by their Unicode category that wrongly decoded text has as signs.
const SIGNS: [char; 6] = ['ƒ', 'ˆ', 'ˇ', 'ª', 'º', 'µ'];

/// Signs before and behind words.
const QUOTES: [char; 11] = ['«', '»', '“', '”', '‘', '„', '‹', '›', '®', '™', '©'];
const OPENING: [char; 8] = ['«', '“', '‘', '„', '‹', '¿', '¡', '©'];

/// Greek and Cyrillic letters that wrongly decoded text has in front of a sign.
const LEADING_OTHERS: [char; 9] = ['В', 'Г', 'Р', 'С', 'Β', 'Γ', 'Ξ', 'Ο', 'β'];

/// Whether the text could be mended; false is a promise.
pub fn suspect(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(skipped) = bytes[at..].iter().position(|b| !b.is_ascii()) {
        at += skipped;
        step(skipped + 1);
        let mut rest = text[at..].chars();
        let Some(first) = rest.next() else {
            return false;
        };
        let before = bytes[..at].last().copied().unwrap_or_default();
        if is_telling(before, first, rest.next(), rest.next()) {
            return true;
        }
        at += first.len_utf8();
    }
    false
}

/// Whether a character beyond ASCII with its neighbors tells of a wrong charset; `before` is the last byte before it.
fn is_telling(before: u8, first: char, second: Option<char>, third: Option<char>) -> bool {
    if matches!(first, '\u{80}'..='\u{9f}') {
        return true;
    }
    let Some(second) = second else {
        return false;
    };
    if second.is_ascii() {
        return match first {
            'Œ' | 'œ' => !second.is_ascii_alphabetic(),
            'Â' | 'Ã' => second == ' ',
            _ => false,
        };
    }
    if matches!(first, 'Œ' | 'œ') || LEADING.contains(&first) {
        return true;
    }
    let odd = |c: char| !has_charset(c) || COMMON.contains(&c);
    if odd(first) || odd(second) {
        return false;
    }
    match (is_letter(first), is_letter(second)) {
        (true, true) => first.is_lowercase() && second.is_uppercase(),
        (true, false) => is_telling_behind_letter(before, first, second, third),
        (false, true) => !OPENING.contains(&first) && !is_other_script(second),
        (false, false) => !(is_box(first) && is_box(second)),
    }
}

fn is_telling_behind_letter(before: u8, letter: char, sign: char, third: Option<char>) -> bool {
    if is_other_script(letter) {
        return LEADING_OTHERS.contains(&letter) || before.is_ascii_alphabetic();
    }
    if !QUOTES.contains(&sign) || (before.is_ascii_lowercase() && letter.is_uppercase()) {
        return true;
    }
    // A quotation mark at a word's end is where it belongs.
    third.is_some_and(|third| !third.is_ascii() || third.is_ascii_alphanumeric() || third == '_')
}

/// Whether an 8-bit charset of the West has the character.
fn has_charset(c: char) -> bool {
    matches!(c,
        '\u{80}'..='\u{2dd}' | '\u{370}'..='\u{4ff}' | '\u{2000}'..='\u{25ff}'
        | '\u{f8ff}' | '\u{fb01}' | '\u{fb02}' | '\u{fffd}')
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic() && !SIGNS.contains(&c)
}

/// A Greek or Cyrillic letter, but for one that Ukrainian alone has, and that is a sign for another in some charsets.
fn is_other_script(c: char) -> bool {
    matches!(c, '\u{370}'..='\u{4ff}') && !matches!(c, 'Ґ' | 'ґ') && c.is_alphabetic()
}

fn is_box(c: char) -> bool {
    matches!(c, '\u{2500}'..='\u{259f}')
}
