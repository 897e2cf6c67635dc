//! What makes two sets similar, in whole numbers.

/// What two sets of shingles are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Shared shingles of all shingles.
    Jaccard,
    /// Shared shingles of the smaller set.
    Containment,
}

/// A measure and the value from which on two sets are similar.
#[derive(Clone, Copy, Debug)]
pub struct Similarity {
    measure: Measure,
    /// As a fraction, so that no rounding decides.
    numerator: u64,
    denominator: u64,
}

impl Similarity {
    /// A measure with a threshold, given as numerator and denominator.
    pub fn new(measure: Measure, (numerator, denominator): (u64, u64)) -> Result<Self, String> {
        if numerator == 0 || numerator > denominator || denominator > u64::from(u32::MAX) {
            return Err(format!(
                "threshold {numerator}/{denominator}; expected a fraction above 0, up to 1, of numbers below 2^32"
            ));
        }
        Ok(Self {
            measure,
            numerator,
            denominator,
        })
    }

    /// How many numbers sets of those sizes have to share to be similar; none where they cannot be.
    pub fn needed(self, a: usize, b: usize) -> Option<u64> {
        let (a, b) = (a as u64, b as u64);
        let needed = match self.measure {
            Measure::Jaccard => {
                (self.numerator * (a + b)).div_ceil(self.numerator + self.denominator)
            }
            Measure::Containment => (self.numerator * a.min(b)).div_ceil(self.denominator),
        };
        (needed <= a.min(b)).then_some(needed)
    }

    /// Bits for each number that bitmaps need to tell strangers apart, at least: the more may differ, the more.
    ///
    /// Bits of a crowded bitmap differ by chance in half of it at most, and at a Jaccard similarity of 0.8, 0.6 and 0.4
    /// sets of a thousand may differ in 222, 500 and 857 numbers. Containment of a small set in a large one says too
    /// little of what differs for any number of bits.
    pub fn bits(self) -> usize {
        match (10 * self.numerator).div_euclid(self.denominator) {
            7.. => 1,
            5..7 => 2,
            _ => 4,
        }
    }

    /// How many numbers may be in one of two similar sets and not in the other; none where they cannot be similar.
    pub fn most_different(self, a: usize, b: usize) -> Option<u64> {
        Some((a + b) as u64 - 2 * self.needed(a, b)?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn needed_is_the_least_that_reaches_the_threshold(
            (a, b) in (1..300usize, 1..300usize),
            (numerator, more) in (1..50u64, 0..50u64),
            jaccard in any::<bool>(),
        ) {
            let denominator = numerator + more;
            let measure = if jaccard { Measure::Jaccard } else { Measure::Containment };
            let of = |shared: usize| if jaccard { a + b - shared } else { a.min(b) };
            let similar = |shared: usize| shared as u64 * denominator >= numerator * of(shared) as u64;
            let expected = (0..=a.min(b)).find(|&shared| similar(shared));
            let found = Similarity::new(measure, (numerator, denominator)).unwrap().needed(a, b);
            prop_assert_eq!(found, expected.map(|n| n as u64));
        }
    }
}
