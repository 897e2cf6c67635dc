//! Heads and bodies of HTTP, as they are and as servers get them wrong.

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
        .body(&block, 10_000, false)
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
    assert_eq!(decode(chunked, b"3\r\nabc\r\n\r\n\r\n").unwrap(), b"abc");
    assert_eq!(
        decode("A: b", b"3\r\nabc\r\n0\r\n\r\n").unwrap(),
        b"3\r\nabc\r\n0\r\n\r\n"
    );
}

#[test]
fn damage_behind_a_chunk_is_told() {
    let long = [&b"3\r\nabc\r\n"[..], &[b'x'; 2_000]].concat();
    let damaged: [&[u8]; 4] = [
        b"3\r\nabc\r\nzz\r\nmore\r\n0\r\n\r\n",
        b"3\r\nabc\r\n3\r\nabcd\r\n0\r\n\r\n",
        b"3\r\nabc\r\n\r\n5\r\nabcde\r\n",
        &long,
    ];
    for body in damaged {
        let refused = decode("Transfer-Encoding: chunked", body);
        assert!(matches!(refused, Err(Obstacle::Coding(why)) if why.contains("chunked")));
    }
}

#[test]
fn text_is_not_taken_for_a_coding() {
    let latin = b"<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n<html>caf\xe9 \xe9t\xe9</html>";
    let words = b"Copyright \xa9 and more words, in a charset of its own".repeat(3);
    for text in [&latin[..], &words[..], b"k", b"C@", b"s:  "] {
        for coding in ["br", "iso-8859-1", "gzip", "deflate", "zstd"] {
            let head = format!("Content-Encoding: {coding}");
            assert_eq!(decode(&head, text).unwrap(), text, "{coding}");
            assert_eq!(not_so(&head, text), [coding]);
        }
    }
    // Whatever decodes by chance to some bytes is no stream unless it ends where the body does.
    let mut raw = DeflateEncoder::new(Vec::new(), Compression::default());
    raw.write_all(PAGE).unwrap();
    let more = [&raw.finish().unwrap()[..], &[7; 900]].concat();
    assert_eq!(not_so("Content-Encoding: deflate", &more), ["deflate"]);
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
    response.body(&block, 10_000, false).unwrap().not_so
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
fn transfer_codings_come_off_before_content_codings() {
    let chunked = |bytes: &[u8]| {
        let size = format!("{:x}\r\n", bytes.len());
        [size.as_bytes(), bytes, b"\r\n0\r\n\r\n"].concat()
    };
    let head = "Transfer-Encoding: gzip, chunked";
    assert_eq!(decode(head, &chunked(&gzip(PAGE))).unwrap(), PAGE);
    assert_eq!(
        decode("Transfer-Encoding: x-gzip", &gzip(PAGE)).unwrap(),
        PAGE
    );
    let both = format!("Content-Encoding: zstd\r\n{head}");
    let zstd = zstd::encode_all(PAGE, 3).unwrap();
    assert_eq!(decode(&both, &chunked(&gzip(&zstd))).unwrap(), PAGE);
    assert_eq!(not_so("Transfer-Encoding: gzip", PAGE), ["gzip"]);
    assert_eq!(
        decode("Transfer-Encoding: identity, nonsense", PAGE).unwrap(),
        PAGE
    );
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
            .body(&block, 10_000, false)
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
    assert!(Response::parse(b"HTTP").is_none());
    let block = b"\r\n http/1.1 200 OK\r\nContent-Type: text/html\r\n\r\nbody";
    let response = Response::parse(block).unwrap();
    assert_eq!(response.status, Some(200));
    assert_eq!(response.content_type.as_deref(), Some("text/html"));
    assert_eq!(response.raw_body(block), b"body");
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

#[test]
fn interim_responses_are_passed() {
    let block = b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n\r\nHTTP/1.1 200 OK\r\n\
        Content-Type: text/html\r\n\r\n<p>page";
    let response = Response::parse(block).unwrap();
    assert_eq!(response.status, Some(200));
    assert_eq!(response.content_type.as_deref(), Some("text/html"));
    assert_eq!(response.raw_body(block), b"<p>page");
    let alone = b"HTTP/1.1 100 Continue\r\n\r\n";
    assert_eq!(Response::parse(alone).unwrap().status, Some(100));
    let switched = b"HTTP/1.1 101 Switching\r\n\r\nHTTP/1.1 200 OK\r\n\r\n";
    assert_eq!(Response::parse(switched).unwrap().status, Some(101));
    let page = b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 404 Not Found\r\n\r\n";
    assert_eq!(Response::parse(page).unwrap().status, Some(200));
    let many = b"HTTP/1.1 100\n\n".repeat(1_000_000);
    assert_eq!(Response::parse(&many).unwrap().raw_body(&many), b"");
}

#[test]
fn gzip_that_nobody_named_is_undone() {
    let reveal = |head: &str, body: &[u8]| {
        let block = [b"HTTP/1.1 200 OK\r\n", head.as_bytes(), b"\r\n\r\n", body].concat();
        let body = Response::parse(&block)
            .unwrap()
            .body(&block, 10_000, false)?;
        let body = body.reveal(10_000)?;
        Ok((body.bytes.into_owned(), body.undeclared, body.not_so))
    };
    let gz = gzip(PAGE);
    let none = Vec::<String>::new();
    let expected = Ok((PAGE.to_vec(), Some("gzip"), none.clone()));
    assert_eq!(reveal("A: b", &gz), expected);
    assert_eq!(reveal("Content-Encoding: gzip", &gzip(&gz)), expected);
    let told = vec!["deflate".to_owned()];
    assert_eq!(
        reveal("Content-Encoding: deflate", &gz),
        Ok((PAGE.to_vec(), Some("gzip"), told))
    );
    assert_eq!(reveal("A: b", PAGE), Ok((PAGE.to_vec(), None, none)));
    let bomb = gzip(&[b' '; 10_000_000]);
    assert_eq!(reveal("A: b", &bomb), Err(Obstacle::TooLarge(10_000)));
    let damaged = reveal("A: b", b"\x1f\x8b\x08\0\0\0\0\0\0\0\xff\xff");
    assert!(matches!(damaged, Err(Obstacle::Coding(why)) if why.contains("gzip")));
}

#[test]
fn a_body_shorter_than_its_length_is_told() {
    let is_short = |head: &str, body: &[u8]| {
        let block = [b"HTTP/1.1 200 OK\r\n", head.as_bytes(), b"\r\n\r\n", body].concat();
        let response = Response::parse(&block).unwrap();
        response.is_short(&block, &response.body(&block, 10_000, false).unwrap())
    };
    assert!(is_short("Content-Length: 9", b"12345678"));
    for (head, body) in [
        ("Content-Length: 8", &b"12345678"[..]),
        ("Content-Length: 7", b"12345678"),
        ("Content-Length: 8, 9", b"1"),
        ("Content-Length: -9", b"1"),
        ("Content-Length: 1\r\nContent-Length: 9", b"1"),
        (
            "Transfer-Encoding: chunked\r\nContent-Length: 99",
            b"1\r\na\r\n0\r\n\r\n",
        ),
        ("Content-Encoding: gzip\r\nContent-Length: 99", PAGE),
        ("Content-Length: 99", b"<p>page</HTML>\r\n"),
    ] {
        assert!(!is_short(head, body), "{head}");
    }
    assert!(is_short("Content-Length: 99", b"<p>page</html"));
    assert!(is_short(
        "Content-Encoding: gzip\r\nContent-Length: 99",
        &gzip(PAGE)[..30]
    ));
}

#[test]
fn a_body_that_breaks_off_is_told() {
    let breaks_off = |head: &str, body: &[u8]| {
        let block = [b"HTTP/1.1 200 OK\r\n", head.as_bytes(), b"\r\n\r\n", body].concat();
        let body = Response::parse(&block).unwrap().body(&block, 10_000, false);
        body.unwrap().reveal(10_000).unwrap().breaks_off()
    };
    let gz = gzip(PAGE);
    let (part, last_tag) = (&gz[..gz.len() - 12], &gz[..gz.len() - 4]);
    let gzipped = "Content-Encoding: gzip";
    for head in ["A: b", gzipped] {
        assert_eq!(breaks_off(head, part), Some(Broken::Stream), "{head}");
        for body in [last_tag, &gz, PAGE] {
            assert_eq!(breaks_off(head, body), None, "{head}");
        }
    }
    assert_eq!(breaks_off(gzipped, &gzip(part)), Some(Broken::Stream));
    assert_eq!(breaks_off(gzipped, &gzip(&[b'x'; 9_000])), None);
    let chunked = "Transfer-Encoding: chunked";
    let open = |bytes: &[u8]| [b"1000\r\n", bytes].concat();
    assert_eq!(breaks_off(chunked, &open(b"<p>")), Some(Broken::Chunks));
    assert_eq!(breaks_off(chunked, &open(PAGE)), None);
    // The stream in them ends before they do, and says so itself.
    let both = format!("{gzipped}\r\n{chunked}");
    assert_eq!(breaks_off(&both, &open(part)), Some(Broken::Chunks));
    assert_eq!(breaks_off(&both, &open(&gzip(b"x"))), None);
}

#[test]
fn a_range_may_be_all_there_is() {
    let is_part = |status: &str, range: &str| {
        let block = format!("HTTP/1.1 {status} OK\r\n{range}\r\n\r\nbody");
        Response::parse(block.as_bytes()).unwrap().is_part()
    };
    assert!(!is_part("206", "Content-Range: bytes 0-13/14"));
    assert!(!is_part("206", "content-range:  Bytes 0-13/14 "));
    for range in [
        "A: b",
        "Content-Range: bytes 1-13/14",
        "Content-Range: bytes 0-12/14",
        "Content-Range: bytes 0-13/*",
        "Content-Range: bytes */14",
        "Content-Range: lines 0-13/14",
        "Content-Range: bytes 0-18446744073709551615/0",
        "Content-Range: bytes 1-2/14\r\nContent-Range: bytes 0-13/14",
    ] {
        assert!(is_part("206", range), "{range}");
        assert!(!is_part("200", range), "{range}");
    }
}
