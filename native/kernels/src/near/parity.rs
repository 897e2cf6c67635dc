//! Bitmaps of sets: a bound of how much two sets differ that costs a few words of memory and a few instructions.

use pulp::Arch;

/// Fewer bits would save nothing that is worth it.
const LEAST_BITS: usize = 256;
/// Sets of half a million shingles and more are books; they are compared whole.
const MOST_BITS: usize = 1 << 20;

/// Sets `bits` to the bitmap of a set, in which each of the set's numbers has turned one bit over: a power of two of
/// bits, two or more for each number.
///
/// What two sets share turns the same bits twice, so their bitmaps differ in at most as many bits as there are numbers
/// in one set and not in the other: a bound that never rejects a pair in error. The bit is taken from the middle of the
/// number times 2^64 / phi, which neither the order of a set nor its signature looks at.
pub fn draw(set: &[u64], bits: &mut Vec<u64>) {
    let count = (2 * set.len())
        .next_power_of_two()
        .clamp(LEAST_BITS, MOST_BITS);
    bits.clear();
    bits.resize(count / 64, 0);
    for &number in set {
        let bit = (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize & (count - 1);
        bits[bit / 64] ^= 1 << (bit % 64);
    }
}

/// Halves a bitmap, unless it is as short as can be: the same bound, less sharp.
pub fn fold(bits: &mut Vec<u64>) {
    let half = bits.len() / 2;
    if half * 64 >= LEAST_BITS {
        let (low, high) = bits.split_at_mut(half);
        low.iter_mut()
            .zip(high)
            .for_each(|(low, high)| *low ^= *high);
        bits.truncate(half);
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

    use super::*;

    fn bitmap(set: &BTreeSet<u32>, folds: usize) -> Vec<u64> {
        let mut bits = Vec::new();
        let hashes: Vec<u64> = set.iter().map(|x| xxh3_64(&x.to_le_bytes())).collect();
        draw(&hashes, &mut bits);
        (0..folds).for_each(|_| fold(&mut bits));
        bits
    }

    proptest! {
        #[test]
        fn bitmaps_never_differ_more_than_sets(
            a in prop::collection::btree_set(0..3000u32, 0..900),
            b in prop::collection::btree_set(0..3000u32, 0..90),
            c in prop::collection::btree_set(0..3000u32, 0..40),
            folds in (0..4usize, 0..4usize),
        ) {
            for other in [&b, &c, &(&a - &c), &(&a | &c)] {
                let differ = a.symmetric_difference(other).count() as u32;
                let distance = distance(&bitmap(&a, folds.0), &bitmap(other, folds.1));
                prop_assert!(distance <= differ && distance % 2 == differ % 2);
            }
        }
    }

    #[test]
    fn lengths_follow_the_set() {
        let words = |n: u32, folds| bitmap(&(0..n).collect(), folds).len();
        assert_eq!(
            [words(0, 0), words(128, 0), words(129, 0), words(129, 1)],
            [4, 4, 8, 4]
        );
        assert_eq!(
            [words(128, 3), words(5_000, 0), words(5_000, 1)],
            [4, 256, 128]
        );
    }

    #[test]
    fn strangers_are_told_apart() {
        // Half of each is shared, a Jaccard similarity of a third: far more bits differ than 0.8 allows.
        let (a, b) = ((0..1000).collect(), (500..1500).collect());
        assert!(distance(&bitmap(&a, 0), &bitmap(&b, 0)) > 2 * 1000 - 2 * 889);
    }
}
