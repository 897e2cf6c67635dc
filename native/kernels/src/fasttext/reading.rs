//! From a text to its mean vector: the rows of all its words, subwords and runs of words, added up.
//!
//! Most words of a text were met before, so the sum of a word's rows is kept, in as much room as a processor's cache
//! has. A word is added as one sum whether it was kept or not: what was met before changes no result.

use std::hint::black_box;

use super::dictionary::{Dictionary, END, Room};
use super::matrix::Matrix;
use super::names::hash;

/// Longest word that is kept, in bytes.
const KEPT: usize = 32;
const PARTS: usize = KEPT / 8;
/// Words whose places are looked at before they are added.
const AHEAD: usize = 16;
/// Room for sums of words, in bytes.
const ROOM: usize = 16 << 20;
/// Rows added up in single precision before the sum goes to one in double: long texts lose nothing.
const ROWS: usize = 4096;

/// What a thread needs to read texts with one model.
#[derive(Debug)]
pub struct Reading {
    part: Vec<f32>,
    rows_in_part: usize,
    total: Vec<f64>,
    rows: usize,
    hashes: Vec<u32>,
    room: Room,
    kept: Kept,
    /// The mean of the last text.
    pub(super) hidden: Vec<f32>,
}

impl Reading {
    pub(super) fn new(dim: usize) -> Self {
        Self {
            part: vec![0.0; dim],
            rows_in_part: 0,
            total: vec![0.0; dim],
            rows: 0,
            hashes: Vec::new(),
            room: Room::default(),
            kept: Kept::new(dim),
            hidden: vec![0.0; dim],
        }
    }

    /// Reads a text into `hidden`; false where it has nothing that the model has a row for.
    ///
    /// White space is that of fastText: ASCII's and the zero byte. The text counts as one line, however many it has.
    pub(super) fn read(&mut self, dictionary: &Dictionary, input: &Matrix, text: &[u8]) -> bool {
        self.part.fill(0.0);
        self.total.fill(0.0);
        self.rows = 0;
        self.rows_in_part = 0;
        self.hashes.clear();
        let words = Words { text, at: 0 }.take_while(|word| word.bytes() != END);
        let end = Word {
            rest: END,
            length: END.len(),
        };
        self.add_words(dictionary, input, words.chain([end]));
        if dictionary.has_runs() {
            let hashes = std::mem::take(&mut self.hashes);
            let mut room = std::mem::take(&mut self.room);
            dictionary.visit_runs(&hashes, &mut room, &mut |row| self.add_row(input, row));
            self.room = room;
            self.hashes = hashes;
        }
        self.flush();
        if self.rows == 0 {
            return false;
        }
        let rows = self.rows as f64;
        for (mean, sum) in self.hidden.iter_mut().zip(&self.total) {
            *mean = (sum / rows) as f32;
        }
        true
    }

    /// Looks at the places of some words before it adds them, so that memory is not waited for word by word.
    fn add_words<'a>(
        &mut self,
        dictionary: &Dictionary,
        input: &Matrix,
        mut words: impl Iterator<Item = Word<'a>>,
    ) {
        let mut ahead = Vec::with_capacity(AHEAD);
        loop {
            ahead.extend(words.by_ref().take(AHEAD).map(|word| {
                let key = word.key();
                (word, key, self.kept.slot_of(&key.unwrap_or_default()))
            }));
            for (_, _, slot) in &ahead {
                black_box((self.kept.entries[*slot].rows, self.kept.sum(*slot)[0]));
            }
            for (word, key, slot) in &ahead {
                match key {
                    Some(key) => self.add_word(dictionary, input, word.bytes(), key, *slot),
                    None => self.add_long_word(dictionary, input, word.bytes()),
                }
            }
            if ahead.len() < AHEAD {
                return;
            }
            ahead.clear();
        }
    }

    #[inline]
    fn add_word(
        &mut self,
        dictionary: &Dictionary,
        input: &Matrix,
        word: &[u8],
        key: &Key,
        slot: usize,
    ) {
        if self.kept.entries[slot].key != *key && !self.keep(dictionary, input, word, key, slot) {
            return;
        }
        let Entry { hash, rows, .. } = self.kept.entries[slot];
        for (part, sum) in self.part.iter_mut().zip(self.kept.sum(slot)) {
            *part += sum;
        }
        self.count(rows as usize);
        if dictionary.has_runs() {
            self.hashes.push(hash);
        }
    }

    /// Adds up the rows of a word in its place; false for a label, which has none.
    fn keep(
        &mut self,
        dictionary: &Dictionary,
        input: &Matrix,
        word: &[u8],
        key: &Key,
        slot: usize,
    ) -> bool {
        let hash = hash(word);
        if dictionary.is_label(word, hash) {
            return false;
        }
        let sum = self.kept.sum_mut(slot);
        sum.fill(0.0);
        let mut rows = 0;
        dictionary.visit_word(word, hash, &mut self.room, &mut |row| {
            input.add_row(row, sum);
            rows += 1;
        });
        self.kept.entries[slot] = Entry {
            key: *key,
            hash,
            rows,
        };
        true
    }

    fn add_long_word(&mut self, dictionary: &Dictionary, input: &Matrix, word: &[u8]) {
        let hash = hash(word);
        if dictionary.is_label(word, hash) {
            return;
        }
        let mut room = std::mem::take(&mut self.room);
        dictionary.visit_word(word, hash, &mut room, &mut |row| self.add_row(input, row));
        self.room = room;
        if dictionary.has_runs() {
            self.hashes.push(hash);
        }
    }

    #[inline]
    fn add_row(&mut self, input: &Matrix, row: usize) {
        input.add_row(row, &mut self.part);
        self.count(1);
    }

    #[inline]
    fn count(&mut self, rows: usize) {
        self.rows += rows;
        self.rows_in_part += rows;
        if self.rows_in_part >= ROWS {
            self.flush();
        }
    }

    fn flush(&mut self) {
        for (total, part) in self.total.iter_mut().zip(&mut self.part) {
            *total += f64::from(*part);
            *part = 0.0;
        }
        self.rows_in_part = 0;
    }
}

/// The bytes of a short word, zero behind them: no word has a zero byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Key([u64; PARTS]);

/// Odd numbers without a pattern; the first is 2^64 over the golden ratio.
const FACTORS: [u64; PARTS] = [
    0x9E37_79B9_7F4A_7C15,
    0xC2B2_AE3D_27D4_EB4F,
    0xD6E8_FEB8_6659_FD93,
    0xA076_1D64_78BD_642F,
];

/// Which bytes of a key a word of some length has.
const MASKS: [[u64; PARTS]; KEPT + 1] = {
    let mut masks = [[0; PARTS]; KEPT + 1];
    let mut length = 1;
    while length <= KEPT {
        let mut byte = 0;
        while byte < length {
            masks[length][byte / 8] |= 0xFF << (8 * (byte % 8));
            byte += 1;
        }
        length += 1;
    }
    masks
};

/// A word, and what comes behind it in the text.
#[derive(Clone, Copy, Debug)]
struct Word<'a> {
    rest: &'a [u8],
    length: usize,
}

impl<'a> Word<'a> {
    fn bytes(self) -> &'a [u8] {
        &self.rest[..self.length]
    }

    /// The key of a word that is short enough to be kept.
    #[inline]
    fn key(self) -> Option<Key> {
        let mask = MASKS.get(self.length)?;
        let mut copied = [0; KEPT];
        let bytes = match self.rest.first_chunk() {
            Some(bytes) => bytes,
            None => {
                copied[..self.rest.len()].copy_from_slice(self.rest);
                &copied
            }
        };
        let mut parts = [0; PARTS];
        for ((part, bytes), mask) in parts.iter_mut().zip(bytes.as_chunks::<8>().0).zip(mask) {
            *part = u64::from_le_bytes(*bytes) & mask;
        }
        Some(Key(parts))
    }
}

/// The words of a text between white space.
#[derive(Debug)]
struct Words<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Words<'a> {
    type Item = Word<'a>;

    #[inline]
    fn next(&mut self) -> Option<Word<'a>> {
        while is_space(*self.text.get(self.at)?) {
            self.at += 1;
        }
        let rest = &self.text[self.at..];
        let length = rest
            .iter()
            .position(|&byte| is_space(byte))
            .unwrap_or(rest.len());
        self.at += length;
        Some(Word { rest, length })
    }
}

/// Sums of words met before, each in the one place its bytes give it; the last one met there stays.
#[derive(Debug)]
struct Kept {
    dim: usize,
    entries: Vec<Entry>,
    sums: Vec<f32>,
    shift: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    key: Key,
    hash: u32,
    rows: u32,
}

impl Kept {
    fn new(dim: usize) -> Self {
        let places = (ROOM / (4 * dim + size_of::<Entry>())).max(2);
        let bits = places.ilog2();
        Self {
            dim,
            entries: vec![Entry::default(); 1 << bits],
            sums: vec![0.0; dim << bits],
            shift: u64::BITS - bits,
        }
    }

    #[inline]
    fn slot_of(&self, key: &Key) -> usize {
        let products = key
            .0
            .iter()
            .zip(FACTORS)
            .map(|(part, factor)| part.wrapping_mul(factor));
        let mixed = products.fold(0, u64::wrapping_add);
        ((mixed ^ (mixed >> 32)).wrapping_mul(FACTORS[0]) >> self.shift) as usize
    }

    #[inline]
    fn sum(&self, slot: usize) -> &[f32] {
        &self.sums[slot * self.dim..(slot + 1) * self.dim]
    }

    #[inline]
    fn sum_mut(&mut self, slot: usize) -> &mut [f32] {
        &mut self.sums[slot * self.dim..(slot + 1) * self.dim]
    }
}

#[inline]
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t' | 0x0B | 0x0C | 0)
}
