//! HTTP responses as archives hold them: status, the fields that matter, and the body without its codings.

use std::borrow::Cow;

use super::coding::{Obstacle, Undone, join_chunks, undo};
use super::head::{self, HeadEnd};
use super::stream::End;

/// The head of an HTTP response; `body` is where its body begins.
#[derive(Default, Debug)]
pub(super) struct Response {
    pub(super) status: Option<u16>,
    pub(super) content_type: Option<String>,
    /// Bytes of the body, as the head says.
    length: Option<u64>,
    /// The range of bytes that was sent is all of them.
    all_sent: Option<bool>,
    chunked: bool,
    /// Content codings in the order they were applied.
    codings: Vec<String>,
    body: usize,
}

/// More codings than that on one body are no server's doing.
const MAX_CODINGS: usize = 4;

/// What a body may break off in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Broken {
    /// Its chunks.
    Chunks,
    /// The stream of a coding.
    Stream,
}

/// A body without its codings.
pub(super) struct Body<'a> {
    pub(super) bytes: Cow<'a, [u8]>,
    /// It goes on behind the bytes allowed.
    pub(super) cut: bool,
    /// The coding that ended before its end: the first of them, as it was taken off.
    broken: Option<Broken>,
    /// Codings that the head names and the bytes are not in.
    pub(super) not_so: Vec<String>,
    /// The coding that the bytes were in and the head does not name.
    pub(super) undeclared: Option<&'static str>,
}

impl<'a> Body<'a> {
    /// Bytes that were never in a coding.
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Body {
            bytes: Cow::Borrowed(bytes),
            cut: false,
            broken: None,
            not_so: Vec::new(),
            undeclared: None,
        }
    }

    /// The same without a gzip coding that nobody named: some servers send files so, some code twice. It keeps to the
    /// `limit` of any other coding.
    pub(super) fn reveal(mut self, limit: usize) -> Result<Self, Obstacle> {
        if self.bytes.starts_with(&[0x1f, 0x8b, 8])
            && let Undone::Bytes { bytes, end } = undo("gzip", &self.bytes, limit)?
        {
            self.replace(bytes, end);
            self.undeclared = Some("gzip");
        }
        Ok(self)
    }

    fn replace(&mut self, bytes: Vec<u8>, end: End) {
        self.bytes = Cow::Owned(bytes);
        self.cut |= end == End::Limit;
        match end {
            // Only the chunk that ends a body was missing: all that the stream holds is there.
            End::Whole if self.broken == Some(Broken::Chunks) => self.broken = None,
            End::Cut => self.broken = self.broken.or(Some(Broken::Stream)),
            _ => {}
        }
    }

    /// What it breaks off in; not asked of a page that ends with its last tag.
    pub(super) fn breaks_off(&self) -> Option<Broken> {
        self.broken.filter(|_| !ends_like_html(&self.bytes))
    }
}

impl Response {
    /// Reads the head of a block that begins with `HTTP/`, in any case and behind blank lines; `None` for any other.
    ///
    /// Of several responses, one behind the other, the first counts that is not an interim one (`100 Continue`).
    pub(super) fn parse(block: &[u8]) -> Option<Self> {
        let mut response = Self::parse_from(block, 0)?;
        while response.is_interim()
            && let Some(next) = Self::parse_from(block, response.body)
        {
            response = next;
        }
        Some(response)
    }

    /// Whether a server sends another one behind it; 101 changes the protocol, so that none follows.
    fn is_interim(&self) -> bool {
        self.status
            .is_some_and(|status| status != 101 && (100..200).contains(&status))
    }

    fn parse_from(block: &[u8], from: usize) -> Option<Self> {
        let begin = block.len() - block[from..].trim_ascii_start().len();
        let name = block.get(begin..begin + 5)?;
        if !name.eq_ignore_ascii_case(b"HTTP/") {
            return None;
        }
        let body = match head::find_end(block, begin, |_| false) {
            HeadEnd::At(body) => body,
            _ => block.len(),
        };
        let block = &block[begin..];
        let mut response = Response {
            body,
            ..Response::default()
        };
        let line = block.split(|&b| b == b'\n').next().unwrap_or_default();
        let code = line
            .split(|b| b.is_ascii_whitespace())
            .filter(|word| !word.is_empty())
            .nth(1);
        response.status = code.and_then(|code| std::str::from_utf8(code).ok()?.parse().ok());
        let mut transfer = Vec::new();
        for (name, value) in head::fields(&block[..body - begin]) {
            match name.to_ascii_lowercase().as_slice() {
                b"content-type" if response.content_type.is_none() && !value.is_empty() => {
                    response.content_type = Some(head::text(&value));
                }
                b"content-length" if response.length.is_none() => {
                    response.length = std::str::from_utf8(&value)
                        .ok()
                        .and_then(|v| v.parse().ok());
                }
                b"content-range" if response.all_sent.is_none() => {
                    response.all_sent = Some(is_all(&value));
                }
                b"transfer-encoding" => {
                    let named = tokens(&value);
                    response.chunked |= named.iter().any(|t| t == "chunked");
                    transfer.extend(named.into_iter().filter(|t| SQUEEZED.contains(&t.as_str())));
                }
                b"content-encoding" => response.codings.extend(tokens(&value)),
                _ => {}
            }
        }
        response.codings.extend(transfer); // what was put on last comes off first
        Some(response)
    }

    /// The body as it was archived.
    pub(super) fn raw_body<'a>(&self, block: &'a [u8]) -> &'a [u8] {
        &block[self.body..]
    }

    /// Whether the archive has fewer bytes of the body than the head says there are; `body` is that of this response.
    ///
    /// A length says nothing beside chunks, nor of bytes from which a coding was taken before they were archived, nor of
    /// a page that ends with its last tag.
    pub(super) fn is_short(&self, block: &[u8], body: &Body<'_>) -> bool {
        let there = self.raw_body(block).len() as u64;
        let short = !self.chunked && self.length.is_some_and(|said| said > there);
        short && body.not_so.is_empty() && !ends_like_html(&body.bytes)
    }

    /// Whether the server sent a part only, and not one from the first byte to the last.
    pub(super) fn is_part(&self) -> bool {
        self.status == Some(206) && self.all_sent != Some(true)
    }

    /// The body without transfer and content codings, as far as the head names them and the bytes are so.
    ///
    /// A body that ends early gives what there is of it; `partial` says that it is known to. Nothing decoded is longer
    /// than `limit` bytes: it is cut, or refused where it is a bomb.
    pub(super) fn body<'a>(
        &self,
        block: &'a [u8],
        limit: usize,
        partial: bool,
    ) -> Result<Body<'a>, Obstacle> {
        let mut body = Body::of(self.raw_body(block));
        if self.chunked {
            match join_chunks(&body.bytes, partial)? {
                Some(joined) => {
                    body.bytes = Cow::Owned(joined.bytes);
                    body.broken = (!joined.whole).then_some(Broken::Chunks);
                }
                None => body.not_so.push("chunked".to_owned()),
            }
        }
        if self.codings.len() > MAX_CODINGS {
            return Err(Obstacle::Coding(format!(
                "the head names {} content codings, expected at most {MAX_CODINGS}",
                self.codings.len()
            )));
        }
        for coding in self.codings.iter().rev() {
            match undo(coding, &body.bytes, limit)? {
                Undone::Bytes { bytes, end } => body.replace(bytes, end),
                Undone::Identity => {}
                Undone::NotSo => body.not_so.push(coding.clone()),
            }
        }
        Ok(body)
    }
}

/// Transfer codings that make a body smaller; `chunked` is undone before them.
const SQUEEZED: [&str; 3] = ["gzip", "x-gzip", "deflate"];

/// Whether bytes begin like an HTML page, behind a byte order mark, white space and comments.
pub(super) fn begins_like_html(body: &[u8]) -> bool {
    const TAGS: &str =
        "!doctype html,html,head,script,iframe,h1,div,font,table,a,style,title,b,body,br,p,meta";
    let rest = body
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(body)
        .trim_ascii_start();
    if rest.starts_with(b"<!--") {
        return true;
    }
    let Some(rest) = rest.strip_prefix(b"<") else {
        return false;
    };
    TAGS.split(',').any(|tag| {
        let ends = rest
            .get(tag.len())
            .is_some_and(|&b| b == b'>' || b.is_ascii_whitespace());
        ends && rest[..tag.len()].eq_ignore_ascii_case(tag.as_bytes())
    })
}

/// Whether a `Content-Range` is all there is: `bytes 0-13/14`.
fn is_all(range: &[u8]) -> bool {
    let numbers = || {
        let (unit, range) = std::str::from_utf8(range).ok()?.trim().split_once(' ')?;
        let (sent, total) = range.trim().split_once('/')?;
        let (first, last) = sent.split_once('-')?;
        let [first, last, total] = [first, last, total].map(|n| n.trim().parse::<u64>());
        Some(
            unit.eq_ignore_ascii_case("bytes")
                && first == Ok(0)
                && last.ok()?.checked_add(1)? == total.ok()?,
        )
    };
    numbers().unwrap_or(false)
}

fn ends_like_html(body: &[u8]) -> bool {
    const LAST: &[u8] = b"</html>";
    let body = body.trim_ascii_end();
    let last = &body[body.len().saturating_sub(LAST.len())..];
    last.eq_ignore_ascii_case(LAST)
}

fn tokens(value: &[u8]) -> Vec<String> {
    let words = value
        .split(|&b| b == b',')
        .map(|word| head::text(word.trim_ascii()).to_ascii_lowercase());
    words.filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests;
