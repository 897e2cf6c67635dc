//! MinHash: short signatures of sets of 64-bit hashes, and the keys under which similar sets meet.
//!
//! A set's hash x is folded to 32 bits, `x ^ (x >> 32)`. Permutation `i` maps it to `a * x + b` modulo 2^32, where a and
//! b are the halves of the `i`-th number (from 0) that splitmix64 gives from [`SEED`]: a its upper half made odd, b its
//! lower half. A signature holds each permutation's minimum over the set; its rows are dealt to bands in order. A
//! band's key is xxh3_64 (seed 0) over its number and its rows, 4 bytes little-endian each.

mod columns;
mod lanes;

use pulp::Arch;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

pub use columns::{band_keys, signatures};
use lanes::{LANES, Permutations, minima};

/// Where the permutations' constants start; "minhash1" in ASCII.
pub const SEED: u64 = 0x6d69_6e68_6173_6831;

/// Far above any use, far below what a machine's memory would notice.
const MOST_HASHES: usize = 1 << 20;

/// How a signature is cut up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bands {
    /// Keys per set; two sets that agree in one are candidates.
    pub bands: usize,
    /// Minima per key.
    pub rows: usize,
}

impl Bands {
    /// Permutations in use.
    pub fn num_hashes(self) -> usize {
        self.bands * self.rows
    }
}

/// Makes signatures and keys, one set after the other, in buffers that it keeps.
pub struct Hasher {
    bands: Bands,
    arch: Arch,
    permutations: Permutations,
    folded: Vec<u32>,
    minima: Vec<u32>,
    encoded: Vec<u8>,
}

impl Hasher {
    /// An error where there are no bands, no rows, or more than 2^20 of them together.
    pub fn new(bands: usize, rows: usize) -> Result<Self, String> {
        let total = bands.saturating_mul(rows);
        if total == 0 || total > MOST_HASHES {
            return Err(format!(
                "bands x rows is {bands} x {rows}; expected both at least 1 and at most {MOST_HASHES} hashes in all"
            ));
        }
        Ok(Self {
            bands: Bands { bands, rows },
            arch: Arch::new(),
            permutations: permutations(total.next_multiple_of(LANES)),
            folded: Vec::new(),
            minima: Vec::new(),
            encoded: Vec::new(),
        })
    }

    /// How it cuts signatures up.
    pub fn bands(&self) -> Bands {
        self.bands
    }

    /// The minimum of each permutation, `bands * rows` of them; all ones where the set is empty.
    pub fn signature_of(&mut self, set: &[u64]) -> &[u32] {
        self.folded.clear();
        self.folded
            .extend(set.iter().map(|&x| (x ^ (x >> 32)) as u32));
        minima(
            self.arch,
            &self.permutations,
            &self.folded,
            &mut self.minima,
        );
        &self.minima[..self.bands.num_hashes()]
    }

    /// Replaces `out` by the set's keys, one per band; by none where the set is empty, for it resembles nothing.
    pub fn keys_of(&mut self, set: &[u64], out: &mut Vec<u64>) {
        out.clear();
        if set.is_empty() {
            return;
        }
        self.signature_of(set);
        let signature = &self.minima[..self.bands.num_hashes()];
        for (band, rows) in signature.chunks_exact(self.bands.rows).enumerate() {
            self.encoded.clear();
            self.encoded.extend_from_slice(&(band as u32).to_le_bytes());
            rows.iter()
                .for_each(|row| self.encoded.extend_from_slice(&row.to_le_bytes()));
            out.push(xxh3_64(&self.encoded));
        }
    }
}

fn permutations(count: usize) -> Permutations {
    let numbers: Vec<u64> = (1..=count as u64)
        .map(|i| splitmix64(SEED.wrapping_add(i.wrapping_mul(0x9e37_79b9_7f4a_7c15))))
        .collect();
    Permutations {
        factors: numbers.iter().map(|z| (z >> 32) as u32 | 1).collect(),
        shifts: numbers.iter().map(|&z| z as u32).collect(),
    }
}

/// The output function of the generator splitmix64.
fn splitmix64(state: u64) -> u64 {
    let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The bands with the most rows that find a pair at the Jaccard similarity `threshold` with probability `recall`.
///
/// `rows` is the largest r for which b = `num_hashes` / r bands miss it with `(1 - threshold^r)^b <= 1 - recall`; more
/// rows find fewer pairs below the threshold. An error where not even r = 1 will do, or an argument makes no sense.
pub fn choose_bands(num_hashes: usize, threshold: f64, recall: f64) -> Result<Bands, String> {
    if num_hashes == 0 || num_hashes > MOST_HASHES {
        return Err(format!(
            "num_hashes is {num_hashes}; expected 1 to {MOST_HASHES}"
        ));
    }
    for (name, value) in [("threshold", threshold), ("recall", recall)] {
        if !(value > 0.0 && value <= 1.0) {
            return Err(format!(
                "{name} is {value}; expected more than 0, at most 1"
            ));
        }
    }
    let fits = |bands: &Bands| miss_rate(threshold, *bands) <= 1.0 - recall;
    let most_rows_first = (1..=num_hashes).rev().map(|rows| Bands {
        bands: num_hashes / rows,
        rows,
    });
    most_rows_first.into_iter().find(fits).ok_or_else(|| {
        format!(
            "{num_hashes} hashes cannot find pairs at {threshold} with probability {recall}; \
             expected more hashes, a higher threshold or less recall"
        )
    })
}

/// How likely a pair of that similarity shares no key. Multiplied out, so that every machine gets the same bits.
fn miss_rate(similarity: f64, bands: Bands) -> f64 {
    let product = |factor: f64, times: usize| (0..times).fold(1.0, |value, _| value * factor);
    product(1.0 - product(similarity, bands.rows), bands.bands)
}

/// A hash of the whole set, xxh3_128 (seed 0) of its numbers, 8 bytes little-endian each: equal sets, equal hash.
pub fn set_hash(set: &[u64]) -> u128 {
    let mut bytes = vec![0; size_of_val(set)];
    for (place, number) in bytes.as_chunks_mut().0.iter_mut().zip(set) {
        *place = number.to_le_bytes();
    }
    xxh3_128(&bytes)
}

#[cfg(test)]
mod tests;
