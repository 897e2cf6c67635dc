//! What block lists say of addresses: the six rules of RefinedWeb (Penedo et al. 2023, arXiv 2306.01116, G.1).
//!
//! Listed domains, hosts and addresses are looked up in tables that lie in mapped memory; hard, soft and strict words are
//! looked for in the address. Everything found is told, nothing is decided here. Time is linear in the addresses.

mod address;
mod list;
mod words;

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};

use crate::urls::write_c4;
use crate::words::TextColumn;
use address::{registered, write_host, write_name};
use list::Builder;
pub use list::List;
pub use words::Spelling;
use words::{StrictWords, WordSet};

/// Which domains an address is looked up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domains {
    /// The registered one, and the host if it has one.
    Registered,
    /// The host alone, without `www.` in front.
    Host,
    /// The registered one, the host, and all between.
    Parents,
}

/// When two addresses are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// When they are the same text.
    Exact,
    /// When they are the same by `urls`' form `c4`, in lower case.
    C4,
}

/// What is listed of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Hosts and domains.
    Domains,
    /// Whole addresses.
    Urls(Form),
}

/// How addresses are compared with lists.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Domains looked up.
    pub domains: Domains,
    /// Form in which addresses are looked up.
    pub form: Form,
    /// How words are told apart.
    pub spelling: Spelling,
    /// Whether `BLOCKED.com/SEX` is `blocked.com/sex`; strict words never look at case.
    pub ignore_case: bool,
}

/// Words and hosts that are given as they are.
#[derive(Debug, Default)]
pub struct Words {
    /// One of these is enough, as a word.
    pub hard: Vec<String>,
    /// Counted, as words.
    pub soft: Vec<String>,
    /// One of these is enough, anywhere.
    pub strict: Vec<String>,
    /// Hosts that are told, with all below them.
    pub allowed: Vec<String>,
    /// Hosts that are told, with all below them.
    pub excluded: Vec<String>,
}

/// The lines of lists made into a table for `List`.
///
/// A line is an entry without the white space around it; empty ones and those that begin with `#` are none, nor are those
/// that are not UTF-8, which no address can be. A domain is in lower case (IDNA), without dots or `*.` in front.
pub struct Compiler {
    kind: Kind,
    texts: Builder,
    buffer: String,
    unreadable: u64,
}

impl Compiler {
    /// A table of that kind.
    pub fn new(kind: Kind) -> Self {
        Compiler {
            kind,
            texts: Builder::default(),
            buffer: String::new(),
            unreadable: 0,
        }
    }

    /// Adds the lines of a file.
    pub fn push(&mut self, lines: &[u8]) {
        let lines = lines.strip_prefix(b"\xef\xbb\xbf").unwrap_or(lines);
        for line in lines.split(|&b| b == b'\n') {
            let Ok(line) = std::str::from_utf8(line) else {
                self.unreadable += 1;
                continue;
            };
            let entry = line.trim();
            if entry.starts_with('#') {
                continue;
            }
            self.buffer.clear();
            match self.kind {
                Kind::Domains => {
                    let name = entry.trim_start_matches("*.").trim_matches('.');
                    write_name(name, &mut self.buffer);
                }
                Kind::Urls(form) => write_form(entry, form, &mut self.buffer),
            }
            self.texts.push(&self.buffer);
        }
    }

    /// Lines that were not UTF-8.
    pub fn unreadable(&self) -> u64 {
        self.unreadable
    }

    /// The table.
    pub fn finish(self) -> Result<RecordBatch, String> {
        self.texts.finish()
    }
}

fn write_form(url: &str, form: Form, out: &mut String) {
    match form {
        Form::Exact => out.push_str(url),
        Form::C4 => {
            write_c4(url, out);
            if out.is_ascii() {
                out.make_ascii_lowercase();
            } else {
                *out = out.to_lowercase();
            }
        }
    }
}

/// Lists and words, ready to be asked.
pub struct Rules {
    settings: Settings,
    domains: Option<List>,
    urls: Option<List>,
    hard: WordSet,
    soft: WordSet,
    strict: StrictWords,
    allowed: Hosts,
    excluded: Hosts,
}

impl Rules {
    /// An absent list has no entries.
    pub fn new(
        settings: Settings,
        domains: Option<List>,
        urls: Option<List>,
        words: &Words,
    ) -> Result<Self, String> {
        Ok(Rules {
            settings,
            domains,
            urls,
            hard: WordSet::new(&words.hard, settings.spelling),
            soft: WordSet::new(&words.soft, settings.spelling),
            strict: StrictWords::new(&words.strict, settings.spelling)?,
            allowed: Hosts::new(&words.allowed),
            excluded: Hosts::new(&words.excluded),
        })
    }

    /// Says of each address what of it is listed; all is null for null.
    ///
    /// Columns of text, null where nothing is found: `listed_domain`, `listed_host`, `listed_url`, `hard_word`,
    /// `soft_words` (all of them, in order, parted by a space), `strict_word`, `excluded_domain`, `allowed_domain`; and
    /// `n_soft_words` (different ones), `names_host`.
    pub fn measure(&self, urls: &ArrayRef) -> Result<RecordBatch, String> {
        let column = TextColumn::new(urls, "url")?;
        let mut found = Columns::default();
        let mut scratch = Scratch {
            met: vec![false; self.soft.len()],
            ..Scratch::default()
        };
        for row in 0..urls.len() {
            match column.get(row) {
                Some(url) => self.measure_one(url, &mut scratch, &mut found),
                None => found.append_nulls(),
            }
        }
        found.finish()
    }

    fn measure_one(&self, url: &str, scratch: &mut Scratch, found: &mut Columns) {
        let names_host = write_host(url, &mut scratch.host);
        found.names_host.append_value(names_host);
        let host = scratch.host.as_str();
        let (mut domain_found, mut host_found) = (None, None);
        if let Some(list) = &self.domains
            && names_host
            && (self.settings.ignore_case || url.contains(host))
        {
            (domain_found, host_found) = self.look_up(list, host);
        }
        found.append(LISTED_DOMAIN, domain_found);
        found.append(LISTED_HOST, host_found);
        let url_found = self.urls.as_ref().is_some_and(|list| {
            scratch.text.clear();
            write_form(url, self.settings.form, &mut scratch.text);
            list.contains(&scratch.text)
        });
        found.append(LISTED_URL, url_found.then_some(scratch.text.as_str()));
        found.append(ALLOWED, self.allowed.find(host));
        found.append(EXCLUDED, self.excluded.find(host));
        self.measure_words(url, scratch, found);
    }

    fn look_up<'a>(&self, list: &List, host: &'a str) -> (Option<&'a str>, Option<&'a str>) {
        let listed = |name: &&str| list.contains(name);
        if self.settings.domains == Domains::Host {
            let host = host.strip_prefix("www.").unwrap_or(host);
            return (None, Some(host).filter(listed));
        }
        let Some(domain) = registered(host) else {
            // An IP address, a name within a company: only another reading than datatrove's looks these up.
            let whole = self.settings.domains == Domains::Parents;
            return (None, Some(host).filter(|_| whole).filter(listed));
        };
        let found = Some(domain).filter(listed);
        if self.settings.domains == Domains::Registered {
            return (found, Some(host).filter(listed));
        }
        let mut between = parents(host).take_while(|name| name.len() >= domain.len());
        (found, between.find(listed))
    }

    fn measure_words(&self, url: &str, scratch: &mut Scratch, found: &mut Columns) {
        let mut hard = None;
        for word in scratch.soft.drain(..) {
            scratch.met[word] = false;
        }
        if !self.hard.is_empty() || !self.soft.is_empty() {
            let text = if self.settings.ignore_case {
                lower(url, &mut scratch.text)
            } else {
                url
            };
            for word in self.settings.spelling.words(text) {
                if hard.is_none() {
                    hard = self.hard.find(word);
                }
                if let Some(soft) = self.soft.find(word)
                    && !std::mem::replace(&mut scratch.met[soft], true)
                {
                    scratch.soft.push(soft);
                }
            }
        }
        found.append(HARD_WORD, hard.map(|word| self.hard.get(word)));
        found.n_soft_words.append_value(scratch.soft.len() as i64);
        let words: Vec<&str> = scratch
            .soft
            .iter()
            .map(|&word| self.soft.get(word))
            .collect();
        found.append(SOFT_WORDS, (!words.is_empty()).then(|| words.join(" ")));
        if !self.strict.is_empty() {
            let spelling = self.settings.spelling;
            spelling.write_squeezed(url, &mut scratch.text);
            found.append(STRICT_WORD, self.strict.find(&scratch.text));
        } else {
            found.append(STRICT_WORD, None::<&str>);
        }
    }
}

fn lower<'a>(url: &str, out: &'a mut String) -> &'a str {
    out.clear();
    if url.is_ascii() {
        out.push_str(url);
        out.make_ascii_lowercase();
    } else {
        out.extend(url.chars().flat_map(char::to_lowercase));
    }
    out
}

/// The host and what lies above it, the shortest name last.
fn parents(host: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(host);
    std::iter::from_fn(move || {
        let name = rest?;
        rest = name.split_once('.').map(|(_, above)| above);
        Some(name)
    })
}

/// Names of hosts that stand for all below them as well.
struct Hosts(HashSet<String>);

impl Hosts {
    fn new(names: &[String]) -> Self {
        let read = |name: &String| {
            let mut host = String::new();
            write_name(name.trim().trim_matches('.'), &mut host);
            host
        };
        Hosts(names.iter().map(read).collect())
    }

    /// The longest of the names that covers the host.
    fn find<'a>(&self, host: &'a str) -> Option<&'a str> {
        if self.0.is_empty() || host.is_empty() {
            return None;
        }
        parents(host).find(|name| self.0.contains(*name))
    }
}

/// Buffers that every address uses again.
#[derive(Default)]
struct Scratch {
    host: String,
    text: String,
    /// Soft words of the address, by number, and for each whether it is among them.
    soft: Vec<usize>,
    met: Vec<bool>,
}

const LISTED_DOMAIN: usize = 0;
const LISTED_HOST: usize = 1;
const LISTED_URL: usize = 2;
const HARD_WORD: usize = 3;
const SOFT_WORDS: usize = 4;
const STRICT_WORD: usize = 5;
const EXCLUDED: usize = 6;
const ALLOWED: usize = 7;

const NAMES: [&str; 8] = [
    "listed_domain",
    "listed_host",
    "listed_url",
    "hard_word",
    "soft_words",
    "strict_word",
    "excluded_domain",
    "allowed_domain",
];

/// The result under construction.
#[derive(Default)]
struct Columns {
    texts: [StringBuilder; 8],
    n_soft_words: Int64Builder,
    names_host: BooleanBuilder,
}

impl Columns {
    fn append(&mut self, column: usize, value: Option<impl AsRef<str>>) {
        self.texts[column].append_option(value);
    }

    fn append_nulls(&mut self) {
        self.texts.iter_mut().for_each(StringBuilder::append_null);
        self.n_soft_words.append_null();
        self.names_host.append_null();
    }

    fn finish(mut self) -> Result<RecordBatch, String> {
        let mut columns: Vec<(&str, ArrayRef)> = vec![];
        for (name, texts) in NAMES.into_iter().zip(&mut self.texts) {
            columns.push((name, Arc::new(texts.finish())));
        }
        columns.push(("n_soft_words", Arc::new(self.n_soft_words.finish())));
        columns.push(("names_host", Arc::new(self.names_host.finish())));
        let columns = columns
            .into_iter()
            .map(|(name, column)| (name, column, true));
        RecordBatch::try_from_iter_with_nullable(columns).map_err(|error| error.to_string())
    }
}
