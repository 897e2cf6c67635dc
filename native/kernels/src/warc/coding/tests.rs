//! Chunks: what is one, what breaks off, and what only reads like one.

use super::*;

fn joined(body: &[u8], partial: bool) -> Option<(Vec<u8>, bool)> {
    let joined = join_chunks(body, partial).unwrap();
    joined.map(|joined| (joined.bytes, joined.whole))
}

#[test]
fn a_body_is_whole_with_the_chunk_that_ends_it() {
    for (body, bytes, whole) in [
        (&b"3\r\nabc\r\n0\r\n\r\n"[..], &b"abc"[..], true),
        (b"3\r\nabc\r\n0\r\n", b"abc", true),
        (b"3\r\nabc\r\n0\r\nX: y\r\n\r\n", b"abc", true),
        (b"3\nabc\n000\n", b"abc", true),
        (b"3\r\nabc\r\n", b"abc", false),
        (b"3\r\nabc\r\n\r\n\r\n", b"abc", false),
        (b"3\r\nabc\r\n0", b"abc", false),
        (b"3\r\nabc\r", b"abc", false),
        (b"3\r\nabc", b"abc", false),
        (b"3\r\nabc\r\n9\r\nde", b"abcde", false),
        (b"4000\r\n<html>only a part", b"<html>only a part", false),
        (b"4000\r\n\xef\xbb\xbf\n<p>", b"\xef\xbb\xbf\n<p>", false),
        (b"4000\r\n\x1f\x8b\x08\0\0", b"\x1f\x8b\x08\0\0", false),
        (b"0\r\n\r\n", b"", true),
        (b"0\r\n", b"", true),
        (b"0\r\n\r\n\r\n \r\n", b"", true),
        (b"0\r\nX: y\r\nEtag: \"z\"\r\n\r\n", b"", true),
    ] {
        assert_eq!(
            joined(body, false),
            Some((bytes.to_vec(), whole)),
            "{body:?}"
        );
    }
}

#[test]
fn a_text_that_begins_like_a_chunk_is_none() {
    for body in [
        &b"2024\r\nhello text of the year"[..],
        b"Feed\nme",
        b"4000\r\n",
        b"0\r\nhello",
        b"0\r\n\r\n<html><p>whole page",
        b"0\r\nX: y\r\n\r\nmore",
        b"0\r\nhttp://a.example/\r\n",
        b"0\r\nNo field: x\r\n\r\n",
    ] {
        assert_eq!(joined(body, false), None, "{body:?}");
    }
    // Of a body that is known to be cut, the first chunk is expected to be.
    let cut = joined(b"2024\r\nhello text", true);
    assert_eq!(cut, Some((b"hello text".to_vec(), false)));
    assert_eq!(joined(b"0\r\nhello", true), None);
}
