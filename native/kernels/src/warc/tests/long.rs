//! Records and members that are larger than what may be held.

use super::*;

/// Bytes that no compression makes smaller, without line ends.
fn noise(count: usize) -> String {
    let mut seed = 1u64;
    let next = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from(b'!' + ((seed >> 33) % 90) as u8)
    };
    std::iter::repeat_with(next).take(count).collect()
}

#[test]
fn a_long_record_is_cut_and_marked() {
    let long = record("resource", "long", &noise(20_000));
    let plain = [page("a"), long.clone(), page("b")].concat();
    let members = [gzip(&page("a")), gzip(&long), gzip(&page("b"))].concat();
    for stored in [plain.clone(), gzip(&plain), members] {
        let rows = read(&stored);
        let expected = [
            (Some("<a>"), None),
            (Some("<long>"), Some("unsupported_type")),
            (Some("<b>"), None),
        ];
        assert_eq!(outline(&rows), expected);
        let hash = xxhash_rust::xxh3::xxh3_128(&long[..long.len() - 4]).to_be_bytes();
        assert_eq!(rows[1].3.as_deref(), Some(&hash[..]));
    }
    let cut = read(&plain[..plain.len() - page("b").len() - 3_000]);
    assert_eq!(
        outline(&cut),
        [(Some("<a>"), None), (Some("<long>"), Some("truncated"))]
    );
}

#[test]
fn a_record_in_a_long_payload_is_none() {
    let block = format!(
        "{}\r\n\r\n{}",
        noise(9_000),
        String::from_utf8(page("x")).unwrap()
    );
    let parts = [page("a"), record("resource", "long", &block), page("b")];
    let stored: Vec<u8> = parts.iter().flat_map(|part| gzip(part)).collect();
    let expected = [
        (Some("<a>"), None),
        (Some("<long>"), Some("unsupported_type")),
        (Some("<b>"), None),
    ];
    assert_eq!(outline(&read(&stored)), expected);
    let short = record("resource", "short", &block[9_000..]);
    let plain = [page("a"), short, page("b")].concat();
    assert_eq!(outline(&read(&plain)).len(), 3);
}

#[test]
fn a_bomb_is_held_in_bounds() {
    let bomb = "0".repeat(50_000_000);
    let stored = [
        gzip(&page("a")),
        gzip(&record("resource", "bomb", &bomb)),
        gzip(&page("b")),
    ]
    .concat();
    let mut parser = Parser::new(Some(Packing::Gzip), LIMITS, Range::whole()).unwrap();
    let batch = parser.push(&stored, true).unwrap().unwrap();
    let rows = shorten(&batch);
    assert_eq!(
        outline(&rows),
        [
            (Some("<a>"), None),
            (Some("<bomb>"), Some("too_large")),
            (Some("<b>"), None)
        ]
    );
    assert!(parser.window.room().len() + parser.window.data().len() < 1 << 20);
    assert!(batch.get_array_memory_size() < 1 << 20);
}
