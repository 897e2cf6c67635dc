//! Bytes of web pages to text: by byte order mark, HTTP header, `<meta>`, strict UTF-8, detection, the first that says.
//!
//! Labels are those of the WHATWG's Encoding Standard, and so are the decoders (`encoding_rs`) and the detector
//! (`chardetng`): the ones of Firefox. What a header or `<meta>` declares is believed even where it is wrong; two
//! counts tell: malformed sequences, each of which became one U+FFFD, and whether bytes declared as something else are
//! UTF-8 beyond ASCII. Time is linear.

use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Int64Builder, LargeStringBuilder, StringDictionaryBuilder,
};
use arrow_array::cast::AsArray;
use arrow_array::types::Int8Type;
use arrow_array::{Array, ArrayRef, BinaryArray, LargeBinaryArray, RecordBatch};
use arrow_schema::DataType;
use chardetng::EncodingDetector;
use encoding_rs::{DecoderResult, Encoding, ISO_2022_JP, UTF_8};

use crate::words::TextColumn;

mod prescan;

/// What named the encoding of a page, in the order in which they are asked.
pub const SOURCES: [&str; 5] = ["bom", "http", "meta", "utf8", "detected"];

const ESCAPE: u8 = 0x1b;

/// A page's text and how it came about.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    /// The text; malformed sequences are U+FFFD.
    pub text: String,
    /// The encoding's name in the standard, in lower case.
    pub charset: String,
    /// One of `SOURCES`.
    pub source: &'static str,
    /// Malformed sequences.
    pub replacements: usize,
    /// Bytes declared as something else that are strict UTF-8 and not ASCII alone.
    pub misdeclared: bool,
}

/// Decodes the bytes of a page; `content_type` is the HTTP header of that name.
pub fn decode(data: &[u8], content_type: Option<&str>) -> Page {
    let (encoding, source, bom) = choose(data, content_type);
    let (text, replacements) = replace_malformed(encoding, data.get(bom..).unwrap_or_default());
    let declared = matches!(source, "http" | "meta");
    Page {
        text,
        charset: encoding.name().to_ascii_lowercase(),
        source,
        replacements,
        misdeclared: declared
            && encoding != UTF_8
            && !data.is_ascii()
            && std::str::from_utf8(data).is_ok(),
    }
}

/// The encoding, what named it, and the length of the byte order mark.
fn choose(data: &[u8], content_type: Option<&str>) -> (&'static Encoding, &'static str, usize) {
    if let Some((encoding, length)) = Encoding::for_bom(data) {
        return (encoding, "bom", length);
    }
    let header = content_type.and_then(|value| prescan::read_content_type(value.as_bytes()));
    if let Some(encoding) = header {
        return (encoding, "http", 0);
    }
    if let Some(encoding) = prescan::find_meta(data) {
        return (encoding, "meta", 0);
    }
    if is_utf8(data) {
        return (UTF_8, "utf8", 0);
    }
    (detect(data), "detected", 0)
}

/// Whether nothing stands against plain text being UTF-8 if its bytes are: no byte order mark, no escape, as
/// ISO-2022-JP has them, no other charset in the header, unless all is ASCII, which reads the same in most of them.
/// `<meta>` is not asked, since it is a page's.
pub(crate) fn is_unmarked(data: &[u8], content_type: Option<&str>) -> bool {
    let header = content_type.and_then(|value| prescan::read_content_type(value.as_bytes()));
    Encoding::for_bom(data).is_none()
        && header.is_none_or(|encoding| {
            encoding == UTF_8 || (encoding.is_ascii_compatible() && data.is_ascii())
        })
        && !data.contains(&ESCAPE)
}

/// Whether the bytes are UTF-8; the last character may be cut off behind others that are not ASCII. ASCII with the
/// escapes of ISO-2022-JP is not: the detector knows it.
fn is_utf8(data: &[u8]) -> bool {
    match std::str::from_utf8(data) {
        Ok(_) => !(data.is_ascii() && data.contains(&ESCAPE) && detect(data) == ISO_2022_JP),
        Err(error) => {
            error.error_len().is_none()
                && !data.get(..error.valid_up_to()).unwrap_or(data).is_ascii()
        }
    }
}

fn detect(data: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new();
    detector.feed(data, true);
    detector.guess(None, false)
}

/// The text and the number of malformed sequences in it, each of them one U+FFFD.
fn replace_malformed(encoding: &'static Encoding, data: &[u8]) -> (String, usize) {
    if let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(data) {
        return (text.into_owned(), 0);
    }
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let (mut text, mut rest, mut malformed) = (String::with_capacity(data.len()), data, 0);
    loop {
        text.reserve(
            decoder
                .max_utf8_buffer_length_without_replacement(rest.len())
                .unwrap_or(rest.len())
                .min(rest.len() + 1024),
        );
        let (result, read) = decoder.decode_to_string_without_replacement(rest, &mut text, true);
        rest = rest.get(read..).unwrap_or_default();
        match result {
            DecoderResult::InputEmpty => return (text, malformed),
            DecoderResult::OutputFull => text.reserve(text.len().max(1024)),
            DecoderResult::Malformed(..) => {
                malformed += 1;
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
    }
}

/// Decodes each page: columns `text` (large string), `charset` and `source` (dictionaries), `replacements` (int64),
/// `misdeclared` (bool); null for null.
pub fn decode_all(data: &ArrayRef, content_type: &ArrayRef) -> Result<RecordBatch, String> {
    let pages = BytesColumn::new(data)?;
    let headers = TextColumn::new(content_type, "content_type")?;
    if data.len() != content_type.len() {
        return Err(format!(
            "{} pages and {} content types; expected as many of both",
            data.len(),
            content_type.len()
        ));
    }
    let mut text = LargeStringBuilder::with_capacity(data.len(), data.get_buffer_memory_size());
    let mut charset = StringDictionaryBuilder::<Int8Type>::new();
    let mut source = StringDictionaryBuilder::<Int8Type>::new();
    let mut replacements = Int64Builder::with_capacity(data.len());
    let mut misdeclared = BooleanBuilder::with_capacity(data.len());
    for row in 0..data.len() {
        let page = pages.get(row).map(|bytes| decode(bytes, headers.get(row)));
        text.append_option(page.as_ref().map(|page| &page.text));
        charset.append_option(page.as_ref().map(|page| &page.charset));
        source.append_option(page.as_ref().map(|page| page.source));
        replacements.append_option(page.as_ref().map(|page| page.replacements as i64));
        misdeclared.append_option(page.as_ref().map(|page| page.misdeclared));
    }
    let columns: [(&str, ArrayRef, bool); 5] = [
        ("text", Arc::new(text.finish()), true),
        ("charset", Arc::new(charset.finish()), true),
        ("source", Arc::new(source.finish()), true),
        ("replacements", Arc::new(replacements.finish()), true),
        ("misdeclared", Arc::new(misdeclared.finish()), true),
    ];
    RecordBatch::try_from_iter_with_nullable(columns).map_err(|error| error.to_string())
}

/// A borrowed column of bytes.
enum BytesColumn<'a> {
    Binary(&'a BinaryArray),
    LargeBinary(&'a LargeBinaryArray),
}

impl<'a> BytesColumn<'a> {
    fn new(array: &'a ArrayRef) -> Result<Self, String> {
        let found = match array.data_type() {
            DataType::Binary => array.as_binary_opt().map(Self::Binary),
            DataType::LargeBinary => array.as_binary_opt().map(Self::LargeBinary),
            _ => None,
        };
        found.ok_or_else(|| format!("pages are {}; expected binary", array.data_type()))
    }

    fn get(&self, row: usize) -> Option<&'a [u8]> {
        match self {
            Self::Binary(array) => array.is_valid(row).then(|| array.value(row)),
            Self::LargeBinary(array) => array.is_valid(row).then(|| array.value(row)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(data: &[u8], content_type: &str) -> (String, String, &'static str, usize) {
        let page = decode(data, Some(content_type));
        (page.text, page.charset, page.source, page.replacements)
    }

    #[test]
    fn asks_in_order() {
        let meta = b"<meta charset=koi8-r>\xcb";
        for (data, header, text, charset, source) in [
            (
                &b"\xef\xbb\xbf\xc3\xa9"[..],
                "text/html; charset=koi8-r",
                "é",
                "utf-8",
                "bom",
            ),
            (b"\xff\xfe\x3a\x04", "", "к", "utf-16le", "bom"),
            (b"\xfe\xff\x04\x3a", "", "к", "utf-16be", "bom"),
            (
                b"\xe9",
                "text/html; charset=latin1",
                "é",
                "windows-1252",
                "http",
            ),
            (
                meta,
                "a; charset=windows-1251",
                "<meta charset=koi8-r>Л",
                "windows-1251",
                "http",
            ),
            (
                meta,
                "a; charset=unknown",
                "<meta charset=koi8-r>к",
                "koi8-r",
                "meta",
            ),
            (b"caf\xc3\xa9", "", "café", "utf-8", "utf8"),
            (b"plain", "text/html", "plain", "utf-8", "utf8"),
            (b"", "", "", "utf-8", "utf8"),
            (
                b"\x1b$B%+%J\x1b(B ok",
                "",
                "カナ ok",
                "iso-2022-jp",
                "detected",
            ),
            (b"\x1b[31m red", "", "\x1b[31m red", "utf-8", "utf8"),
        ] {
            let expected = (text.to_owned(), charset.to_owned(), source, 0);
            assert_eq!(told(data, header), expected, "{data:?} {header}");
        }
    }

    #[test]
    fn counts_what_it_replaces() {
        let malformed = told(b"a\xffb\xe2\x82 c", "text/html; charset=utf-8");
        assert_eq!(
            (malformed.0.as_str(), malformed.3),
            ("a\u{fffd}b\u{fffd} c", 2)
        );
        let real = told("a\u{fffd}b".as_bytes(), "text/html; charset=utf-8");
        assert_eq!((real.0.as_str(), real.3), ("a\u{fffd}b", 0));
        let cut = told(
            "日本語"
                .as_bytes()
                .split_last()
                .map_or(&[][..], |(_, rest)| rest),
            "",
        );
        assert_eq!((cut.0.as_str(), cut.2, cut.3), ("日本\u{fffd}", "utf8", 1));
        assert_eq!(told(b"caf\xe9", "").0, "café");
        let many = "\u{fffd}".repeat(5_000) + "é";
        let bytes = [&[0xff; 5_000][..], "é".as_bytes()].concat();
        assert_eq!(told(&bytes, "charset=utf-8").0, many);
    }

    #[test]
    fn tells_of_utf8_declared_as_something_else() {
        let misdeclared = |data: &[u8], header| decode(data, Some(header)).misdeclared;
        assert!(misdeclared("é".as_bytes(), "text/html; charset=iso-8859-1"));
        assert!(!misdeclared(b"e", "text/html; charset=iso-8859-1"));
        assert!(!misdeclared(b"\xe9", "text/html; charset=iso-8859-1"));
        assert!(!misdeclared("é".as_bytes(), "text/html; charset=utf-8"));
        assert!(!misdeclared("é".as_bytes(), "text/html"));
    }

    #[test]
    fn text_is_utf8_unless_something_says_otherwise() {
        for (data, header, expected) in [
            (&b"plain"[..], None, true),
            ("é".as_bytes(), Some("text/plain"), true),
            (b"plain", Some("text/plain; charset=UTF8"), true),
            (b"plain", Some("text/plain; charset=unknown"), true),
            (b"<meta charset=koi8-r>", None, true),
            (b"plain", Some("text/plain; charset=iso-8859-1"), true),
            (
                "é".as_bytes(),
                Some("text/plain; charset=iso-8859-1"),
                false,
            ),
            (b"p\0l\0", Some("text/plain; charset=utf-16le"), false),
            (b"plain", Some("text/plain; charset=iso-2022-jp"), false),
            (b"\x1b$B%+%J\x1b(B", None, false),
            (b"\xef\xbb\xbfplain", None, false),
            (b"\xff\xfea\0", None, false),
        ] {
            assert_eq!(is_unmarked(data, header), expected, "{data:?} {header:?}");
        }
    }
}
