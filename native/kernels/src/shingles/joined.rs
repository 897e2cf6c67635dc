//! The words of one text in lower case, one behind the other in one buffer, each followed by one space.

use super::classes::{APART, Classes, MARK, UPPER, WORD};
use super::step;

/// Bytes looked at together.
const BLOCK: usize = 64;
const SPACE: u8 = b' ';

/// What a byte becomes: a space unless it may stand in a word.
static LOWER: [u8; 256] = lower();

const fn lower() -> [u8; 256] {
    let mut table = [SPACE; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        if b.is_ascii_alphanumeric() || b == b'_' {
            table[byte] = b.to_ascii_lowercase();
        }
        byte += 1;
    }
    table
}

/// Whether the buffer ends in a word that may go on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    No,
    /// A run, which any word's code point continues.
    Run,
    /// A word that only marks continue.
    Apart,
}

/// Words found so far; word `i` is `bytes[starts[i]..starts[i + 1] - 1]` once `finish` was called.
pub(super) struct Joined {
    pub(super) bytes: Vec<u8>,
    pub(super) starts: Vec<usize>,
    open: Open,
}

impl Joined {
    pub(super) fn new() -> Self {
        Self {
            bytes: Vec::new(),
            starts: Vec::new(),
            open: Open::No,
        }
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.starts.clear();
        self.open = Open::No;
    }

    /// Ends the last word and notes where a further one would start.
    pub(super) fn finish(&mut self) {
        self.close();
        self.starts.push(self.bytes.len());
    }

    /// Adds a word as it stands.
    pub(super) fn push(&mut self, word: &[u8]) {
        self.starts.push(self.bytes.len());
        self.bytes.extend_from_slice(word);
        self.bytes.push(SPACE);
    }

    /// Adds the words of `text`; `mixed` minds scripts without spaces. A capital sigma counts as not final.
    pub(super) fn read_runs(&mut self, text: &str, mixed: bool) {
        let classes = Classes::get();
        let mut at = 0;
        while at < text.len() {
            let block = text.as_bytes()[at..].first_chunk::<BLOCK>();
            if let Some(block) = block.filter(|block| block.is_ascii()) {
                self.read_narrow(block);
                at += BLOCK;
                continue;
            }
            // Code points that begin in this block; the last may end in the next.
            let end = at + BLOCK;
            for c in text[at..].chars() {
                step(c.len_utf8());
                if c.is_ascii() {
                    self.add(c, if LOWER[c as usize] == SPACE { 0 } else { WORD }, mixed);
                } else {
                    self.add_wide(c, classes, mixed);
                }
                at += c.len_utf8();
                if at >= end {
                    break;
                }
            }
        }
    }

    /// Branch-free: whether a byte ends a word is not to be predicted.
    fn read_narrow(&mut self, block: &[u8; BLOCK]) {
        step(BLOCK);
        if self.open == Open::Apart {
            self.close();
        }
        let base = self.bytes.len();
        let (mut bytes, mut starts) = ([0u8; 2 * BLOCK], [0u8; BLOCK]);
        let (mut length, mut count) = (0usize, 0usize);
        let mut before = self.open == Open::Run;
        for &byte in block {
            let lower = LOWER[byte as usize];
            let word = lower != SPACE;
            bytes[length % (2 * BLOCK)] = lower;
            starts[count % BLOCK] = length as u8;
            count += usize::from(word & !before);
            length += usize::from(word | before);
            before = word;
        }
        self.bytes.extend_from_slice(&bytes[..length]);
        let starts = starts[..count].iter();
        self.starts
            .extend(starts.map(|&start| base + usize::from(start)));
        self.open = if before { Open::Run } else { Open::No };
    }

    #[inline]
    fn add_wide(&mut self, c: char, classes: Classes, mixed: bool) {
        let class = classes.of(c);
        if class & UPPER == 0 {
            return self.add(c, class, mixed);
        }
        for lower in c.to_lowercase() {
            self.add(lower, classes.of(lower), mixed);
        }
    }

    /// Adds a code point; in ASCII it is lowered here.
    #[inline]
    fn add(&mut self, c: char, class: u8, mixed: bool) {
        let apart = mixed && class & APART != 0;
        let continues = match self.open {
            Open::No => false,
            Open::Run => class & WORD != 0 && !apart || mixed && class & MARK != 0,
            Open::Apart => class & MARK != 0,
        };
        if !continues {
            self.close();
            if class & WORD == 0 {
                return;
            }
            self.starts.push(self.bytes.len());
            self.open = if apart { Open::Apart } else { Open::Run };
        }
        if c.is_ascii() {
            self.bytes.push(LOWER[c as usize]);
        } else {
            let mut buffer = [0; 4];
            self.bytes
                .extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
        }
    }

    #[inline]
    fn close(&mut self) {
        if self.open != Open::No {
            self.bytes.push(SPACE);
            self.open = Open::No;
        }
    }
}
