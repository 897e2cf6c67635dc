//! Dense numbers for the different things of one document, in tables that the next document uses again.
//!
//! Nothing is forgotten byte by byte: every slot carries the stamp of the document that filled it. A thing is equal to
//! another only if its bytes are; hashes merely say where to look.

use xxhash_rust::xxh3::xxh3_64;

use crate::heuristics::short::Short;
use crate::words::Span;

/// Slots at the least.
const FEWEST_SLOTS: usize = 64;

#[derive(Clone, Copy, Default)]
struct Slot {
    key: u64,
    stamp: u32,
    number: u32,
}

/// An open-addressed table from keys of 64 bits to numbers.
#[derive(Default)]
pub(crate) struct Numbers {
    slots: Vec<Slot>,
    last: usize, // slots in use are a power of two; this is one less
    shift: u32,
    stamp: u32,
}

impl Numbers {
    /// Forgets all keys and makes room for that many.
    pub(crate) fn begin(&mut self, keys: usize) {
        let wanted = (keys * 2).next_power_of_two().max(FEWEST_SLOTS);
        if self.slots.len() < wanted || self.stamp == u32::MAX {
            self.slots = vec![Slot::default(); wanted.max(self.slots.len())];
            self.stamp = 0;
        }
        self.last = wanted - 1;
        self.shift = 64 - wanted.trailing_zeros();
        self.stamp += 1;
    }

    /// The number that `key` has; it gets `next` if it has none.
    #[inline]
    pub(crate) fn number(&mut self, key: u64, next: u32) -> u32 {
        // The high bits of the product depend on all bits of the key.
        let mut at =
            ((key ^ (key >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift) as usize;
        loop {
            let slot = &mut self.slots[at & self.last];
            if slot.stamp != self.stamp {
                *slot = Slot {
                    key,
                    stamp: self.stamp,
                    number: next,
                };
                return next;
            }
            if slot.key == key {
                return slot.number;
            }
            at += 1;
        }
    }
}

/// Numbers for pieces of one text, in the order in which each is first met, and how often each is met.
#[derive(Default)]
pub(crate) struct Pieces {
    short: Numbers,
    long: Numbers,
    /// By number: where it was first met, and how often.
    pub(crate) found: Vec<(Span, u32)>,
}

impl Pieces {
    /// Starts a text with at most that many pieces.
    pub(crate) fn begin(&mut self, pieces: usize) {
        self.short.begin(pieces);
        self.long.begin(pieces);
        self.found.clear();
    }

    /// The number of the piece at `span` of `text`; counts it.
    #[inline]
    pub(crate) fn meet(&mut self, text: &[u8], span: Span) -> u32 {
        let next = self.found.len() as u32;
        let number = match Short::read(text, span) {
            // Behind the last byte are zeros: only a piece that ends with one could be taken for a shorter one.
            Some(short) if text[span.end as usize - 1] != 0 => {
                self.short.number(short.bytes(), next)
            }
            _ => self.meet_long(text, span, next),
        };
        if number == next {
            self.found.push((span, 1));
        } else {
            self.found[number as usize].1 += 1;
        }
        number
    }

    fn meet_long(&mut self, text: &[u8], span: Span, next: u32) -> u32 {
        let mut key = xxh3_64(span.of(text));
        loop {
            let number = self.long.number(key, next);
            if number == next || self.found[number as usize].0.of(text) == span.of(text) {
                return number;
            }
            key = key.wrapping_add(1); // another piece with the same hash
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_are_forgotten_and_tables_grow_and_shrink() {
        let mut numbers = Numbers::default();
        for keys in [1_u64, 5_000, 10] {
            numbers.begin(keys as usize);
            for key in 0..keys {
                assert_eq!(numbers.number(key << 20, key as u32), key as u32);
            }
            for key in 0..keys {
                assert_eq!(numbers.number(key << 20, 99_999), key as u32);
            }
        }
    }

    #[test]
    fn stamps_that_run_out_start_again() {
        let mut numbers = Numbers::default();
        numbers.begin(1);
        assert_eq!(numbers.number(7, 3), 3);
        numbers.stamp = u32::MAX;
        numbers.begin(1);
        assert_eq!(numbers.number(7, 4), 4);
    }

    proptest! {
        #[test]
        fn equal_pieces_and_no_others_share_a_number(
            texts in prop::collection::vec(prop::collection::vec("[ab\u{0}]{0,3}|[a-c]{7,10}", 0..60), 1..4),
        ) {
            let mut pieces = Pieces::default();
            for words in texts {
                let text = words.concat();
                pieces.begin(words.len());
                let mut expected: Vec<(&str, u32)> = Vec::new();
                let mut start = 0;
                for word in &words {
                    let span = Span { start, end: start + word.len() as u32 };
                    start = span.end;
                    let at = expected.iter().position(|(known, _)| known == word).unwrap_or(expected.len());
                    if at == expected.len() {
                        expected.push((word, 0));
                    }
                    expected[at].1 += 1;
                    prop_assert_eq!(pieces.meet(text.as_bytes(), span) as usize, at);
                }
                let counts: Vec<u32> = pieces.found.iter().map(|found| found.1).collect();
                prop_assert_eq!(counts, expected.iter().map(|known| known.1).collect::<Vec<_>>());
            }
        }
    }
}
