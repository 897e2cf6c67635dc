//! The words of an address, and which of them are listed.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

/// How the words of an address are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// Runs of ASCII letters and digits; strict words are looked for in those alone, written together.
    Alphanumeric,
    /// Runs of letters, digits and `_` of any script; strict words are looked for in all but `-` and `.`.
    Boundaries,
}

/// For each byte the letter or digit it is, in lower case; zero for others.
const LOWER: [u8; 256] = {
    let mut lower = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        if (byte as u8).is_ascii_alphanumeric() {
            lower[byte] = (byte as u8).to_ascii_lowercase();
        }
        byte += 1;
    }
    lower
};

/// Bytes read at once from where a word begins.
const WINDOW: usize = 8;

/// An address in words; used again for the next.
#[derive(Default)]
pub struct Split {
    /// The words, at least, with zeros behind them.
    letters: Vec<u8>,
    /// Where words that can be found begin and end in `letters`.
    words: Vec<(u32, u32)>,
    /// What strict words are looked for in: the beginning of `letters`, or a text of its own.
    joined: usize,
    squeezed: Option<String>,
}

impl Split {
    /// Reads an address. Unless case is ignored, a word with a capital letter cannot be found.
    pub fn read(&mut self, url: &str, spelling: Spelling, ignore_case: bool) {
        self.words.clear();
        match spelling {
            Spelling::Alphanumeric => self.read_bytes(url.as_bytes(), ignore_case),
            Spelling::Boundaries => self.read_chars(url, ignore_case),
        }
    }

    fn read_bytes(&mut self, url: &[u8], ignore_case: bool) {
        self.letters.clear();
        self.letters.resize(url.len() + WINDOW, 0);
        let (mut begin, mut end) = (0, 0);
        let mut hidden = false;
        for &byte in url {
            let letter = LOWER[usize::from(byte)];
            self.letters[end] = letter;
            if letter != 0 {
                end += 1;
                hidden |= byte != letter;
            } else if end > begin {
                if ignore_case || !hidden {
                    self.words.push((begin as u32, end as u32));
                }
                (begin, hidden) = (end, false);
            }
        }
        if end > begin && (ignore_case || !hidden) {
            self.words.push((begin as u32, end as u32));
        }
        self.joined = end;
        self.squeezed = None;
    }

    fn read_chars(&mut self, url: &str, ignore_case: bool) {
        let mut letters = if ignore_case {
            url.to_lowercase()
        } else {
            url.to_owned()
        };
        let squeezed = url
            .chars()
            .filter(|c| !matches!(c, '-' | '.'))
            .flat_map(char::to_lowercase);
        self.squeezed = Some(squeezed.collect());
        let mut begin = None;
        for (at, c) in letters.char_indices().chain([(letters.len(), ' ')]) {
            let in_word = c == '_' || c.is_alphanumeric();
            match begin {
                None if in_word => begin = Some(at),
                Some(from) if !in_word => {
                    self.words.push((from as u32, at as u32));
                    begin = None;
                }
                _ => {}
            }
        }
        letters.extend(['\0'; WINDOW]);
        self.letters = letters.into_bytes();
    }

    fn squeezed(&self) -> &[u8] {
        match &self.squeezed {
            Some(squeezed) => squeezed.as_bytes(),
            None => &self.letters[..self.joined],
        }
    }
}

/// A word that is listed.
struct Word {
    text: String,
    prefix: u64,
    hard: bool,
    soft: bool,
}

/// Hard and soft words.
#[derive(Default)]
pub struct WordTable {
    words: Vec<Word>,
    /// A word's number, one more, where its prefix leads to, or behind; zero where there is none.
    slots: Vec<u32>,
}

/// What the words of an address are; used again for the next.
#[derive(Default)]
pub struct Found {
    /// The first hard word.
    pub hard: Option<usize>,
    /// Different soft words in their order.
    pub soft: Vec<usize>,
    met: Vec<bool>,
}

impl WordTable {
    /// The words in lower case, without what is in no word; empty ones are none.
    pub fn new(hard: &[String], soft: &[String], spelling: Spelling) -> Self {
        let mut texts: Vec<(String, bool)> = vec![];
        for (words, is_hard) in [(hard, true), (soft, false)] {
            texts.extend(words.iter().map(|word| (spell(word, spelling), is_hard)));
        }
        texts.sort_unstable();
        let mut table = WordTable::default();
        for (text, is_hard) in texts {
            if text.is_empty() {
                continue;
            }
            if table.words.last().is_none_or(|last| last.text != text) {
                let mut padded = text.clone().into_bytes();
                padded.resize(text.len() + WINDOW, 0);
                table.words.push(Word {
                    prefix: prefix(&padded, 0, text.len()),
                    text,
                    hard: false,
                    soft: false,
                });
            }
            if let Some(last) = table.words.last_mut() {
                last.hard |= is_hard;
                last.soft |= !is_hard;
            }
        }
        table.fill_slots();
        table
    }

    fn fill_slots(&mut self) {
        self.slots = vec![0; (self.words.len() * 4).next_power_of_two().max(2)];
        for (number, word) in self.words.iter().enumerate() {
            let mut slot = self.first_slot(word.prefix);
            while self.slots[slot] != 0 {
                slot = (slot + 1) & (self.slots.len() - 1);
            }
            self.slots[slot] = number as u32 + 1;
        }
    }

    #[inline]
    fn first_slot(&self, prefix: u64) -> usize {
        let mixed = prefix.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> (64 - self.slots.len().trailing_zeros())) as usize
    }

    #[inline]
    fn find(&self, letters: &[u8], begin: usize, end: usize) -> Option<usize> {
        let prefix = prefix(letters, begin, end);
        let mut slot = self.first_slot(prefix);
        while let Some(number) = (self.slots[slot] as usize).checked_sub(1) {
            let word = &self.words[number];
            if word.prefix == prefix && word.text.as_bytes() == &letters[begin..end] {
                return Some(number);
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        None
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Looks all words of an address up.
    pub fn look_up(&self, split: &Split, found: &mut Found) {
        found.hard = None;
        found.met.resize(self.words.len(), false);
        for number in found.soft.drain(..) {
            found.met[number] = false;
        }
        if self.words.is_empty() {
            return;
        }
        for &(begin, end) in &split.words {
            if let Some(number) = self.find(&split.letters, begin as usize, end as usize) {
                let word = &self.words[number];
                if word.hard && found.hard.is_none() {
                    found.hard = Some(number);
                }
                if word.soft && !std::mem::replace(&mut found.met[number], true) {
                    found.soft.push(number);
                }
            }
        }
    }

    /// The word of a number.
    pub fn get(&self, number: usize) -> &str {
        &self.words[number].text
    }
}

/// The first bytes of a word, the last of them first.
#[inline]
fn prefix(letters: &[u8], begin: usize, end: usize) -> u64 {
    let window = letters[begin..].first_chunk::<WINDOW>();
    let bytes = u64::from_le_bytes(window.copied().unwrap_or_default());
    let length = (end - begin).min(WINDOW);
    bytes & (u64::MAX >> (64 - 8 * length))
}

/// Words that may stand anywhere.
pub struct StrictWords {
    words: Vec<String>,
    automaton: Option<AhoCorasick>,
}

impl StrictWords {
    /// The words in lower case, without what is left out of addresses.
    pub fn new(words: &[String], spelling: Spelling) -> Result<Self, String> {
        let mut split = Split::default();
        let mut squeezed: Vec<String> = vec![];
        for word in words {
            split.read(word, spelling, true);
            squeezed.extend(String::from_utf8(split.squeezed().to_vec()).ok());
        }
        squeezed.retain(|word| !word.is_empty());
        // The longest first: of those that end at one place it is the one found.
        squeezed.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        squeezed.dedup();
        let automaton = if squeezed.is_empty() {
            None
        } else {
            let built = AhoCorasick::builder()
                .match_kind(MatchKind::Standard)
                .kind((squeezed.len() <= 2_000).then_some(AhoCorasickKind::DFA))
                .build(&squeezed);
            Some(built.map_err(|error| format!("the strict words are too many: {error}"))?)
        };
        Ok(StrictWords {
            words: squeezed,
            automaton,
        })
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The word that ends first, the longest of those.
    pub fn find(&self, split: &Split) -> Option<&str> {
        let found = self.automaton.as_ref()?.find(split.squeezed())?;
        Some(&self.words[found.pattern().as_usize()])
    }
}

/// A listed word as words of an address are: what is no part of a word is left out.
fn spell(word: &str, spelling: Spelling) -> String {
    let is_in_word = |c: &char| match spelling {
        Spelling::Alphanumeric => c.is_ascii_alphanumeric(),
        Spelling::Boundaries => *c == '_' || c.is_alphanumeric(),
    };
    let lower = word.chars().filter(is_in_word).flat_map(char::to_lowercase);
    lower.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn found(url: &str, spelling: Spelling, ignore_case: bool) -> (Option<String>, Vec<String>) {
        let hard = texts(&["sex", "free", "casinowinner", "casinowinners", "ma-il", ""]);
        let table = WordTable::new(&hard, &texts(&["free", "win", "été", "x"]), spelling);
        let mut split = Split::default();
        let mut found = Found::default();
        // What an address before left behind must not be found.
        for url in ["http://sex.example/win/free/casinowinner", url] {
            split.read(url, spelling, ignore_case);
            table.look_up(&split, &mut found);
        }
        let name = |number: &usize| table.get(*number).to_owned();
        (
            found.hard.as_ref().map(name),
            found.soft.iter().map(name).collect(),
        )
    }

    #[test]
    fn words_by_hand() {
        use Spelling::{Alphanumeric, Boundaries};
        let no = Vec::<String>::new;
        for (url, spelling, ignore_case, hard, soft) in [
            ("http://essex.com/", Alphanumeric, true, None, no()),
            ("http://a.com/SEX", Alphanumeric, true, Some("sex"), no()),
            ("http://a.com/SEX", Alphanumeric, false, None, no()),
            (
                "http://a.com/Sex/sex",
                Alphanumeric,
                false,
                Some("sex"),
                no(),
            ),
            (
                "x.win_free-win/X",
                Alphanumeric,
                true,
                Some("free"),
                texts(&["x", "win", "free"]),
            ),
            (
                "x.win_free-win/X",
                Boundaries,
                true,
                None,
                texts(&["x", "win"]),
            ),
            ("a/Été.WIN", Boundaries, true, None, texts(&["été", "win"])),
            ("a/Été.WIN", Boundaries, false, None, no()),
            (
                "casinowinners",
                Alphanumeric,
                true,
                Some("casinowinners"),
                no(),
            ),
            ("casinowinne", Alphanumeric, true, None, no()),
            ("mail", Alphanumeric, true, Some("mail"), no()),
            ("", Alphanumeric, true, None, no()),
            ("", Boundaries, true, None, no()),
        ] {
            let expected = (hard.map(str::to_owned), soft);
            assert_eq!(found(url, spelling, ignore_case), expected, "{url}");
        }
    }

    #[test]
    fn strict_words_by_hand() {
        use Spelling::{Alphanumeric, Boundaries};
        let words = texts(&["Poker", "okerRoom", "ker", "a.b-c", ""]);
        for (url, spelling, expected) in [
            ("http://x/po-k_er", Alphanumeric, Some("poker")),
            ("http://x/po-k_er", Boundaries, None),
            ("http://x/PO-KER", Boundaries, Some("poker")),
            ("http://x/oker-room", Alphanumeric, Some("ker")),
            ("http://x/a.b.c", Alphanumeric, Some("abc")),
            ("http://x/a.b.c", Boundaries, Some("abc")),
            ("", Alphanumeric, None),
        ] {
            let mut split = Split::default();
            split.read("http://poker.example", spelling, true);
            split.read(url, spelling, false);
            let strict = StrictWords::new(&words, spelling).unwrap();
            assert_eq!(strict.find(&split), expected, "{url}");
        }
    }
}
