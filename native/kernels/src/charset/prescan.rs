//! What a page or its header declares to be its encoding, as the HTML standard reads it ("prescan a byte stream").

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};

/// Bytes within which a page has to declare its encoding.
const WINDOW: usize = 1024;

type Attribute = (Vec<u8>, Vec<u8>);

/// The encoding that a Content-Type header names: the first `charset` with a known label behind its `=`.
pub fn read_content_type(value: &[u8]) -> Option<&'static Encoding> {
    find_label(value).and_then(Encoding::for_label)
}

/// The encoding that the first 1024 bytes declare by `<meta>`, else by an XML declaration.
///
/// Bytes in which a `<meta>` can be read are no UTF-16, so that label means UTF-8.
pub fn find_meta(data: &[u8]) -> Option<&'static Encoding> {
    let mut scan = Scan {
        bytes: data.get(..WINDOW).unwrap_or(data),
        at: 0,
    };
    for (start, encoding) in [(b"<\0?\0x\0", UTF_16LE), (b"\0<\0?\0x", UTF_16BE)] {
        if data.starts_with(start) {
            return Some(encoding);
        }
    }
    while scan.at < scan.bytes.len() {
        if let Some(encoding) = scan.step() {
            return Some(encoding);
        }
        scan.at += 1;
    }
    read_xml_declaration(scan.bytes).map(instead_of_utf16)
}

fn instead_of_utf16(encoding: &'static Encoding) -> &'static Encoding {
    if encoding == UTF_16LE || encoding == UTF_16BE {
        UTF_8
    } else {
        encoding
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | 0x0C | b'\r' | b' ')
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_while(&mut self, skipped: impl Fn(u8) -> bool) {
        while self.peek().is_some_and(&skipped) {
            self.at += 1;
        }
    }

    /// Looks at what begins here and stops at its last byte; gives the encoding if it is a `<meta>` with one.
    fn step(&mut self) -> Option<&'static Encoding> {
        let rest = self.rest();
        if rest.starts_with(b"<!--") {
            let end = rest.windows(3).skip(2).position(|three| three == b"-->");
            self.at = end.map_or(self.bytes.len(), |end| self.at + 2 + end + 2);
            return None;
        }
        let is_meta = rest
            .get(..5)
            .is_some_and(|tag| tag.eq_ignore_ascii_case(b"<meta"))
            && rest
                .get(5)
                .is_some_and(|&byte| is_space(byte) || byte == b'/');
        if is_meta {
            self.at += 5;
            return self.read_meta();
        }
        match rest {
            [b'<', b'/', letter, ..] | [b'<', letter, ..] if letter.is_ascii_alphabetic() => {
                self.skip_while(|byte| !is_space(byte) && byte != b'>');
                while self.read_attribute().is_some() {}
            }
            [b'<', b'!' | b'/' | b'?', ..] => self.skip_while(|byte| byte != b'>'),
            _ => {}
        }
        None
    }

    fn read_meta(&mut self) -> Option<&'static Encoding> {
        let mut seen: Vec<Vec<u8>> = Vec::new();
        let (mut is_pragma, mut needs_pragma) = (false, false);
        let mut charset: Option<Option<&'static Encoding>> = None;
        while let Some((name, value)) = self.read_attribute() {
            if seen.contains(&name) {
                continue;
            }
            match name.as_slice() {
                b"http-equiv" => is_pragma |= value == b"content-type",
                b"content" if charset.is_none() => {
                    if let Some(encoding) = find_label(&value).and_then(Encoding::for_label) {
                        charset = Some(Some(encoding));
                        needs_pragma = true;
                    }
                }
                b"charset" => {
                    charset = Some(Encoding::for_label(&value));
                    needs_pragma = false;
                }
                _ => {}
            }
            seen.push(name);
        }
        let encoding = charset.flatten().filter(|_| is_pragma || !needs_pragma)?;
        if encoding == X_USER_DEFINED {
            return Some(WINDOWS_1252);
        }
        Some(instead_of_utf16(encoding))
    }

    /// The next attribute of a tag, in lower case; none at the tag's end.
    fn read_attribute(&mut self) -> Option<Attribute> {
        self.skip_while(|byte| is_space(byte) || byte == b'/');
        if matches!(self.peek()?, b'>') {
            return None;
        }
        let (mut name, mut value) = (Vec::new(), Vec::new());
        loop {
            match self.peek()? {
                b'=' if !name.is_empty() => break,
                byte if is_space(byte) => {
                    self.skip_while(is_space);
                    if self.peek()? == b'=' {
                        break;
                    }
                    return Some((name, value));
                }
                b'/' | b'>' => return Some((name, value)),
                byte => name.push(byte.to_ascii_lowercase()),
            }
            self.at += 1;
        }
        self.at += 1;
        self.skip_while(is_space);
        let quote = self.peek().filter(|byte| matches!(byte, b'"' | b'\''));
        self.at += usize::from(quote.is_some());
        loop {
            let byte = self.peek()?;
            let ends = quote.map_or(is_space(byte) || byte == b'>', |quote| byte == quote);
            self.at += usize::from(ends && quote.is_some());
            if ends {
                return Some((name, value));
            }
            value.push(byte.to_ascii_lowercase());
            self.at += 1;
        }
    }
}

/// The label behind the first `charset` that an equals sign follows.
fn find_label(value: &[u8]) -> Option<&[u8]> {
    let mut rest = value;
    loop {
        let at = rest
            .windows(7)
            .position(|word| word.eq_ignore_ascii_case(b"charset"))?;
        rest = rest.get(at + 7..)?.trim_ascii_start();
        if let Some(label) = rest.strip_prefix(b"=") {
            return cut_label(label.trim_ascii_start());
        }
    }
}

/// What stands between quotes, or up to white space, a semicolon or (headers that were joined) a comma.
fn cut_label(text: &[u8]) -> Option<&[u8]> {
    match text.first()? {
        quote @ (b'"' | b'\'') => {
            let inner = text.get(1..)?;
            inner.get(..inner.iter().position(|byte| byte == quote)?)
        }
        _ => text
            .split(|&byte| is_space(byte) || matches!(byte, b';' | b','))
            .next(),
    }
}

/// The encoding of `<?xml ... encoding="..."?>` at the very beginning.
fn read_xml_declaration(bytes: &[u8]) -> Option<&'static Encoding> {
    let declaration = bytes.strip_prefix(b"<?xml")?;
    let declaration = declaration.get(..declaration.iter().position(|&byte| byte == b'>')?)?;
    let at = declaration
        .windows(8)
        .position(|word| word == b"encoding")?;
    let rest = skip_controls(declaration.get(at + 8..)?).strip_prefix(b"=")?;
    let rest = skip_controls(rest);
    let quote = *rest.first().filter(|byte| matches!(byte, b'"' | b'\''))?;
    let inner = rest.get(1..)?;
    let label = inner.get(..inner.iter().position(|&byte| byte == quote)?)?;
    let plain = label.iter().all(|&byte| byte > b' ');
    plain.then(|| Encoding::for_label(label)).flatten()
}

fn skip_controls(bytes: &[u8]) -> &[u8] {
    let begin = bytes
        .iter()
        .position(|&byte| byte > b' ')
        .unwrap_or(bytes.len());
    bytes.get(begin..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(found: Option<&'static Encoding>) -> &'static str {
        found.map_or("none", Encoding::name)
    }

    #[test]
    fn reads_meta_as_the_standard_says() {
        for (page, expected) in [
            ("<meta charset=koi8-r>", "KOI8-R"),
            ("<META CharSet = 'Latin1' >", "windows-1252"),
            ("<meta/charset=\"utf8\"/>", "UTF-8"),
            ("<metacharset=koi8-r>", "none"),
            ("<meta charset=koi8-r", "none"),
            ("<meta charset=utf-16le>", "UTF-8"),
            ("<meta charset=x-user-defined>", "windows-1252"),
            ("<meta charset=nonsense><meta charset=gbk>", "GBK"),
            (
                "<meta http-equiv=Content-Type content='text/html; charset=sjis'>",
                "Shift_JIS",
            ),
            ("<meta content='text/html; charset=sjis'>", "none"),
            ("<meta content='a;charset=sjis' http-equiv=refresh>", "none"),
            (
                "<meta content='a;charset=sjis' http-equiv=content-type charset=big5>",
                "Big5",
            ),
            ("<meta charset=big5 charset=gbk>", "Big5"),
            (
                "<meta http-equiv=content-type content='charset charset = \"euc-kr\"'>",
                "EUC-KR",
            ),
            ("<!-- <meta charset=gbk> --><meta charset=big5>", "Big5"),
            ("<!--><meta charset=big5>", "Big5"),
            ("<!-- <meta charset=gbk>", "none"),
            ("<a title='<meta charset=gbk>'><meta charset=big5>", "Big5"),
            ("</a title='<meta charset=gbk>'><meta charset=big5>", "Big5"),
            ("<!doctype <meta charset=gbk><meta charset=big5>", "Big5"),
            ("< meta charset=gbk>", "none"),
            ("<?xml version='1.0' encoding='euc-jp'?>", "EUC-JP"),
            ("<?xml encoding='utf-16'?>", "UTF-8"),
            ("<?xml encoding='euc-jp'?><meta charset=big5>", "Big5"),
            (" <?xml encoding='euc-jp'?>", "none"),
            ("<?xml encoding=euc-jp?>", "none"),
            ("<\0?\0x\0m\0", "UTF-16LE"),
            ("\0<\0?\0x\0m", "UTF-16BE"),
        ] {
            assert_eq!(name(find_meta(page.as_bytes())), expected, "{page}");
        }
    }

    #[test]
    fn looks_no_further_than_its_window() {
        let tag = "<meta charset=gbk>";
        let at = |begin: usize| find_meta((" ".repeat(begin) + tag).as_bytes());
        assert_eq!(name(at(WINDOW - tag.len())), "GBK");
        assert_eq!(name(at(WINDOW - tag.len() + 1)), "none");
    }

    #[test]
    fn reads_headers() {
        for (header, expected) in [
            ("text/html; charset=utf-8", "UTF-8"),
            ("text/html;CHARSET = \"Windows-1251\"", "windows-1251"),
            ("text/html; charset='latin1'", "windows-1252"),
            ("text/html; charset=utf-8,text/html", "UTF-8"),
            ("text/html; charset=utf-16", "UTF-16LE"),
            ("text/html; charset=", "none"),
            ("text/html; charset=\"utf-8", "none"),
            ("text/html; charset=none", "none"),
            ("text/html", "none"),
        ] {
            assert_eq!(
                name(read_content_type(header.as_bytes())),
                expected,
                "{header}"
            );
        }
    }
}
