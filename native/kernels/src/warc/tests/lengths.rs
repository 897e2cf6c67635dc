//! Lengths that are wrong and fit all the same: a member that begins with a record tells.

use super::*;

/// A record that says its block goes on to the end of those behind it.
fn greedy(following: &[Vec<u8>]) -> Vec<u8> {
    let said = 7 + 4 + following.concat().len() - 4;
    format!(
        "WARC/1.0\r\nWARC-Type: resource\r\nWARC-Record-ID: <bad>\r\nContent-Length: {said}\r\n\r\n<p>hi\r\n\r\n\r\n"
    )
    .into_bytes()
}

#[test]
fn a_member_ends_a_record_whose_length_fits_another() {
    let later = ["b", "c", "d"].map(page);
    let bad = greedy(&later[..2]);
    let first_of_two = [page("0"), bad.clone()].concat();
    for (first, ids) in [(bad, &["<bad>"][..]), (first_of_two, &["<0>", "<bad>"][..])] {
        let stored = [
            gzip(&page("a")),
            gzip(&first),
            later.iter().flat_map(|part| gzip(part)).collect(),
        ]
        .concat();
        for limit in [5_000, 250] {
            let limits = Limits {
                max_record_bytes: limit,
                ..LIMITS
            };
            let (rows, _) = read_with(&stored, limits, &[]);
            let found: Vec<_> = outline(&rows).iter().map(|row| row.0.unwrap()).collect();
            let expected = [&["<a>"], ids, &["<b>", "<c>", "<d>"]].concat();
            assert_eq!(found, expected, "{limit}");
            let rejected = rows.iter().filter(|row| row.2.is_some()).count();
            assert_eq!(rejected, 1, "{limit}");
            let single: Vec<usize> = (0..stored.len()).collect();
            assert_eq!(read_with(&stored, limits, &single).0, rows);
        }
    }
}

#[test]
fn a_member_ends_a_head_that_breaks_off() {
    let stored = [
        gzip(b"WARC/1.0\r\nWARC-Type: resource\r\nX: y"),
        gzip(&page("a")),
        gzip(&page("b")),
    ]
    .concat();
    let expected = [
        (None, Some("bad_record")),
        (Some("<a>"), None),
        (Some("<b>"), None),
    ];
    assert_eq!(outline(&read(&stored)), expected);
}

#[test]
fn the_same_holds_of_older_archives() {
    let arc = |url: &str, length: usize, block: &str| {
        gzip(
            format!("http://{url}/ 192.0.2.1 20240501120000 text/html {length}\n{block}\n")
                .as_bytes(),
        )
    };
    let later = "http://b/ 192.0.2.1 20240501120000 text/html 4\n<p>b\n".len();
    let stored = [
        arc("a", 4, "<p>a"),
        arc("x", 4 + 1 + later - 1, "<p>x"),
        arc("b", 4, "<p>b"),
        arc("c", 4, "<p>c"),
    ]
    .concat();
    let rows = read(&stored);
    let defects: Vec<_> = outline(&rows).iter().map(|row| row.1).collect();
    assert_eq!(defects, [None, Some("bad_record"), None, None]);
}

#[test]
fn one_odd_record_does_not_decide_about_others() {
    let nested = [
        "0".repeat(9_000),
        "\r\n".to_owned(),
        String::from_utf8(page("x")).unwrap(),
    ];
    let stored = [
        gzip(&[page("a"), page("b")].concat()),
        gzip(&record("resource", "long", &nested.concat())),
        gzip(&page("c")),
    ]
    .concat();
    let found = outline(&read(&stored)).len();
    assert_eq!(found, 4);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_range_gives_what_the_whole_gives(
        before in archive(),
        after in archive(),
        wrong in 0usize..3_000,
        flip in (any::<prop::sample::Index>(), any::<u8>()),
    ) {
        let bad = format!("WARC/1.0\r\nWARC-Type: resource\r\nContent-Length: {wrong}\r\n\r\n<p>hi\r\n\r\n");
        let mut begin = [gzip(&page("first")), before, gzip(bad.as_bytes())].concat();
        let at = flip.0.index(begin.len());
        if at > 20 {
            begin[at] ^= flip.1;
        }
        let chain: Vec<u8> = (0..8).flat_map(|n| gzip(&page(&format!("n{n}")))).collect();
        let stored = [&begin[..], &chain, &after].concat();
        let boundary = begin.len() as u64;
        let parts = [
            (0, boundary),
            (boundary, u64::MAX),
        ].map(|(begin, stop)| {
            let range = Range { begin, stop, dictionary: Vec::new() };
            let mut parser = Parser::new(Some(Packing::Gzip), LIMITS, range).unwrap();
            let mut rows = Vec::new();
            let mut chunk = &stored[begin as usize..];
            while let Some(batch) = parser.push(chunk, true).unwrap() {
                rows.extend(shorten(&batch));
                chunk = &[];
            }
            rows
        });
        prop_assert_eq!(parts.concat(), read(&stored));
    }
}
