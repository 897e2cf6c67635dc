//! Secrets that show what they are: private keys in PEM blocks, and access keys with the prefixes of their issuers.

use std::collections::HashSet;
use std::ops::Range;

use memchr::memmem;

use crate::steps::step;

const PEM_BEGIN: &[u8] = b"-----BEGIN ";
const PEM_END: &[u8] = b"-----END ";
/// How long the line of a block's begin or end may be, and the block.
const MAX_PEM_LINE: usize = 80;
const MAX_PEM: usize = 16 << 10;
/// Words beside one another in what is still taken for a key: those of its headers.
const MOST_WORDS: usize = 8;
/// The shortest of all access keys.
const MIN_KEY: usize = 20;

/// What a prefix must be followed by: as many bytes of [A-Za-z0-9_-] as the range says.
#[rustfmt::skip]
const PREFIXES: [(&[u8], usize, usize); 27] = [
    (b"AKIA", 16, 16), (b"ASIA", 16, 16), (b"AIza", 35, 35),
    (b"ghp_", 36, 255), (b"gho_", 36, 255), (b"ghu_", 36, 255), (b"ghs_", 36, 255), (b"ghr_", 36, 255),
    (b"github_pat_", 40, 255), (b"glpat-", 20, 255), (b"npm_", 36, 36), (b"pypi-AgE", 50, 255), (b"hf_", 30, 40),
    (b"xoxb-", 20, 255), (b"xoxp-", 20, 255), (b"xoxa-", 20, 255), (b"xoxr-", 20, 255), (b"xoxs-", 20, 255),
    (b"sk_live_", 16, 255), (b"rk_live_", 16, 255), (b"sk_test_", 16, 255), (b"shpat_", 32, 32),
    (b"dop_v1_", 64, 64), (b"sk-", 32, 255), (b"sk-ant-", 40, 255), (b"sk-or-v1-", 64, 64), (b"sk-proj-", 40, 255),
];

/// Prefixes of keys that may have no digit: letters and digits in this number, and nothing else.
const FIXED: [(&[u8], usize); 7] = [
    (b"ghp_", 36),
    (b"gho_", 36),
    (b"ghu_", 36),
    (b"ghs_", 36),
    (b"ghr_", 36),
    (b"npm_", 36),
    (b"hf_", 34),
];
/// Fewer different characters than that are a placeholder.
const FEWEST_DIFFERENT: usize = 10;

/// Private keys and access keys.
///
/// Blocks: the search for their ends only goes forward. Access keys: each run of key characters is read once.
pub fn find(text: &str, found: &mut Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    let mut begin = 0;
    for block in find_blocks(bytes) {
        find_access_keys(bytes, begin..block.start, found);
        begin = block.end;
        found.push(block);
    }
    find_access_keys(bytes, begin..bytes.len(), found);
}

fn find_blocks(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut blocks: Vec<Range<usize>> = vec![];
    let mut ends = memmem::find_iter(bytes, PEM_END).peekable();
    let mut done = 0;
    for begin in memmem::find_iter(bytes, PEM_BEGIN) {
        let Some(header) = line_end(bytes, begin).filter(|_| begin >= done) else {
            continue;
        };
        if memmem::find(&bytes[begin..header], b"PRIVATE KEY").is_none() {
            continue;
        }
        while ends.next_if(|end| *end < header).is_some() {}
        let block_end = ends
            .peek()
            .filter(|end| **end - header <= MAX_PEM)
            .filter(|end| label(bytes, begin, PEM_BEGIN) == label(bytes, **end, PEM_END))
            .filter(|end| is_body(&bytes[header..**end]))
            .and_then(|end| line_end(bytes, *end));
        done = block_end.unwrap_or_else(|| body_end(bytes, header));
        blocks.push(begin..done);
    }
    blocks
}

/// What stands behind `-----BEGIN ` or `-----END ` up to the next hyphens.
fn label<'a>(bytes: &'a [u8], begin: usize, opening: &[u8]) -> Option<&'a [u8]> {
    let line = bytes.get(begin + opening.len()..bytes.len().min(begin + MAX_PEM_LINE))?;
    Some(&line[..memmem::find(line, b"-----")?])
}

/// Whether it can be a key, however that is written down in code or data: no other one begins, and words do not stand
/// beside one another.
fn is_body(body: &[u8]) -> bool {
    step(body.len());
    if memmem::find(body, PEM_BEGIN).is_some() {
        return false;
    }
    let between = |three: &&[u8]| {
        three[1] == b' ' && three[0].is_ascii_alphabetic() && three[2].is_ascii_alphabetic()
    };
    body.windows(3).filter(between).take(MOST_WORDS + 1).count() <= MOST_WORDS
}

/// Behind the five hyphens that close a line of a PEM block.
fn line_end(bytes: &[u8], begin: usize) -> Option<usize> {
    let line = &bytes[begin + 5..bytes.len().min(begin + MAX_PEM_LINE)];
    memmem::find(line, b"-----").map(|at| begin + 5 + at + 5)
}

/// Where the key ends whose end is missing: it is Base64 in lines.
fn body_end(bytes: &[u8], begin: usize) -> usize {
    let belongs = |byte: &u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'\n' | b'\r')
    };
    let body = bytes[begin..].iter().take(MAX_PEM);
    begin + body.take_while(|byte| belongs(byte)).count()
}

fn find_access_keys(bytes: &[u8], within: Range<usize>, found: &mut Vec<Range<usize>>) {
    let mut begin = within.start;
    for at in within.clone().chain([within.end]) {
        if at < within.end && is_key_byte(bytes[at]) {
            continue;
        }
        if at - begin >= MIN_KEY && is_access_key(&bytes[begin..at]) {
            found.push(begin..at);
        }
        begin = at + 1;
    }
}

#[inline]
fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// A key of fixed length, of letters and digits alone.
fn is_fixed_key(run: &[u8]) -> bool {
    FIXED.iter().any(|(prefix, length)| {
        let body = run
            .strip_prefix(*prefix)
            .filter(|body| body.len() == *length && body.iter().all(u8::is_ascii_alphanumeric));
        body.is_some_and(|body| {
            let different: HashSet<&u8> = body.iter().collect();
            different.len() >= FEWEST_DIFFERENT
        })
    })
}

/// A known prefix, the right length, and a body that is no word: with a digit and a letter, in capitals where it must be.
fn is_access_key(run: &[u8]) -> bool {
    step(run.len());
    is_fixed_key(run)
        || PREFIXES.iter().any(|(prefix, min, max)| {
            let Some(body) = run.strip_prefix(*prefix) else {
                return false;
            };
            let has = |belongs: fn(&u8) -> bool| body.iter().any(belongs);
            let capitals = prefix.ends_with(b"IA");
            (*min..=*max).contains(&body.len())
                && has(u8::is_ascii_digit)
                && has(u8::is_ascii_alphabetic)
                && (*prefix != b"sk-" || has(u8::is_ascii_uppercase))
                && !(capitals && has(|byte| !byte.is_ascii_uppercase() && !byte.is_ascii_digit()))
        })
}
