//! Bytes made to give as many rejects, or to cost as much time, as they can.

use std::time::Instant;

use super::*;

/// What is said of each record, of an archive that is pushed in pieces of so many bytes.
fn count(
    bytes: &[u8],
    packing: Option<Packing>,
    dictionary: &[u8],
    piece: usize,
) -> (Counts, usize) {
    let range = Range {
        dictionary: dictionary.to_vec(),
        ..Range::whole()
    };
    let mut parser = Parser::new(packing, LIMITS, range).unwrap();
    let (mut rows, mut left) = (0, bytes.len());
    for chunk in bytes.chunks(piece) {
        left -= chunk.len();
        let mut chunk = chunk;
        while let Some(batch) = parser.push(chunk, left == 0).unwrap() {
            assert!(batch.num_rows() <= LIMITS.batch_rows);
            rows += batch.num_rows();
            chunk = &[];
        }
    }
    assert_eq!(parser.counts().consumed, bytes.len() as u64);
    (parser.counts(), rows)
}

#[test]
fn rejects_without_end_are_a_bounded_number_of_rows() {
    let heads = b"WARC/1.0\n\n".repeat(100_000);
    let stored = [
        &page("a")[..],
        &heads,
        &page("b"),
        &heads[..100_000],
        &page("c"),
    ]
    .concat();
    let (rows, counts) = read_with(&stored, LIMITS, &[]);
    let good: Vec<_> = outline(&rows)
        .iter()
        .filter_map(|row| row.0)
        .map(str::to_owned)
        .collect();
    assert_eq!(good, ["<a>", "<b>", "<c>"]);
    assert_eq!(counts.records, 3 + 2 * 1_001);
    assert_eq!(counts.rejects, 2 * 1_001);
    let said = evidence(&stored, &[]);
    assert!(said.len() <= LIMITS.batch_rows);
    let pieces: Vec<usize> = (0..stored.len()).step_by(977).collect();
    assert_eq!(read_with(&stored, LIMITS, &pieces), (rows.clone(), counts));
    let ends = rows[1..]
        .iter()
        .map(|row| row.0)
        .chain([stored.len() as i64]);
    assert!(rows.iter().zip(ends).all(|(row, end)| row.0 < end));
}

#[test]
fn a_run_of_rejects_says_how_many_and_how_long() {
    let heads = b"WARC/1.0\n\n".repeat(1_500);
    let stored = [&heads[..], &page("a")].concat();
    let limits = Limits {
        batch_rows: 5_000,
        ..LIMITS
    };
    let mut parser = Parser::new(None, limits, Range::whole()).unwrap();
    let batch = parser.push(&stored, true).unwrap().unwrap();
    assert_eq!(batch.num_rows(), 1_002);
    let said = batch.column_by_name("evidence").unwrap().as_string::<i32>();
    let last: serde_json::Value = serde_json::from_str(said.value(1_000)).unwrap();
    assert_eq!(
        (last["count"].as_u64(), last["length"].as_u64()),
        (Some(500), Some(5_000))
    );
    assert!(last["error"].as_str().unwrap().contains("says no length"));
    let first: serde_json::Value = serde_json::from_str(said.value(999)).unwrap();
    assert_eq!(
        (first["count"].as_u64(), first["length"].as_u64()),
        (None, Some(10))
    );
}

/// Frames that each hold a block which takes in all those behind it, so that each has to be undone to be told.
fn nested(packing: Packing, size: usize) -> Vec<u8> {
    let unit: Vec<u8> = match packing {
        // A name that ends far behind, before one stream for all of them.
        Packing::Gzip => b"\x1f\x8b\x08\x08\x01\x01\x01\x01\x01\x01".to_vec(),
        // A block of almost 128 KiB: literals as they are, and behind them the number of sequences, none.
        Packing::Zstd => {
            let size = 131_061u32;
            let (block, literals) = (size << 3 | 4, (size - 4) << 4 | 12);
            let (block, literals) = (block.to_le_bytes(), literals.to_le_bytes());
            [
                &b"\x28\xb5\x2f\xfd\x00\x58"[..],
                &block[..3],
                &literals[..3],
                &[0; 4],
            ]
            .concat()
        }
        Packing::Lz4 => {
            let descriptor = [0x40, 0x70];
            let check = (xxhash_rust::xxh32::xxh32(&descriptor, 0) >> 8) as u8;
            [
                &b"\x04\x22\x4d\x18"[..],
                &descriptor,
                &[check],
                &[0, 0, 64, 128],
                &[0xf0; 3],
            ]
            .concat()
        }
    };
    let stored = unit.repeat(size / unit.len());
    match packing {
        Packing::Gzip => stored
            .chunks(2_000)
            .flat_map(|piece| [piece, &[0], &gzip(&[b'x'; 5_000])[10..]].concat())
            .collect(),
        _ => stored,
    }
}

#[test]
fn bytes_that_look_like_members_cost_no_more_than_others() {
    let dictionary: Vec<u8> = (0..4_000_000u32)
        .map(|n| (n.wrapping_mul(n) >> 9) as u8)
        .collect();
    for packing in [Packing::Gzip, Packing::Zstd, Packing::Lz4] {
        let good = match packing {
            Packing::Gzip => gzip(&page("a")),
            Packing::Zstd => zstd::encode_all(&page("a")[..], 3).unwrap(),
            Packing::Lz4 => frame(&page("a")),
        };
        for middle in [
            packing.magic().repeat((1 << 20) / 3),
            nested(packing, 1 << 20),
        ] {
            for dictionary in [&[][..], &dictionary] {
                let stored = [&good[..], b"\0", &middle, &good.repeat(1_500)].concat();
                let begun = Instant::now();
                let (counts, rows) = count(&stored, Some(packing), dictionary, 1 << 20);
                let spent = begun.elapsed();
                // A few behind those that cost most may not be tried.
                let good = rows - counts.rejects as usize;
                let least = if packing == Packing::Zstd {
                    1_450
                } else {
                    1_501
                };
                assert!(counts.rejects == 1 && good >= least, "{packing:?} {good}");
                // A debug build takes less than one, a quadratic reader half a minute.
                assert!(spent.as_secs() < 10, "{packing:?} {spent:?}");
            }
        }
    }
}

/// An LZ4 frame of one stored block.
fn frame(content: &[u8]) -> Vec<u8> {
    let descriptor = [0x60, 0x70];
    let check = (xxhash_rust::xxh32::xxh32(&descriptor, 0) >> 8) as u8;
    let size = (content.len() as u32 | 1 << 31).to_le_bytes();
    [
        &b"\x04\x22\x4d\x18"[..],
        &descriptor,
        &[check],
        &size,
        content,
        &[0; 4],
    ]
    .concat()
}

#[test]
fn where_a_range_ends_is_not_passed_over() {
    let good = zstd::encode_all(&page("a")[..], 3).unwrap();
    let before = [&good[..], b"\0", &nested(Packing::Zstd, 1 << 20)].concat();
    let stored = [&before[..], &good.repeat(1_500)].concat();
    let stop = before.len() as u64;
    let range = Range {
        stop, // with so much behind it that the frames before it are seen as a whole
        ..Range::whole()
    };
    let mut parser = Parser::new(Some(Packing::Zstd), LIMITS, range).unwrap();
    let batch = parser.push(&stored, true).unwrap().unwrap();
    assert_eq!(
        outline(&shorten(&batch)),
        [(Some("<a>"), None), (None, Some("corrupt"))]
    );
    assert!(parser.is_stopped());
    let said = batch.column_by_name("evidence").unwrap().as_string::<i32>();
    let said: serde_json::Value = serde_json::from_str(said.value(1)).unwrap();
    assert_eq!(said["length"].as_u64(), Some(stop - good.len() as u64));
}
