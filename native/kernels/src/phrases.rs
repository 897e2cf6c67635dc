//! Phrases in text whatever its case, where lower case is Unicode's.

use aho_corasick::{AhoCorasick, MatchKind};
use memchr::memmem;

use crate::steps::step;

/// The Kelvin sign: of all characters that are not ASCII only this has ASCII without more as its lower case.
const KELVIN: &[u8] = "\u{212a}".as_bytes();

/// Phrases of ASCII in lower case, told by their place in the list.
pub(crate) struct Phrases(AhoCorasick);

impl Phrases {
    /// Up to 32 phrases, none of which is part of another or overlaps one of another sort.
    pub(crate) fn new(phrases: &[&str]) -> Result<Self, String> {
        AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(phrases)
            .map(Self)
            .map_err(|error| error.to_string())
    }

    /// One bit for each phrase that the lower case of `text` holds.
    pub(crate) fn find(&self, text: &str) -> u32 {
        if !text.is_ascii() && memmem::find(text.as_bytes(), KELVIN).is_some() {
            return self.search(&text.replace('\u{212a}', "k"));
        }
        self.search(text)
    }

    /// The byte at which the first of these phrases starts, one bit for each.
    pub(crate) fn position(&self, text: &str, phrases: u32) -> Option<usize> {
        let mut found = self.0.find_iter(text);
        found
            .find(|found| phrases & 1 << found.pattern().as_u32() != 0)
            .map(|found| found.start())
    }

    fn search(&self, text: &str) -> u32 {
        let found = self.0.find_iter(text);
        found.fold(0, |bits, found| bits | 1 << found.pattern().as_u32())
    }
}

/// A user's list of words, found where they stand by themselves, or anywhere.
pub(crate) struct BadWords {
    found: Option<AhoCorasick>,
    inside: bool,
}

impl BadWords {
    /// The words are put in lower case; with `inside` they may be part of a longer word.
    pub(crate) fn new(words: &[String], inside: bool) -> Result<Self, String> {
        let lowered: Vec<String> = words
            .iter()
            .map(|word| word.to_lowercase())
            .filter(|word| !word.is_empty())
            .collect();
        let build = || {
            AhoCorasick::builder()
                .match_kind(MatchKind::Standard)
                .build(&lowered)
                .map_err(|error| error.to_string())
        };
        let found = if lowered.is_empty() {
            None
        } else {
            Some(build()?)
        };
        Ok(Self { found, inside })
    }

    /// Where in the lower case of `line` one of the words starts, in bytes.
    pub(crate) fn find(&self, line: &str) -> Option<usize> {
        let words = self.found.as_ref()?;
        let lowered = line.to_lowercase();
        let mut found = words.find_overlapping_iter(&lowered);
        let by_itself = found.find(|found| {
            step(1);
            let before = lowered[..found.start()].chars().next_back();
            let behind = lowered[found.end()..].chars().next();
            self.inside || ![before, behind].into_iter().flatten().any(is_word)
        });
        by_itself.map(|found| found.start())
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_does_not_matter_nor_does_the_kelvin_sign() {
        let phrases = Phrases::new(&["javascript", "use cookies"]).unwrap();
        assert_eq!(phrases.find("JavaScript, and we USE Coo\u{212a}ies"), 3);
        assert_eq!(phrases.find("java script é"), 0);
        assert_eq!(phrases.position("é use cookies, JAVAscript", 1), Some(16));
        assert_eq!(phrases.position("use cookies", 1), None);
    }

    #[test]
    fn bad_words_stand_by_themselves() {
        let is_in = |words: &BadWords, line| words.find(line).is_some();
        let list = ["Bad", "bad word", "ärger", ""].map(String::from);
        let words = BadWords::new(&list, false).unwrap();
        assert!(
            is_in(&words, "a bad-tempered man") && is_in(&words, "BAD") && is_in(&words, "ÄRGER!")
        );
        assert!(!is_in(&words, "badly") && !is_in(&words, "_bad") && !is_in(&words, "verärgert"));
        assert!(is_in(&words, "bad words are no bad word"));
        assert!(is_in(&BadWords::new(&list, true).unwrap(), "badly"));
        assert!(!is_in(&BadWords::new(&[], false).unwrap(), "bad"));
    }
}
