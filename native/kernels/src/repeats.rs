//! Dense numbers for the different things of one document, in tables that the next document uses again.
//!
//! A thing is equal to another only if its bytes are; hashes merely say where to look.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::LazyLock;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::heuristics::short::Short;
use crate::steps::step;
use crate::words::Span;

/// Slots at the least, and before it is known how many different things there are.
const FEWEST_SLOTS: usize = 64;
const FIRST_SLOTS: usize = 1 << 15;
const FREE: u64 = 0;

/// An open-addressed table from keys of 64 bits to their places in a list of keys.
///
/// A slot holds half of a key's hash above its place and one more, so that few keys are looked up to be told apart.
#[derive(Default)]
pub(crate) struct Numbers {
    slots: Vec<u64>,
    used: usize,
    last: usize, // slots that can be used are a power of two; this is one less
    shift: u32,
    secret: u64,
}

impl Numbers {
    /// Forgets all keys; at most that many will come. Room is made for the different ones only, as they come.
    pub(crate) fn begin(&mut self, keys: usize) {
        let wanted = (keys * 2)
            .next_power_of_two()
            .clamp(FEWEST_SLOTS, FIRST_SLOTS);
        if self.slots.len() < wanted {
            self.slots = vec![FREE; wanted];
        } else {
            self.slots[..wanted].fill(FREE);
        }
        self.used = 0;
        self.last = wanted - 1;
        self.secret = secret();
        self.shift = 64 - wanted.trailing_zeros();
    }

    /// Twice as many slots, with the numbers in new places.
    fn grow(&mut self, keys: &[u64]) {
        let numbers: Vec<u64> = self.slots[..=self.last]
            .iter()
            .filter(|slot| **slot != FREE)
            .copied()
            .collect();
        let wanted = (self.last + 1) * 2;
        self.slots.clear();
        self.slots.resize(wanted, FREE);
        self.last = wanted - 1;
        self.shift -= 1;
        step(numbers.len());
        for slot in numbers {
            let hash = scatter(keys[slot as u32 as usize - 1], self.secret);
            let mut at = (hash >> self.shift) as usize;
            while self.slots[at & self.last] != FREE {
                at += 1;
            }
            self.slots[at & self.last] = slot;
        }
    }

    /// The place of `key` in `keys`, to which it is appended if it is new to this table.
    #[inline]
    pub(crate) fn number(&mut self, key: u64, keys: &mut Vec<u64>) -> u32 {
        let hash = scatter(key, self.secret);
        let mut at = (hash >> self.shift) as usize;
        let tag = hash << 32;
        loop {
            step(1);
            let slot = &mut self.slots[at & self.last];
            if *slot == FREE {
                let number = keys.len() as u32;
                *slot = tag | u64::from(number + 1);
                keys.push(key);
                self.used += 1;
                if self.used * 2 > self.last + 1 {
                    self.grow(keys);
                }
                return number;
            }
            let number = *slot as u32 - 1;
            if *slot >> 32 == tag >> 32 && keys[number as usize] == key {
                return number;
            }
            at += 1;
        }
    }
}

/// Drawn anew by each process, so that nobody can make up words that all land in one place. It decides where a key is
/// looked for, never which number it gets.
fn secret() -> u64 {
    static SECRET: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(0));
    *SECRET
}

/// A hash of which high and low bits depend on all bits of the key.
#[inline]
fn scatter(key: u64, secret: u64) -> u64 {
    let product = u128::from(key ^ secret) * u128::from(secret.rotate_left(32) | 1);
    (product >> 64) as u64 ^ product as u64
}

/// Numbers for pieces of one text, in the order in which each is first met, and how often each is met.
#[derive(Default)]
pub(crate) struct Pieces {
    short: Numbers,
    long: Numbers,
    /// By number: the piece's bytes if it is short, else its hash.
    keys: Vec<u64>,
    /// By number: where it was first met, and how often.
    pub(crate) found: Vec<(Span, u32)>,
}

impl Pieces {
    /// Starts a text with at most that many pieces.
    pub(crate) fn begin(&mut self, pieces: usize) {
        self.short.begin(pieces);
        self.long.begin(pieces);
        self.keys.clear();
        self.found.clear();
    }

    /// The number of the piece at `span` of `text`; counts it.
    #[inline]
    pub(crate) fn meet(&mut self, text: &[u8], span: Span) -> u32 {
        let number = match Short::read(text, span) {
            // Behind the last byte are zeros: only a piece that ends with one could be taken for a shorter one.
            Some(short) if text[span.end as usize - 1] != 0 => {
                self.short.number(short.bytes(), &mut self.keys)
            }
            _ => self.meet_long(text, span),
        };
        match self.found.get_mut(number as usize) {
            Some(found) => found.1 += 1,
            None => self.found.push((span, 1)),
        }
        number
    }

    fn meet_long(&mut self, text: &[u8], span: Span) -> u32 {
        let mut key = xxh3_64_with_seed(span.of(text), self.long.secret);
        loop {
            let number = self.long.number(key, &mut self.keys);
            let known = self.found.get(number as usize);
            step(known.map_or(0, |_| (span.end - span.start) as usize));
            if known.is_none_or(|known| known.0.of(text) == span.of(text)) {
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
        let (mut numbers, mut known) = (Numbers::default(), Vec::new());
        for keys in [1_u64, 500_000, 10] {
            numbers.begin(keys as usize);
            known.clear();
            for key in (0..keys).chain(0..keys) {
                assert_eq!(numbers.number(key << 20, &mut known), key as u32);
            }
            assert_eq!(known.len() as u64, keys);
        }
    }

    #[test]
    fn room_is_taken_by_what_is_there_and_not_by_what_could_be() {
        let mut pieces = Pieces::default();
        pieces.begin(30_000_000);
        for _ in 0..1_000_000 {
            pieces.meet(b"a line", Span { start: 0, end: 6 });
        }
        assert!(pieces.short.slots.len() + pieces.long.slots.len() <= 2 * FIRST_SLOTS);
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

    /// Keys that a hash without a secret puts into one place: multiples of the inverse of its factor.
    #[test]
    fn nobody_can_make_up_keys_that_crowd_a_table() {
        let inverse = (0..6).fold(1_u64, |x, _| {
            x.wrapping_mul(2_u64.wrapping_sub(x.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
        });
        let made_up: Vec<u64> = (0..20_000_u64)
            .map(|i| i.wrapping_mul(inverse))
            .map(|x| x ^ (x >> 32))
            .collect();
        let mut numbers = Numbers::default();
        numbers.begin(made_up.len());
        let mut keys = Vec::new();
        for (place, key) in made_up.iter().enumerate() {
            assert_eq!(numbers.number(*key, &mut keys) as usize, place);
        }
        // No run of neighbors in use is long; all of them would be one.
        let used: Vec<bool> = numbers.slots.iter().map(|slot| *slot != FREE).collect();
        let longest = used.split(|used| !used).map(<[bool]>::len).max();
        assert!(longest.unwrap() < 500, "{longest:?}");
    }
}
