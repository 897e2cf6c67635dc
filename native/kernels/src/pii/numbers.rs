//! Numbers in text: where they begin, the digits of their groups, and the US social security number.

use std::ops::Range;

use crate::steps::step;

/// The places where a number may begin: a digit behind anything but a letter, a digit or an underscore.
pub fn begins(text: &str) -> impl Iterator<Item = usize> + '_ {
    let bytes = text.as_bytes();
    (0..bytes.len())
        .filter(move |&i| bytes[i].is_ascii_digit() && (i == 0 || !is_word(bytes[i - 1])))
}

/// A letter or a digit of ASCII, or an underscore.
#[inline]
pub fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The length of the run of digits that begins here, at most `bound`.
pub fn run(bytes: &[u8], begin: usize, bound: usize) -> usize {
    step(1);
    let rest = bytes.get(begin..).unwrap_or_default();
    rest.iter()
        .take(bound)
        .take_while(|byte| byte.is_ascii_digit())
        .count()
}

/// Whether what ends here goes on: as a word, or as a number by one of the separators and a digit.
pub fn goes_on(bytes: &[u8], end: usize, separators: &[u8]) -> bool {
    match bytes.get(end) {
        None => false,
        Some(byte) if is_word(*byte) => true,
        Some(byte) => {
            separators.contains(byte) && bytes.get(end + 1).is_some_and(u8::is_ascii_digit)
        }
    }
}

/// Whether what begins here continues a number before it, by one of the separators.
pub fn continues(bytes: &[u8], begin: usize, separators: &[u8]) -> bool {
    begin > 1 && separators.contains(&bytes[begin - 1]) && bytes[begin - 2].is_ascii_digit()
}

/// US social security numbers as they are written, ddd-dd-dddd, in the ranges that are given out.
pub fn find_ssn(text: &str, found: &mut Vec<Range<usize>>) {
    const LENGTH: usize = 11;
    let bytes = text.as_bytes();
    for begin in begins(text) {
        let Some(number) = text.get(begin..begin + LENGTH).map(str::as_bytes) else {
            continue;
        };
        let form = number.iter().enumerate().all(|(i, byte)| match i {
            3 | 6 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
        let given_out = number[0] != b'9'
            && !matches!(&number[..3], b"000" | b"666")
            && &number[4..6] != b"00"
            && &number[7..] != b"0000";
        let end = begin + LENGTH;
        if form && given_out && !continues(bytes, begin, b"-./") && !goes_on(bytes, end, b"-./") {
            found.push(begin..end);
        }
    }
}
