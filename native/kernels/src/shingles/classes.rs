//! What a code point is to the words of a text: part of a word, a word of its own, a mark, and whether it is lower case.

use std::sync::LazyLock;

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// In a word: general categories L* and N*, and the low line. Python's `\w` for `str` says the same.
pub(super) const WORD: u8 = 1;
/// A word by itself, where words are not parted by spaces; always WORD too.
pub(super) const APART: u8 = 2;
/// General categories M*: combines with the code point before.
pub(super) const MARK: u8 = 4;
/// Its lower case is another code point, or several.
pub(super) const UPPER: u8 = 8;

/// Where text is written without spaces between words: East Asia's scripts, Javanese and Balinese, and those whose line
/// breaking is of class SA (Thai, Lao, Myanmar, Khmer, Tai Le, New Tai Lue, Tai Tham, Tai Viet, Ahom). Korean has
/// spaces, Tibetan parts its syllables by a mark of punctuation.
pub(super) const SPACELESS: [(u32, u32); 22] = [
    (0x0e00, 0x0eff),   // Thai, Lao
    (0x1000, 0x109f),   // Myanmar
    (0x1780, 0x17ff),   // Khmer
    (0x1950, 0x19df),   // Tai Le, New Tai Lue
    (0x1a20, 0x1aaf),   // Tai Tham
    (0x1b00, 0x1b7f),   // Balinese
    (0x3000, 0x312f),   // iteration marks, Hiragana, Katakana, Bopomofo
    (0x31a0, 0x31bf),   // Bopomofo
    (0x31f0, 0x31ff),   // Katakana
    (0x3400, 0x4dbf),   // Han
    (0x4e00, 0x9fff),   // Han
    (0xa000, 0xa4cf),   // Yi
    (0xa980, 0xa9ff),   // Javanese, Myanmar
    (0xaa60, 0xaadf),   // Myanmar, Tai Viet
    (0xf900, 0xfaff),   // Han
    (0xff66, 0xff9f),   // Katakana, half width
    (0x11700, 0x1174f), // Ahom
    (0x16fe0, 0x18dff), // Tangut, Khitan
    (0x1aff0, 0x1b16f), // Hiragana, Katakana
    (0x1b170, 0x1b2ff), // Nushu
    (0x20000, 0x2fa1f), // Han
    (0x30000, 0x3ffff), // Han
];

/// By code point of the basic plane.
static BASIC: LazyLock<Vec<u8>> = LazyLock::new(|| {
    (0..0x1_0000)
        .map(|c| char::from_u32(c).map_or(0, find))
        .collect()
});

/// Classes by code point, looked up once per text.
#[derive(Clone, Copy)]
pub(super) struct Classes(&'static [u8]);

impl Classes {
    pub(super) fn get() -> Self {
        Self(&BASIC)
    }

    #[inline]
    pub(super) fn of(self, c: char) -> u8 {
        match self.0.get(c as usize) {
            Some(&class) => class,
            None => find(c),
        }
    }
}

fn find(c: char) -> u8 {
    let group = match c.general_category_group() {
        GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number => WORD,
        GeneralCategoryGroup::Mark => MARK,
        _ if c == '_' => WORD,
        _ => 0,
    };
    let apart = group == WORD && is_spaceless(c);
    let upper = !c.to_lowercase().eq([c]);
    group | if apart { APART } else { 0 } | if upper { UPPER } else { 0 }
}

fn is_spaceless(c: char) -> bool {
    let c = u32::from(c);
    SPACELESS
        .iter()
        .any(|&(first, last)| first <= c && c <= last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_what_is_computed() {
        let classes = Classes::get();
        for c in '\0'..=char::MAX {
            assert_eq!(classes.of(c), find(c), "{c:?}");
        }
    }

    #[test]
    fn classes_by_hand() {
        let of = |c| Classes::get().of(c);
        assert_eq!(['a', '_', '7', '½', 'ª'].map(of), [WORD; 5]);
        assert_eq!(['A', 'Σ', 'İ', 'ǅ'].map(of), [WORD | UPPER; 4]);
        assert_eq!(
            [
                '語', 'か', 'カ', '々', 'ー', 'ꀀ', 'ก', 'ກ', 'က', 'ក', 'ꦲ', '𠀀'
            ]
            .map(of),
            [WORD | APART; 12]
        );
        assert_eq!(['\u{301}', '\u{e34}', '\u{93e}'].map(of), [MARK; 3]);
        assert_eq!(['한', 'ཀ'].map(of), [WORD; 2]);
        assert_eq!([' ', '-', '。', '\u{200d}', '😀', '・'].map(of), [0; 6]);
        // Circled letters have a lower case and are no letters.
        assert_eq!(of('Ⓐ'), UPPER);
    }

    #[test]
    fn lower_case_is_its_own_lower_case() {
        for c in '\0'..=char::MAX {
            let lower = c.to_lowercase().to_string();
            assert_eq!(lower.to_lowercase(), lower, "{c:?}");
        }
    }
}
