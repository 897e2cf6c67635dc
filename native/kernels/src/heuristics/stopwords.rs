//! Which of a few words occur in a document, whatever their case.

use std::collections::HashMap;

use super::short::{SHORT, Short};
use crate::steps::step;
use crate::words::Span;

/// The words looked for and which of them the current document has shown.
pub(super) struct StopWords {
    /// Short words of a-z, by their bytes as a number: an open-addressed table, 0 where free.
    slots: Vec<(u64, usize)>,
    /// Every word, in lower case.
    all: HashMap<String, usize>,
    /// Whether a plain (ASCII) word of that many bytes may be one that is not in `slots`; as long as the longest.
    other_lengths: Vec<bool>,
    longest: usize,
    /// Whether all are ASCII, which few words that are not become in lower case.
    all_plain: bool,
    /// The document that last showed each word.
    last_seen: Vec<u64>,
    document: u64,
    met: usize,
    lowered: String,
}

impl StopWords {
    /// Words are lowered and counted once each.
    pub(super) fn new(words: &[String]) -> Self {
        let mut all = HashMap::new();
        for word in words {
            let next = all.len();
            all.entry(word.chars().map(lower).collect::<String>())
                .or_insert(next);
        }
        let longest = all.keys().map(String::len).max().unwrap_or(0);
        let mut built = Self {
            slots: vec![(0, 0); (all.len() * 4).next_power_of_two().max(64)],
            other_lengths: vec![false; longest + 1],
            longest,
            all_plain: all.keys().all(|word| word.is_ascii()),
            last_seen: vec![0; all.len()],
            document: 0,
            met: 0,
            lowered: String::new(),
            all,
        };
        for (word, &number) in &built.all {
            if !word.is_empty()
                && word.len() <= SHORT
                && word.bytes().all(|b| b.is_ascii_lowercase())
            {
                let span = Span {
                    start: 0,
                    end: word.len() as u32,
                };
                let Some(short) = Short::read(word.as_bytes(), span) else {
                    continue;
                };
                let key = short.key();
                let slot = free_or_equal(&built.slots, key);
                built.slots[slot] = (key, number);
            } else if word.is_ascii() {
                built.other_lengths[word.len()] = true;
            }
        }
        built
    }

    /// Starts the next document.
    pub(super) fn begin(&mut self) {
        self.document += 1;
        self.met = 0;
    }

    /// How many different stop words the document has shown.
    pub(super) fn met(&self) -> usize {
        self.met
    }

    /// Looks at a word of up to eight bytes of ASCII.
    #[inline]
    pub(super) fn meet_short(&mut self, text: &str, span: Span, short: Short) {
        if self.met == self.last_seen.len() {
            return;
        }
        let key = short.key();
        let (found, number) = self.slots[free_or_equal(&self.slots, key)];
        if found == key {
            self.see(number);
        } else {
            self.meet_long(text, span);
        }
    }

    /// Looks at one word; `plain` says that it is ASCII.
    #[inline]
    pub(super) fn meet(&mut self, text: &str, span: Span, plain: bool) {
        if self.met == self.last_seen.len() {
            return;
        }
        match Short::read(text.as_bytes(), span) {
            Some(short) if plain => self.meet_short(text, span, short),
            _ if plain => self.meet_long(text, span),
            _ => self.meet_wide(&text[span.start as usize..span.end as usize]),
        }
    }

    /// Looks at a plain word that no slot holds.
    #[inline]
    fn meet_long(&mut self, text: &str, span: Span) {
        let (start, end) = (span.start as usize, span.end as usize);
        if self.other_lengths.get(end - start) == Some(&true) {
            self.meet_lowered(&text[start..end]);
        }
    }

    fn meet_wide(&mut self, word: &str) {
        // Lower case is at least a third as long: the Kelvin sign, of three bytes, becomes a k.
        let becomes_plain = |c: char| c.is_ascii() || lower(c).is_ascii();
        if word.len() <= 3 * self.longest && (!self.all_plain || word.chars().all(becomes_plain)) {
            self.meet_lowered(word);
        }
    }

    fn meet_lowered(&mut self, word: &str) {
        self.lowered.clear();
        self.lowered.extend(word.chars().map(lower));
        if let Some(&number) = self.all.get(&self.lowered) {
            self.see(number);
        }
    }

    #[inline]
    fn see(&mut self, number: usize) {
        if self.last_seen[number] != self.document {
            self.last_seen[number] = self.document;
            self.met += 1;
        }
    }
}

/// Lower case of one code point by itself (simple mapping): the first of the full mapping, which is longer for İ only.
fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

/// The slot that holds `key`, or else the free one that would.
#[inline]
fn free_or_equal(slots: &[(u64, usize)], key: u64) -> usize {
    let last = slots.len() - 1; // a power of two, less one
    let mut slot = (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize & last;
    while slots[slot].0 != key && slots[slot].0 != 0 {
        step(1);
        slot = (slot + 1) & last;
    }
    slot
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn met(stop_words: &[&str], words: &[&str]) -> usize {
        let mut found = StopWords::new(
            &stop_words
                .iter()
                .map(|word| word.to_string())
                .collect::<Vec<_>>(),
        );
        found.begin();
        for word in words {
            let text = format!("{word} and what follows");
            found.meet(
                &text,
                Span {
                    start: 0,
                    end: word.len() as u32,
                },
                word.is_ascii(),
            );
            found.meet(
                word,
                Span {
                    start: 0,
                    end: word.len() as u32,
                },
                word.is_ascii(),
            );
        }
        found.met()
    }

    #[test]
    fn case_length_and_script_do_not_matter() {
        assert_eq!(met(&["the", "The", "of"], &["THE", "tHe", "thee", "th"]), 1);
        assert_eq!(
            met(
                &["it's", "a`b", "x_y", "notwithstanding"],
                &["IT'S", "a@b", "X_Y", "NotWithstanding"]
            ),
            3
        );
        assert_eq!(
            met(&["über", "Σας", "ok"], &["ÜBER", "σας", "O\u{212a}"]),
            3
        );
        assert_eq!(met(&["i"], &["İ"]), 1);
        assert_eq!(met(&[], &["", "a", "é"]), 0);
    }

    proptest! {
        #[test]
        fn equal_to_comparing_each_with_each(
            stop_words in prop::collection::vec("[a-cA-C@`'_é1\u{212a}kİ]{0,10}", 0..80),
            words in prop::collection::vec("[a-cA-C@`'_é1\u{212a}kİ\u{1}]{1,10}", 0..40),
        ) {
            let lowered = |words: &[String]| -> std::collections::HashSet<String> {
                words.iter().map(|word| word.chars().map(lower).collect()).collect()
            };
            let expected = lowered(&stop_words).intersection(&lowered(&words)).count();
            let borrowed = |words: &'_ [String]| words.to_vec();
            let (stop_words, words) = (borrowed(&stop_words), borrowed(&words));
            let stop: Vec<_> = stop_words.iter().map(String::as_str).collect();
            let each: Vec<_> = words.iter().map(String::as_str).collect();
            prop_assert_eq!(met(&stop, &each), expected);
        }
    }
}
