//! The tokens of spaCy 3.8's rules for English, white space among them.
//!
//! A chunk without white space loses its prefixes and suffixes, is parted at its infixes, and stays whole where it is
//! a special case or an address; then special cases are looked for once more over the tokens of the whole text.

mod affixes;
mod byte_map;
mod classes;
mod phrases;
pub mod ranges;
mod specials;
mod url;

use std::sync::LazyLock;

use super::Span;
use crate::steps::step;
use classes::{Classes, SPACE};
use phrases::Phrases;
use specials::{Pieces, Specials};

pub use classes::is_space;

/// What does not depend on the text.
#[derive(Debug)]
struct Tables {
    classes: Classes,
    specials: Specials,
    phrases: Phrases,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let classes = Classes::new();
    let specials = Specials::new();
    let phrases = Phrases::new(&classes, &specials);
    Tables {
        classes,
        specials,
        phrases,
    }
});

// What a byte is to the scan for the end of a chunk.
const LETTER: u8 = 0;
const SIGN: u8 = 1;
const BLANK: u8 = 2;
const WIDE: u8 = 3; // of a code point beyond ASCII that may be white space

static BYTES: [u8; 256] = kinds();

const fn kinds() -> [u8; 256] {
    let mut table = [SIGN; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' => LETTER,
            9..=13 | 28..=32 => BLANK,
            0xc2 | 0xe1..=0xe3 => WIDE,
            _ => SIGN,
        };
        byte += 1;
    }
    table
}

/// Splits text after text; keeps its scratch memory between them.
#[derive(Debug, Default)]
pub struct Tokenizer {
    tokens: Vec<Span>,
    suffixes: Vec<Span>,
    scratch: phrases::Scratch,
}

impl Tokenizer {
    /// The tokens of `text`, in order. A text of 4 GiB or more has no spans; callers refuse it.
    pub fn tokenize(&mut self, text: &str) -> &[Span] {
        let tables = &*TABLES;
        self.tokens.clear();
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let blank = skip(text, at, |kind| kind == SPACE);
            // One space between chunks belongs to none of them; any other white space is a token.
            let single = usize::from(at > 0 && bytes[at] == b' ');
            if at + single < blank {
                self.tokens.push(Span::new(at + single, blank));
            }
            at = self.chunk_at(tables, text, blank);
        }
        tables
            .phrases
            .join(text, &tables.specials, &mut self.tokens, &mut self.scratch);
        &self.tokens
    }

    /// Appends the tokens of the chunk that starts at `start`; where it ends.
    #[inline]
    fn chunk_at(&mut self, tables: &Tables, text: &str, start: usize) -> usize {
        let bytes = text.as_bytes();
        let letters = |from: usize| {
            bytes[from..]
                .iter()
                .take_while(|&&byte| BYTES[usize::from(byte)] == LETTER)
                .count()
        };
        let word = start + letters(start);
        let ends = |at: usize| {
            bytes
                .get(at)
                .is_none_or(|&byte| BYTES[usize::from(byte)] == BLANK)
        };
        if ends(word) {
            if word > start {
                self.word(tables, bytes, start, word);
            }
            return word;
        }
        // Most of what is not just a word is one with one sign behind it.
        let sign_comes_off =
            word > start && ends(word + 1) && comes_off(bytes[word - 1], bytes[word]);
        if sign_comes_off && tables.specials.get(&bytes[start..=word]).is_none() {
            self.word(tables, bytes, start, word);
            self.tokens.push(Span::new(word, word + 1));
            return word + 1;
        }
        let end = skip(text, word, |kind| kind != SPACE);
        chunk(
            &tables.classes,
            Some(&tables.specials),
            text,
            (start, end),
            &mut self.tokens,
            &mut self.suffixes,
        );
        end
    }

    /// Letters of ASCII alone have no affixes.
    #[inline]
    fn word(&mut self, tables: &Tables, bytes: &[u8], start: usize, end: usize) {
        match tables.specials.get(&bytes[start..end]) {
            Some(pieces) => push_pieces(pieces, start, &mut self.tokens),
            None => self.tokens.push(Span::new(start, end)),
        }
    }
}

/// Whether `sign`, the last of a chunk, is a suffix behind the letter `before`, whatever else there is.
#[inline]
fn comes_off(before: u8, sign: u8) -> bool {
    match sign {
        b',' | b';' | b':' | b'!' | b'?' | b')' | b']' | b'"' => true,
        b'.' => before.is_ascii_lowercase(),
        _ => false,
    }
}

/// Where the run of characters that `wanted` says yes to ends; asks with `SPACE` or 0.
#[inline]
fn skip(text: &str, mut at: usize, wanted: impl Fn(u16) -> bool) -> usize {
    let bytes = text.as_bytes();
    while let Some(&byte) = bytes.get(at) {
        let (space, size) = match BYTES[usize::from(byte)] {
            BLANK => (true, 1),
            WIDE => match text[at..].chars().next() {
                Some(c) => (is_space(c), c.len_utf8()),
                None => return at,
            },
            _ => (false, 1),
        };
        if !wanted(if space { SPACE } else { 0 }) {
            break;
        }
        at += size;
    }
    at
}

fn push_pieces(pieces: Pieces, start: usize, tokens: &mut Vec<Span>) {
    let mut from = start;
    for end in pieces.ends() {
        tokens.push(Span::new(from, start + end));
        from = start + end;
    }
}

/// Appends the tokens of the chunk `start..end`; without special cases where `specials` is none.
fn chunk(
    classes: &Classes,
    specials: Option<&Specials>,
    text: &str,
    (mut start, mut end): (usize, usize),
    tokens: &mut Vec<Span>,
    suffixes: &mut Vec<Span>,
) {
    let special = |start: usize, end: usize| {
        specials.and_then(|specials| specials.get(&text.as_bytes()[start..end]))
    };
    suffixes.clear();
    while start < end && special(start, end).is_none() {
        step(1);
        let prefix = affixes::prefix(classes, &text[start..end]);
        if prefix > 0 && special(start + prefix, end).is_some() {
            tokens.push(Span::new(start, start + prefix));
            start += prefix;
            break;
        }
        let suffix = affixes::suffix(classes, &text[start + prefix..end]);
        if suffix > 0 && special(start, end - suffix).is_some() {
            suffixes.push(Span::new(end - suffix, end));
            end -= suffix;
            break;
        }
        if prefix + suffix == 0 {
            break;
        }
        if prefix > 0 {
            tokens.push(Span::new(start, start + prefix));
            start += prefix;
        }
        if suffix > 0 {
            suffixes.push(Span::new(end - suffix, end));
            end -= suffix;
        }
    }
    match special(start, end) {
        Some(pieces) => push_pieces(pieces, start, tokens),
        None => middle(classes, text, (start, end), tokens),
    }
    tokens.extend(suffixes.iter().rev());
}

/// Appends what is left of a chunk without its affixes: an address whole, anything else parted at its infixes.
fn middle(classes: &Classes, text: &str, (start, end): (usize, usize), tokens: &mut Vec<Span>) {
    let middle = &text[start..end];
    let (mut at, mut piece, mut before) = (0, 0, None);
    if url::is_whole(classes, middle) {
        at = middle.len();
    }
    while let Some(c) = middle[at..].chars().next() {
        step(1);
        let infix = affixes::infix(classes, before, &middle[at..]);
        // One at the very start is left in its piece.
        if infix > 0 && at > 0 {
            if piece < at {
                tokens.push(Span::new(start + piece, start + at));
            }
            piece = at + infix;
            tokens.push(Span::new(start + at, start + piece));
        }
        before = middle[..at + infix]
            .chars()
            .next_back()
            .filter(|_| infix > 0)
            .or(Some(c));
        at += infix.max(c.len_utf8());
    }
    if start + piece < end {
        tokens.push(Span::new(start + piece, end));
    }
}

#[cfg(test)]
mod tests;
