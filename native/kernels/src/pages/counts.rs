//! What a page is made of, counted as its tags stand in it: what a parser may build of it, and has to search through.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::markup::{Token, Tokens, is_raw, is_space};

type Count = fn(&Counts<'_>) -> i64;

/// The names of the counts.
pub const COUNTS: [(&str, Count); 5] = [
    ("tags", |counts| counts.tags),
    ("markup", |counts| counts.markup),
    ("attributes", |counts| counts.attributes),
    ("depth", |counts| counts.depth()),
    ("options", |counts| counts.options),
];

/// Elements of which a page has one: parsers put the attributes of all their start tags together.
const SINGLE: [&str; 2] = ["html", "body"];
/// Raw elements whose contents every parser leaves alone, but for those in drawings and lists to choose from.
const CODE: [&str; 2] = ["script", "style"];
/// Start tags that end a list to choose from.
const ENDS_SELECT: [&str; 3] = ["input", "keygen", "textarea"];

/// Counts of one page.
///
/// Parsers do not agree on what raw elements hold, and a raw element in a drawing is none. So tags within them are
/// counted too, but for scripts and styles outside of drawings and lists: a count may be too large, not too small.
#[derive(Debug, Default)]
pub struct Counts<'a> {
    /// Start tags of the page, without those in raw elements.
    pub tags: i64,
    /// Tags of both kinds, comments and declarations.
    pub markup: i64,
    /// The most attributes of an element.
    pub attributes: i64,
    /// Markup within lists to choose from (`select`): for each option parsers look through the list.
    pub options: i64,
    depth: Depth<'a>,
    /// The attributes of all start tags of each of `SINGLE`.
    merged: [i64; 2],
    passed_over: usize,
    in_select: bool,
    drawings: i64,
    /// Whether the text that comes may be markup for a parser.
    is_doubtful: bool,
}

impl<'a> Counts<'a> {
    /// Counts a token, given how many comments and declarations stand before it.
    pub(crate) fn take(&mut self, token: Token<'a>, passed_over: usize) {
        self.pass_over(passed_over);
        match token {
            Token::Start(name, attributes, count) => {
                let is_code = is_one_of(name, &CODE) && !self.in_select && self.drawings == 0;
                self.tags += 1;
                self.open(name, attributes, count);
                self.is_doubtful = is_raw(name) && !is_code;
            }
            Token::End(name) => {
                self.is_doubtful = false;
                self.close(name);
            }
            Token::Text(text) if self.is_doubtful => self.look_into(text),
            Token::Text(_) => {}
        }
    }

    /// Counts comments and declarations, given how many there are so far.
    pub(crate) fn pass_over(&mut self, passed_over: usize) {
        self.add_markup((passed_over - self.passed_over) as i64);
        self.passed_over = passed_over;
    }

    /// The most elements that are open at once, as the tags stand in the page.
    pub fn depth(&self) -> i64 {
        self.depth.deepest
    }

    fn look_into(&mut self, text: &'a str) {
        let mut tokens = Tokens::without_raw(text);
        let mut passed_over = 0;
        while let Some(token) = tokens.next() {
            self.add_markup((tokens.passed_over - passed_over) as i64);
            passed_over = tokens.passed_over;
            match token {
                Token::Start(name, attributes, count) => self.open(name, attributes, count),
                Token::End(name) => self.close(name),
                Token::Text(_) => {}
            }
        }
        self.add_markup((tokens.passed_over - passed_over) as i64);
    }

    fn open(&mut self, name: &'a str, attributes: &str, count: usize) {
        self.add_markup(1);
        self.attributes = self.attributes.max(count as i64);
        if let Some(which) = SINGLE.iter().position(|one| one.eq_ignore_ascii_case(name)) {
            self.merged[which] += count as i64;
            self.attributes = self.attributes.max(self.merged[which]);
        }
        if name.eq_ignore_ascii_case("select") {
            self.in_select = true;
        } else if is_one_of(name, &ENDS_SELECT) {
            self.in_select = false;
        }
        let is_closed = is_self_closed(attributes);
        if is_one_of(name, &FOREIGN) && !is_closed {
            self.drawings += 1;
        }
        self.depth.open(name, is_closed);
    }

    fn close(&mut self, name: &'a str) {
        self.add_markup(1);
        if name.eq_ignore_ascii_case("select") {
            self.in_select = false;
        } else if is_one_of(name, &FOREIGN) {
            self.drawings = (self.drawings - 1).max(0);
        }
        self.depth.close(name);
    }

    fn add_markup(&mut self, count: i64) {
        self.markup += count;
        if self.in_select {
            self.options += count;
        }
    }
}

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Elements that hold no others (void), or whose end tag may be left out: these nest only by means of others, and
/// thousands of unclosed list items stand beside each other, not in each other.
const NOT_NESTING: [&str; 38] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr", "body", "caption", "colgroup", "dd", "dt", "head", "html", "li", "optgroup",
    "option", "p", "rb", "rp", "rt", "rtc", "tbody", "td", "tfoot", "th", "thead", "tr", "script",
    "style", "title",
];

/// Elements in which `/>` closes.
const FOREIGN: [&str; 2] = ["svg", "math"];

/// Start tags behind which a parser takes names for HTML's again: what ends a drawing, or holds HTML within it.
const BACK_TO_HTML: [&str; 58] = [
    "b",
    "big",
    "blockquote",
    "body",
    "br",
    "center",
    "code",
    "dd",
    "div",
    "dl",
    "dt",
    "em",
    "embed",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "hr",
    "i",
    "img",
    "li",
    "listing",
    "menu",
    "meta",
    "nobr",
    "ol",
    "p",
    "pre",
    "ruby",
    "s",
    "small",
    "span",
    "strong",
    "strike",
    "sub",
    "sup",
    "table",
    "tt",
    "u",
    "ul",
    "var",
    "foreignobject",
    "desc",
    "title",
    "mi",
    "mo",
    "mn",
    "ms",
    "mtext",
    "annotation-xml",
    "script",
    "style",
    "template",
    "iframe",
];

/// Whether a tag ends in `/>`, given what stands behind its name. A slash may also be the end of a value without
/// quotes: then it closes nothing.
fn is_self_closed(attributes: &str) -> bool {
    let Some(before) = attributes.strip_suffix('/') else {
        return false;
    };
    match before.chars().next_back() {
        None => true,
        Some(quote @ ('"' | '\'')) => before.matches(quote).count() % 2 == 0,
        Some(last) => u8::try_from(last).is_ok_and(is_space),
    }
}

/// How many elements are open; an end tag without its start tag counts for nothing.
#[derive(Debug, Default)]
struct Depth<'a> {
    open: HashMap<Cow<'a, str>, i64>,
    now: i64,
    deepest: i64,
    /// How many drawings and formulas are open, in which `/>` closes an element. In all else a parser ignores it.
    foreign: i64,
}

impl<'a> Depth<'a> {
    fn open(&mut self, name: &'a str, self_closed: bool) {
        let name = lower(name);
        let is_root = FOREIGN.contains(&name.as_ref());
        if BACK_TO_HTML.contains(&name.as_ref()) {
            self.foreign = 0;
        }
        if self_closed && (is_root || self.foreign > 0) {
            return;
        }
        if is_root {
            self.foreign += 1;
        }
        if !NOT_NESTING.contains(&name.as_ref()) {
            *self.open.entry(name).or_default() += 1;
            self.now += 1;
            self.deepest = self.deepest.max(self.now);
        }
    }

    fn close(&mut self, name: &'a str) {
        if FOREIGN.contains(&lower(name).as_ref()) {
            self.foreign = (self.foreign - 1).max(0);
        }
        if let Some(open) = self
            .open
            .get_mut(lower(name).as_ref())
            .filter(|open| **open > 0)
        {
            *open -= 1;
            self.now -= 1;
        }
    }
}

fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Facts;

    #[test]
    fn counts_what_a_parser_would_build() {
        for (page, markup, depth) in [
            ("<!doctype html><p>1 < 2 <3</p><!-- x --><br/>", 5, 0),
            ("<DIV><Span class=x><b/><i>deep</i></b></span></div>", 8, 4),
            ("<div></i></b><div></i><div>", 6, 3),
            ("<ul><li><li><li></ul><b></b><b></b>", 9, 1),
            ("<script><b><b></script>", 2, 0),
            ("<svg><path/><path/><g><path d=x /></g></svg><b><b/>", 9, 2),
            ("<SVG/><MATH/><path/><path/>", 4, 2),
            ("<svg><path d=\"x\"/><path d=x/><path d='x'/></svg>", 5, 2),
            ("<svg><path/><div/><path/><path/>", 5, 4),
            ("<svg><foreignObject><path/><path/>", 4, 4),
            ("<svg></svg></svg><path/><path/>", 5, 2),
        ] {
            let counts = Facts::read(page).counts;
            assert_eq!((counts.markup, counts.depth()), (markup, depth), "{page}");
        }
    }

    #[test]
    fn counts_what_parsers_search_through() {
        for (page, options, attributes) in [
            ("<select><option a><option></select><option>", 3, 1),
            ("<select><!-- x --><b></select>", 3, 0),
            ("<select><option><input><option>", 2, 0),
            ("<select><select><option></select><option>", 3, 0),
            ("<html a b><p x y z><html c d><body e><body f>", 0, 4),
            ("<select><xmp></select><i a b></xmp></select>", 2, 2),
        ] {
            let counts = Facts::read(page).counts;
            assert_eq!(
                (counts.options, counts.attributes),
                (options, attributes),
                "{page}"
            );
        }
    }

    #[test]
    fn what_a_parser_may_take_for_markup_is_counted() {
        for (page, markup, depth) in [
            ("<svg><style><g><g></style></svg>", 6, 3),
            ("<style><g><g></style>", 2, 0),
            ("<svg></svg><style><g></style>", 4, 1),
            ("<textarea><b><b></textarea>", 4, 3),
            ("<select><script><b></script></select>", 5, 2),
            ("<title><!-- x --></title>", 3, 0),
        ] {
            let counts = Facts::read(page).counts;
            assert_eq!((counts.markup, counts.depth()), (markup, depth), "{page}");
        }
    }
}
