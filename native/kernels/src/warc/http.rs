//! HTTP responses as archives hold them: status, the fields that matter, and the body without its codings.

use std::borrow::Cow;

use super::coding::{Obstacle, gunzip, inflate, join_chunks, looks_plain};
use super::head::{self, HeadEnd};

/// The head of an HTTP response; `body` is where its body begins.
#[derive(Default, Debug)]
pub(super) struct Response {
    pub(super) status: Option<u16>,
    pub(super) content_type: Option<String>,
    chunked: bool,
    /// Content codings in the order they were applied.
    codings: Vec<String>,
    body: usize,
}

impl Response {
    /// Reads the head of a block that begins with `HTTP/`; `None` for any other.
    pub(super) fn parse(block: &[u8]) -> Option<Self> {
        if !block.starts_with(b"HTTP/") {
            return None;
        }
        let body = match head::find_end(block, 0, |_| false) {
            HeadEnd::At(body) => body,
            _ => block.len(),
        };
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
        for (name, value) in head::fields(&block[..body]) {
            match name.to_ascii_lowercase().as_slice() {
                b"content-type" if response.content_type.is_none() && !value.is_empty() => {
                    response.content_type = Some(head::text(&value));
                }
                b"transfer-encoding" => {
                    response.chunked |= tokens(&value).iter().any(|t| t == "chunked")
                }
                b"content-encoding" => response.codings.extend(tokens(&value)),
                _ => {}
            }
        }
        Some(response)
    }

    /// The body as it was archived.
    pub(super) fn raw_body<'a>(&self, block: &'a [u8]) -> &'a [u8] {
        &block[self.body..]
    }

    /// The body without transfer and content codings, as far as the head names them and the bytes are so.
    ///
    /// A body that ends early gives what there is of it. Nothing decoded is longer than `limit` bytes.
    pub(super) fn body<'a>(
        &self,
        block: &'a [u8],
        limit: usize,
    ) -> Result<Cow<'a, [u8]>, Obstacle> {
        let mut body = Cow::Borrowed(self.raw_body(block));
        if self.chunked
            && let Some(joined) = join_chunks(&body)
        {
            body = Cow::Owned(joined);
        }
        for coding in self.codings.iter().rev() {
            let decoded = match coding.as_str() {
                "identity" | "none" => None,
                "gzip" | "x-gzip" => gunzip(&body, limit)?,
                "deflate" => inflate(&body, limit)?,
                _ if looks_plain(&body) => None,
                other => {
                    return Err(Obstacle::Coding(format!(
                        "the body is in the content coding {other:.40}"
                    )));
                }
            };
            if let Some(decoded) = decoded {
                body = Cow::Owned(decoded);
            }
        }
        Ok(body)
    }
}

/// Whether bytes begin like an HTML page, behind a byte order mark, white space and comments.
pub(super) fn begins_like_html(body: &[u8]) -> bool {
    const TAGS: [&str; 17] = [
        "!doctype html",
        "html",
        "head",
        "script",
        "iframe",
        "h1",
        "div",
        "font",
        "table",
        "a",
        "style",
        "title",
        "b",
        "body",
        "br",
        "p",
        "meta",
    ];
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
    TAGS.iter().any(|tag| {
        let ends = rest
            .get(tag.len())
            .is_some_and(|&b| b == b'>' || b.is_ascii_whitespace());
        ends && rest[..tag.len()].eq_ignore_ascii_case(tag.as_bytes())
    })
}

fn tokens(value: &[u8]) -> Vec<String> {
    let words = value
        .split(|&b| b == b',')
        .map(|word| head::text(word.trim_ascii()).to_ascii_lowercase());
    words.filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    const PAGE: &[u8] = b"<html><body>a page, a page, a page</body></html>";

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn decode(head: &str, body: &[u8]) -> Result<Vec<u8>, Obstacle> {
        let block = [b"HTTP/1.1 200 OK\r\n", head.as_bytes(), b"\r\n\r\n", body].concat();
        Response::parse(&block)
            .unwrap()
            .body(&block, 10_000)
            .map(Cow::into_owned)
    }

    #[test]
    fn chunks_are_joined_only_where_they_are_chunks() {
        let chunked = "Transfer-Encoding: chunked";
        assert_eq!(
            decode(chunked, b"3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n").unwrap(),
            b"abc0123456789"
        );
        assert_eq!(decode(chunked, b"3\r\nabc\r\n5\r\nde").unwrap(), b"abcde");
        assert_eq!(decode(chunked, b"3\r\nabc\r\n").unwrap(), b"abc");
        assert_eq!(
            decode(chunked, b"3\r\nabcd\r\n0\r\n").unwrap(),
            b"3\r\nabcd\r\n0\r\n"
        );
        assert_eq!(decode(chunked, PAGE).unwrap(), PAGE);
        assert_eq!(
            decode("A: b", b"3\r\nabc\r\n0\r\n\r\n").unwrap(),
            b"3\r\nabc\r\n0\r\n\r\n"
        );
    }

    #[test]
    fn codings_are_undone_only_where_they_are() {
        let gz = gzip(PAGE);
        assert_eq!(decode("Content-Encoding: gzip", &gz).unwrap(), PAGE);
        assert_eq!(
            decode("Content-Encoding: gzip", &[gz.clone(), gz.clone()].concat()).unwrap(),
            [PAGE, PAGE].concat()
        );
        assert_eq!(
            decode("Content-Encoding: gzip, GZIP", &gzip(&gz)).unwrap(),
            PAGE
        );
        assert_eq!(decode("Content-Encoding: gzip", PAGE).unwrap(), PAGE);
        assert_eq!(decode("A: b", &gz).unwrap(), gz);
        assert_eq!(decode("Content-Encoding: utf-8", PAGE).unwrap(), PAGE);
        let cut = decode("Content-Encoding: gzip", &gz[..gz.len() - 12]).unwrap();
        assert!(!cut.is_empty() && PAGE.starts_with(&cut));
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(PAGE).unwrap();
        assert_eq!(
            decode("Content-Encoding: deflate", &zlib.finish().unwrap()).unwrap(),
            PAGE
        );
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::default());
        raw.write_all(PAGE).unwrap();
        assert_eq!(
            decode("Content-Encoding: deflate", &raw.finish().unwrap()).unwrap(),
            PAGE
        );
        assert_eq!(decode("Content-Encoding: deflate", PAGE).unwrap(), PAGE);
    }

    #[test]
    fn what_cannot_be_undone_is_said() {
        let brotli = b"\x8b\x03\x80ab\x00\x01\xffc\x03";
        assert!(
            matches!(decode("Content-Encoding: br", brotli), Err(Obstacle::Coding(why)) if why.contains(" br"))
        );
        let mut gz = gzip(PAGE);
        let at = gz.len() - 6;
        gz[at] ^= 1;
        assert!(
            matches!(decode("Content-Encoding: gzip", &gz), Err(Obstacle::Coding(why)) if why.contains("gzip"))
        );
        assert_eq!(
            decode("Content-Encoding: gzip", &gzip(&[b' '; 10_001])),
            Err(Obstacle::TooLarge(10_000))
        );
        assert_eq!(
            decode("Content-Encoding: gzip", &gzip(&[b' '; 10_000]))
                .unwrap()
                .len(),
            10_000
        );
    }

    #[test]
    fn heads_are_read() {
        let block = b"HTTP/1.1  404 Not Found\r\ncontent-TYPE: text/html; charset=x\r\n\r\nbody";
        let response = Response::parse(block).unwrap();
        assert_eq!(
            (response.status, response.content_type.as_deref()),
            (Some(404), Some("text/html; charset=x"))
        );
        assert_eq!(response.raw_body(block), b"body");
        assert!(Response::parse(b"dns:x").is_none());
        assert_eq!(
            Response::parse(b"HTTP/1.0 2xx\r\nno end").unwrap().status,
            None
        );
    }

    #[test]
    fn pages_are_sniffed() {
        for page in [
            "\u{feff} <!DOCTYPE html>",
            "<HTML>",
            "<p >",
            "<!-- x",
            "\n<body class=x>",
        ] {
            assert!(begins_like_html(page.as_bytes()), "{page}");
        }
        for other in [
            "",
            "<",
            "<htmlx>",
            "<?xml version",
            "text <p>",
            "<pre>",
            "<html",
        ] {
            assert!(!begins_like_html(other.as_bytes()), "{other}");
        }
    }
}
