//! What a page says of itself, by elements and `<meta>` names, the first that says something of each.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::markup::{Token, Tokens, attribute};

/// The names of the facts, in the order of `Facts::get`.
pub const FACTS: [&str; 5] = ["title", "author", "published", "language", "canonical_url"];

/// `<meta>` names (attributes `name`, `property`, `itemprop`) of each fact, the strongest first.
const NAMES: [&[&str]; 5] = [
    &["og:title", "twitter:title", "dc.title", "citation_title"],
    &[
        "author",
        "article:author",
        "dc.creator",
        "citation_author",
        "parsely-author",
        "sailthru.author",
    ],
    &[
        "article:published_time",
        "og:published_time",
        "datepublished",
        "date",
        "dc.date",
        "dc.date.issued",
        "citation_publication_date",
        "parsely-pub-date",
        "sailthru.date",
        "pubdate",
    ],
    &["og:locale", "content-language", "dc.language"],
    &["og:url"],
];

type Count = fn(&Facts<'_>) -> i64;

/// The names of the counts.
pub const COUNTS: [(&str, Count); 4] = [
    ("tags", |facts| facts.tags),
    ("markup", |facts| facts.markup),
    ("attributes", |facts| facts.attributes),
    ("depth", |facts| facts.depth),
];

/// The longest value that is taken, in bytes: longer ones are no titles or names.
const MAX_BYTES: usize = 1024;

/// Facts of one page; each as it is written, references and all.
#[derive(Debug, Default)]
pub struct Facts<'a> {
    /// For each fact its value and how strong the place is that said it (0 is the strongest).
    found: [Option<(&'a str, usize)>; 5],
    /// Start tags of the page.
    pub tags: i64,
    /// The most attributes that one of them has.
    pub attributes: i64,
    /// Tags of both kinds, comments and declarations.
    pub markup: i64,
    /// The most elements that are open at once, as the tags stand in the page: see `Depth`.
    pub depth: i64,
}

const TITLE: usize = 0;
const PUBLISHED: usize = 2;
const LANGUAGE: usize = 3;
const CANONICAL: usize = 4;
/// Weaker than every `<meta>`.
const LAST: usize = 99;

impl<'a> Facts<'a> {
    /// Reads a page from beginning to end.
    pub fn read(page: &'a str) -> Self {
        let mut facts = Self::default();
        let mut in_title = false;
        let mut depth = Depth::default();
        let mut tokens = Tokens::new(page);
        for token in tokens.by_ref() {
            match token {
                Token::Start(name, attributes, count) => {
                    depth.open(name);
                    facts.tags += 1;
                    facts.markup += 1;
                    facts.attributes = facts.attributes.max(count as i64);
                    in_title = name.eq_ignore_ascii_case("title");
                    facts.take_tag(name, attributes);
                }
                // The first title is the page's; drawings have titles too.
                Token::Text(text) if in_title => facts.note(TITLE, text, LAST),
                Token::Text(_) => {}
                Token::End(name) => {
                    in_title = false;
                    depth.close(name);
                    facts.markup += 1;
                }
            }
        }
        facts.markup += tokens.passed_over as i64;
        facts.depth = depth.deepest;
        facts
    }

    /// The value of a fact by its place in `FACTS`.
    pub fn get(&self, fact: usize) -> Option<&'a str> {
        self.found
            .get(fact)
            .copied()
            .flatten()
            .map(|(value, _)| value)
    }

    fn note(&mut self, fact: usize, value: &'a str, strength: usize) {
        let value = value.trim();
        let better = self.found[fact].is_none_or(|(_, held)| strength < held);
        if better && !value.is_empty() && value.len() <= MAX_BYTES {
            self.found[fact] = Some((value, strength));
        }
    }

    fn take_tag(&mut self, name: &str, attributes: &'a str) {
        if name.eq_ignore_ascii_case("meta") {
            self.take_meta(attributes);
        } else if name.eq_ignore_ascii_case("html") {
            let language =
                attribute(attributes, "lang").or_else(|| attribute(attributes, "xml:lang"));
            self.note(LANGUAGE, language.unwrap_or_default(), 0);
        } else if name.eq_ignore_ascii_case("link") {
            let relations = attribute(attributes, "rel").unwrap_or_default();
            let mut words = relations.split_ascii_whitespace();
            if words.any(|word| word.eq_ignore_ascii_case("canonical")) {
                self.note(
                    CANONICAL,
                    attribute(attributes, "href").unwrap_or_default(),
                    0,
                );
            }
        } else if name.eq_ignore_ascii_case("time") && attribute(attributes, "pubdate").is_some() {
            self.note(
                PUBLISHED,
                attribute(attributes, "datetime").unwrap_or_default(),
                LAST,
            );
        }
    }

    fn take_meta(&mut self, attributes: &'a str) {
        let Some(content) = attribute(attributes, "content") else {
            return;
        };
        for kind in ["property", "name", "itemprop", "http-equiv"] {
            let Some(name) = attribute(attributes, kind) else {
                continue;
            };
            for (fact, names) in NAMES.iter().enumerate() {
                let place = names
                    .iter()
                    .position(|known| known.eq_ignore_ascii_case(name.trim()));
                if let Some(place) = place {
                    self.note(fact, content, place + 1);
                }
            }
        }
    }
}

/// Elements that hold no others (void), or whose end tag may be left out: these nest only by means of others, and
/// thousands of unclosed list items stand beside each other, not in each other.
const NOT_NESTING: [&str; 38] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr", "body", "caption", "colgroup", "dd", "dt", "head", "html", "li", "optgroup",
    "option", "p", "rb", "rp", "rt", "rtc", "tbody", "td", "tfoot", "th", "thead", "tr", "script",
    "style", "title",
];

/// How many elements are open; an end tag without its start tag counts for nothing.
#[derive(Default)]
struct Depth<'a> {
    open: HashMap<Cow<'a, str>, i64>,
    now: i64,
    deepest: i64,
}

impl<'a> Depth<'a> {
    fn open(&mut self, name: &'a str) {
        let name = lower(name);
        if !NOT_NESTING.contains(&name.as_ref()) {
            *self.open.entry(name).or_default() += 1;
            self.now += 1;
            self.deepest = self.deepest.max(self.now);
        }
    }

    fn close(&mut self, name: &'a str) {
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
    use super::*;

    fn read(page: &str) -> [Option<&str>; 5] {
        let facts = Facts::read(page);
        std::array::from_fn(|fact| facts.get(fact))
    }

    #[test]
    fn reads_what_a_page_says() {
        let page = "<HTML lang=de><title>Plain &amp; simple</title><meta property=og:title content='Better'>\
            <meta name=Author content=Me><meta itemprop=datePublished content=2020-01-02>\
            <link rel='alternate Canonical' href=//x/y><title>late</title>";
        let expected = [
            Some("Better"),
            Some("Me"),
            Some("2020-01-02"),
            Some("de"),
            Some("//x/y"),
        ];
        assert_eq!(read(page), expected);
        assert_eq!(
            (Facts::read(page).tags, Facts::read(page).attributes),
            (7, 2)
        );
    }

    #[test]
    fn counts_what_a_parser_would_build() {
        for (page, markup, depth) in [
            ("<!doctype html><p>1 < 2 <3</p><!-- x --><br/>", 5, 0),
            ("<DIV><Span class=x><b/><i>deep</i></b></span></div>", 8, 4),
            ("<div></i></b><div></i><div>", 6, 3),
            ("<ul><li><li><li></ul><b></b><b></b>", 9, 1),
            ("<script><b><b></script>", 2, 0),
        ] {
            let facts = Facts::read(page);
            assert_eq!((facts.markup, facts.depth), (markup, depth), "{page}");
        }
    }

    #[test]
    fn takes_the_strongest_and_of_those_the_first() {
        assert_eq!(read("<title>a</title><title>b</title>")[0], Some("a"));
        assert_eq!(
            read("<svg><title> </title></svg><title>b</title>")[0],
            Some("b")
        );
        assert_eq!(
            read("<meta name=date content=b><meta property=article:published_time content=a>")[2],
            Some("a")
        );
        assert_eq!(
            read("<time datetime=c pubdate><meta name=date content=b>")[2],
            Some("b")
        );
        assert_eq!(
            read("<meta name=author><meta name=author content=' '>")[1],
            None
        );
        assert_eq!(
            read("<meta property=og:locale content=en_US><html xml:lang=en>")[3],
            Some("en")
        );
        assert_eq!(read("nothing"), [None; 5]);
        let long = format!("<title>{}</title>", "x".repeat(MAX_BYTES + 1));
        assert_eq!(read(&long)[0], None);
    }
}
