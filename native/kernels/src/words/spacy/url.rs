//! Which strings spaCy takes for an address and leaves whole.
//!
//! The pattern is `[scheme://][anything@]host[:port][/?# anything]`. A host holds none of `@ : / ? #`, so every
//! beginning it may have is read up to the first of them and no further: linear time.

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

use super::classes::{Classes, LOWER};
use crate::steps::step;

/// Whether the whole of `s`, which holds no white space, is an address.
pub fn is_whole(classes: &Classes, s: &str) -> bool {
    if !s.as_bytes().contains(&b'.') {
        return false;
    }
    let signs = s.match_indices('@').map(|(at, _)| at);
    let after_signs = signs.filter(|&at| at > 0).map(|at| at + 1);
    [0].into_iter()
        .chain(scheme(s))
        .chain(after_signs)
        .any(|start| is_host_and_rest(classes, &s[start..]))
}

/// Where the text behind a scheme starts.
fn scheme(s: &str) -> Option<usize> {
    let colon = s.find(':').filter(|&at| s[at..].starts_with("://"))?;
    let name = &s[..colon];
    let fits = name.chars().nth(1).is_some()
        && name
            .chars()
            .all(|c| matches!(c, '+' | '-' | '.' | '_') || is_word(c));
    fits.then_some(colon + 3)
}

fn is_host_and_rest(classes: &Classes, s: &str) -> bool {
    let end = s.find(['@', ':', '/', '?', '#']).unwrap_or(s.len());
    let (host, rest) = s.split_at(end);
    step(end);
    is_rest(rest) && (is_address(host) || is_name(classes, host))
}

/// An optional port and an optional path.
fn is_rest(rest: &str) -> bool {
    let path = match rest.strip_prefix(':') {
        Some(port) => {
            let digits = port.chars().take_while(|&c| is_digit(c));
            let (count, bytes) = digits.fold((0, 0), |(n, len), c| (n + 1, len + c.len_utf8()));
            if !(2..=5).contains(&count) {
                return false;
            }
            &port[bytes..]
        }
        None => rest,
    };
    path.is_empty() || path.starts_with(['/', '?', '#'])
}

/// Labels of up to 64 characters, and behind the last full stop 2 to 63 letters in lower case.
fn is_name(classes: &Classes, host: &str) -> bool {
    let Some((labels, top)) = host.rsplit_once('.') else {
        return false;
    };
    let letters = top.chars().take(64).count();
    (2..=63).contains(&letters)
        && top.chars().all(|c| classes.has(c, LOWER))
        && labels.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(is_label_edge);
    edge(label.chars().next())
        && edge(label.chars().next_back())
        && label.chars().nth(64).is_none()
        && label
            .chars()
            .all(|c| is_label_edge(c) || matches!(c, '_' | '-'))
}

fn is_label_edge(c: char) -> bool {
    c.is_ascii_alphanumeric() || ('\u{a1}'..='\u{ffff}').contains(&c)
}

/// Four octets of a public network; a digit but the first may be of any script, where the pattern leaves it open.
fn is_address(host: &str) -> bool {
    let mut octets = [""; 4];
    let mut parts = host.split('.');
    for octet in &mut octets {
        let Some(part) = parts.next().filter(|part| part.chars().nth(3).is_none()) else {
            return false;
        };
        *octet = part;
    }
    let [first, second, third, fourth] = octets;
    let shaped = fits(first, &["1-9", "1-9 d", "1 d d", "2 0-1 d", "2 2 0-3"])
        && [second, third]
            .iter()
            .all(|octet| fits(octet, &["d", "d d", "1 d d", "1 d", "2 0-4 d", "2 5 0-5"]))
        && fits(fourth, &["1-9", "1-9 d", "1 d d", "2 0-4 d", "2 5 0-4"]);
    shaped && parts.next().is_none() && !is_private(first, second)
}

fn is_private(first: &str, second: &str) -> bool {
    matches!(
        (first, second),
        ("10" | "127", _) | ("169", "254") | ("192", "168")
    ) || first == "172" && fits(second, &["1 6-9", "2 d", "3 0-1"])
}

/// Whether one of `shapes` is that of `octet`: by character a digit, a range of digits, or `d` for any.
fn fits(octet: &str, shapes: &[&str]) -> bool {
    shapes.iter().any(|shape| {
        let mut chars = octet.chars();
        let each = shape.split(' ').all(|part| {
            chars.next().is_some_and(|c| match part.as_bytes() {
                [b'd'] => is_digit(c),
                [digit] => c == char::from(*digit),
                [from, _, to] => (char::from(*from)..=char::from(*to)).contains(&c),
                _ => false,
            })
        });
        each && chars.next().is_none()
    })
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || !c.is_ascii() && c.general_category() == GeneralCategory::DecimalNumber
}

/// A letter or number, as Python's `\w` has it.
fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(
            c.general_category_group(),
            GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number
        )
}
