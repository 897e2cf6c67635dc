//! Payment card numbers: the ranges and lengths of the issuers, in the groups in which they are written, with Luhn's digit.

use std::ops::Range;

use super::numbers::{begins, continues, goes_on, run};

const MAX_DIGITS: usize = 19;
/// The groups in which numbers are embossed; without groups any length an issuer has.
const GROUPS: [&[usize]; 4] = [&[4, 4, 4, 4, 3], &[4, 4, 4, 4], &[4, 6, 5], &[4, 6, 4]];

/// Card numbers, in one run or in groups parted by a space or a hyphen, the same throughout.
pub fn find(text: &str, found: &mut Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    let mut done = 0;
    for begin in begins(text) {
        if begin < done || continues(bytes, begin, b"-.") {
            continue;
        }
        if let Some(end) = card_end(bytes, begin) {
            found.push(begin..end);
            done = end;
        }
    }
}

fn card_end(bytes: &[u8], begin: usize) -> Option<usize> {
    let digits = run(bytes, begin, MAX_DIGITS + 1);
    if digits > 4 {
        let end = begin + digits;
        return (!goes_on(bytes, end, b"-.") && is_card(&bytes[begin..end])).then_some(end);
    }
    let separator = *bytes.get(begin + digits)?;
    if digits < 4 || !matches!(separator, b' ' | b'-') {
        return None;
    }
    GROUPS
        .iter()
        .find_map(|groups| grouped_end(bytes, begin, groups, separator))
}

fn grouped_end(bytes: &[u8], begin: usize, groups: &[usize], separator: u8) -> Option<usize> {
    let mut digits = Vec::with_capacity(MAX_DIGITS);
    let mut at = begin;
    for (i, &length) in groups.iter().enumerate() {
        if i > 0 {
            if bytes.get(at) != Some(&separator) {
                return None;
            }
            at += 1;
        }
        if run(bytes, at, length + 1) != length {
            return None;
        }
        digits.extend_from_slice(&bytes[at..at + length]);
        at += length;
    }
    (!goes_on(bytes, at, b"-.") && is_card(&digits)).then_some(at)
}

fn is_card(digits: &[u8]) -> bool {
    (12..=MAX_DIGITS).contains(&digits.len()) && is_issued(digits) && has_check_digit(digits)
}

/// Whether an issuer has numbers that begin like this and are as long; of 35 JCB uses only a part.
fn is_issued(digits: &[u8]) -> bool {
    let prefix = digits[..4]
        .iter()
        .fold(0, |prefix, digit| prefix * 10 + u32::from(digit - b'0'));
    let length = digits.len();
    match prefix {
        4000..=4999 => matches!(length, 13 | 16 | 19),
        5100..=5599 | 2221..=2720 => length == 16,
        3400..=3499 | 3700..=3799 | 1800 | 2131 => length == 15,
        3000..=3059 | 3095 | 3600..=3699 | 3800..=3999 => matches!(length, 14 | 16),
        3500..=3599 | 6011 | 6440..=6599 | 6200..=6299 => length >= 16,
        5018 | 5020 | 5038 | 5600..=5899 | 6304 | 6390 | 6759 | 6761..=6763 => true,
        _ => false,
    }
}

/// Luhn: from the right every second digit counts twice, its own digits added; the sum ends in 0.
fn has_check_digit(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(i, digit)| {
            let value = u32::from(digit - b'0');
            match i % 2 {
                0 => value,
                _ => value * 2 / 10 + value * 2 % 10,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}
