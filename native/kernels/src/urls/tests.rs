//! Literal addresses, and properties on made-up ones. The Python tests hold the same kernel against its twin.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::{Array, ArrayRef, Int64Array, StringArray};
use proptest::prelude::*;

use super::*;

fn in_form(form: &str, url: &str) -> String {
    let urls: ArrayRef = Arc::new(StringArray::from(vec![url]));
    normalize(&urls, form).unwrap().value(0).to_owned()
}

#[test]
fn hosts_beyond_ascii_are_those_of_browsers() {
    for (url, expected) in [
        (
            "https://www.BÜCHER.example/ä b",
            "https://xn--bcher-kva.example/%C3%A4%20b",
        ),
        (
            "https://bu\u{308}cher.example/%c3%a4%20b",
            "https://xn--bcher-kva.example/%C3%A4%20b",
        ),
        (
            "http://例え。テスト/?ä=ö",
            "http://xn--r8jz45g.xn--zckzah/?%C3%A4=%C3%B6",
        ),
        ("http://faß.example", "http://xn--fa-hia.example"),
        ("http://EX\u{ff21}MPLE.com", "http://example.com"),
        ("http://xn--a.example/", "http://xn--a.example/"), // no punycode: no address
        ("http://0x7f.1/a", "http://127.0.0.1/a"),
        ("http://1./", "http://0.0.0.1"),
        ("http://1../", "http://1.."), // no number, and must not become one
        ("http://[2001:DB8:0::1]:80/", "http://[2001:db8::1]"),
    ] {
        assert_eq!(in_form("strict", url), expected.replace("/?", "?"), "{url}");
    }
    assert_eq!(in_form("surt", "http://[::1]:81"), "[::1]:81)/");
    assert_eq!(in_form("surt", "http://10.0.0.1/a/"), "10.0.0.1)/a");
}

#[test]
fn null_stays_null_and_what_is_no_text_is_an_error() {
    let urls: ArrayRef = Arc::new(StringArray::from(vec![None, Some("x")]));
    let found = normalize(&urls, "c4").unwrap();
    assert!(found.is_null(0) && found.value(1) == "x");
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    assert!(
        normalize(&numbers, "c4")
            .unwrap_err()
            .contains("column url is Int64")
    );
    assert!(
        normalize(&urls, "C4")
            .unwrap_err()
            .contains("unknown form \"C4\"")
    );
}

#[test]
fn time_is_linear() {
    const PARTS: usize = 1_000_000;
    let nested = "http:/".repeat(PARTS) + &"/".repeat(PARTS);
    let begun = Instant::now();
    for tail in [
        nested.clone(),
        "/..".repeat(PARTS),
        "/a/../b".repeat(PARTS),
        "/".repeat(PARTS),
        "%2".repeat(PARTS),
        "?ref".repeat(PARTS),
        format!("?{}", "a=1&".repeat(PARTS)),
        "@".repeat(PARTS),
        ":".repeat(PARTS),
        "a.".repeat(PARTS),
        "ä.".repeat(PARTS),
        "www.".repeat(PARTS),
        format!("xn--{}", "a".repeat(PARTS)),
        "\t".repeat(PARTS),
    ] {
        for url in [format!("http://{tail}"), format!("http://a.example{tail}")] {
            for (form, _) in FORMS {
                let once = in_form(form, &url);
                assert!(in_form(form, &once) == once, "{form} of {}", &url[..20]);
            }
        }
    }
    // Some seconds without optimization; quadratic time would be hours.
    assert!(begun.elapsed() < Duration::from_secs(300));
}

fn address() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("http://"),
        Just("https://"),
        Just("HTTP://"),
        Just("www."),
        Just("m."),
        Just("."),
        Just(".."),
        Just("/"),
        Just("?"),
        Just("&"),
        Just("="),
        Just("#"),
        Just("@"),
        Just(":"),
        Just("%"),
        Just("%2"),
        Just("%2e"),
        Just("%41"),
        Just("%c3"),
        Just("%2F"),
        Just("5"),
        Just("80"),
        Just("443"),
        Just("xn--"),
        Just("xn--bcher-kva"),
        Just("ü"),
        Just("א"),
        Just("\u{308}"),
        Just("1"),
        Just("0x"),
        Just("["),
        Just("]"),
        Just("::"),
        Just("\\"),
        Just(" "),
        Just("\t"),
        Just("\n"),
        Just("\0"),
        Just("utm_"),
        Just("ref"),
        Just("feed"),
        Just("a"),
        Just("B"),
        Just("com"),
        Just("'"),
        Just("|"),
        Just(";"),
        Just("~"),
        Just("+"),
        Just("-"),
        Just("htt"),
        Just("p:/"),
    ];
    let tail = prop::collection::vec(
        prop_oneof![4 => part.prop_map(str::to_owned), 1 => any::<String>()],
        0..12,
    );
    (
        prop_oneof![
            Just(""),
            Just("http://"),
            Just("https://a.com/"),
            Just("http://a.com?")
        ],
        tail,
    )
        .prop_map(|(begin, tail)| format!("{begin}{}", tail.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, ..ProptestConfig::default() })]

    #[test]
    fn a_result_is_its_own_result(url in address()) {
        for (form, _) in FORMS {
            let once = in_form(form, &url);
            prop_assert_eq!(&in_form(form, &once), &once, "{} of {}", form, url);
        }
    }
}
