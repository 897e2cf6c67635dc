//! Stored bytes as members: those given, or behind a byte that says so, members that hold them; whole and in two ranges.
#![no_main]

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use libfuzzer_sys::fuzz_target;
use llmdata_fuzz::{check, check_ranges};
use llmdata_kernels::warc::Packing;

fuzz_target!(|data: &[u8]| {
    let Some((&how, rest)) = data.split_first() else {
        return;
    };
    match how % 6 {
        0 => {
            check(rest, Some(Packing::Gzip));
            check_ranges(rest, Packing::Gzip);
        }
        1 => {
            check(rest, Some(Packing::Zstd));
            check_ranges(rest, Packing::Zstd);
        }
        2 => check(rest, Some(Packing::Lz4)),
        // A record to a member, the pieces between them as they are.
        5 => {
            let mut stored = Vec::new();
            for piece in rest.split_inclusive(|&b| b == 0) {
                match piece.strip_suffix(&[0]) {
                    Some(block) => stored.extend(gzip(&record(block))),
                    None => stored.extend(piece),
                }
            }
            check(&stored, Some(Packing::Gzip));
            check_ranges(&stored, Packing::Gzip);
        }
        // A piece to a member, and one byte of them changed.
        _ => {
            let size = 1 + usize::from(how);
            let mut stored: Vec<u8> = rest.chunks(size).flat_map(gzip).collect();
            let at = rest.iter().fold(0, |sum, &b| {
                (sum * 31 + usize::from(b)) % stored.len().max(1)
            });
            if how % 6 == 4 && !stored.is_empty() {
                stored[at] ^= how;
            }
            check(&stored, Some(Packing::Gzip));
            check_ranges(&stored, Packing::Gzip);
        }
    }
});

fn record(block: &[u8]) -> Vec<u8> {
    let head = format!(
        "WARC/1.0\r\nWARC-Type: resource\r\nContent-Length: {}\r\n\r\n",
        block.len()
    );
    [head.as_bytes(), block, b"\r\n\r\n"].concat()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
