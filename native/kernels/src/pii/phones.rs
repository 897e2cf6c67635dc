//! Telephone numbers: international, North American, with a trunk zero, or behind a word that announces one.
//!
//! What a number is made of is bounded, so each place where one may begin costs a bounded look.

use std::ops::Range;

use super::numbers::{begins, continues, goes_on, is_word, run};

/// Words that announce a number, in this many bytes before it and behind any other number.
const ANNOUNCING: [&[u8]; 12] = [
    b"phone",
    b"phones",
    b"telephone",
    b"tel",
    b"mobile",
    b"cell",
    b"call",
    b"fax",
    b"whatsapp",
    b"sms",
    b"dial",
    b"desk",
];
const ANNOUNCED_WITHIN: usize = 24;
const JOINTS: &[u8] = b"-./";
/// What makes a number the continuation of another one: of a time or a decimal number as well.
const JOINTS_BEFORE: &[u8] = b"-./:,";

/// Telephone numbers, with their extensions. Those reserved for fiction (555-0100 to 555-0199) are none.
pub fn find(text: &str, found: &mut Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    let mut done = 0;
    for digit in begins(text) {
        if digit < done || continues(bytes, digit, JOINTS_BEFORE) {
            continue;
        }
        let opened = digit > done && matches!(bytes[digit - 1], b'+' | b'(');
        let begin = digit - usize::from(opened);
        let end = international(bytes, digit)
            .or_else(|| north_american(bytes, digit))
            .or_else(|| with_trunk_zero(bytes, digit))
            .or_else(|| announced(bytes, digit));
        let Some(end) = end.filter(|end| !is_nobodys(&bytes[digit..*end])) else {
            continue;
        };
        let end = extension_end(bytes, end);
        if !goes_on(bytes, end, JOINTS) {
            found.push(begin..end);
            done = end;
        }
    }
}

/// Digits in groups, as far as they go on.
struct Number {
    digits: usize,
    groups: usize,
    first: usize,
    joint: Option<u8>,
    end: usize,
}

impl Number {
    /// Whether the groups can be those of a number without a country's code: no decimal number, no quad of an IP
    /// address, no American postal code, no part of a longer row of numbers.
    fn is_national(&self, bytes: &[u8], begin: usize) -> bool {
        match self.joint {
            Some(b'.') => matches!(self.groups, 3 | 5),
            Some(b'-') => (self.digits, self.first) != (9, 5) || self.groups != 2,
            Some(_) => !in_a_row(bytes, begin, self.end),
            None => true,
        }
    }
}

/// Whether another number stands before or behind, with a blank between.
fn in_a_row(bytes: &[u8], begin: usize, end: usize) -> bool {
    continues(bytes, begin, b" ") || goes_on(bytes, end, b" ")
}

/// Reads groups of at most `max` digits in all. Loosely, up to three of blank, dot, hyphen, slash and parentheses part
/// them; else one blank, dot or hyphen, the same throughout.
fn read(bytes: &[u8], begin: usize, max: usize, loosely: bool) -> Number {
    let mut number = Number {
        digits: 0,
        groups: 0,
        first: run(bytes, begin, max + 1),
        joint: None,
        end: begin,
    };
    let mut at = begin;
    let mut joint = None;
    loop {
        let length = run(bytes, at, max + 1);
        if length == 0 || number.digits + length > max {
            return number;
        }
        number.digits += length;
        number.groups += 1;
        number.joint = joint;
        number.end = at + length;
        let rest = &bytes[number.end..];
        let width = if loosely {
            let joints = rest.iter().take(3);
            joints.take_while(|byte| b" .-/()".contains(byte)).count()
        } else {
            usize::from(rest.first().is_some_and(|byte| b" .-".contains(byte)))
        };
        if width == 0 || (!loosely && joint.is_some_and(|joint| joint != rest[0])) {
            return number;
        }
        joint = Some(rest[0]);
        at = number.end + width;
    }
}

/// `+` and the country's code, or `00` and groups.
fn international(bytes: &[u8], digit: usize) -> Option<usize> {
    let plus = digit > 0 && bytes[digit - 1] == b'+';
    // As in C++14 20.10.
    if plus && digit > 1 && (is_word(bytes[digit - 2]) || bytes[digit - 2] == b'+') {
        return None;
    }
    let code = if plus {
        digit
    } else if bytes[digit..].starts_with(b"00") {
        digit + 2
    } else {
        return None;
    };
    let max = match bytes.get(code)? {
        b'1' => 11,
        b'2'..=b'9' => 13,
        _ => return None,
    };
    let number = read(bytes, code, max, true);
    let grouped = plus || number.groups > 1;
    (number.digits >= 8 && grouped).then_some(number.end)
}

/// Three, three and four digits, the first three perhaps in parentheses or behind a `1`.
fn north_american(bytes: &[u8], digit: usize) -> Option<usize> {
    let opened = digit > 0 && bytes[digit - 1] == b'(';
    let mut at = digit;
    if !opened && bytes[at] == b'1' && bytes.get(at + 1).is_some_and(|byte| b" .-".contains(byte)) {
        at += 2;
    }
    if run(bytes, at, 4) != 3 || !(b'2'..=b'9').contains(&bytes[at]) {
        return None;
    }
    at += 3;
    let joint = *bytes.get(at)?;
    at += 1;
    if opened {
        if joint != b')' {
            return None;
        }
        at += usize::from(matches!(bytes.get(at), Some(b' ' | b'-')));
    } else if !b" .-".contains(&joint) {
        return None;
    }
    let second = bytes.get(at + 3)?;
    let joined = if opened {
        b" .-".contains(second)
    } else {
        *second == joint
    };
    let whole = run(bytes, at, 4) == 3 && joined && run(bytes, at + 4, 5) == 4;
    let alone = opened || joint != b' ' || !in_a_row(bytes, digit, at + 8);
    (whole && alone).then_some(at + 8)
}

/// A zero, the digits of an area and of a line: nine to eleven in at least two groups.
fn with_trunk_zero(bytes: &[u8], digit: usize) -> Option<usize> {
    if bytes[digit] != b'0' || !matches!(bytes.get(digit + 1), Some(b'1'..=b'9')) {
        return None;
    }
    let number = read(bytes, digit, 11, false);
    let grouped = number.digits >= 9 && (2..=5).contains(&number.groups);
    (grouped && number.is_national(bytes, digit)).then_some(number.end)
}

/// Seven to thirteen digits in any groups behind a word that announces them.
fn announced(bytes: &[u8], digit: usize) -> Option<usize> {
    let number = read(bytes, digit, 13, false);
    if number.digits < 7 || number.groups > 5 || !number.is_national(bytes, digit) {
        return None;
    }
    let from = digit.saturating_sub(ANNOUNCED_WITHIN);
    let before = &bytes[from..digit];
    let other = before.iter().rposition(u8::is_ascii_digit);
    let mut words =
        before[other.map_or(0, |other| other + 1)..].split(|byte| !byte.is_ascii_alphabetic());
    if other.is_none() && from > 0 {
        // Perhaps only the end of a word.
        words.next();
    }
    words
        .any(|word| {
            ANNOUNCING
                .iter()
                .any(|known| word.eq_ignore_ascii_case(known))
        })
        .then_some(number.end)
}

fn digits(number: &[u8]) -> impl DoubleEndedIterator<Item = &u8> {
    number.iter().filter(|byte| byte.is_ascii_digit())
}

/// Whether the number is nobody's: all zeros, or its last digits are those reserved for fiction.
fn is_nobodys(number: &[u8]) -> bool {
    let line: Vec<u8> = digits(number).rev().take(7).copied().collect();
    line.len() == 7 && (line[2..] == *b"10555" || digits(number).all(|digit| *digit == b'0'))
}

/// Behind an extension of one to five digits, if there is one: `x12`, `ext. 12`.
fn extension_end(bytes: &[u8], end: usize) -> usize {
    let blank = usize::from(bytes.get(end) == Some(&b' '));
    let rest = &bytes[end + blank..];
    let Some(word) = [&b"ext. "[..], b"ext.", b"ext ", b"ext", b"x"]
        .into_iter()
        .find(|word| rest.starts_with(word))
    else {
        return end;
    };
    let at = end + blank + word.len();
    let digits = run(bytes, at, 6);
    if (1..=5).contains(&digits) {
        at + digits
    } else {
        end
    }
}
