//! Equal to the crate on every text, and no slower than the text is long.

use std::cell::Cell;

use proptest::prelude::*;

use super::*;

fn split(text: &str) -> Vec<(usize, &str)> {
    let mut spans = Vec::new();
    split_into(text, &mut spans);
    spans
        .iter()
        .map(|span| {
            (
                span.start as usize,
                &text[span.start as usize..span.end as usize],
            )
        })
        .collect()
}

fn assert_equal(text: &str) {
    let expected: Vec<_> = text.unicode_word_indices().collect();
    assert_eq!(split(text), expected, "{text:?}");
}

#[test]
fn tables_agree_within_ascii() {
    (0..128u8).for_each(|b| assert_eq!(NARROW[b as usize], probe(char::from(b)), "{b}"));
}

#[test]
fn kinds_are_as_the_standard_has_them() {
    let kinds = [
        ('é', LETTER),
        ('я', LETTER),
        ('한', LETTER),
        ('٣', DIGIT),
        ('‿', JOINER),
        ('·', MID_LETTER),
    ];
    let more = [
        ('’', MID_BOTH),
        ('\u{2003}', SPACE),
        ('\u{a0}', OTHER),
        ('語', IDEOGRAPH),
        ('の', IDEOGRAPH),
    ];
    let complex = ['\u{301}', '\u{200d}', '\u{ad}', 'א', 'カ'].map(|c| (c, COMPLEX));
    for (c, kind) in kinds.into_iter().chain(more).chain(complex) {
        assert_eq!(probe(c), kind, "{c:?}");
    }
}

#[test]
fn every_code_point_among_neighbors_of_every_kind() {
    for c in (0..=0x1_ffff).filter_map(char::from_u32) {
        assert_equal(&format!(
            "a{c}a 1{c}1 {c}' א{c}\"א a'{c}カ{c}{c}\u{301}_{c} {c}\u{200d}{c}"
        ));
    }
}

thread_local! {
    static STEPS: Cell<usize> = const { Cell::new(0) };
}

pub(in crate::words) fn step(count: usize) {
    STEPS.with(|steps| steps.set(steps.get() + count));
}

fn steps(text: &str) -> usize {
    STEPS.with(|steps| steps.set(0));
    split(text);
    STEPS.with(Cell::get)
}

#[test]
fn work_grows_like_the_text() {
    let pieces = [
        "a",
        "_",
        ".",
        " ",
        "!",
        "\n",
        "a'",
        "1,",
        "é",
        "é'",
        "\u{301}",
        "a\u{301}",
        "a'\u{301}",
        " \u{301}",
        "\u{200d}",
        "א\"",
        "א\"\u{301}",
        "カ",
        "a カ",
        "🇩",
        "😀\u{200d}",
        "語",
        "ab, cd. ",
        "naïve … café ",
    ];
    for piece in pieces {
        for end in ["", "é", "\u{301}", "カ"] {
            let text = format!("{}{end}", piece.repeat(50_000));
            assert!(
                steps(&text) <= 4 * text.len() + 200,
                "{piece:?} {end:?}: {}",
                steps(&text)
            );
            assert_equal(&text[..text.floor_char_boundary(3_000)]);
        }
    }
}

fn mixed() -> impl Strategy<Value = String> {
    let narrow = "[ a-cA-C0-2_:,;.'\"!#\r\n\t-]{1,6}";
    let wide = "[éяΩß한٣‿·’“—…•\u{a0}\u{2003}\u{3000}語の。]{1,3}";
    let complex = "[\u{301}\u{200d}\u{ad}\u{903}אבカ・ー🇩🇪😀❤\u{fe0f}ℹ𝒳\u{e0001}กาक\u{94d}]{1,3}";
    let piece = prop_oneof![6 => narrow, 3 => wide, 3 => complex];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn equal_to_the_crate_on_mixed_scripts(text in mixed()) {
        assert_equal(&text);
    }

    #[test]
    fn equal_to_the_crate_on_plain_text_with_a_guest(
        pieces in prop::collection::vec(("[a-c1_:,;.' !\n]{0,150}", mixed()), 1..4),
    ) {
        assert_equal(&pieces.iter().map(|(plain, guest)| format!("{plain}{guest}")).collect::<String>());
    }

    #[test]
    fn equal_to_the_crate_on_any_text(text in any::<String>()) {
        assert_equal(&text);
    }

    #[test]
    fn equal_to_the_crate_on_ascii(text in "[ -~\r\n]{0,80}[a1_:,;.' \r\n]{0,200}") {
        assert_equal(&text);
    }
}
