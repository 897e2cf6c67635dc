//! What bytes are that are no text, whatever their head says of them.

use super::coding::looks_plain;

const KINDS: [(&[u8], &str); 8] = [
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"%PDF-", "application/pdf"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
];

/// The MIME type that the first bytes of a body show, where it is one of no page and no text.
pub(super) fn kind_of(body: &[u8]) -> Option<&'static str> {
    let &(magic, kind) = KINDS.iter().find(|(magic, _)| body.starts_with(magic))?;
    // A text may begin with the words of a magic that holds nothing else.
    let shown = match kind {
        "image/gif" => !looks_plain(body),
        "application/pdf" => !looks_plain(body) || is_pdf_line(&body[magic.len()..]),
        _ => true,
    };
    shown.then_some(kind)
}

/// Whether a PDF's first line goes on like this: a version and nothing, or a comment. Its first bytes may be all text.
fn is_pdf_line(rest: &[u8]) -> bool {
    let line = rest.split(|b| matches!(b, b'\r' | b'\n')).next();
    let version = |b: &u8| b.is_ascii_digit() || *b == b'.';
    let behind = line.unwrap_or_default().iter().skip_while(|b| version(b));
    behind
        .copied()
        .find(|b| !b.is_ascii_whitespace())
        .is_none_or(|b| b == b'%')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_show_what_no_text_is() {
        for (body, kind) in [
            (&b"%PDF-1.7\n%\xe2\xe3"[..], "application/pdf"),
            (b"%PDF-1.4 \r1 0 obj", "application/pdf"),
            (b"%PDF-1.4%\xe2\xe3\r\n", "application/pdf"),
            (b"%PDF-1.2 x\n\0", "application/pdf"),
            (b"%PDF-", "application/pdf"),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
            (b"GIF89a\x01\0\x01\0\0", "image/gif"),
            (b"PK\x03\x04\x14\0", "application/zip"),
            (b"\x1f\x8b\x08\0", "application/gzip"),
        ] {
            assert_eq!(kind_of(body), Some(kind));
        }
        for text in [
            &b"GIF89a is a format"[..],
            b"%PDF-1.7 explained: what its first line says",
            b"%PDF-: a magic",
            b"PK",
            b"",
            b"<p>%PDF-1.4",
            b"\x89png",
        ] {
            assert_eq!(kind_of(text), None);
        }
    }
}
