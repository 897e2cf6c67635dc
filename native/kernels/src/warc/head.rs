//! The named fields at the head of a record or of an HTTP message, and what a reader needs of a record's.

use std::borrow::Cow;

use memchr::memchr;

use crate::dates;

/// How far a head goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum HeadEnd {
    /// Its blank line ends before this byte.
    At(usize),
    /// A line that cannot be in it begins here.
    Stopped(usize),
    /// There is no end yet; look on from here.
    More(usize),
}

/// Looks for the blank line behind the first line, or for a line for which `stops` holds, from the line on that ends
/// at or behind `from`.
pub(super) fn find_end(data: &[u8], from: usize, stops: impl Fn(&[u8]) -> bool) -> HeadEnd {
    let mut resume = from;
    let mut at = from;
    while let Some(found) = memchr(b'\n', &data[at..]) {
        resume = at + found;
        at = resume + 1;
        match &data[at..] {
            [b'\n', ..] => return HeadEnd::At(at + 1),
            [b'\r', b'\n', ..] => return HeadEnd::At(at + 2),
            line if stops(line) => return HeadEnd::Stopped(at),
            _ => {}
        }
    }
    HeadEnd::More(resume)
}

/// The fields of a head without its first line: name and value, folded lines joined by one space.
///
/// Lines without a colon are passed over, with the folded lines behind them.
pub(super) fn fields(head: &[u8]) -> impl Iterator<Item = (&[u8], Cow<'_, [u8]>)> {
    let mut lines = head.split(|&b| b == b'\n').skip(1).peekable();
    std::iter::from_fn(move || {
        loop {
            let line = lines.next()?;
            let Some(colon) = memchr(b':', line).filter(|_| !is_folded(line)) else {
                continue;
            };
            let mut value = Cow::Borrowed(line[colon + 1..].trim_ascii());
            while let Some(more) = lines.next_if(|line| is_folded(line)) {
                let joined = value.to_mut();
                if !joined.is_empty() {
                    joined.push(b' ');
                }
                joined.extend_from_slice(more.trim_ascii());
            }
            return Some((line[..colon].trim_ascii(), value));
        }
    })
}

/// Whether a line goes on where the one before it ended.
fn is_folded(line: &[u8]) -> bool {
    line.starts_with(b" ") || line.starts_with(b"\t")
}

/// UTF-8 where it is, Latin-1 where it is not, so that nothing is lost.
pub(super) fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(utf8) => utf8.to_owned(),
        Err(_) => bytes.iter().map(|&b| char::from(b)).collect(),
    }
}

/// What is read of a record's head. The first of several fields of one name counts; empty ones are absent.
#[derive(Default, Debug)]
pub(super) struct Head {
    /// `WARC-Type` in lower case.
    pub(super) kind: Option<String>,
    pub(super) id: Option<String>,
    pub(super) url: Option<String>,
    /// Microseconds since 1970, UTC.
    pub(super) date: Option<i64>,
    pub(super) content_type: Option<String>,
    pub(super) payload_type: Option<String>,
    pub(super) truncated: Option<String>,
    /// Bytes of the block, as the field says it.
    pub(super) length: Option<String>,
    /// It is the URL record of an ARC archive.
    pub(super) arc: bool,
}

impl Head {
    /// Reads a head, from its version line to its blank line.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let mut head = Head::default();
        let (mut old_url, mut old_date, mut date) = (None, None, None);
        for (name, value) in fields(bytes) {
            if value.is_empty() {
                continue;
            }
            let slot = match name.to_ascii_lowercase().as_slice() {
                b"warc-type" => &mut head.kind,
                b"warc-record-id" => &mut head.id,
                b"warc-target-uri" => &mut head.url,
                b"warc-date" => &mut date,
                b"content-type" => &mut head.content_type,
                b"content-length" => &mut head.length,
                b"warc-identified-payload-type" => &mut head.payload_type,
                b"warc-truncated" => &mut head.truncated,
                b"uri" => &mut old_url,
                b"archive-date" => &mut old_date,
                _ => continue,
            };
            if slot.is_none() {
                *slot = Some(text(&value));
            }
        }
        head.kind = head.kind.map(|kind| kind.to_ascii_lowercase());
        head.url = head.url.or(old_url).map(bare);
        head.date = date.or(old_date).as_deref().and_then(dates::parse);
        head
    }

    /// The block's length in bytes, or a sentence that says what is wrong with it.
    pub(super) fn block_length(&self) -> Result<u64, String> {
        let Some(length) = self.length.as_deref() else {
            return Err("the record says no length".to_owned());
        };
        let digits = length.bytes().all(|b| b.is_ascii_digit());
        let parsed = if digits { length.parse().ok() } else { None };
        parsed.ok_or_else(|| {
            format!(
                "the record's length is not a number of bytes: {:.40}",
                length
            )
        })
    }
}

/// Some writers put an address between angle brackets.
fn bare(url: String) -> String {
    match url
        .strip_prefix('<')
        .and_then(|rest| rest.strip_suffix('>'))
    {
        Some(inner) => inner.to_owned(),
        None => url,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_end_at_a_blank_line() {
        let find = |data: &[u8], from| find_end(data, from, |line| line.starts_with(b"STOP"));
        assert_eq!(find(b"a\r\nb\r\n\r\nrest", 0), HeadEnd::At(8));
        assert_eq!(find(b"a\nb\n\nrest", 0), HeadEnd::At(5));
        assert_eq!(find(b"a\r\nb\n\r\nrest", 0), HeadEnd::At(7));
        assert_eq!(find(b"a\r\nb\r\n\r", 0), HeadEnd::More(5));
        assert_eq!(find(b"a\r\nb\r\n\r\n", 5), HeadEnd::At(8));
        assert_eq!(find(b"abc", 0), HeadEnd::More(0));
        assert_eq!(find(b"a\nb\nSTO", 0), HeadEnd::More(3));
        assert_eq!(find(b"a\nb\nSTOP\n\n", 3), HeadEnd::Stopped(4));
    }

    #[test]
    fn folded_lines_are_joined() {
        let head = Head::parse(b"WARC/1.0\r\nWARC-Type: \r\n\tResponse\r\nWARC-Target-URI: <http://a/\r\n b>\r\nuri: x\r\n\r\n");
        assert_eq!(head.kind.as_deref(), Some("response"));
        assert_eq!(head.url.as_deref(), Some("http://a/ b"));
    }

    #[test]
    fn folded_lines_without_a_field_are_none() {
        let head = Head::parse(
            b"WARC/1.0\r\n WARC-Type: request\r\nno colon\r\n\tURI: http://b/\r\nURI: http://a/\r\n\r\n",
        );
        assert_eq!(head.kind, None);
        assert_eq!(head.url.as_deref(), Some("http://a/"));
    }

    #[test]
    fn the_first_field_counts_and_empty_ones_do_not() {
        let head = Head::parse(b"WARC/1.0\nContent-Length:\nContent-Length: 3\nContent-Length: 4\nno colon\nURI: y\n\n");
        assert_eq!(head.block_length(), Ok(3));
        assert_eq!(head.url.as_deref(), Some("y"));
    }

    #[test]
    fn lengths_are_digits_only() {
        for bad in ["+3", "-1", "3 4", "0x10", "99999999999999999999999"] {
            let head = Head {
                length: Some(bad.to_owned()),
                ..Head::default()
            };
            assert!(head.block_length().is_err_and(|e| e.contains(bad)), "{bad}");
        }
        assert!(Head::default().block_length().is_err());
    }

    #[test]
    fn bytes_that_are_not_utf8_are_latin1() {
        assert_eq!(text(b"caf\xe9"), "café");
        assert_eq!(text("café".as_bytes()), "café");
    }
}
