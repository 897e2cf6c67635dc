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
    /// What there is of one that the body ends in.
    Part(&'a [u8]),
    /// The one without bytes that ends a body, and what follows its size.
    End(&'a [u8]),
    Absent,
}

/// A chunked body without its chunks.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Joined {
    pub(super) bytes: Vec<u8>,
    /// The chunk is there that ends a body.
    pub(super) whole: bool,
}

/// The bytes of a chunked body; `None` where not even the first chunk is one. It may end early, in a chunk.
///
/// Any text may begin with a line that reads like a size, so two first chunks are none: the one without bytes where
/// more follows than trailer fields, and one that goes on behind the body where what follows its size may be text.
/// That one counts where the body is known to be `partial`. Damage behind a chunk is an obstacle.
pub(super) fn join_chunks(body: &[u8], partial: bool) -> Result<Option<Joined>, Obstacle> {
    let mut bytes = Vec::with_capacity(body.len());
    let (mut rest, mut chunks, mut whole) = (body, 0, false);
    while !rest.is_empty() {
        match read_chunk(rest) {
            Chunk::End(more) if chunks == 0 && !is_trailer(more) => return Ok(None),
            Chunk::Part(part) if chunks == 0 && !partial && may_be_text(part) => return Ok(None),
            Chunk::Absent if chunks == 0 => return Ok(None),
            Chunk::Whole(chunk, more) => {
                bytes.extend_from_slice(chunk);
                rest = more;
            }
            Chunk::Part(part) => {
                bytes.extend_from_slice(part);
                rest = &[];
            }
            Chunk::End(_) => {
                whole = true;
                rest = &[];
            }
            Chunk::Absent if ends_early(rest) => rest = &[],
            Chunk::Absent => {
                let error = format!(
                    "the body's chunked coding is damaged behind its first {chunks} chunks"
                );
                return Err(Obstacle::Coding(error));
            }
        }
        chunks += 1;
    }
    Ok((chunks > 0).then_some(Joined { bytes, whole }))
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
        Some(0) => Chunk::End(rest),
        Some(size) if size > rest.len() => Chunk::Part(rest),
        Some(size) => match &rest[size..] {
            [b'\r', b'\n', more @ ..] | [b'\n', more @ ..] => Chunk::Whole(&rest[..size], more),
            // Its size is that of all that follows: no text begins so by chance.
            [] | [b'\r'] => Chunk::Whole(&rest[..size], &[]),
            _ => Chunk::Absent,
        },
    }
}

/// Whether nothing but blank lines stands behind the size of a last chunk, or trailer fields with a blank line behind
/// them.
fn is_trailer(rest: &[u8]) -> bool {
    let is_field = |line: &[u8]| {
        let name = line.split(|&b| b == b':').next().unwrap_or_default();
        !name.is_empty() && name.len() < line.len() && name.iter().all(u8::is_ascii_graphic)
    };
    let mut lines = rest.split(|&b| b == b'\n');
    let mut fields = 0;
    let mut blank = lines.by_ref().skip_while(|line| {
        let field = is_field(line);
        fields += usize::from(field);
        field
    });
    let ends = blank.all(|line| line.trim_ascii().is_empty());
    ends && (fields == 0 || rest.ends_with(b"\n\n") || rest.ends_with(b"\n\r\n"))
}

/// Whether bytes behind a line that reads like a size may be the text that this line begins: no markup, and no bytes of
/// a compression. A page whose first line is a number is rarer than one that breaks off in its first chunk.
fn may_be_text(rest: &[u8]) -> bool {
    let begin = rest.strip_prefix(b"\xef\xbb\xbf").unwrap_or(rest);
    looks_plain(rest) && !begin.trim_ascii_start().starts_with(b"<")
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

#[cfg(test)]
mod tests;
