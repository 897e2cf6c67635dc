//! Signatures, keys and bitmaps against their definitions, written out.

use proptest::prelude::*;

use super::*;

fn bands(bands: usize, rows: usize) -> Bands {
    Bands { bands, rows }
}

fn keys(hasher: &mut Hasher, set: &[u64]) -> Vec<u64> {
    let mut out = vec![7];
    hasher.keys_of(set, &mut out);
    out
}

/// A signature by the definition, one permutation after the other.
fn signature(set: &[u64], count: usize) -> Vec<u32> {
    let mut state = SEED;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        splitmix64(state)
    };
    let mut minimum = |_| {
        let z = next();
        let map = |&x: &u64| {
            let folded = (x ^ (x >> 32)) as u32;
            ((z >> 32) as u32 | 1)
                .wrapping_mul(folded)
                .wrapping_add(z as u32)
        };
        set.iter().map(map).min().unwrap_or(u32::MAX)
    };
    (0..count).map(&mut minimum).collect()
}

#[test]
fn bands_are_chosen_as_documented() {
    assert_eq!(choose_bands(112, 0.8, 0.9999), Ok(bands(28, 4)));
    assert_eq!(choose_bands(112, 0.8, 0.92), Ok(bands(14, 8)));
    assert_eq!(choose_bands(1, 1.0, 1.0), Ok(bands(1, 1)));
    assert_eq!(choose_bands(9000, 0.8, 0.99), Ok(bands(450, 20)));
    assert!(
        choose_bands(10, 0.1, 0.999)
            .unwrap_err()
            .contains("10 hashes cannot find pairs at 0.1")
    );
    assert!(
        choose_bands(0, 0.5, 0.5)
            .unwrap_err()
            .contains("num_hashes is 0")
    );
    assert!(
        choose_bands(9, f64::NAN, 0.5)
            .unwrap_err()
            .contains("threshold is NaN")
    );
    assert!(
        choose_bands(9, 0.5, 1.5)
            .unwrap_err()
            .contains("recall is 1.5")
    );
}

#[test]
fn what_cannot_work_is_said() {
    for (bands, rows) in [(0, 4), (4, 0), (1 << 11, 1 << 10), (usize::MAX, 2)] {
        assert!(Hasher::new(bands, rows).is_err_and(|error| error.contains("bands x rows is")));
    }
    assert!(Hasher::new(450, 20).is_ok());
}

#[test]
fn an_empty_set_meets_nothing() {
    let mut hasher = Hasher::new(3, 2).unwrap();
    assert!(keys(&mut hasher, &[]).is_empty());
    assert_eq!(hasher.signature_of(&[]), [u32::MAX; 6]);
}

#[test]
fn sets_hash_as_their_bytes() {
    assert_eq!(set_hash(&[]), xxh3_128(b""));
    assert_eq!(
        set_hash(&[1, 0x0203]),
        xxh3_128(b"\x01\0\0\0\0\0\0\0\x03\x02\0\0\0\0\0\0")
    );
}

proptest! {
    #[test]
    fn signatures_are_those_of_the_definition(
        set in prop::collection::vec(any::<u64>(), 0..50),
        count in 1..300usize,
    ) {
        let mut hasher = Hasher::new(1, count).unwrap();
        hasher.signature_of(&[1, 2, 3]);
        prop_assert_eq!(hasher.signature_of(&set), signature(&set, count));
    }

    #[test]
    fn keys_are_those_of_the_definition(
        set in prop::collection::vec(any::<u64>(), 1..20),
        (number, rows) in (1..20usize, 1..20usize),
    ) {
        let signature = signature(&set, number * rows);
        let key = |(band, rows): (usize, &[u32])| {
            let numbers = [&[band as u32], rows].concat();
            let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
            xxh3_64(&bytes)
        };
        let expected: Vec<u64> = signature.chunks(rows).enumerate().map(key).collect();
        prop_assert_eq!(keys(&mut Hasher::new(number, rows).unwrap(), &set), expected);
    }
}
