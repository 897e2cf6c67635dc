//! The smallest value of each permutation over a set: the loop that all of MinHash's time goes into.

use pulp::{Arch, NullaryFnOnce};

/// Lanes whose state is held in registers at once: four of AVX-512's, eight of AVX2's.
const WIDE: usize = 64;
/// What the last lanes are rounded up to.
pub(super) const NARROW: usize = 16;

/// Permutation `i` maps x to `factors[i] * x + shifts[i]` modulo 2^32. Their number is a multiple of `NARROW`.
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

struct Pass<'a> {
    permutations: &'a Permutations,
    values: &'a [u32],
    minima: &'a mut [u32],
}

impl NullaryFnOnce for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let (wide_factors, factors) = self.permutations.factors.as_chunks::<WIDE>();
        let (wide_shifts, shifts) = self.permutations.shifts.as_chunks::<WIDE>();
        let (wide_minima, minima) = self.minima.as_chunks_mut::<WIDE>();
        let wide = wide_factors.iter().zip(wide_shifts).zip(wide_minima);
        wide.for_each(|((factors, shifts), minima)| block(factors, shifts, self.values, minima));
        let factors = factors.as_chunks::<NARROW>().0.iter();
        let shifts = shifts.as_chunks::<NARROW>().0.iter();
        let minima = minima.as_chunks_mut::<NARROW>().0.iter_mut();
        let narrow = factors.zip(shifts).zip(minima);
        narrow.for_each(|((factors, shifts), minima)| block(factors, shifts, self.values, minima));
    }
}

#[inline(always)]
fn block<const N: usize>(
    factors: &[u32; N],
    shifts: &[u32; N],
    values: &[u32],
    minima: &mut [u32; N],
) {
    // Copies, so that all three are known to stay in registers.
    let (factors, shifts) = (*factors, *shifts);
    let mut least = *minima;
    for &value in values {
        for i in 0..N {
            least[i] = least[i].min(factors[i].wrapping_mul(value).wrapping_add(shifts[i]));
        }
    }
    *minima = least;
}
