//! Undoing what HTTP bodies are wrapped in: chunks, gzip, deflate, Brotli and zstd.

use super::http::begins_like_html;
use super::stream::{End, Stream};

/// No line with a chunk's size is longer.
const SIZE_LINE: usize = 1024;

/// Why a body cannot be given.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// A sentence that names the coding.
    Coding(String),
    /// More than so many bytes when decoded.
    TooLarge(usize),
}

/// Text, in whatever charset, shows itself by what it does not hold; a coding that is only said to be there is common.
pub(super) fn looks_plain(body: &[u8]) -> bool {
    let control = |b: &u8| matches!(b, 0..=8 | 14..=26 | 28..=31);
    let sample = &body[..body.len().min(512)];
    let xml = body.trim_ascii_start().starts_with(b"<?xml");
    xml || begins_like_html(body) || !sample.iter().any(control)
}

/// A chunk, as far as it is there.
enum Chunk<'a> {
    /// Its bytes and what follows them.
    Whole(&'a [u8], &'a [u8]),
    /// The last one, or one that ends early.
    Last(&'a [u8]),
    Absent,
}

/// The bytes of a chunked body; `None` where not even the first chunk is one. It may end early, in a chunk.
///
/// Damage behind a chunk is an obstacle.
pub(super) fn join_chunks(body: &[u8]) -> Result<Option<Vec<u8>>, Obstacle> {
    let mut joined = Vec::with_capacity(body.len());
    let mut rest = body;
    let mut chunks = 0;
    while !rest.is_empty() {
        match read_chunk(rest) {
            Chunk::Whole(bytes, more) => {
                joined.extend_from_slice(bytes);
                rest = more;
            }
            Chunk::Last(bytes) => {
                joined.extend_from_slice(bytes);
                return Ok(Some(joined));
            }
            Chunk::Absent if chunks == 0 => return Ok(None),
            Chunk::Absent if ends_early(rest) => return Ok(Some(joined)),
            Chunk::Absent => {
                let error = format!(
                    "the body's chunked coding is damaged behind its first {chunks} chunks"
                );
                return Err(Obstacle::Coding(error));
            }
        }
        chunks += 1;
    }
    Ok((chunks > 0).then_some(joined))
}

fn read_chunk(bytes: &[u8]) -> Chunk<'_> {
    let Some(newline) = bytes.iter().take(SIZE_LINE).position(|&b| b == b'\n') else {
        return Chunk::Absent;
    };
    let line = bytes[..newline].split(|&b| b == b';').next();
    let line = line.unwrap_or_default().trim_ascii();
    let size = std::str::from_utf8(line)
        .ok()
        .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
        .and_then(|digits| usize::from_str_radix(digits, 16).ok());
    let rest = &bytes[newline + 1..];
    match size {
        None => Chunk::Absent,
        Some(0) => Chunk::Last(&[]),
        Some(size) if size > rest.len() => Chunk::Last(rest),
        Some(size) => match &rest[size..] {
            [b'\r', b'\n', more @ ..] | [b'\n', more @ ..] => Chunk::Whole(&rest[..size], more),
            [] | [b'\r'] => Chunk::Last(&rest[..size]),
            _ => Chunk::Absent,
        },
    }
}

/// Whether a body ends before the next chunk begins: within the line with its size, or in blank lines.
fn ends_early(rest: &[u8]) -> bool {
    let size_line = rest.len() < SIZE_LINE && !rest.contains(&b'\n');
    size_line || rest.trim_ascii().is_empty()
}

/// What became of one content coding.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Undone {
    /// The bytes without it, and where they end: only the first of them, but for `End::Whole`.
    Bytes { bytes: Vec<u8>, end: End },
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
    // Its first bytes are its name: whatever is wrong behind them, it is no text.
    let named = !tries.is_empty() && is_known(coding);
    for stream in tries {
        let mut out = Vec::new();
        match stream.read(body, limit, &mut out)? {
            // Raw deflate has neither head nor checksum: short texts may decode, to bytes that are none.
            End::Whole if *stream == Stream::Deflate && looks_plain(body) && !looks_plain(&out) => {
            }
            end @ (End::Whole | End::Limit) => return Ok(Undone::Bytes { bytes: out, end }),
            end @ End::Cut if !out.is_empty() && (named || !looks_plain(body)) => {
                return Ok(Undone::Bytes { bytes: out, end });
            }
            _ => {}
        }
    }
    if (!named && looks_plain(body))
        || (tries.is_empty() && is_known(coding))
        || tries == [Stream::Deflate]
    {
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
