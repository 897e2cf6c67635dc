//! What block lists say of addresses: the six rules of RefinedWeb (Penedo et al. 2023, arXiv 2306.01116, G.1).
//!
//! Listed domains, hosts and addresses are looked up in tables that lie in mapped memory; hard, soft and strict words are
//! looked for in the address. Everything found is told, nothing is decided here. Time is linear in the addresses.

mod address;
mod list;
mod lookup;
mod words;

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};

use crate::columns::batch;
use crate::urls::write_c4;
use crate::words::TextColumn;
use address::read_name;
use list::Builder;
pub use list::List;
use lookup::{Hosts, Listed, find_hosts, parents};
pub use words::Spelling;
use words::{Found, Split, StrictWords, WordTable};

/// Which domains an address is looked up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domains {
    /// The registered one, and the host.
    Registered,
    /// The same of hosts that have a registered one alone: no IP addresses.
    Datatrove,
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
/// A line is an entry without the white space around it; empty ones are none, nor is what `#` begins at the begin of a line
/// or behind white space, nor are lines that are not UTF-8, which no address can be. A domain is in lower case (IDNA),
/// without a scheme, and without dots or `*.` in front.
pub struct Compiler {
    kind: Kind,
    texts: Builder,
    buffer: String,
    unreadable: u64,
}

/// What stands in front of a comment.
fn without_comment(line: &str) -> &str {
    let begins_comment =
        |(at, _): &(usize, &str)| *at == 0 || line[..*at].ends_with(char::is_whitespace);
    match line.match_indices('#').find(begins_comment) {
        Some((at, _)) => &line[..at],
        None => line,
    }
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

    /// Adds the lines of a file; an error names the line that can be no entry.
    pub fn push(&mut self, lines: &[u8]) -> Result<(), String> {
        let lines = lines.strip_prefix(b"\xef\xbb\xbf").unwrap_or(lines);
        for (number, line) in lines.split(|&b| b == b'\n').enumerate() {
            let Ok(line) = std::str::from_utf8(line) else {
                self.unreadable += 1;
                continue;
            };
            let entry = without_comment(line).trim();
            if entry.is_empty() {
                continue;
            }
            match self.kind {
                Kind::Domains => {
                    let name = read_name(entry)
                        .map_err(|why| format!("{}: {}", number + 1, refuse(entry, why)))?;
                    self.texts.push(&name);
                }
                Kind::Urls(form) => {
                    self.buffer.clear();
                    write_form(entry, form, &mut self.buffer);
                    self.texts.push(&self.buffer);
                }
            }
        }
        Ok(())
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

fn refuse(entry: &str, why: &str) -> String {
    format!("{entry:?} is no domain: {why}")
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
    words: WordTable,
    strict: StrictWords,
    allowed: Names,
    excluded: Names,
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
            words: WordTable::new(&words.hard, &words.soft, settings.spelling),
            strict: StrictWords::new(&words.strict, settings.spelling)?,
            allowed: Names::new(&words.allowed)?,
            excluded: Names::new(&words.excluded)?,
        })
    }

    /// Says of each address what of it is listed; all is null for null.
    ///
    /// Columns of text, null where nothing is found: `listed_domain`, `listed_host`, `listed_url`, `hard_word`,
    /// `soft_words` (all of them, in order, parted by a space), `strict_word`, `excluded_domain`, `allowed_domain`; and
    /// `n_soft_words` (different ones), `names_host`.
    pub fn measure(&self, urls: &ArrayRef) -> Result<RecordBatch, String> {
        let column = TextColumn::new(urls, "url")?;
        let mut hosts = Hosts::default();
        let mut scratch = String::new();
        for row in 0..urls.len() {
            hosts.push(column.get(row), &mut scratch);
        }
        let listed = self.find_hosts(&column, &hosts);
        let listed_urls = self.find_urls(&column, urls.len());
        let mut columns = Columns::default();
        let mut split = Split::default();
        let mut found = Found::default();
        let has_words = !self.words.is_empty() || !self.strict.is_empty();
        for row in 0..urls.len() {
            let Some(url) = column.get(row) else {
                columns.append_nulls();
                continue;
            };
            let host = hosts.get(row);
            let Listed { domain, host: name } = listed.get(row).copied().unwrap_or_default();
            let end = |length: usize| &host[host.len() - length..];
            columns.append(LISTED_DOMAIN, domain.map(end));
            columns.append(LISTED_HOST, name.map(end));
            let listed_url = listed_urls.get(row).is_some_and(|found| *found);
            columns.append(LISTED_URL, listed_url.then(|| self.form(url, &mut scratch)));
            columns.append(EXCLUDED, self.excluded.find(host));
            columns.append(ALLOWED, self.allowed.find(host));
            columns.names_host.append_value(!host.is_empty());
            let Settings {
                spelling,
                ignore_case,
                ..
            } = self.settings;
            if has_words {
                split.read(url, spelling, ignore_case);
                self.words.look_up(&split, &mut found);
            }
            columns.append(HARD_WORD, found.hard.map(|word| self.words.get(word)));
            columns.append_soft(found.soft.iter().map(|&word| self.words.get(word)));
            columns.append(STRICT_WORD, self.strict.find(&split));
        }
        columns.finish()
    }

    fn find_hosts(&self, column: &TextColumn<'_>, hosts: &Hosts) -> Vec<Listed> {
        let is_shown = |row| {
            let as_written = |url: &str| url.contains(hosts.get(row));
            self.settings.ignore_case || column.get(row).is_some_and(as_written)
        };
        match &self.domains {
            Some(list) => find_hosts(list, hosts, &self.settings, is_shown),
            None => vec![],
        }
    }

    fn find_urls(&self, column: &TextColumn<'_>, rows: usize) -> Vec<bool> {
        let Some(list) = &self.urls else {
            return vec![];
        };
        let mut scratch = String::new();
        let mut is_listed = |url: &str| list.contains(self.form(url, &mut scratch));
        (0..rows)
            .map(|row| column.get(row).is_some_and(&mut is_listed))
            .collect()
    }

    fn form<'a>(&self, url: &str, scratch: &'a mut String) -> &'a str {
        scratch.clear();
        write_form(url, self.settings.form, scratch);
        scratch
    }
}

/// Names of hosts that stand for all below them as well.
struct Names(HashSet<String>);

impl Names {
    fn new(names: &[String]) -> Result<Self, String> {
        let read = |name: &String| read_name(name.trim()).map_err(|why| refuse(name, why));
        let names: Result<_, String> = names.iter().map(read).collect();
        names.map(Names)
    }

    /// The longest of the names that covers the host.
    fn find<'a>(&self, host: &'a str) -> Option<&'a str> {
        if self.0.is_empty() || host.is_empty() {
            return None;
        }
        parents(host).find(|name| self.0.contains(*name))
    }
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

    fn append_soft<'a>(&mut self, words: impl ExactSizeIterator<Item = &'a str>) {
        self.n_soft_words.append_value(words.len() as i64);
        let joined = (words.len() > 0).then(|| words.collect::<Vec<_>>().join(" "));
        self.append(SOFT_WORDS, joined);
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
        batch(columns)
    }
}
