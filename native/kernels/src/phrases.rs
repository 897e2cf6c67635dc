//! Phrases in text whatever its case, where lower case is Unicode's.

use aho_corasick::{AhoCorasick, MatchKind};
use memchr::memmem;

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

    /// Whether one of the words is in the lower case of `line`.
    pub(crate) fn is_in(&self, line: &str) -> bool {
        let Some(words) = &self.found else {
            return false;
        };
        let lowered = line.to_lowercase();
        let mut found = words.find_overlapping_iter(&lowered);
        found.any(|found| {
            let before = lowered[..found.start()].chars().next_back();
            let behind = lowered[found.end()..].chars().next();
            self.inside || ![before, behind].into_iter().flatten().any(is_word)
        })
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
    }

    #[test]
    fn bad_words_stand_by_themselves() {
        let list = ["Bad", "bad word", "ärger", ""].map(String::from);
        let words = BadWords::new(&list, false).unwrap();
        assert!(words.is_in("a bad-tempered man") && words.is_in("BAD") && words.is_in("ÄRGER!"));
        assert!(!words.is_in("badly") && !words.is_in("_bad") && !words.is_in("verärgert"));
        assert!(words.is_in("bad words are no bad word"));
        assert!(BadWords::new(&list, true).unwrap().is_in("badly"));
        assert!(!BadWords::new(&[], false).unwrap().is_in("bad"));
    }
}
