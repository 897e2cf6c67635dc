//! What a web page says of itself (title, author, date, language, canonical address), and its text without the tags.
//!
//! The text is everything but scripts, styles, the head, templates, drawings and what is for browsers without scripts.
//! Blocks stand on lines of their own, white space is one space but in `pre`, lines are trimmed, empty ones dropped.
//! Character references stay as they are written, in the text and in what the page says of itself.

use std::sync::Arc;

use arrow_array::builder::{Int64Builder, LargeStringBuilder};
use arrow_array::{ArrayRef, RecordBatch};

use crate::markup::{Token, Tokens, is_space};
use crate::words::TextColumn;

mod counts;
mod facts;

pub use counts::{COUNTS, Counts};
pub use facts::{FACTS, Facts};

/// Elements whose contents are no text of the page.
const SKIPPED: [&str; 4] = ["noscript", "template", "svg", "math"];
/// Elements that hold no text that is shown, and no elements.
const SILENT: [&str; 6] = ["script", "style", "title", "iframe", "noembed", "noframes"];
/// What a head may hold; any other start tag ends it.
const OF_HEAD: [&str; 9] = [
    "base", "basefont", "link", "meta", "title", "noscript", "style", "script", "template",
];
const BLOCKS: [&str; 47] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "br",
    "caption",
    "center",
    "dd",
    "details",
    "dialog",
    "dir",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "hr",
    "legend",
    "li",
    "main",
    "menu",
    "nav",
    "ol",
    "optgroup",
    "option",
    "p",
    "pre",
    "section",
    "select",
    "summary",
    "table",
    "textarea",
    "tr",
    "ul",
    "xmp",
];
const CELLS: [&str; 2] = ["td", "th"];

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The text of a page without its tags.
pub fn strip(page: &str) -> String {
    let mut stripping = Stripping::new(page);
    for token in Tokens::new(page) {
        stripping.take(token, page);
    }
    stripping.lines.finish()
}

struct Stripping {
    lines: Lines,
    /// Where the last end tag of each of `SKIPPED` begins: without one, a start tag is passed over alone.
    last_ends: [Option<usize>; 4],
    skipping: Option<(usize, usize)>, // which of SKIPPED, how many of them are open
    in_head: bool,
    silent: bool,
    preformatted: usize,
}

impl Stripping {
    fn new(page: &str) -> Self {
        let lower = |end: &str| {
            page.as_bytes()
                .windows(end.len())
                .rposition(|bytes| bytes.eq_ignore_ascii_case(end.as_bytes()))
        };
        Self {
            lines: Lines::default(),
            last_ends: ["</noscript", "</template", "</svg", "</math"].map(lower),
            skipping: None,
            in_head: false,
            silent: false,
            preformatted: 0,
        }
    }

    fn take(&mut self, token: Token<'_>, page: &str) {
        if let Some((which, open)) = self.skipping {
            self.skipping = match token {
                Token::Start(name, ..) if SKIPPED[which].eq_ignore_ascii_case(name) => {
                    Some((which, open + 1))
                }
                Token::End(name) if SKIPPED[which].eq_ignore_ascii_case(name) => {
                    (open > 1).then_some((which, open - 1))
                }
                _ => Some((which, open)),
            };
            return;
        }
        match token {
            Token::Text(text) => self.text(text),
            Token::Start(name, ..) => self.start(name, offset_in(page, name)),
            Token::End(name) => self.end(name),
        }
    }

    fn text(&mut self, text: &str) {
        if self.silent || (self.in_head && text.bytes().all(is_space)) {
            return;
        }
        self.in_head = false;
        self.lines.write(text, self.preformatted > 0);
    }

    fn start(&mut self, name: &str, at: usize) {
        if let Some(which) = SKIPPED
            .iter()
            .position(|known| known.eq_ignore_ascii_case(name))
        {
            if self.last_ends[which].is_some_and(|end| end > at) {
                self.skipping = Some((which, 1));
            }
            return;
        }
        self.silent = is_one_of(name, &SILENT);
        if name.eq_ignore_ascii_case("head") {
            self.in_head = true;
        } else if self.in_head && !is_one_of(name, &OF_HEAD) {
            self.in_head = false;
        }
        self.part(name);
        self.preformatted += usize::from(is_preformatted(name));
    }

    fn end(&mut self, name: &str) {
        self.silent = false;
        if name.eq_ignore_ascii_case("head") {
            self.in_head = false;
        }
        self.part(name);
        self.preformatted = self
            .preformatted
            .saturating_sub(usize::from(is_preformatted(name)));
    }

    fn part(&mut self, name: &str) {
        if is_one_of(name, &BLOCKS) {
            self.lines.end();
        } else if is_one_of(name, &CELLS) {
            self.lines.write(" ", false);
        }
    }
}

fn is_preformatted(name: &str) -> bool {
    is_one_of(name, &["pre", "textarea", "xmp"])
}

/// Where a part of a page begins in it.
fn offset_in(page: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(page.as_ptr() as usize)
}

/// Lines of text: written to piece by piece, without white space at their ends, none of them empty.
#[derive(Default)]
struct Lines {
    text: String,
    line: String,
    space: bool,
}

impl Lines {
    fn write(&mut self, text: &str, preformatted: bool) {
        if preformatted {
            for (i, line) in text.split('\n').enumerate() {
                if i > 0 {
                    self.end();
                }
                self.flush_space();
                self.line.push_str(line);
            }
            return;
        }
        let mut rest = text;
        while let Some(&first) = rest.as_bytes().first() {
            let blank = is_space(first);
            let length = rest.bytes().position(|byte| is_space(byte) != blank);
            let (run, others) = rest.split_at(length.unwrap_or(rest.len()));
            if blank {
                self.space = true;
            } else {
                self.flush_space();
                self.line.push_str(run);
            }
            rest = others;
        }
    }

    fn flush_space(&mut self) {
        if self.space && !self.line.is_empty() {
            self.line.push(' ');
        }
        self.space = false;
    }

    fn end(&mut self) {
        let line = self
            .line
            .trim_end_matches(|c: char| c.is_ascii() && is_space(c as u8));
        if !line.is_empty() {
            if !self.text.is_empty() {
                self.text.push('\n');
            }
            self.text.push_str(line);
        }
        self.line.clear();
        self.space = false;
    }

    fn finish(mut self) -> String {
        self.end();
        self.text
    }
}

/// Of each page its text without tags (large string), null for null.
pub fn strip_all(pages: &ArrayRef) -> Result<ArrayRef, String> {
    let pages_of = TextColumn::new(pages, "pages")?;
    let mut text = LargeStringBuilder::new();
    for row in 0..pages.len() {
        text.append_option(pages_of.get(row).map(strip));
    }
    Ok(Arc::new(text.finish()))
}

/// Of each page what it says of itself, a column of large strings by each name of `FACTS`, and as int64 what it is made
/// of, a column by each name of `COUNTS`; null for null.
pub fn read_all(pages: &ArrayRef) -> Result<RecordBatch, String> {
    let pages_of = TextColumn::new(pages, "pages")?;
    let mut said = FACTS.map(|_| LargeStringBuilder::new());
    let mut counted = COUNTS.map(|_| Int64Builder::with_capacity(pages.len()));
    for row in 0..pages.len() {
        let facts = pages_of.get(row).map(Facts::read);
        for (i, column) in said.iter_mut().enumerate() {
            column.append_option(facts.as_ref().and_then(|facts| facts.get(i)));
        }
        for (column, (_, count)) in counted.iter_mut().zip(COUNTS) {
            column.append_option(facts.as_ref().map(|facts| count(&facts.counts)));
        }
    }
    let mut found: Vec<(&str, ArrayRef, bool)> = Vec::new();
    for (name, column) in FACTS.iter().zip(&mut said) {
        found.push((name, Arc::new(column.finish()), true));
    }
    for ((name, _), column) in COUNTS.iter().zip(&mut counted) {
        found.push((name, Arc::new(column.finish()), true));
    }
    RecordBatch::try_from_iter_with_nullable(found).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_tags_away() {
        for (page, text) in [
            ("", ""),
            ("a  b\n c", "a b c"),
            ("<p>one <b>two</b>three</p>four", "one twothree\nfour"),
            (
                "<head><title>T</title><style>s</style></head>\n<body>b",
                "b",
            ),
            ("<head><meta><p>no end of the head", "no end of the head"),
            ("<head>text ends it", "text ends it"),
            ("a<script>x < y</script>b", "ab"),
            ("a<noscript><p>n</noscript>b", "ab"),
            ("a<svg><svg>x</svg>y</svg>b", "ab"),
            ("a<svg>never ends", "anever ends"),
            ("</svg>a<svg>b", "ab"),
            ("<pre>a\n  b </pre>c  d", "a\n  b\nc d"),
            ("<tr><td>1<td>2<tr><th>3", "1 2\n3"),
            ("<p> <br> <p>x", "x"),
            ("1 < 2 &amp; &lt;b>", "1 < 2 &amp; &lt;b>"),
            ("<textarea>a <b> c</textarea>d", "a <b> c\nd"),
            ("x<!-- c -->y", "xy"),
        ] {
            assert_eq!(strip(page), text, "{page}");
        }
    }
}
