//! Uncompressed bytes as an archive: heads, lengths, nested records, ARC.
#![no_main]

use libfuzzer_sys::fuzz_target;
use llmdata_fuzz::check;

fuzz_target!(|data: &[u8]| check(data, None));
