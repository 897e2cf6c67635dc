//! HTTP responses as archives hold them: status, the fields that matter, and the body without its codings.

use std::borrow::Cow;

use super::coding::{Obstacle, Undone, join_chunks, undo};
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

/// More codings than that on one body are no server's doing.
const MAX_CODINGS: usize = 4;

/// A body without its codings.
pub(super) struct Body<'a> {
    pub(super) bytes: Cow<'a, [u8]>,
    /// It goes on behind the bytes allowed.
    pub(super) cut: bool,
    /// Codings that the head names and the bytes are not in.
    pub(super) not_so: Vec<String>,
}

impl<'a> Body<'a> {
    /// Bytes that were never in a coding.
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Body {
            bytes: Cow::Borrowed(bytes),
            cut: false,
            not_so: Vec::new(),
        }
    }
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
    /// A body that ends early gives what there is of it. Nothing decoded is longer than `limit` bytes: it is cut, or
    /// refused where it is a bomb.
    pub(super) fn body<'a>(&self, block: &'a [u8], limit: usize) -> Result<Body<'a>, Obstacle> {
        let mut body = Body::of(self.raw_body(block));
        if self.chunked {
            match join_chunks(&body.bytes) {
                Some(joined) => body.bytes = Cow::Owned(joined),
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
                Undone::Bytes { bytes, cut } => {
                    body.bytes = Cow::Owned(bytes);
                    body.cut |= cut;
                }
                Undone::Identity => {}
                Undone::NotSo => body.not_so.push(coding.clone()),
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
            .map(|body| body.bytes.into_owned())
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

    fn not_so(head: &str, body: &[u8]) -> Vec<String> {
        let block = [b"HTTP/1.1 200 OK\r\n", head.as_bytes(), b"\r\n\r\n", body].concat();
        let response = Response::parse(&block).unwrap();
        response.body(&block, 10_000).unwrap().not_so
    }

    #[test]
    fn newer_codings_are_undone() {
        let brotli = b"\x0b\x02\x80hello\x03";
        assert_eq!(decode("Content-Encoding: br", brotli).unwrap(), b"hello");
        let zstd = zstd::encode_all(PAGE, 3).unwrap();
        assert_eq!(decode("Content-Encoding: zstd", &zstd).unwrap(), PAGE);
        let both = gzip(&zstd);
        assert_eq!(decode("Content-Encoding: zstd, gzip", &both).unwrap(), PAGE);
        let damaged = decode("Content-Encoding: zstd", &[&zstd[..9], &[255; 40]].concat());
        assert!(matches!(damaged, Err(Obstacle::Coding(why)) if why.contains("zstd")));
    }

    #[test]
    fn a_server_that_lied_is_told() {
        let coded = "Transfer-Encoding: chunked\r\nContent-Encoding: ";
        for coding in ["gzip", "deflate", "br", "zstd", "utf-8"] {
            let head = format!("{coded}{coding}");
            assert_eq!(not_so(&head, PAGE), ["chunked", coding], "{coding}");
        }
        assert_eq!(not_so("Content-Encoding: identity", PAGE), [""; 0]);
        assert_eq!(not_so("Content-Encoding: gzip", b""), [""; 0]);
        let many = ["gzip"; 9].join(",");
        let refused = decode(&format!("Content-Encoding: {many}"), PAGE);
        assert!(matches!(refused, Err(Obstacle::Coding(why)) if why.contains("9 content codings")));
    }

    #[test]
    fn long_bodies_are_cut_and_bombs_refused() {
        let mut seed = 1u32;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 24) as u8
        })
        .take(20_000)
        .collect();
        for (coding, body) in [
            ("gzip", gzip(&noise)),
            ("zstd", zstd::encode_all(&noise[..], 1).unwrap()),
        ] {
            let block = [
                format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n\r\n").as_bytes(),
                &body,
            ]
            .concat();
            let cut = Response::parse(&block)
                .unwrap()
                .body(&block, 10_000)
                .unwrap();
            assert!(cut.cut);
            assert_eq!(cut.bytes[..], noise[..10_000]);
        }
        let bomb = zstd::encode_all(&[b' '; 1_000_000][..], 3).unwrap();
        let refused = decode("Content-Encoding: zstd", &bomb);
        assert_eq!(refused, Err(Obstacle::TooLarge(10_000)));
    }

    #[test]
    fn what_cannot_be_undone_is_said() {
        let brotli = b"\x8b\x00\x01\x02\xff";
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
