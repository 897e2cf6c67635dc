//! Repeated n-grams of one document's words.
//!
//! An n-gram is told by two numbers that are exact themselves: those of the (n-1)-grams at its first and at its second
//! word. Where either occurs once, so does the n-gram, and it is not looked at again; of ordinary prose little is left
//! beyond pairs. Work is at most one look-up per word for each n.

use crate::repeats::{Numbers, Pieces};
use crate::words::Span;

/// No n-gram that is repeated starts here.
const NONE: u32 = u32::MAX;

/// The words of a document and the n-grams that are repeated in it, for one n after the other.
#[derive(Default)]
pub(super) struct Grams {
    pieces: Pieces,
    numbers: Numbers,
    keys: Vec<u64>,
    n: usize,
    /// By word: the number of the repeated n-gram that starts there.
    gram: Vec<u32>,
    /// Where repeated n-grams start, in order.
    at: Vec<u32>,
    /// By number: how often the n-gram occurs and where first.
    count: Vec<(u32, u32)>,
    /// Code points in front of each word and behind the last.
    chars: Vec<u32>,
    seen: Vec<bool>,
}

/// The most frequent n-gram.
#[derive(Clone, Copy)]
pub(super) struct Top {
    /// Times it occurs.
    pub count: usize,
    /// Code points of its words.
    pub chars: usize,
    /// The word with which it first starts.
    pub at: usize,
}

impl Grams {
    /// Starts a document: its words one by one, n = 1.
    pub(super) fn begin(&mut self, text: &str, words: &[Span]) {
        let (bytes, ascii) = (text.as_bytes(), text.is_ascii());
        self.n = 1;
        self.pieces.begin(words.len());
        self.gram.clear();
        self.chars.clear();
        let mut chars = 0;
        for &word in words {
            self.chars.push(chars);
            let plain = ascii || word.of(bytes).is_ascii();
            chars += if plain {
                word.end - word.start
            } else {
                text[word.start as usize..word.end as usize].chars().count() as u32
            };
            self.gram.push(self.pieces.meet(bytes, word));
        }
        self.chars.push(chars);
        self.gram.push(NONE);
        self.at.clear();
        self.at.extend(0..words.len() as u32);
        let found = &self.pieces.found;
        keep_repeated(&mut self.at, &mut self.gram, |gram| found[gram].1);
    }

    /// Goes on from n to n + 1.
    pub(super) fn grow(&mut self) {
        self.n += 1;
        self.numbers.begin(self.at.len());
        self.keys.clear();
        self.count.clear();
        let Self {
            numbers,
            keys,
            gram,
            at,
            count,
            ..
        } = self;
        at.retain(|&i| {
            let i = i as usize;
            if gram[i + 1] == NONE {
                gram[i] = NONE;
                return false;
            }
            // The n-gram behind keeps its number until it is its turn.
            let key = u64::from(gram[i]) << 32 | u64::from(gram[i + 1]);
            gram[i] = numbers.number(key, keys);
            match count.get_mut(gram[i] as usize) {
                Some(known) => known.0 += 1,
                None => count.push((1, i as u32)),
            }
            true
        });
        keep_repeated(at, gram, |gram| count[gram].0);
    }

    /// Code points of the words.
    pub(super) fn all_chars(&self) -> usize {
        self.chars.last().map_or(0, |&chars| chars as usize)
    }

    /// Code points of the words of an n-gram that starts with that word.
    fn chars_at(&self, word: usize) -> usize {
        (self.chars[word + self.n] - self.chars[word]) as usize
    }

    /// Of the n-grams that occur most often the one that occurs first, be it once; none if there are fewer words.
    pub(super) fn first_top(&self) -> Option<Top> {
        let words = self.chars.len() - 1;
        if words < self.n {
            return None;
        }
        let mut top = (1, 0);
        for &(count, at) in &self.count {
            if count > top.0 {
                top = (count, at);
            }
        }
        Some(self.top(top))
    }

    /// Of the n-grams that occur most often the longest in code points; none if none occurs twice.
    pub(super) fn longest_top(&self) -> Option<Top> {
        let repeated = self.count.iter().filter(|(count, _)| *count > 1);
        repeated.map(|&found| self.top(found)).reduce(|best, top| {
            if (top.count, top.chars) > (best.count, best.chars) {
                top
            } else {
                best
            }
        })
    }

    fn top(&self, (count, at): (u32, u32)) -> Top {
        Top {
            count: count as usize,
            chars: self.chars_at(at as usize),
            at: at as usize,
        }
    }

    /// Code points of all words that are part of a repeated n-gram.
    pub(super) fn covered_chars(&self) -> usize {
        let (mut chars, mut covered) = (0, 0);
        for &i in &self.at {
            let (from, to) = ((i as usize).max(covered), i as usize + self.n);
            chars += (self.chars[to] - self.chars[from]) as usize;
            covered = to;
        }
        chars
    }

    /// Code points of the n-grams that were met before, going on behind each such n-gram, else word by word.
    pub(super) fn later_chars(&mut self) -> usize {
        self.seen.clear();
        self.seen.resize(self.count.len(), false);
        let (mut chars, mut next) = (0, 0);
        for &i in &self.at {
            let (i, gram) = (i as usize, self.gram[i as usize] as usize);
            if i < next {
                continue;
            }
            if self.seen[gram] {
                chars += self.chars_at(i);
                next = i + self.n;
            }
            self.seen[gram] = true;
        }
        chars
    }

    /// The word with which the first repeated n-gram starts.
    pub(super) fn first_repeated(&self) -> Option<usize> {
        self.at.first().map(|&i| i as usize)
    }

    /// Positions still looked at: what the work of going on is bounded by.
    #[cfg(test)]
    pub(super) fn open(&self) -> usize {
        self.at.len()
    }
}

/// Takes out of `at` where n-grams start that occur once. Without a branch, which nothing could predict.
fn keep_repeated(at: &mut Vec<u32>, gram: &mut [u32], count: impl Fn(usize) -> u32) {
    let mut kept = 0;
    for k in 0..at.len() {
        let i = at[k];
        let here = &mut gram[i as usize];
        let repeated = count(*here as usize) > 1;
        *here = if repeated { *here } else { NONE };
        at[kept] = i;
        kept += usize::from(repeated);
    }
    at.truncate(kept);
}
