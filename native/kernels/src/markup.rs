//! HTML as a row of tokens: text, start tags, end tags; no tree, no repair, time linear in the page.
//!
//! Tags, comments and declarations end where the HTML standard's tokenizer ends them, and the contents of elements such
//! as `script` and `title` are text up to their end tag. Character references stay as they are written.

use memchr::{memchr, memchr_iter, memmem};

/// A piece of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    Text(&'a str),
    /// A start tag's name as it is written, what stands between it and `>`, and the number of attributes in that.
    Start(&'a str, &'a str, usize),
    End(&'a str),
}

/// Elements that hold text alone, whatever stands in it.
const RAW: [&str; 8] = [
    "script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes",
];

/// Whether an element holds text alone.
pub(crate) fn is_raw(name: &str) -> bool {
    RAW.iter().any(|raw| raw.eq_ignore_ascii_case(name))
}

/// The tokens of a page; comments and declarations are passed over.
pub(crate) struct Tokens<'a> {
    page: &'a str,
    at: usize,
    /// The element whose end tag alone ends the text that begins here.
    raw: Option<&'static str>,
    /// Whether raw elements are elements like others.
    without_raw: bool,
    /// Comments and declarations so far.
    pub(crate) passed_over: usize,
}

impl<'a> Tokens<'a> {
    pub(crate) fn new(page: &'a str) -> Self {
        Self {
            page,
            at: 0,
            raw: None,
            without_raw: false,
            passed_over: 0,
        }
    }

    /// The tokens where raw elements hold tags like any other.
    pub(crate) fn without_raw(page: &'a str) -> Self {
        Self {
            without_raw: true,
            ..Self::new(page)
        }
    }

    fn take(&mut self, length: usize) -> &'a str {
        let end = (self.at + length).min(self.page.len());
        let taken = self.page.get(self.at..end).unwrap_or_default();
        self.at = end;
        taken
    }

    fn rest(&self) -> &'a str {
        self.page.get(self.at..).unwrap_or_default()
    }

    /// Text up to the end tag of a raw element, or to the end of the page.
    fn raw_text(&mut self, element: &str) -> &'a str {
        let bytes = self.rest().as_bytes();
        let length = memmem::find_iter(bytes, b"</")
            .find(|&at| {
                let name = bytes.get(at + 2..at + 2 + element.len());
                let behind = bytes.get(at + 2 + element.len());
                name.is_some_and(|name| name.eq_ignore_ascii_case(element.as_bytes()))
                    && behind.is_none_or(|&byte| ends_name(byte))
            })
            .unwrap_or(bytes.len());
        self.take(length)
    }

    /// The tag, comment or declaration at a `<`; none where it is text.
    fn markup(&mut self) -> Option<Option<Token<'a>>> {
        let bytes = self.rest().as_bytes();
        match *bytes {
            [b'<', letter, ..] if letter.is_ascii_alphabetic() => {
                let (name, attributes, count) = self.tag(1)?;
                let raw = RAW.into_iter().find(|raw| raw.eq_ignore_ascii_case(name));
                self.raw = raw.filter(|_| !self.without_raw);
                Some(Some(Token::Start(name, attributes, count)))
            }
            [b'<', b'/', letter, ..] if letter.is_ascii_alphabetic() => {
                Some(Some(Token::End(self.tag(2)?.0)))
            }
            [b'<', b'!', b'-', b'-', ..] => {
                self.take(comment_length(bytes));
                Some(None)
            }
            [b'<', b'!' | b'?' | b'/', ..] => {
                self.take(memchr(b'>', bytes).map_or(bytes.len(), |end| end + 1));
                Some(None)
            }
            _ => None,
        }
    }

    /// A tag's name and attributes; the rest of the page belongs to a tag that does not end.
    fn tag(&mut self, begin: usize) -> Option<(&'a str, &'a str, usize)> {
        self.take(begin);
        let rest = self.rest();
        let named = rest.bytes().position(ends_name).unwrap_or(rest.len());
        let name = self.take(named);
        let (length, count) = measure_attributes(self.rest().as_bytes());
        let attributes = self.take(length);
        self.take(1);
        Some((name, attributes, count))
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            if self.at >= self.page.len() {
                return None;
            }
            if let Some(element) = self.raw.take() {
                let text = self.raw_text(element);
                if !text.is_empty() {
                    return Some(Token::Text(text));
                }
                continue;
            }
            match self.markup() {
                Some(Some(token)) => return Some(token),
                Some(None) => self.passed_over += 1,
                None => {
                    let bytes = self.rest().as_bytes();
                    // The first byte is text even if it is a `<`.
                    let more = bytes.get(1..).and_then(|rest| memchr(b'<', rest));
                    return Some(Token::Text(
                        self.take(more.map_or(bytes.len(), |at| at + 1)),
                    ));
                }
            }
        }
    }
}

fn ends_name(byte: u8) -> bool {
    is_space(byte) || matches!(byte, b'/' | b'>')
}

/// White space of HTML.
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | 0x0C | b'\r' | b' ')
}

/// Up to and with `-->` or `--!>`; the dashes of `<!-->` and `<!--->` are both.
fn comment_length(bytes: &[u8]) -> usize {
    let body = bytes.get(4..).unwrap_or_default();
    if body.starts_with(b">") {
        return 5;
    }
    if body.starts_with(b"->") {
        return 6;
    }
    memchr_iter(b'>', body)
        .find(|&at| {
            let before = body.get(..at).unwrap_or_default();
            before.ends_with(b"--") || before.ends_with(b"--!")
        })
        .map_or(bytes.len(), |at| 4 + at + 1)
}

/// The bytes before the `>` that ends a tag (one that stands in no quoted value), and the attributes in them.
fn measure_attributes(bytes: &[u8]) -> (usize, usize) {
    let mut attributes = Attributes { bytes, at: 0 };
    let mut count = 0;
    while attributes.advance().is_some() {
        count += 1;
    }
    (attributes.at.min(bytes.len()), count)
}

/// The attributes of a tag, in order, as positions of name and value.
struct Attributes<'a> {
    bytes: &'a [u8],
    at: usize,
}

type Span = (usize, usize);

impl Attributes<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_while(&mut self, skipped: impl Fn(u8) -> bool) {
        while self.peek().is_some_and(&skipped) {
            self.at += 1;
        }
    }

    /// Reads one attribute; none at the tag's end, where `at` stays on the `>` or behind the last byte.
    fn advance(&mut self) -> Option<(Span, Span)> {
        self.skip_while(|byte| is_space(byte) || byte == b'/');
        let begin = self.at;
        if self.peek()? == b'>' {
            return None;
        }
        self.at += 1; // an equals sign at the beginning belongs to the name
        self.skip_while(|byte| !ends_name(byte) && byte != b'=');
        let name = (begin, self.at);
        self.skip_while(is_space);
        if self.peek() != Some(b'=') {
            return Some((name, (self.at, self.at)));
        }
        self.at += 1;
        self.skip_while(is_space);
        let begin = self.at;
        match self.peek() {
            Some(quote @ (b'"' | b'\'')) => {
                let inner = self.bytes.get(begin + 1..).unwrap_or_default();
                let length = memchr(quote, inner).unwrap_or(inner.len());
                self.at = begin + length + 2;
                Some((name, (begin + 1, begin + 1 + length)))
            }
            _ => {
                self.skip_while(|byte| !is_space(byte) && byte != b'>');
                Some((name, (begin, self.at)))
            }
        }
    }
}

/// The value of the first attribute of that name, as it is written.
pub(crate) fn attribute<'a>(attributes: &'a str, wanted: &str) -> Option<&'a str> {
    let mut found = Attributes {
        bytes: attributes.as_bytes(),
        at: 0,
    };
    while let Some((name, value)) = found.advance() {
        let name = attributes.get(name.0..name.1)?;
        if name.eq_ignore_ascii_case(wanted) {
            return attributes.get(value.0..value.1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(page: &str) -> Vec<Token<'_>> {
        Tokens::new(page).collect()
    }

    #[test]
    fn splits_a_page() {
        use Token::{End, Start, Text};
        for (page, expected) in [
            (
                "a <b>c</B >d",
                vec![
                    Text("a "),
                    Start("b", "", 0),
                    Text("c"),
                    End("B"),
                    Text("d"),
                ],
            ),
            ("1 < 2 <3", vec![Text("1 "), Text("< 2 "), Text("<3")]),
            (
                "<!doctype html><?php x?></>x<!-- <b> --><!-->y",
                vec![Text("x"), Text("y")],
            ),
            ("<!-- a --!>b<!-- c ---><!---->", vec![Text("b")]),
            (
                "<a title='>' x=\">\">t",
                vec![Start("a", " title='>' x=\">\"", 2), Text("t")],
            ),
            (
                "<script>a<b></scripty></SCRIPT>t",
                vec![
                    Start("script", "", 0),
                    Text("a<b></scripty>"),
                    End("SCRIPT"),
                    Text("t"),
                ],
            ),
            ("<title></title>", vec![Start("title", "", 0), End("title")]),
            ("<style>a", vec![Start("style", "", 0), Text("a")]),
            ("<br/>x", vec![Start("br", "/", 0), Text("x")]),
            ("<é>", vec![Text("<é>")]),
            ("<bé>", vec![Start("bé", "", 0)]),
        ] {
            assert_eq!(tokens(page), expected, "{page}");
        }
    }

    #[test]
    fn reads_attributes() {
        let tag = " A = 'x y' b=c/d e \"=f a=2 =g=h i='";
        for (name, value) in [
            ("a", Some("x y")),
            ("b", Some("c/d")),
            ("e", Some("")),
            ("\"", Some("f")),
            ("=g", Some("h")),
            ("i", Some("")),
            ("j", None),
        ] {
            assert_eq!(attribute(tag, name), value, "{name}");
        }
        assert_eq!(measure_attributes(tag.as_bytes()), (tag.len(), 7));
    }
}
