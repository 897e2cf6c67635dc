//! Bitmaps of sets: a bound of how much two sets differ that costs a few words of memory and a few instructions.

use pulp::Arch;

/// Fewer bits would save nothing that is worth it.
const LEAST_BITS: usize = 256;
/// More numbers than this are crowded in it, and seldom told apart: books.
const MOST_BITS: usize = 1 << 20;

/// Sets `bits` to the bitmap of a set, in which each of the set's numbers has turned one bit over: a power of two of
/// bits, `per_number` or more for each number.
///
/// What two sets share turns the same bits twice, so their bitmaps differ in at most as many bits as there are numbers
/// in one set and not in the other: a bound that never rejects a pair in error. The bit is taken from the middle of the
/// number times 2^64 / phi, which neither the order of a set nor its signature looks at.
pub fn draw(set: &[u64], per_number: usize, bits: &mut Vec<u64>) {
    let count = (per_number * set.len())
        .next_power_of_two()
        .clamp(LEAST_BITS, MOST_BITS);
    bits.clear();
    bits.resize(count / 64, 0);
    for &number in set {
        let bit = (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize & (count - 1);
        bits[bit / 64] ^= 1 << (bit % 64);
    }
}

/// In how many bits two bitmaps differ, the longer one folded to the length of the shorter.
pub fn distance(a: &[u64], b: &[u64]) -> u32 {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    // For the instruction that counts bits, which not every processor has.
    Arch::new().dispatch(
        #[inline(always)]
        || {
            if short.len() == long.len() {
                let both = short.iter().zip(long);
                return both.map(|(a, b)| (a ^ b).count_ones()).sum();
            }
            let folded = |i: usize| long[i..].iter().step_by(short.len()).fold(0, |x, y| x ^ y);
            (0..short.len())
                .map(|i| (short[i] ^ folded(i)).count_ones())
                .sum()
        },
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use xxhash_rust::xxh3::xxh3_64;

    use super::super::similarity::{Measure, Similarity};
    use super::*;

    fn bitmap(set: &BTreeSet<u32>, per_number: usize) -> Vec<u64> {
        let mut bits = Vec::new();
        let hashes: Vec<u64> = set.iter().map(|x| xxh3_64(&x.to_le_bytes())).collect();
        draw(&hashes, per_number, &mut bits);
        bits
    }

    proptest! {
        #[test]
        fn bitmaps_never_differ_more_than_sets(
            a in prop::collection::btree_set(0..3000u32, 0..900),
            b in prop::collection::btree_set(0..3000u32, 0..90),
            c in prop::collection::btree_set(0..3000u32, 0..40),
            per_number in (1..9usize, 1..9usize),
        ) {
            for other in [&b, &c, &(&a - &c), &(&a | &c)] {
                let differ = a.symmetric_difference(other).count() as u32;
                let distance = distance(&bitmap(&a, per_number.0), &bitmap(other, per_number.1));
                prop_assert!(distance <= differ && distance % 2 == differ % 2);
            }
        }
    }

    #[test]
    fn lengths_follow_the_set() {
        let words = |n: u32, per_number| bitmap(&(0..n).collect(), per_number).len();
        assert_eq!(
            [words(0, 2), words(256, 1), words(257, 1), words(128, 2)],
            [4, 4, 8, 4]
        );
        assert_eq!(
            [words(5_000, 1), words(5_000, 2), words(1 << 20, 2)],
            [128, 256, 1 << 14]
        );
    }

    #[test]
    fn strangers_are_told_apart_at_every_threshold() {
        let (a, b) = ((0..1000).collect(), (1000..2000).collect());
        for tenths in 3..10 {
            let similarity = Similarity::new(Measure::Jaccard, (tenths, 10)).unwrap();
            let [a, b] = [&a, &b].map(|set| bitmap(set, similarity.bits()));
            let most = similarity.most_different(1000, 1000).unwrap();
            assert!(u64::from(distance(&a, &b)) > most, "{tenths}");
        }
    }
}
