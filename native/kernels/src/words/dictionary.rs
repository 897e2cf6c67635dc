//! Words of scripts without spaces, by dictionary; of other scripts, by Unicode word boundaries.
//!
//! Chinese, Japanese, Thai, Lao, Khmer and Burmese are segmented by the dictionaries of ICU, the longest entry first.
//! ICU's neural models for the last four are left out: they take 70 times as long and are no nearer to ICU4C's words.

use icu_segmenter::WordSegmenter;
use icu_segmenter::options::WordBreakInvariantOptions;

use super::{Span, uax29};

/// Appends the segments that hold an alphanumeric code point.
pub(super) fn split_into(text: &str, out: &mut Vec<Span>) {
    let segmenter = WordSegmenter::new_dictionary(WordBreakInvariantOptions::default());
    let mut start = 0;
    for end in segmenter.segment_str(text) {
        if uax29::is_word(&text[start..end]) {
            out.push(Span::new(start, end));
        }
        start = end;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(text: &str) -> Vec<&str> {
        let mut spans = Vec::new();
        split_into(text, &mut spans);
        spans
            .iter()
            .map(|span| &text[span.start as usize..span.end as usize])
            .collect()
    }

    #[test]
    fn sentences_by_hand() {
        let cases = [
            ("我们在北京大学学习中文。", "我们 在 北京 大学 学习 中文"),
            (
                "すべての人間は、自由である。",
                "すべて の 人間 は 自由 で ある",
            ),
            ("ภาษาไทยเป็นภาษา ๑๒", "ภาษา ไทย เป็น ภาษา ๑๒"),
            ("ພາສາລາວ", "ພາສາ ລາວ"),
            ("ភាសាខ្មែរ", "ភាសាខ្មែរ"),
            ("မြန်မာ ဘာသာ", "မြန်မာ ဘာသာ"),
            ("can't 3.14 -- naïve 東京2020", "can't 3.14 naïve 東京 2020"),
            ("", ""),
            ("。、 --", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(words(text).join(" "), expected);
        }
    }

    proptest! {
        #[test]
        fn every_letter_and_digit_is_in_one_word(text in "[\u{e00}-\u{eff}\u{1000}-\u{109f}\u{1780}-\u{17ff}ぁ-ヿ一-丏a-b1 .,_'\u{301}]{0,40}") {
            let mut spans = Vec::new();
            split_into(&text, &mut spans);
            let mut behind = 0;
            for span in &spans {
                prop_assert!(behind <= span.start && span.start < span.end);
                prop_assert!(!text[behind as usize..span.start as usize].chars().any(char::is_alphanumeric));
                prop_assert!(text[span.start as usize..span.end as usize].chars().any(char::is_alphanumeric));
                behind = span.end;
            }
            prop_assert!(!text[behind as usize..].chars().any(char::is_alphanumeric));
        }

        #[test]
        fn in_scripts_with_spaces_the_words_are_those_of_uax29(text in "[a-e1-3Ж-оΑ-Ωא-ת가-걿 .,;_'\"\n\u{301}-]{0,40}") {
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            split_into(&text, &mut ours);
            uax29::split_into(&text, &mut theirs);
            prop_assert_eq!(ours, theirs);
        }
    }
}
