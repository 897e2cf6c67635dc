//! The URL record that begins every record of an ARC archive: one line in place of a head.

use memchr::memchr;

use super::head::{Head, text};

/// No URL record is longer; what is, is none.
const LINE_BYTES: usize = 16 << 10;

/// What a URL record at the beginning of some bytes looks like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum UrlRecord {
    /// There is one, of that many bytes with its line end.
    Whole(usize),
    /// More bytes could make one.
    Cut,
    /// There is none.
    Absent,
}

/// Reads `URL IP-address date content-type ... length` up to its line end.
///
/// An address may hold spaces, so the other fields are counted from the end. The line that opens an archive
/// (`filedesc:`) counts whatever its fields are, any other only with an address and a date where they should be.
pub(super) fn url_record(bytes: &[u8]) -> UrlRecord {
    if !begins_like_url(bytes) {
        return UrlRecord::Absent;
    }
    let within = &bytes[..bytes.len().min(LINE_BYTES)];
    match memchr(b'\n', within) {
        None if bytes.len() < LINE_BYTES => UrlRecord::Cut,
        Some(end) if fields(&within[..end]).is_some() => UrlRecord::Whole(end + 1),
        _ => UrlRecord::Absent,
    }
}

/// What a URL record says: the same as the head of a WARC response.
pub(super) fn parse(line: &[u8]) -> Head {
    let opens = line.starts_with(b"filedesc:");
    let mut head = Head {
        kind: Some(if opens { "filedesc" } else { "response" }.to_owned()),
        arc: true,
        ..Head::default()
    };
    if let Some(fields) = fields(line) {
        head.url = Some(text(fields.url));
        head.date = std::str::from_utf8(fields.date)
            .ok()
            .and_then(crate::dates::parse);
        head.content_type = Some(text(fields.mime));
        head.length = Some(text(fields.length));
    }
    head
}

struct Fields<'a> {
    url: &'a [u8],
    date: &'a [u8],
    mime: &'a [u8],
    length: &'a [u8],
}

/// Version 1 has five fields, version 2 ten, of which address, date, type and code follow the URL.
fn fields(line: &[u8]) -> Option<Fields<'_>> {
    let line = line.trim_ascii_end();
    let spaces: Vec<usize> = memchr::memrchr_iter(b' ', line).take(9).collect();
    let field = |from_end: usize| {
        let begin = spaces[from_end] + 1;
        let end = from_end
            .checked_sub(1)
            .map_or(line.len(), |after| spaces[after]);
        &line[begin..end]
    };
    for after_url in [4, 9] {
        let Some(&url_end) = spaces.get(after_url - 1) else {
            break;
        };
        let (address, date) = (field(after_url - 1), field(after_url - 2));
        let opens = after_url == 4 && line.starts_with(b"filedesc:");
        if opens || (is_address(address) && is_date(date)) {
            return Some(Fields {
                url: line[..url_end].trim_ascii(),
                date,
                mime: field(after_url - 3),
                length: field(0),
            });
        }
    }
    None
}

/// A scheme, a colon, and something behind it; of fewer bytes as much as there is.
fn begins_like_url(bytes: &[u8]) -> bool {
    let scheme = bytes
        .iter()
        .take(32)
        .take_while(|b| b.is_ascii_alphanumeric() || b"+.-".contains(b))
        .count();
    match bytes.get(scheme) {
        Some(b':') => bytes[0].is_ascii_alphabetic(),
        Some(_) => false,
        None => bytes.first().is_none_or(u8::is_ascii_alphabetic),
    }
}

fn is_address(field: &[u8]) -> bool {
    let hex = field
        .iter()
        .all(|b| b.is_ascii_hexdigit() || b".:".contains(b));
    hex && field.iter().any(|b| b".:".contains(b)) && field.iter().any(u8::is_ascii_digit)
}

fn is_date(field: &[u8]) -> bool {
    (8..=20).contains(&field.len()) && field.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &[u8] = b"http://a/x y 1.2.3.4 20140216050221 text/html 1591\n";
    const TWO: &[u8] = b"http://a/ ::1 20140216050221 text/html 200 ABC - 77 a.arc.gz 1591\nx";

    #[test]
    fn both_versions_are_read() {
        for (line, url) in [(ONE, "http://a/x y"), (TWO, "http://a/")] {
            let end = line.iter().position(|&b| b == b'\n').unwrap() + 1;
            assert_eq!(url_record(line), UrlRecord::Whole(end));
            let head = parse(&line[..end]);
            assert_eq!(head.url.as_deref(), Some(url));
            assert_eq!(head.content_type.as_deref(), Some("text/html"));
            assert_eq!(head.block_length(), Ok(1591));
            assert_eq!(head.date, crate::dates::parse("2014-02-16T05:02:21Z"));
            for cut in 0..end - 1 {
                assert_eq!(url_record(&line[..cut]), UrlRecord::Cut, "{cut}");
            }
        }
    }

    #[test]
    fn other_lines_are_none() {
        for other in [
            "see http://a/ 1.2.3.4 20140216050221 text/html 15\n",
            "http://a/ host 20140216050221 text/html 15\n",
            "http://a/ 1.2.3.4 yesterday text/html 15\n",
            "http://a/ 1.2.3.4 20140216050221 15\n",
            "Content-Type: text/html\n",
            "\n",
        ] {
            assert_eq!(url_record(other.as_bytes()), UrlRecord::Absent, "{other}");
        }
        let long = [b"http://".as_slice(), &[b'a'; LINE_BYTES]].concat();
        assert_eq!(url_record(&long), UrlRecord::Absent);
        assert_eq!(url_record(b"filedesc:// - - - 76\n"), UrlRecord::Whole(21));
        assert_eq!(
            parse(b"filedesc:// - - - 76\n").kind.as_deref(),
            Some("filedesc")
        );
    }
}
