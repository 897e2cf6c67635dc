//! Stored bytes as members: those given, or behind a byte that says so, members that hold them.
#![no_main]

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use libfuzzer_sys::fuzz_target;
use llmdata_fuzz::check;
use llmdata_kernels::warc::Packing;

fuzz_target!(|data: &[u8]| {
    let Some((&how, rest)) = data.split_first() else {
        return;
    };
    match how % 5 {
        0 => check(rest, Some(Packing::Gzip)),
        1 => check(rest, Some(Packing::Zstd)),
        2 => check(rest, Some(Packing::Lz4)),
        // A piece to a member, and one byte of them changed.
        _ => {
            let size = 1 + usize::from(how);
            let mut stored: Vec<u8> = rest.chunks(size).flat_map(gzip).collect();
            let at = rest.iter().fold(0, |sum, &b| {
                (sum * 31 + usize::from(b)) % stored.len().max(1)
            });
            if how % 5 == 4 && !stored.is_empty() {
                stored[at] ^= how;
            }
            check(&stored, Some(Packing::Gzip));
        }
    }
});

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
