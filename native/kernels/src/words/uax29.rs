//! Words by Unicode word boundaries (UAX #29), equal to unicode-segmentation's and faster on common scripts.
//!
//! Code points whose behavior depends on few neighbors (letters, digits, punctuation, ideographs) are handled here;
//! whatever touches another kind (marks, joiners, Hebrew, Katakana, flags, other planes) is handed to the crate, one
//! segment at a time. That is sound because its forward iterator carries nothing over a boundary: a segment depends
//! on the text from its start on, never on what stands before it.

use std::sync::LazyLock;

use unicode_segmentation::UnicodeSegmentation;

use super::{Span, blocks};

/// Bytes split one by one before plain ASCII is hoped for again.
const MIXED: usize = 64;

// What a code point does at a word boundary. The first three join each other in any order.
const LETTER: u8 = 0;
const DIGIT: u8 = 1;
const JOINER: u8 = 2; // like _, joins words but is none
const MID_LETTER: u8 = 3; // inside a word between letters
const MID_NUMBER: u8 = 4; // between digits
const MID_BOTH: u8 = 5; // between two letters or two digits
const SPACE: u8 = 6; // runs of these are one segment
const OTHER: u8 = 7; // a segment of its own, no word
const IDEOGRAPH: u8 = 8; // a segment of its own, a word
const COMPLEX: u8 = 9; // left to the crate, together with its neighbors
const WIDE: u8 = 10; // of a byte: not ASCII, decode it

/// By byte.
static NARROW: [u8; 256] = narrow();

/// By code point of the basic plane, asked of the crate itself so that both always agree.
static BASIC: LazyLock<Vec<u8>> = LazyLock::new(|| {
    (0..0x1_0000)
        .map(|c| char::from_u32(c).map_or(COMPLEX, probe))
        .collect()
});

const fn narrow() -> [u8; 256] {
    let mut table = [OTHER; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' => LETTER,
            b'0'..=b'9' => DIGIT,
            b'_' => JOINER,
            b':' => MID_LETTER,
            b',' | b';' => MID_NUMBER,
            b'.' | b'\'' => MID_BOTH,
            b' ' => SPACE,
            0x80.. => WIDE,
            _ => OTHER,
        };
        byte += 1;
    }
    table
}

/// Tells a code point's kind from how the crate segments it among known neighbors.
fn probe(c: char) -> u8 {
    let joined = |before: &str, after: &str| {
        let text = format!("{before}{c}{after}");
        text.split_word_bounds().next() == Some(&text)
    };
    let mut buffer = [0; 4];
    let is_word = is_word(c.encode_utf8(&mut buffer));
    if joined("!", "") {
        return COMPLEX; // a mark, a format control or a joiner
    }
    let (after_letter, after_katakana) = (joined("a", ""), joined("\u{30a2}", ""));
    let kind = match (after_letter, after_katakana) {
        (true, true) => JOINER,
        (false, true) => COMPLEX,
        (true, false) if joined("1,", "") => DIGIT,
        (true, false) if joined("a:", "") && !joined("\u{5d0}\"", "") => LETTER,
        (true, false) => COMPLEX,
        (false, false) => match (joined("a", "a"), joined("1", "1")) {
            (true, true) => MID_BOTH,
            (true, false) => MID_LETTER,
            (false, true) => MID_NUMBER,
            (false, false) if joined(" ", "") => SPACE,
            (false, false) if is_word => IDEOGRAPH,
            (false, false) => OTHER,
        },
    };
    if is_word == matches!(kind, LETTER | DIGIT | IDEOGRAPH) {
        kind
    } else {
        COMPLEX
    }
}

/// Whether a segment holds an alphanumeric code point, by the crate's tables.
pub(super) fn is_word(segment: &str) -> bool {
    segment.unicode_words().next().is_some()
}

/// Whether `mid` may stand inside a word behind a `before`, provided another `before` follows.
#[inline]
fn may_join(before: u8, mid: u8) -> bool {
    match before {
        LETTER => mid == MID_LETTER || mid == MID_BOTH,
        DIGIT => mid == MID_NUMBER || mid == MID_BOTH,
        _ => false,
    }
}

/// Appends the words of `text`.
pub(super) fn split_into(text: &str, out: &mut Vec<Span>) {
    let mut at = 0;
    while at < text.len() {
        at = blocks::split_ascii(text.as_bytes(), at, out);
        let patience = at + MIXED;
        while at < text.len().min(patience) {
            at = split_segment(text, at, out);
        }
    }
}

/// Looks at the segment that starts at `at` and gives its end.
#[inline]
fn split_segment(text: &str, at: usize, out: &mut Vec<Span>) -> usize {
    let bytes = text.as_bytes();
    let kind = NARROW[bytes[at] as usize];
    step(1);
    let end = match kind {
        LETTER | DIGIT | JOINER => narrow_word_end(bytes, at),
        SPACE => narrow_space_end(bytes, at),
        WIDE => None,
        _ => Some(at + 1).filter(|&next| bytes.get(next).is_none_or(u8::is_ascii)),
    };
    let (end, word) = match end {
        Some(end) if kind == JOINER => (end, bytes[at..end].iter().any(u8::is_ascii_alphanumeric)),
        Some(end) => (end, kind <= DIGIT),
        None => segment(text, at),
    };
    if word {
        out.push(Span::new(at, end));
    }
    end
}

/// Where the run of letters, digits and joiners that starts at `start` ends; none if a wide character may decide it.
#[inline]
fn narrow_word_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut end = start + 1;
    loop {
        step(1);
        let Some(&byte) = bytes.get(end) else {
            return Some(end);
        };
        let kind = NARROW[byte as usize];
        if kind <= JOINER {
            end += 1;
            continue;
        }
        if kind == WIDE {
            return None;
        }
        let before = NARROW[bytes[end - 1] as usize];
        if !may_join(before, kind) {
            return Some(end);
        }
        match bytes.get(end + 1).map(|&next| NARROW[next as usize]) {
            Some(WIDE) => return None,
            Some(next) if next == before => end += 2,
            _ => return Some(end),
        }
    }
}

#[inline]
fn narrow_space_end(bytes: &[u8], start: usize) -> Option<usize> {
    let end = start
        + bytes[start..]
            .iter()
            .take_while(|&&byte| byte == b' ')
            .count();
    Some(end).filter(|&end| bytes.get(end).is_none_or(u8::is_ascii))
}

/// The kind of the code point at `at` and its length in bytes; none at the end.
#[inline]
fn kind_at(text: &str, at: usize) -> Option<(u8, usize)> {
    step(1);
    let c = text[at..].chars().next()?;
    let kind = if c.is_ascii() {
        NARROW[c as usize]
    } else {
        BASIC.get(c as usize).copied().unwrap_or(COMPLEX)
    };
    Some((kind, c.len_utf8()))
}

/// The end of the segment that starts at `start` and whether it is a word.
fn segment(text: &str, start: usize) -> (usize, bool) {
    known_segment(text, start).unwrap_or_else(|| {
        let segment = text[start..].split_word_bounds().next().unwrap_or_default();
        // Behind its end the crate looks at most at marks that the next segment takes in.
        step(segment.len());
        (start + segment.len(), is_word(segment))
    })
}

/// The same, none where a complex code point has a say.
fn known_segment(text: &str, start: usize) -> Option<(usize, bool)> {
    let (first, length) = kind_at(text, start)?;
    let mut end = start + length;
    let mut word = matches!(first, LETTER | DIGIT | IDEOGRAPH);
    let mut before = first;
    while let Some((kind, length)) = kind_at(text, end) {
        if kind == COMPLEX || first == COMPLEX {
            return None;
        }
        if before <= JOINER && kind <= JOINER {
            word |= kind <= DIGIT;
            before = kind;
            end += length;
        } else if before == SPACE && kind == SPACE {
            end += length;
        } else if may_join(before, kind) {
            match kind_at(text, end + length) {
                Some((COMPLEX, _)) => return None,
                Some((next, more)) if next == before => end += length + more,
                _ => break,
            }
        } else {
            break;
        }
    }
    (first != COMPLEX).then_some((end, word))
}

/// Counts code points looked at, for the proof that their number grows like the text's length.
#[cfg(not(test))]
#[inline(always)]
pub(super) fn step(_: usize) {}

#[cfg(test)]
pub(super) use tests::step;

#[cfg(test)]
mod tests;
