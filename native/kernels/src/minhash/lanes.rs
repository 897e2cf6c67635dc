//! The smallest value of each permutation over a set: the loop that all of MinHash's time goes into.

use pulp::{Arch, NullaryFnOnce};

/// Permutations whose minima are held in registers at once: four of AVX-512's, eight of AVX2's.
pub(super) const LANES: usize = 64;

/// Permutation `i` maps x to `factors[i] * x + shifts[i]` modulo 2^32. Their number is a multiple of `LANES`.
pub(super) struct Permutations {
    pub(super) factors: Vec<u32>,
    pub(super) shifts: Vec<u32>,
}

/// Writes to `minima` each permutation's smallest value over `values`, with the widest registers the machine has.
pub(super) fn minima(
    arch: Arch,
    permutations: &Permutations,
    values: &[u32],
    minima: &mut Vec<u32>,
) {
    minima.clear();
    minima.resize(permutations.factors.len(), u32::MAX);
    arch.dispatch(Pass {
        permutations,
        values,
        minima,
    });
}

/// One function for each kind of registers is compiled from this; baseline x86-64, which can neither multiply nor
/// compare 32-bit lanes, takes some fifteen times as long as AVX-512.
struct Pass<'a> {
    permutations: &'a Permutations,
    values: &'a [u32],
    minima: &'a mut [u32],
}

impl NullaryFnOnce for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let factors = self.permutations.factors.as_chunks::<LANES>().0.iter();
        let shifts = self.permutations.shifts.as_chunks::<LANES>().0.iter();
        let minima = self.minima.as_chunks_mut::<LANES>().0.iter_mut();
        for ((factors, shifts), minima) in factors.zip(shifts).zip(minima) {
            block(factors, shifts, self.values, minima);
        }
    }
}

#[inline(always)]
fn block(factors: &[u32; LANES], shifts: &[u32; LANES], values: &[u32], minima: &mut [u32; LANES]) {
    // Copies, so that all three are known to stay in registers.
    let (factors, shifts) = (*factors, *shifts);
    let mut least = *minima;
    for &value in values {
        for i in 0..LANES {
            least[i] = least[i].min(factors[i].wrapping_mul(value).wrapping_add(shifts[i]));
        }
    }
    *minima = least;
}
