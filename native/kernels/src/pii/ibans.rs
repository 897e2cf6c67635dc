//! International bank account numbers (ISO 13616): the length of the country, and the check by 97.

use std::ops::Range;

use super::numbers::is_word;
use crate::steps::step;

/// The length of a country's numbers, from the register of ISO 13616.
#[rustfmt::skip]
const LENGTHS: [(&[u8; 2], usize); 89] = [
    (b"AD", 24), (b"AE", 23), (b"AL", 28), (b"AT", 20), (b"AZ", 28), (b"BA", 20), (b"BE", 16), (b"BG", 22),
    (b"BH", 22), (b"BI", 27), (b"BR", 29), (b"BY", 28), (b"CH", 21), (b"CR", 22), (b"CY", 28), (b"CZ", 24),
    (b"DE", 22), (b"DJ", 27), (b"DK", 18), (b"DO", 28), (b"EE", 20), (b"EG", 29), (b"ES", 24), (b"FI", 18),
    (b"FK", 18), (b"FO", 18), (b"FR", 27), (b"GB", 22), (b"GE", 22), (b"GI", 23), (b"GL", 18), (b"GR", 27),
    (b"GT", 28), (b"HN", 28), (b"HR", 21), (b"HU", 28), (b"IE", 22), (b"IL", 23), (b"IQ", 23), (b"IS", 26),
    (b"IT", 27), (b"JO", 30), (b"KW", 30), (b"KZ", 20), (b"LB", 28), (b"LC", 32), (b"LI", 21), (b"LT", 20),
    (b"LU", 20), (b"LV", 21), (b"LY", 25), (b"MC", 27), (b"MD", 24), (b"ME", 22), (b"MK", 19), (b"MN", 20),
    (b"MR", 27), (b"MT", 31), (b"MU", 30), (b"NI", 28), (b"NL", 18), (b"NO", 15), (b"OM", 23), (b"PK", 24),
    (b"PL", 28), (b"PS", 29), (b"PT", 25), (b"QA", 29), (b"RO", 24), (b"RS", 22), (b"RU", 33), (b"SA", 24),
    (b"SC", 31), (b"SD", 18), (b"SE", 24), (b"SI", 19), (b"SK", 24), (b"SM", 27), (b"SO", 23), (b"ST", 25),
    (b"SV", 28), (b"TL", 23), (b"TN", 24), (b"TR", 26), (b"UA", 29), (b"VA", 22), (b"VG", 24), (b"XK", 20),
    (b"YE", 30),
];

/// Account numbers in one run of letters and digits, or with a space after every four; letters are of one case.
///
/// In lower case and without spaces, what has the digits of a hash (0 to 9, a to f) is taken for one.
pub fn find(text: &str, found: &mut Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    let mut done = 0;
    for begin in 0..bytes.len().saturating_sub(4) {
        let starts = bytes[begin + 2].is_ascii_digit()
            && bytes[begin + 3].is_ascii_digit()
            && begin >= done
            && (begin == 0 || !is_word(bytes[begin - 1]));
        if let Some(end) = starts.then(|| iban_end(bytes, begin)).flatten() {
            found.push(begin..end);
            done = end;
        }
    }
}

fn iban_end(bytes: &[u8], begin: usize) -> Option<usize> {
    let lower = bytes[begin].is_ascii_lowercase();
    let country = [
        bytes[begin].to_ascii_uppercase(),
        bytes[begin + 1].to_ascii_uppercase(),
    ];
    let (_, length) = LENGTHS.iter().find(|(known, _)| **known == country)?;
    let spaced = bytes.get(begin + 4) == Some(&b' ');
    let mut number = Vec::with_capacity(*length);
    let mut at = begin;
    while number.len() < *length {
        if spaced && !number.is_empty() && number.len().is_multiple_of(4) {
            if bytes.get(at) != Some(&b' ') {
                return None;
            }
            at += 1;
        }
        let byte = *bytes.get(at)?;
        let letter = if lower {
            byte.is_ascii_lowercase()
        } else {
            byte.is_ascii_uppercase()
        };
        if !letter && !byte.is_ascii_digit() {
            return None;
        }
        number.push(byte.to_ascii_uppercase());
        at += 1;
    }
    step(number.len());
    let hash =
        number.iter().all(u8::is_ascii_hexdigit) && number[4..].iter().any(u8::is_ascii_alphabetic);
    if lower && !spaced && hash {
        return None;
    }
    let ends = !bytes.get(at).is_some_and(|byte| is_word(*byte));
    (ends && is_checked(&number)).then_some(at)
}

/// The first four behind the rest, letters as 10 to 35: the number leaves 1 when divided by 97.
fn is_checked(number: &[u8]) -> bool {
    let rest = number[4..].iter().chain(&number[..4]);
    let remainder = rest.fold(0, |remainder, &byte| match byte {
        b'0'..=b'9' => (remainder * 10 + u32::from(byte - b'0')) % 97,
        _ => (remainder * 100 + u32::from(byte - b'A') + 10) % 97,
    });
    remainder == 1
}
