//! Telephone numbers: international, North American, with a trunk zero, or behind a word that announces one.
//!
//! What a number is made of is bounded, so each place where one may begin costs a bounded look.

use std::ops::Range;

use memchr::memmem;

use super::numbers::{begins, continues, goes_on, run};

/// Words that announce a number, in this many bytes before it and behind any other number.
const ANNOUNCING: [&[u8]; 9] = [
    b"phone",
    b"tel",
    b"mobile",
    b"cell",
    b"call",
    b"fax",
    b"whatsapp",
    b"sms",
    b"dial",
];
const ANNOUNCED_WITHIN: usize = 24;
const JOINTS: &[u8] = b"-./";

/// Telephone numbers, with their extensions. Those reserved for fiction (555-0100 to 555-0199) are none.
pub fn find(text: &str, found: &mut Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    let mut done = 0;
    for digit in begins(text) {
        if digit < done || continues(bytes, digit, JOINTS) {
            continue;
        }
        let opened = digit > done && matches!(bytes[digit - 1], b'+' | b'(');
        let begin = digit - usize::from(opened);
        let end = international(bytes, digit)
            .or_else(|| north_american(bytes, digit))
            .or_else(|| with_trunk_zero(bytes, digit))
            .or_else(|| announced(bytes, digit));
        let Some(end) = end.filter(|end| !is_fiction(&bytes[digit..*end])) else {
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
    end: usize,
}

/// Reads groups of at most `max` digits in all. Loosely, up to three of blank, dot, hyphen, slash and parentheses part
/// them; else one blank, dot or hyphen, the same throughout.
fn read(bytes: &[u8], begin: usize, max: usize, loosely: bool) -> Number {
    let mut number = Number {
        digits: 0,
        groups: 0,
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
    (run(bytes, at, 4) == 3 && joined && run(bytes, at + 4, 5) == 4).then_some(at + 8)
}

/// A zero, the digits of an area and of a line: nine to eleven in at least two groups.
fn with_trunk_zero(bytes: &[u8], digit: usize) -> Option<usize> {
    if bytes[digit] != b'0' || !matches!(bytes.get(digit + 1), Some(b'1'..=b'9')) {
        return None;
    }
    let number = read(bytes, digit, 11, false);
    (number.digits >= 9 && (2..=5).contains(&number.groups)).then_some(number.end)
}

/// Seven to thirteen digits in any groups behind a word that announces them.
fn announced(bytes: &[u8], digit: usize) -> Option<usize> {
    let number = read(bytes, digit, 13, false);
    if number.digits < 7 || number.groups > 5 {
        return None;
    }
    let before = &bytes[digit.saturating_sub(ANNOUNCED_WITHIN)..digit];
    let other = before.iter().rposition(u8::is_ascii_digit);
    let before = before[other.map_or(0, |other| other + 1)..].to_ascii_lowercase();
    ANNOUNCING
        .iter()
        .any(|word| memmem::find(&before, word).is_some())
        .then_some(number.end)
}

/// Whether the last digits are those of a number reserved for fiction.
fn is_fiction(number: &[u8]) -> bool {
    let mut last = number.iter().rev().filter(|byte| byte.is_ascii_digit());
    let line: Vec<u8> = last.by_ref().take(7).copied().collect();
    line.len() == 7 && line[2..] == *b"10555"
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
