//! Bytes as the block of a response: heads, chunks, codings that are real, damaged or a lie.
#![no_main]

use libfuzzer_sys::fuzz_target;
use llmdata_fuzz::{LIMITS, check, read};

fuzz_target!(|data: &[u8]| {
    let block = [b"HTTP/1.1 200 OK\r\n", data].concat();
    let head = format!(
        "WARC/1.0\r\nWARC-Type: response\r\nContent-Length: {}\r\n\r\n",
        block.len()
    );
    let record = [head.as_bytes(), &block, b"\r\n\r\n"].concat();
    check(&record, None);
    if record.len() <= LIMITS.max_record_bytes {
        assert_eq!(read(&record, None, record.len()).len(), 1);
    }
});
