//! What comes off the ends of a chunk, and what parts it in the middle: spaCy's patterns for English, matched by hand.
//!
//! Every function looks at a bounded number of characters, except at runs of full stops, which it takes whole.

use super::classes::{ALPHA, BEFORE_STOP, Classes, ICON, LOWER, PREFIX, QUOTE, SUFFIX, UPPER};
use crate::steps::step;

/// Units and currencies of more than one letter, which come off behind a digit.
const MEASURES: &str = "km km² km³ m m² m³ dm dm² dm³ cm cm² cm³ mm mm² mm³ ha µm nm yd in ft \
    kg g mg µg t lb oz m/s km/h kmh mph hPa Pa mbar mb MB kb KB gb GB tb TB T G M K % \
    км км² км³ м м² м³ дм дм² дм³ см см² см³ мм мм² мм³ нм кг г мг м/с км/ч кПа Па мбар \
    Кб КБ кб Мб МБ мб Гб ГБ гб Тб ТБ тбكم كم كم² كم³ م م² م³ سم سم² سم³ مم مم² مم³ \
    غرام جرام جم كغ ملغ كوب اكواب US$ C$ A$ $ £ ¥ ฿ ﷼";
/// The longest of them.
const MEASURE_CHARS: usize = 5;

/// Bytes of the prefix of `s`; 0 where it has none.
pub fn prefix(classes: &Classes, s: &str) -> usize {
    let Some(first) = s.chars().next() else {
        return 0;
    };
    match first {
        '.' => Some(stops(s.bytes())).filter(|&run| run > 1).unwrap_or(0),
        '+' if s[1..].starts_with(|c: char| c.is_ascii_digit()) => 0,
        'U' if s.starts_with("US$") => 3,
        'A' | 'C' if s[1..].starts_with('$') => 2,
        _ if classes.has(first, PREFIX) => first.len_utf8(),
        _ => 0,
    }
}

/// Bytes of the longest suffix of `s`; 0 where it has none.
pub fn suffix(classes: &Classes, s: &str) -> usize {
    let mut back = s.chars().rev();
    let Some(last) = back.next() else {
        return 0;
    };
    let before = back.next();
    match last {
        '.' => stop_suffix(classes, s, before, back.next()),
        's' | 'S' if matches!(before, Some('\'' | '’')) => 1 + before.map_or(0, char::len_utf8),
        '+' if before.is_some_and(|c| c.is_ascii_digit()) => 1,
        '…' if before == Some('…') => 2 * last.len_utf8(),
        _ if classes.has(last, SUFFIX) => last.len_utf8(),
        _ => measure(s),
    }
}

fn stop_suffix(classes: &Classes, s: &str, before: Option<char>, second: Option<char>) -> usize {
    let run = stops(s.bytes().rev());
    let parts = run > 1
        || before.is_some_and(|c| classes.has(c, BEFORE_STOP))
        || [before, second]
            .iter()
            .all(|c| c.is_some_and(|c| classes.has(c, UPPER)))
        || matches!((second, before), (Some('°'), Some('F' | 'C' | 'K')));
    if parts { run } else { 0 }
}

fn stops(bytes: impl Iterator<Item = u8>) -> usize {
    let run = bytes.take_while(|&byte| byte == b'.').count();
    step(run);
    run
}

/// Bytes of the unit or currency behind the last digit of `s`.
fn measure(s: &str) -> usize {
    let near = s.char_indices().rev().take(MEASURE_CHARS + 1);
    let digit = near.into_iter().find(|(_, c)| c.is_ascii_digit());
    let Some(tail) = digit
        .map(|(at, _)| &s[at + 1..])
        .filter(|tail| !tail.is_empty())
    else {
        return 0;
    };
    let currency = |c: char| ('\u{20a0}'..='\u{20bf}').contains(&c);
    let mut chars = tail.chars();
    let single = chars.next().is_some_and(currency) && chars.next().is_none();
    if single || MEASURES.split(' ').any(|known| known == tail) {
        tail.len()
    } else {
        0
    }
}

/// Bytes of the infix that `rest` starts with, behind the character `before`; 0 where there is none.
#[inline]
pub fn infix(classes: &Classes, before: Option<char>, rest: &str) -> usize {
    match rest.chars().next() {
        Some(first) if !first.is_ascii_alphanumeric() => sign_infix(classes, before, first, rest),
        _ => 0,
    }
}

fn sign_infix(classes: &Classes, before: Option<char>, first: char, rest: &str) -> usize {
    let size = first.len_utf8();
    let after = rest[size..].chars().next();
    let is = |c: Option<char>, class| c.is_some_and(|c| classes.has(c, class));
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let letters = is(before, ALPHA) && is(after, ALPHA);
    let parts = match first {
        '.' => {
            let run = stops(rest.bytes());
            if run > 1 {
                return run;
            }
            is(before, LOWER | QUOTE) && is(after, UPPER | QUOTE)
        }
        '…' => true,
        ',' => letters,
        '+' | '*' | '^' => digit(before) && (digit(after) || after == Some('-')),
        '-' if digit(before) && (digit(after) || after == Some('-')) => true,
        '-' | '–' | '—' | '~' if is(before, ALPHA) || digit(before) => {
            return hyphens(classes, first, rest);
        }
        ':' | '<' | '>' | '=' | '/' => letters || digit(before) && is(after, ALPHA),
        _ => classes.has(first, ICON),
    };
    if parts { size } else { 0 }
}

/// Bytes of the hyphen or dashes `rest` starts with, if a letter follows: up to three hyphens, up to two long dashes.
fn hyphens(classes: &Classes, first: char, rest: &str) -> usize {
    let most = match first {
        '-' => 3,
        '—' => 2,
        _ => 1,
    };
    let run = rest.chars().take(most).take_while(|&c| c == first).count() * first.len_utf8();
    let letter = rest[run..].starts_with(|c| classes.has(c, ALPHA));
    if letter { run } else { 0 }
}
