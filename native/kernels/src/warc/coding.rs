//! Undoing what HTTP bodies are wrapped in: chunks, gzip, deflate, Brotli and zstd.

use super::http::begins_like_html;
use super::stream::{End, Stream};

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

/// What became of one content coding.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Undone {
    /// The bytes without it, perhaps only the first of them.
    Bytes { bytes: Vec<u8>, cut: bool },
    /// The name of no coding at all.
    Identity,
    /// The bytes are not in it.
    NotSo,
}

/// Undoes one content coding; `limit` bounds what it gives.
pub(super) fn undo(coding: &str, body: &[u8], limit: usize) -> Result<Undone, Obstacle> {
    if body.is_empty() || matches!(coding, "identity" | "none") {
        return Ok(Undone::Identity);
    }
    let tries: &[Stream] = match coding {
        "gzip" | "x-gzip" if body.starts_with(&[0x1f, 0x8b, 8]) => &[Stream::Gzip],
        "deflate" if has_zlib_head(body) => &[Stream::Zlib, Stream::Deflate],
        "deflate" => &[Stream::Deflate],
        "br" => &[Stream::Brotli],
        "zstd" if body.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) => &[Stream::Zstd],
        _ => &[],
    };
    for stream in tries {
        let mut out = Vec::new();
        match stream.read(body, limit, &mut out)? {
            End::Whole => {
                return Ok(Undone::Bytes {
                    bytes: out,
                    cut: false,
                });
            }
            End::Limit => {
                return Ok(Undone::Bytes {
                    bytes: out,
                    cut: true,
                });
            }
            End::Cut if !out.is_empty() && !looks_plain(body) => {
                return Ok(Undone::Bytes {
                    bytes: out,
                    cut: false,
                });
            }
            _ => {}
        }
    }
    if looks_plain(body) || (tries.is_empty() && is_known(coding)) || tries == [Stream::Deflate] {
        return Ok(Undone::NotSo);
    }
    Err(Obstacle::Coding(if tries.is_empty() {
        format!("the body is in the content coding {coding:.40}")
    } else {
        format!("the body's {coding} coding is damaged")
    }))
}

/// Whether a body shows by its first bytes that it is in this coding, or not.
fn is_known(coding: &str) -> bool {
    matches!(coding, "gzip" | "x-gzip" | "zstd")
}

/// `deflate` is meant to have this head and often has none.
fn has_zlib_head(body: &[u8]) -> bool {
    matches!(*body, [cmf, flg, ..] if cmf & 15 == 8 && u16::from_be_bytes([cmf, flg]) % 31 == 0)
}
