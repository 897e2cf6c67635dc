//! Frames instead of gzip members, and parts of a file.

use super::*;

#[test]
fn frames_are_members() {
    let parts = [page("a"), page("b"), page("c")];
    let expected = read(&parts.concat());
    let frame = |part: &Vec<u8>| zstd::encode_all(&part[..], 3).unwrap();
    let frames: Vec<u8> = parts.iter().flat_map(frame).collect();
    let mut dictionary = zstd::bulk::Compressor::with_dictionary(3, &parts[0]).unwrap();
    let size = (parts[0].len() as u32).to_le_bytes();
    let mut shared = [&[0x5d, 0x2a, 0x4d, 0x18][..], &size, &parts[0]].concat();
    for part in &parts {
        shared.extend(dictionary.compress(part).unwrap());
    }
    for stored in [frames, shared] {
        let (rows, counts) = read_with(&stored, LIMITS, &[]);
        assert_eq!(counts.members, 3);
        assert!(
            rows.iter()
                .zip(&expected)
                .all(|(a, b)| a.3 == b.3 && a.2.is_none())
        );
        let single: Vec<usize> = (0..stored.len()).collect();
        assert_eq!(read_with(&stored, LIMITS, &single).0, rows);
        for at in 0..stored.len() {
            let mut damaged = stored.clone();
            damaged[at] ^= 0x21;
            let whole = read_with(&damaged, LIMITS, &[]);
            assert_eq!(read_with(&damaged, LIMITS, &single), whole, "{at}");
        }
    }
}

/// A block that is stored as it is and longer than its frame says: found out only where it is seen as a whole.
#[test]
fn a_block_is_read_as_a_whole() {
    let content = page("a");
    let sized = |size: usize| {
        let block = ((content.len() << 3) | 1).to_le_bytes();
        let head = [0x28, 0xb5, 0x2f, 0xfd, 0x20, size as u8];
        [&head[..], &block[..3], &content].concat()
    };
    assert_eq!(read(&sized(content.len()))[0].2, None);
    for size in [content.len() - 7, content.len() + 7] {
        let stored = [sized(size), sized(content.len())].concat();
        let whole = read_with(&stored, LIMITS, &[]);
        assert_eq!(outline(&whole.0).len(), 2);
        let single: Vec<usize> = (0..stored.len()).collect();
        assert_eq!(read_with(&stored, LIMITS, &single), whole);
    }
}

#[test]
fn only_records_before_the_stop_are_read() {
    let parts: Vec<Vec<u8>> = ["a", "b", "c", "d"].map(|id| gzip(&page(id))).into();
    let stored = parts.concat();
    let ends: Vec<usize> = (0..=4).map(|n| parts[..n].concat().len()).collect();
    let whole = read(&stored);
    for (from, to) in [(0, 2), (1, 3), (2, 4), (1, 1)] {
        let range = Range {
            begin: ends[from] as u64,
            stop: ends[to] as u64,
            dictionary: Vec::new(),
        };
        let mut parser = Parser::new(Some(Packing::Gzip), LIMITS, range).unwrap();
        let batch = parser.push(&stored[ends[from]..], true).unwrap();
        let rows = batch.map_or(Vec::new(), |batch| shorten(&batch));
        assert_eq!(rows, whole[from..to]);
        assert!(parser.is_stopped() || to == 4);
        assert_eq!(parser.counts().consumed, ends[to] as u64);
    }
}
