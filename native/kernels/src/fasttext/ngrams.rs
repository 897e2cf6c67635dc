//! Hashed n-grams, of characters and of words: which of them have a row, and which one.

use hashbrown::HashTable;

use super::names::spread;
use super::source::{Source, damaged};

/// Which hashed n-grams have a row of their own.
#[derive(Debug)]
pub(super) enum Ngrams {
    All,
    Some(Kept),
}

impl Ngrams {
    /// Reads the n-grams that are left after pruning.
    pub(super) fn read(source: &mut Source, count: i64) -> Result<Self, String> {
        read_pruned(source, count).map(|rows| Self::Some(Kept::new(rows)))
    }

    /// How many rows they need.
    pub(super) fn rows(&self, bucket: u32) -> usize {
        match self {
            Self::All => bucket as usize,
            Self::Some(kept) => {
                let rows = kept.rows.iter().map(|&(_, row)| row as usize + 1);
                rows.max().unwrap_or(0)
            }
        }
    }

    /// Calls `visit` with the rows of those buckets that have one; leaves a list that is of no more use.
    pub(super) fn visit(&self, buckets: &mut Vec<u32>, visit: &mut impl FnMut(usize)) {
        match self {
            Self::All => buckets.iter().for_each(|&bucket| visit(bucket as usize)),
            Self::Some(kept) => {
                kept.sift(buckets);
                let rows = buckets.iter().filter_map(|&bucket| kept.find(bucket));
                rows.for_each(|row| visit(row as usize));
            }
        }
    }
}

/// The hashed n-grams that are left after pruning, and their rows behind those of the words.
#[derive(Debug)]
pub(super) struct Kept {
    rows: HashTable<(u32, u32)>,
    /// A bit for what the table may hold, of some sixteen for each that it holds.
    filter: Vec<u64>,
}

impl Kept {
    fn new(rows: HashTable<(u32, u32)>) -> Self {
        let mut filter = vec![0; (rows.len() / 4).next_power_of_two()];
        for &(bucket, _) in &rows {
            let (place, bit) = Self::place(&filter, bucket);
            filter[place] |= 1 << bit;
        }
        Self { rows, filter }
    }

    #[inline]
    fn place(filter: &[u64], bucket: u32) -> (usize, u32) {
        ((bucket as usize / 64) & (filter.len() - 1), bucket % 64)
    }

    /// Leaves the buckets that the table may hold. Without a branch: whether it does cannot be foreseen.
    fn sift(&self, buckets: &mut Vec<u32>) {
        let mut left = 0;
        for i in 0..buckets.len() {
            let bucket = buckets[i];
            let (place, bit) = Self::place(&self.filter, bucket);
            buckets[left] = bucket;
            left += (self.filter[place] >> bit & 1) as usize;
        }
        buckets.truncate(left);
    }

    #[inline]
    fn find(&self, bucket: u32) -> Option<u32> {
        let found = self.rows.find(spread(bucket), |&(kept, _)| kept == bucket);
        found.map(|&(_, row)| row)
    }
}

fn read_pruned(source: &mut Source, count: i64) -> Result<HashTable<(u32, u32)>, String> {
    let what = "the n-grams that are left after pruning";
    let length = usize::try_from(count)
        .ok()
        .and_then(|count| count.checked_mul(8));
    let pairs = source.take(length.unwrap_or(usize::MAX), what)?;
    let mut kept = HashTable::with_capacity(pairs.len() / 8);
    for pair in pairs.chunks_exact(8) {
        let bucket = i32::from_le_bytes([pair[0], pair[1], pair[2], pair[3]]);
        let row = i32::from_le_bytes([pair[4], pair[5], pair[6], pair[7]]);
        if bucket < 0 || row < 0 {
            return Err(damaged(format!("n-gram {bucket} has row {row}")));
        }
        let (bucket, row) = (bucket as u32, row as u32);
        match kept.find_mut(spread(bucket), |&(other, _)| other == bucket) {
            Some(found) => *found = (bucket, row),
            None => {
                kept.insert_unique(spread(bucket), (bucket, row), |&(bucket, _)| spread(bucket));
            }
        }
    }
    Ok(kept)
}

/// `hash % bucket` by two multiplications (Lemire, Kaser, Kurz 2019): a division takes as long as all else of a subword.
#[derive(Debug)]
pub(super) struct Modulus {
    divisor: u64,
    inverse: u64,
}

impl Modulus {
    pub(super) fn new(divisor: u32) -> Self {
        let divisor = u64::from(divisor);
        let inverse = (u64::MAX / divisor).wrapping_add(1);
        Self { divisor, inverse }
    }

    #[inline]
    pub(super) fn rest(&self, hash: u32) -> u32 {
        let fraction = self.inverse.wrapping_mul(u64::from(hash));
        ((u128::from(fraction) * u128::from(self.divisor)) >> 64) as u32
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_rest_is_that_of_a_division(hash: u32, divisor in 1u32..) {
            prop_assert_eq!(Modulus::new(divisor).rest(hash), hash % divisor);
            prop_assert_eq!(Modulus::new(1).rest(hash), 0);
        }

        #[test]
        fn the_filter_loses_nothing(kept in prop::collection::btree_map(any::<u32>(), 0u32..99, 0..200),
                                    others in prop::collection::vec(any::<u32>(), 0..50)) {
            let mut rows = HashTable::new();
            for (&bucket, &row) in &kept {
                rows.insert_unique(spread(bucket), (bucket, row), |&(bucket, _)| spread(bucket));
            }
            let mut buckets: Vec<u32> = kept.keys().copied().chain(others.iter().copied()).collect();
            let mut found = Vec::new();
            Ngrams::Some(Kept::new(rows)).visit(&mut buckets, &mut |row| found.push(row));
            let expected: Vec<usize> = kept
                .values()
                .copied()
                .chain(others.iter().filter_map(|other| kept.get(other).copied()))
                .map(|row| row as usize)
                .collect();
            prop_assert_eq!(found, expected);
        }
    }
}
