//! Undoing what HTTP bodies are wrapped in: chunks, gzip and deflate.

use flate2::{Decompress, FlushDecompress, Status};

use super::http::begins_like_html;

/// Why a body cannot be given.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// A sentence that names the coding.
    Coding(String),
    /// More than so many bytes when decoded.
    TooLarge(usize),
}

/// Text shows itself by what it does not hold; a coding that is only said to be there is common.
pub(super) fn looks_plain(body: &[u8]) -> bool {
    let control = |b: &u8| matches!(b, 0..=8 | 14..=26 | 28..=31);
    let sample = &body[..body.len().min(512)];
    let utf8 = match std::str::from_utf8(sample) {
        Ok(_) => true,
        Err(e) => e.error_len().is_none(),
    };
    begins_like_html(body) || (utf8 && !sample.iter().any(control))
}

/// The bytes of a chunked body; `None` where the chunks are not well formed. It may end early, in a chunk's bytes.
pub(super) fn join_chunks(body: &[u8]) -> Option<Vec<u8>> {
    let mut joined = Vec::with_capacity(body.len());
    let mut rest = body;
    let mut chunks = 0;
    while !rest.is_empty() {
        let Some(newline) = rest.iter().take(1024).position(|&b| b == b'\n') else {
            return (chunks > 0 && rest.len() < 1024).then_some(joined);
        };
        let line = rest[..newline]
            .split(|&b| b == b';')
            .next()
            .unwrap_or_default()
            .trim_ascii();
        let size = std::str::from_utf8(line)
            .ok()
            .filter(|l| l.bytes().all(|b| b.is_ascii_hexdigit()))?;
        let size = usize::from_str_radix(size, 16).ok()?;
        rest = &rest[newline + 1..];
        chunks += 1;
        if size == 0 {
            return Some(joined);
        }
        if size > rest.len() {
            joined.extend_from_slice(rest);
            return Some(joined);
        }
        joined.extend_from_slice(&rest[..size]);
        rest = &rest[size..];
        rest = match rest {
            [b'\r', b'\n', more @ ..] | [b'\n', more @ ..] => more,
            [] | [b'\r'] => &[],
            _ => return None,
        };
    }
    (chunks > 0).then_some(joined)
}

enum Inflated {
    /// All of it, and how many bytes it took.
    Whole(usize),
    /// The input ended before the stream did.
    Cut,
    Damaged,
}

/// Appends what `inflater` makes of `input` to `out`.
fn inflate_into(
    out: &mut Vec<u8>,
    input: &[u8],
    mut inflater: Decompress,
    limit: usize,
) -> Result<Inflated, Obstacle> {
    loop {
        let (taken, given) = (inflater.total_in() as usize, inflater.total_out());
        if out.len() == out.capacity() {
            out.reserve(
                out.len()
                    .max(input.len().saturating_mul(4))
                    .clamp(4096, 1 << 22),
            );
        }
        let result = inflater.decompress_vec(&input[taken..], out, FlushDecompress::None);
        if out.len() > limit {
            return Err(Obstacle::TooLarge(limit));
        }
        match result {
            Ok(Status::StreamEnd) => return Ok(Inflated::Whole(inflater.total_in() as usize)),
            Ok(_) if inflater.total_out() == given && out.len() < out.capacity() => {
                return Ok(Inflated::Cut);
            }
            Ok(_) => {}
            Err(_) => return Ok(Inflated::Damaged),
        }
    }
}

/// One or more gzip members; `None` where the bytes are not gzip.
pub(super) fn gunzip(body: &[u8], limit: usize) -> Result<Option<Vec<u8>>, Obstacle> {
    let mut out = Vec::new();
    let mut rest = body;
    while rest.starts_with(&[0x1f, 0x8b, 8]) {
        match inflate_into(&mut out, rest, Decompress::new_gzip(15), limit)? {
            Inflated::Whole(taken) => rest = &rest[taken..],
            Inflated::Cut if !out.is_empty() => return Ok(Some(out)),
            Inflated::Cut => {
                return Err(Obstacle::Coding(
                    "the body's gzip coding ends before any byte".to_owned(),
                ));
            }
            Inflated::Damaged => {
                return Err(Obstacle::Coding(
                    "the body's gzip coding is damaged".to_owned(),
                ));
            }
        }
    }
    Ok((rest.len() < body.len()).then_some(out))
}

/// The `deflate` coding, which is meant to have a zlib head and often has none; `None` where the bytes are neither.
pub(super) fn inflate(body: &[u8], limit: usize) -> Result<Option<Vec<u8>>, Obstacle> {
    let zlib = matches!(*body, [cmf, flg, ..] if cmf & 15 == 8 && u16::from_be_bytes([cmf, flg]) % 31 == 0);
    for with_head in [true, false] {
        if with_head && !zlib {
            continue;
        }
        let mut out = Vec::new();
        match inflate_into(&mut out, body, Decompress::new(with_head), limit)? {
            Inflated::Whole(_) => return Ok(Some(out)),
            Inflated::Cut if !out.is_empty() && !looks_plain(body) => return Ok(Some(out)),
            _ => {}
        }
    }
    if zlib && !looks_plain(body) {
        return Err(Obstacle::Coding(
            "the body's deflate coding is damaged".to_owned(),
        ));
    }
    Ok(None)
}
