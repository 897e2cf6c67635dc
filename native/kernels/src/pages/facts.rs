//! What a page says of itself, by elements and `<meta>` names, the first that says something of each.

use super::counts::Counts;
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

/// The longest value that is taken, in bytes: longer ones are no titles or names.
const MAX_BYTES: usize = 1024;

/// Facts of one page; each as it is written, references and all.
#[derive(Debug, Default)]
pub struct Facts<'a> {
    /// For each fact its value and how strong the place is that said it (0 is the strongest).
    found: [Option<(&'a str, usize)>; 5],
    /// What the page is made of.
    pub counts: Counts<'a>,
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
        let mut tokens = Tokens::new(page);
        while let Some(token) = tokens.next() {
            facts.counts.take(token, tokens.passed_over);
            match token {
                Token::Start(name, attributes, _) => {
                    in_title = name.eq_ignore_ascii_case("title");
                    facts.take_tag(name, attributes);
                }
                // The first title is the page's; drawings have titles too.
                Token::Text(text) if in_title => facts.note(TITLE, text, LAST),
                Token::Text(_) => {}
                Token::End(_) => in_title = false,
            }
        }
        facts.counts.pass_over(tokens.passed_over);
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
        let counts = Facts::read(page).counts;
        assert_eq!((counts.tags, counts.attributes), (7, 2));
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
