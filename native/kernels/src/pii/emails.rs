//! E-mail addresses, by two rules: `find` for whole addresses, `find_datatrove` for what FineWeb's expression matches.
//!
//! Both look at the text on both sides of each `@` and never past another one, so a byte is read at most once forward
//! and once backward.

use std::ops::Range;

use memchr::memchr_iter;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use super::registry::is_global;
use crate::steps::step;

/// The longest local part and domain in bytes (RFC 5321).
const MAX_LOCAL: usize = 64;
const MAX_DOMAIN: usize = 253;
/// An IP address in brackets is no longer than that.
const MAX_LITERAL: usize = 52;
const V6_TAG: &str = "IPv6:";
/// Domains that belong to nobody (RFC 2606, RFC 6761), and names of images for several resolutions (`icon@2x.png`).
const NOBODY: [&str; 3] = ["example.com", "example.net", "example.org"];
const NO_TLD: [&str; 10] = [
    "test",
    "example",
    "invalid",
    "localhost",
    "png",
    "jpg",
    "jpeg",
    "gif",
    "svg",
    "webp",
];

/// Addresses with a domain that can exist: two labels or more, the last of letters alone.
///
/// Besides ASCII, letters of the European alphabets count. No word boundary is asked for, since many scripts have no
/// space before an address.
pub fn find(text: &str, found: &mut Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    let mut done = 0;
    for at in memchr_iter(b'@', bytes) {
        if at < done {
            continue;
        }
        let (Some(begin), Some(end)) = (local_begin(text, at, done), domain_end(text, at + 1))
        else {
            continue;
        };
        found.push(begin..end);
        done = end;
    }
}

fn local_begin(text: &str, at: usize, bound: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut begin = at;
    while begin > bound {
        let dot = bytes[begin - 1] == b'.' && begin < at && bytes[begin] != b'.';
        begin = match bytes[begin - 1] {
            byte if is_local(byte) || dot => begin - 1,
            _ => match letter_before(text, begin) {
                Some(letter) if letter >= bound => letter,
                _ => break,
            },
        };
        step(1);
    }
    // What quotes or brackets an address is no part of it, nor is a rule of hyphens before it.
    while begin < at && bytes[begin].is_ascii_punctuation() && bytes[begin] != b'_' {
        begin += 1;
        step(1);
    }
    (begin < at && at - begin <= MAX_LOCAL).then_some(begin)
}

fn domain_end(text: &str, begin: usize) -> Option<usize> {
    if text.as_bytes().get(begin) == Some(&b'[') {
        return address_end(text.as_bytes(), begin + 1);
    }
    let mut end = None;
    let mut label = begin;
    let mut labels = 0;
    loop {
        let label_end = label_end(text, label);
        if label_end == label || label_end - begin > MAX_DOMAIN {
            break;
        }
        labels += 1;
        if labels > 1 && is_top_level(&text[label..label_end]) {
            end = Some(label_end);
        }
        if text.as_bytes().get(label_end) != Some(&b'.') {
            break;
        }
        label = label_end + 1;
    }
    end.filter(|end| !is_nobodys(&text[begin..*end]))
}

/// Where `[8.8.8.8]` or `[IPv6:2606:4700::1111]` ends, which may stand for a domain (RFC 5321), if the address is public.
fn address_end(bytes: &[u8], begin: usize) -> Option<usize> {
    let rest = &bytes[begin..bytes.len().min(begin + MAX_LITERAL)];
    step(rest.len());
    let close = rest.iter().position(|byte| *byte == b']')?;
    let written = std::str::from_utf8(&rest[..close]).ok()?;
    let public = match written.split_at_checked(V6_TAG.len()) {
        Some((tag, address)) if tag.eq_ignore_ascii_case(V6_TAG) => {
            address.contains(':') && is_global(address)?
        }
        _ => !written.contains(':') && is_global(written)?,
    };
    public.then_some(begin + close + 1)
}

/// Where the label ends that begins here: letters, digits and hyphens between them.
fn label_end(text: &str, begin: usize) -> usize {
    let bytes = text.as_bytes();
    let mut end = begin;
    let mut next = begin;
    while let Some(&byte) = bytes.get(next) {
        step(1);
        if byte.is_ascii_alphanumeric() {
            next += 1;
            end = next;
        } else if byte == b'-' && end > begin {
            next += 1;
        } else if let Some(after) = letter_after(text, next) {
            next = after;
            end = next;
        } else {
            break;
        }
        if next - begin > MAX_DOMAIN {
            break;
        }
    }
    end
}

fn is_top_level(label: &str) -> bool {
    let ascii = label.to_ascii_lowercase();
    let letters = label
        .bytes()
        .all(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii());
    (letters || ascii.starts_with("xn--")) && label.chars().nth(1).is_some()
}

fn is_nobodys(domain: &str) -> bool {
    let lower = domain.to_ascii_lowercase();
    let below = |name: &str| {
        lower
            .strip_suffix(name)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    NOBODY.iter().chain(&NO_TLD).any(|name| below(name))
}

/// What local parts are made of in practice. More is allowed, but `/`, `=`, `&` and the like belong to what stands around.
#[inline]
fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_+'-".contains(&byte)
}

#[inline]
fn is_atom(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte)
}

/// A letter of the Latin (not ASCII), Greek, Cyrillic or Armenian alphabet: two bytes in UTF-8.
fn is_european(c: char) -> bool {
    ('\u{c0}'..'\u{590}').contains(&c) && c.general_category_group() == GeneralCategoryGroup::Letter
}

fn letter_before(text: &str, end: usize) -> Option<usize> {
    let letter = text.get(end.checked_sub(2)?..end)?.chars().next()?;
    is_european(letter).then_some(end - 2)
}

fn letter_after(text: &str, begin: usize) -> Option<usize> {
    let letter = text.get(begin..begin + 2)?.chars().next()?;
    is_european(letter).then_some(begin + 2)
}

/// What datatrove 0.10.1 replaces, span for span: its expression, with Python's Unicode word boundary before the match.
pub fn find_datatrove(text: &str, found: &mut Vec<Range<usize>>) {
    let mut done = 0;
    for at in memchr_iter(b'@', text.as_bytes()) {
        if at < done {
            continue;
        }
        let begin = chain_begin(text, at, done);
        if let (Some(begin), Some(end)) = (begin, datatrove_domain(text.as_bytes(), at + 1)) {
            found.push(begin..end);
            done = end;
        }
    }
}

/// The first word boundary before an atom character in the atoms joined by dots that end at `at`.
fn chain_begin(text: &str, at: usize, bound: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut begin = at;
    while begin > bound {
        let dot = bytes[begin - 1] == b'.' && begin < at && bytes[begin] != b'.';
        if !is_atom(bytes[begin - 1]) && !dot {
            break;
        }
        begin -= 1;
    }
    let before = text[..begin].chars().next_back();
    let mut in_word = before.is_some_and(is_word);
    for (i, &byte) in bytes[begin..at].iter().enumerate() {
        let word = is_word(char::from(byte));
        if byte != b'.' && word != in_word {
            return Some(begin + i);
        }
        in_word = word;
    }
    None
}

/// As Python's `\w`.
fn is_word(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || c == '_';
    }
    matches!(
        c.general_category_group(),
        GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number
    )
}

/// Where the domain ends: labels joined by dots, at least two, or an address literal in brackets.
fn datatrove_domain(bytes: &[u8], begin: usize) -> Option<usize> {
    if bytes.get(begin) == Some(&b'[') {
        return literal_end(bytes, begin + 1);
    }
    let mut end = None;
    let mut label = begin;
    let mut labels = 0;
    loop {
        let run = run_length(&bytes[label..], |byte| {
            byte.is_ascii_alphanumeric() || byte == b'-'
        });
        let last = bytes[label..label + run]
            .iter()
            .rposition(u8::is_ascii_alphanumeric);
        let Some(last) = last.filter(|_| bytes[label] != b'-') else {
            return end;
        };
        labels += 1;
        if labels > 1 {
            end = Some(label + last + 1);
        }
        if last + 1 < run || bytes.get(label + run) != Some(&b'.') {
            return end;
        }
        label += run + 1;
    }
}

/// `[` three octets with dots, then an octet or a tag that ends with a colon, `]`.
fn literal_end(bytes: &[u8], begin: usize) -> Option<usize> {
    let mut at = begin;
    for _ in 0..3 {
        let digits = run_length(&bytes[at..], |byte| byte.is_ascii_digit());
        super::ips::octet(&bytes[at..at + digits])?;
        at += digits;
        if bytes.get(at) != Some(&b'.') {
            return None;
        }
        at += 1;
    }
    let run = run_length(&bytes[at..], |byte| {
        byte.is_ascii_alphanumeric() || byte == b'-'
    });
    let tag = &bytes[at..at + run];
    let after = bytes.get(at + run..)?;
    if after.starts_with(b":]") && tag.last().is_some_and(u8::is_ascii_alphanumeric) {
        return Some(at + run + 2);
    }
    (after.first() == Some(&b']') && super::ips::octet(tag).is_some()).then_some(at + run + 1)
}

fn run_length(bytes: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    bytes
        .iter()
        .position(|byte| !belongs(*byte))
        .unwrap_or(bytes.len())
}
