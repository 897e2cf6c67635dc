//! As many sentences as the crate finds, and texts that make it slow.

use proptest::prelude::*;

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn as_many_as_the_crate_finds(pieces in prop::collection::vec(piece(), 0..24)) {
        let text = pieces.concat();
        prop_assert_eq!(count(&text), text.unicode_sentences().count(), "{:?}", text);
    }
}

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[aA1.!?,)\" \r\n語\u{301}\u{ad}\u{2028}\u{85}’…\u{a0}-]",
        1 => any::<char>().prop_map(String::from),
    ]
}

#[test]
fn ahead_is_looked_once() {
    // The crate takes minutes for each.
    for unit in [")", " ", "\u{301}", ")\u{301}", ".) "] {
        let text = format!("1.{}", unit.repeat(1_000_000));
        assert_eq!(count(&text), 1);
        assert_eq!(count(&format!("{text}b")), 1);
        assert_eq!(count(&format!("{text}B")), 2);
    }
}
