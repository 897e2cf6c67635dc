//! Public IP addresses: whole dotted quads, those of datatrove's expression, and IPv6.
//!
//! Each is searched around an anchor (a dot between digits, a colon between hexadecimal digits or colons), never
//! further than an address is long, or, once, over a run of bytes that then is behind.

use std::net::Ipv6Addr;
use std::ops::Range;
use std::str::FromStr;

use memchr::memchr_iter;

use super::numbers::is_word;
use super::registry;
use crate::steps::step;

/// An octet as the expressions have it: one to three digits, at most 255; zeros in front count.
pub fn octet(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 3 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = digits
        .iter()
        .fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
    (value <= 255).then_some(value)
}

/// The digits that begin here, four at most: one more than an octet has.
fn digits_after(bytes: &[u8], begin: usize) -> &[u8] {
    let rest = &bytes[begin..bytes.len().min(begin + 4)];
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    &rest[..length]
}

/// The digits that end here, four at most, not before `bound`.
fn digits_before(bytes: &[u8], end: usize, bound: usize) -> &[u8] {
    let before = &bytes[bound.max(end.saturating_sub(4))..end];
    let length = before
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    &before[before.len() - length..]
}

/// An octet and whether it is written as Python takes it: without a zero in front.
fn plain(digits: &[u8], value: u32) -> (u32, bool) {
    (value, digits.len() == 1 || digits[0] != b'0')
}

/// Whole quads of public unicast addresses: not parts of longer numbers or words, octets without zeros in front, and
/// nothing that reads as the number of a version or section.
pub fn find_v4(text: &str, found: &mut Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    let mut done = 0;
    for dot in memchr_iter(b'.', bytes) {
        if dot < done || !digit_at(bytes, dot + 1) {
            continue;
        }
        let first = digits_before(bytes, dot, done);
        let begin = dot - first.len();
        let Some((address, end, true)) = quad(bytes, first, dot, whole) else {
            continue;
        };
        let multicast = address >> 28 == 0xe;
        let public = !multicast && registry::is_global_v4(address);
        let small = address & 0xe0e0_e0e0 == 0;
        if public
            && stands_alone(bytes, begin, end, small)
            && !(small && is_numbering(bytes, begin, end))
        {
            found.push(begin..end);
            done = end;
        }
    }
}

/// What datatrove 0.10.1 replaces: any four octets with dots between, however they are surrounded.
///
/// Its octet takes as many digits as it can: the first the longest end of the digits before the dot, the last the
/// longest begin of those that follow. A match that is not public is passed over as a whole.
pub fn find_v4_datatrove(text: &str, found: &mut Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    let mut done = 0;
    for dot in memchr_iter(b'.', bytes) {
        if dot < done || !digit_at(bytes, dot + 1) {
            continue;
        }
        let before = digits_before(bytes, dot, done);
        let first = (1..=before.len().min(3))
            .rev()
            .map(|length| &before[before.len() - length..])
            .find(|digits| octet(digits).is_some());
        let Some(first) = first else { continue };
        let Some((address, end, plain)) = quad(bytes, first, dot, longest_octet) else {
            continue;
        };
        if plain && registry::is_global_v4(address) {
            found.push(dot - first.len()..end);
        }
        done = end;
    }
}

fn digit_at(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_some_and(u8::is_ascii_digit)
}

/// The quad whose first octet ends at a dot: the address, where it ends, and whether no octet has a zero in front.
fn quad(
    bytes: &[u8],
    first: &[u8],
    dot: usize,
    last: fn(&[u8]) -> Option<&[u8]>,
) -> Option<(u32, usize, bool)> {
    let (mut address, mut is_plain) = plain(first, octet(first)?);
    let mut at = dot;
    for place in 1..4 {
        if bytes.get(at) != Some(&b'.') {
            return None;
        }
        let mut digits = digits_after(bytes, at + 1);
        if place == 3 {
            digits = last(digits)?;
        }
        let (value, plain) = plain(digits, octet(digits)?);
        address = address << 8 | value;
        is_plain &= plain;
        at += 1 + digits.len();
    }
    Some((address, at, is_plain))
}

fn whole(digits: &[u8]) -> Option<&[u8]> {
    Some(digits)
}

fn longest_octet(digits: &[u8]) -> Option<&[u8]> {
    (1..=digits.len().min(3))
        .rev()
        .map(|length| &digits[..length])
        .find(|digits| octet(digits).is_some())
}

/// Whether the quad is no part of a word or of a longer number with dots; a small one with hyphens neither, as in
/// 1.2.3.4-5, where a large one is the begin or end of a range.
fn stands_alone(bytes: &[u8], begin: usize, end: usize, small: bool) -> bool {
    let joint = |byte: u8| byte == b'.' || (small && byte == b'-');
    let before = bytes[..begin].last().copied().unwrap_or(b' ');
    let joined_before =
        is_word(before) || (begin > 1 && joint(before) && is_word(bytes[begin - 2]));
    let after = bytes.get(end).copied().unwrap_or(b' ');
    let joined_after =
        is_word(after) || (joint(after) && bytes.get(end + 1).is_some_and(u8::is_ascii_digit));
    !joined_before && !joined_after
}

/// Words before the number of a version or section, in this many bytes.
const NUMBERED: [&str; 12] = [
    "version", "versions", "ver", "v", "since", "section", "sec", "chapter", "clause", "release",
    "library", "kernel",
];
const LOOK_BACK: usize = 16;

/// Whether a quad of octets below 32 is a number of something: one word of those before it says so, a digit and a colon
/// stand before it, or a blank that does not break, or it begins a line as a heading does, with a blank and a letter behind.
fn is_numbering(bytes: &[u8], begin: usize, end: usize) -> bool {
    let before = &bytes[begin.saturating_sub(LOOK_BACK)..begin];
    if before.ends_with(b":") && before.iter().rev().nth(1).is_some_and(u8::is_ascii_digit) {
        return true;
    }
    if before.ends_with("\u{a0}".as_bytes()) {
        return true;
    }
    let line = before.iter().rposition(|byte| *byte == b'\n');
    let line_begins = line.is_some() || before.len() == begin;
    let before = &before[line.map_or(0, |at| at + 1)..];
    let Some(last) = before.iter().rposition(u8::is_ascii_alphanumeric) else {
        return line_begins && titles(&bytes[end..]);
    };
    let letters = before[..=last].iter().rev();
    let length = letters
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    let word = &before[last + 1 - length..=last];
    NUMBERED
        .iter()
        .any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
}

/// Whether what follows is a heading's text: perhaps a dot, then a blank, then a letter.
fn titles(after: &[u8]) -> bool {
    let after = after.strip_prefix(b".").unwrap_or(after);
    let blank = ["\u{a0}", " ", "\t"]
        .iter()
        .find_map(|blank| after.strip_prefix(blank.as_bytes()));
    blank.is_some_and(|rest| {
        rest.first()
            .is_some_and(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii())
    })
}

/// The longest an IPv6 address can be written.
const MAX_V6: usize = 45;

/// Public unicast IPv6 addresses in any of their forms.
///
/// What is left out leaves only few groups, as in `a::b`, is taken for an address only in the part of the space that is
/// assigned (2000::/3): elsewhere it is program text. Eight groups of two digits are the address of some hardware.
pub fn find_v6(text: &str, found: &mut Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    let mut done = 0;
    for colon in memchr_iter(b':', bytes) {
        if colon < done || !bytes.get(colon + 1).is_some_and(|byte| is_v6(*byte)) {
            continue;
        }
        let mut begin = colon;
        while begin > done && is_v6(bytes[begin - 1]) {
            begin -= 1;
        }
        let mut end = colon + 1;
        while end < bytes.len() && is_v6(bytes[end]) {
            end += 1;
        }
        step(end - begin);
        done = end;
        if is_tagged(bytes, begin) {
            begin += 2;
        }
        // The end of a sentence, or a colon behind the address; `::` at its end is its own.
        let mut last = end;
        if bytes[last - 1] == b'.' || (bytes[last - 1] == b':' && bytes[last - 2] != b':') {
            last -= 1;
        }
        let joined = last <= begin
            || bytes[..begin].last().is_some_and(|byte| is_word(*byte))
            || bytes.get(end).is_some_and(|byte| is_word(*byte));
        if !joined && last - begin <= MAX_V6 && is_public_v6(&text[begin..last]) {
            found.push(begin..last);
        }
    }
}

/// Whether the run that begins here is that of `[IPv6:2001:...]`, as mail servers write an address: `6:` is the tag's.
fn is_tagged(bytes: &[u8], begin: usize) -> bool {
    let tag = &bytes[begin.saturating_sub(4)..];
    tag.len() > 6 && tag[..6].eq_ignore_ascii_case(b"[IPv6:")
}

#[inline]
fn is_v6(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.')
}

fn is_public_v6(written: &str) -> bool {
    let Ok(address) = Ipv6Addr::from_str(written) else {
        return false;
    };
    let address = u128::from(address);
    let assigned = address >> 125 == 1;
    let digits = written.bytes().filter(u8::is_ascii_hexdigit).count();
    let full = !written.contains("::") && digits > 16;
    let multicast = address >> 120 == 0xff;
    (assigned || full) && !multicast && registry::is_global_v6(address)
}
