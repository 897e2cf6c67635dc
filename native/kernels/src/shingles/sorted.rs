//! Sets as sorted numbers without repetition: making them so, and counting what two of them share.

use super::step;

/// From here on one pass over the leading bits pays off.
const FEW: usize = 32;
/// More in one bucket than chance puts there: repeated shingles, or a text made to collide.
const CROWDED: u32 = 24;

/// Sorts hashes; keeps its buffers.
#[derive(Default)]
pub(super) struct Sorter {
    ends: Vec<u32>,
    spare: Vec<u64>,
}

impl Sorter {
    /// Sorts and removes repetitions. Hashes are evenly spread, so that their leading bits nearly are their rank.
    pub(super) fn sort_distinct(&mut self, hashes: &mut Vec<u64>) {
        if hashes.len() < FEW || hashes.len() > u32::MAX as usize || !self.spread(hashes) {
            hashes.sort_unstable();
        }
        hashes.dedup();
    }

    /// Gives false, and leaves the hashes as they are, where a bucket would be crowded.
    fn spread(&mut self, hashes: &mut Vec<u64>) -> bool {
        let bits = hashes.len().ilog2();
        let bucket = |hash: u64| (hash >> (64 - bits)) as usize;
        self.ends.clear();
        self.ends.resize(1 << bits, 0);
        for &hash in hashes.iter() {
            self.ends[bucket(hash)] += 1;
        }
        let mut sum = 0;
        let mut most = 0;
        for end in &mut self.ends {
            most = most.max(*end);
            (*end, sum) = (sum, sum + *end);
        }
        if most > CROWDED {
            return false;
        }
        self.spare.clear();
        self.spare.resize(hashes.len(), 0);
        for &hash in hashes.iter() {
            let place = &mut self.ends[bucket(hash)];
            self.spare[*place as usize] = hash;
            *place += 1;
        }
        std::mem::swap(hashes, &mut self.spare);
        insertion_sort(hashes);
        true
    }
}

/// Fast where no number is far from its place.
fn insertion_sort(hashes: &mut [u64]) {
    for i in 1..hashes.len() {
        let hash = hashes[i];
        let mut at = i;
        while at > 0 && hashes[at - 1] > hash {
            step(1);
            hashes[at] = hashes[at - 1];
            at -= 1;
        }
        hashes[at] = hash;
    }
}

/// How many numbers are in both sets.
pub fn count_shared(a: &[u64], b: &[u64]) -> usize {
    let (mut i, mut j, mut shared) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        let (x, y) = (a[i], b[j]);
        shared += usize::from(x == y);
        i += usize::from(x <= y);
        j += usize::from(y <= x);
    }
    shared
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn check(mut hashes: Vec<u64>) {
        let expected: Vec<u64> = BTreeSet::from_iter(hashes.iter().copied())
            .into_iter()
            .collect();
        Sorter::default().sort_distinct(&mut hashes);
        assert_eq!(hashes, expected);
    }

    proptest! {
        #[test]
        fn sorts_what_is_spread(hashes in prop::collection::vec(any::<u64>(), 0..500)) {
            check(hashes);
        }

        #[test]
        fn sorts_what_repeats(hashes in prop::collection::vec(0..50u64, 0..500)) {
            check(hashes.iter().map(|x| x.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect());
        }

        #[test]
        fn sorts_what_collides(hashes in prop::collection::vec(0..1000u64, 0..500)) {
            check(hashes);
        }

        #[test]
        fn counts_what_is_in_both(
            a in prop::collection::btree_set(0..60u64, 0..40),
            b in prop::collection::btree_set(0..60u64, 0..40),
        ) {
            let list = |set: &BTreeSet<u64>| set.iter().copied().collect::<Vec<_>>();
            prop_assert_eq!(count_shared(&list(&a), &list(&b)), a.intersection(&b).count());
        }
    }

    #[test]
    fn a_crowded_bucket_is_left_to_the_general_sort() {
        let mut crowded: Vec<u64> = (0..1000).rev().collect();
        let before = crowded.clone();
        assert!(!Sorter::default().spread(&mut crowded));
        assert_eq!(crowded, before);
        let mut even: Vec<u64> = (0..1000).rev().map(|i| i << 54).collect();
        assert!(Sorter::default().spread(&mut even));
        assert!(even.is_sorted());
    }
}
