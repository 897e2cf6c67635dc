//! Whole archives through the parser: what becomes of records, damage and odd chunks.

use std::io::Write;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, RecordBatch};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::*;

mod lengths;
mod long;
mod packing;
mod runs;

const LIMITS: Limits = Limits {
    max_record_bytes: 5_000,
    batch_rows: 100,
    batch_bytes: 1 << 20,
    raw: false,
};

fn record(kind: &str, id: &str, block: &str) -> Vec<u8> {
    let length = block.len();
    format!(
        "WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <{id}>\r\nWARC-Target-URI: <http://{id}/>\r\n\
         WARC-Date: 2020-01-02T03:04:05Z\r\nContent-Length: {length}\r\n\r\n{block}\r\n\r\n"
    )
    .into_bytes()
}

fn page(id: &str) -> Vec<u8> {
    let block = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>page {id}</p>");
    record("response", id, &block)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A row in short: offset, id, defect, hash.
type Short = (i64, Option<String>, Option<String>, Option<Vec<u8>>);

fn shorten(batch: &RecordBatch) -> Vec<Short> {
    let ids = batch.column_by_name("id").unwrap().as_string::<i32>();
    let defects = batch.column_by_name("defect").unwrap().as_string::<i32>();
    let hashes = batch
        .column_by_name("raw_hash")
        .unwrap()
        .as_fixed_size_binary();
    let offsets = batch
        .column_by_name("offset")
        .unwrap()
        .as_primitive::<Int64Type>();
    let own = |array: &arrow_array::StringArray, row| {
        array.is_valid(row).then(|| array.value(row).to_owned())
    };
    (0..batch.num_rows())
        .map(|row| {
            let hash = hashes.is_valid(row).then(|| hashes.value(row).to_vec());
            (offsets.value(row), own(ids, row), own(defects, row), hash)
        })
        .collect()
}

fn read_with(bytes: &[u8], limits: Limits, cuts: &[usize]) -> (Vec<Short>, Counts) {
    let mut parser = Parser::new(None, limits, Range::whole()).unwrap();
    let mut rows = Vec::new();
    let mut from = 0;
    for &to in cuts.iter().chain([&bytes.len()]) {
        let to = to.clamp(from, bytes.len());
        let mut chunk = &bytes[from..to];
        let last = to == bytes.len();
        while let Some(batch) = parser.push(chunk, last).unwrap() {
            assert!(batch.num_rows() <= limits.batch_rows);
            rows.extend(shorten(&batch));
            chunk = &[];
        }
        from = to;
    }
    let counts = parser.counts();
    assert_eq!(counts.consumed, bytes.len() as u64);
    assert_eq!(counts.records, rows.len() as u64);
    (rows, counts)
}

/// What is said of every record of an archive that is pushed in pieces.
fn evidence(bytes: &[u8], cuts: &[usize]) -> Vec<Option<String>> {
    let mut parser = Parser::new(Some(Packing::Gzip), LIMITS, Range::whole()).unwrap();
    let mut said = Vec::new();
    let mut from = 0;
    for &to in cuts.iter().chain([&bytes.len()]) {
        let to = to.min(bytes.len());
        if let Some(batch) = parser.push(&bytes[from..to], to == bytes.len()).unwrap() {
            let column = batch.column_by_name("evidence").unwrap().as_string::<i32>();
            said.extend(column.iter().map(|text| text.map(str::to_owned)));
        }
        from = to;
    }
    said
}

fn read(bytes: &[u8]) -> Vec<Short> {
    read_with(bytes, LIMITS, &[]).0
}

fn outline(rows: &[Short]) -> Vec<(Option<&str>, Option<&str>)> {
    rows.iter()
        .map(|(_, id, defect, _)| (id.as_deref(), defect.as_deref()))
        .collect()
}

#[test]
fn one_row_for_each_record_however_it_is_stored() {
    let records = [
        record("warcinfo", "w", "x: y"),
        page("a"),
        record("dns", "d", ""),
        page("b"),
    ];
    let plain = records.concat();
    let expected = [
        (Some("<w>"), Some("not_content")),
        (Some("<a>"), None),
        (Some("<d>"), Some("not_content")),
        (Some("<b>"), None),
    ];
    let rows = read(&plain);
    assert_eq!(outline(&rows), expected);
    let per_record: Vec<u8> = records.iter().flat_map(|r| gzip(r)).collect();
    let mixed = [gzip(&records[..3].concat()), gzip(b""), gzip(&records[3])].concat();
    let across: Vec<u8> = plain.chunks(70).flat_map(gzip).collect();
    for (stored, members) in [
        (per_record, 4),
        (gzip(&plain), 1),
        (mixed, 3),
        (across, plain.len().div_ceil(70)),
    ] {
        let (other, counts) = read_with(&stored, LIMITS, &[]);
        assert_eq!(outline(&other), expected);
        assert_eq!(counts.members, members as u64);
        assert!(
            other
                .iter()
                .zip(&rows)
                .all(|(a, b)| a.3 == b.3 && a.3.is_some())
        );
    }
}

#[test]
fn offsets_are_those_of_members() {
    let (a, b) = (gzip(&[page("a"), page("b")].concat()), gzip(&page("c")));
    let offsets: Vec<i64> = read(&[a.clone(), b].concat())
        .iter()
        .map(|row| row.0)
        .collect();
    assert_eq!(offsets, [0, 0, a.len() as i64]);
    let offsets: Vec<i64> = read(&[page("a"), page("b")].concat())
        .iter()
        .map(|row| row.0)
        .collect();
    assert_eq!(offsets, [0, page("a").len() as i64]);
}

#[test]
fn wrong_lengths_cost_one_record() {
    let good = String::from_utf8(page("b")).unwrap();
    let length = good
        .split("Content-Length: ")
        .nth(1)
        .unwrap()
        .split("\r\n")
        .next()
        .unwrap();
    for wrong in [
        "0", "1", "30", "70", "200", "4000", "9999999", "-1", "", "x",
    ] {
        let bad = good.replace(
            &format!("Content-Length: {length}"),
            &format!("Content-Length: {wrong}"),
        );
        let parts = [page("a"), bad.into_bytes(), page("c"), page("d")];
        let per_record: Vec<u8> = parts.iter().flat_map(|r| gzip(r)).collect();
        for stored in [parts.concat(), gzip(&parts.concat()), per_record] {
            let rows = read(&stored);
            let expected = [
                (Some("<a>"), None),
                (Some("<b>"), Some("bad_record")),
                (Some("<c>"), None),
                (Some("<d>"), None),
            ];
            assert_eq!(outline(&rows), expected, "{wrong}");
        }
    }
}

#[test]
fn garbage_is_one_reject() {
    let junk = b"\0junk\r\nmore junk WARC/1.0\r\n";
    let plain = [&page("a")[..], junk, &page("b")].concat();
    assert_eq!(
        outline(&read(&plain)),
        [
            (Some("<a>"), None),
            (None, Some("bad_record")),
            (Some("<b>"), None)
        ]
    );
    let stored = [
        &gzip(&page("a"))[..],
        b"junk\x1f\x8b\x08 more",
        &gzip(&page("b")),
        b"\x1f\x8b",
    ]
    .concat();
    let expected = [
        (Some("<a>"), None),
        (None, Some("corrupt")),
        (Some("<b>"), None),
        (None, Some("truncated")),
    ];
    let rows = read(&stored);
    assert_eq!(outline(&rows), expected);
    let junk_hash = xxhash_rust::xxh3::xxh3_128(b"junk\x1f\x8b\x08 more").to_be_bytes();
    assert_eq!(rows[1].3.as_deref(), Some(&junk_hash[..]));
}

#[test]
fn missing_line_ends_cost_nothing() {
    for ends in [0, 1, 2, 3, 4] {
        let a = page("a");
        let stored = [&a[..a.len() - 4 + ends], &page("b")].concat();
        assert_eq!(
            outline(&read(&stored)),
            [(Some("<a>"), None), (Some("<b>"), None)],
            "{ends}"
        );
    }
}

#[test]
fn limits_are_checked() {
    let new = |limits| Parser::new(None, limits, Range::whole());
    for bad in [0, (1 << 30) + 1] {
        let (mut record, mut batch) = (LIMITS, LIMITS);
        record.max_record_bytes = bad;
        batch.batch_bytes = bad;
        assert!(new(record).is_err_and(|e| e.contains("max_record")));
        assert!(new(batch).is_err_and(|e| e.contains("batch_bytes")));
    }
    let none = Limits {
        batch_rows: 0,
        ..LIMITS
    };
    assert!(new(none).is_err());
}

#[test]
fn a_cut_near_damage_does_not_matter() {
    let stored = [gzip(&page("a")), gzip(&page("b")), gzip(&page("c"))].concat();
    for at in 0..stored.len() {
        for flip in [0x01, 0x10, 0xff] {
            let mut damaged = stored.clone();
            damaged[at] ^= flip;
            let whole = evidence(&damaged, &[]);
            for cut in at.saturating_sub(3)..at + 12 {
                assert_eq!(evidence(&damaged, &[cut]), whole, "{at} {flip} {cut}");
            }
        }
    }
}

fn archive() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        4 => "[a-z]{3,8}".prop_map(|id| page(&id)),
        1 => "[a-z]{3,8}".prop_map(|id| record("request", &id, "GET / HTTP/1.1\r\n\r\n")),
        1 => "[ -~\r\n]{0,80}".prop_map(String::into_bytes),
        1 => Just(b"WARC/1.0\r\nContent-Length: 900\r\n\r\n".to_vec()),
        1 => Just(b"\n\nWARC/1.0\r\n".to_vec()),
    ];
    let stored = (part, 0..3u8).prop_map(|(part, how)| match how {
        0 => part,
        1 => gzip(&part),
        _ => part.chunks(50).flat_map(gzip).collect(),
    });
    prop::collection::vec(stored, 0..8).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn chunks_do_not_matter(
        bytes in archive(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        mut cuts in prop::collection::vec(0usize..2_000, 0..12),
        rows in 1usize..4,
    ) {
        let mut bytes = bytes;
        for (at, value) in flips {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = value;
            }
        }
        cuts.sort_unstable();
        let (whole, counts) = read_with(&bytes, LIMITS, &[]);
        let few = Limits { batch_rows: rows, ..LIMITS };
        prop_assert_eq!(read_with(&bytes, few, &cuts), (whole.clone(), counts));
        let single: Vec<usize> = (0..bytes.len()).collect();
        prop_assert_eq!(read_with(&bytes, LIMITS, &single), (whole, counts));
    }
}
