//! Hashes of texts up to their spelling: of each text in a form that leaves out what shall not tell texts apart.
//!
//! Each form forgets what the one before it does:
//!
//! * `none`: the text as it is;
//! * `nfc`: Unicode NFC, so that composed and combined characters are alike;
//! * `whitespace_lower`: that in lower case, without white space (Unicode White_Space) at its ends, with one space for
//!   every run of it within;
//! * `alphanumeric`: of the NFKC in lower case only letters and numbers, with the marks that follow them (general
//!   categories L, N and M), since in many scripts vowels are marks. Texts in which nothing of that is left are told
//!   apart by the form before, so that `!!!` is not the same as `???`.
//!
//! The hash is xxh3_128 of the form's UTF-8, as `hash::text_facts` has it for the text itself.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, Int64Builder};
use arrow_array::{ArrayRef, RecordBatch};
use sha2::{Digest, Sha256};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};
use xxhash_rust::xxh3::xxh3_128;

use crate::columns::batch;
use crate::words::TextColumn;

type Form = fn(&str) -> Cow<'_, str>;

/// The forms by name, each coarser than the one before.
pub const FORMS: [(&str, Form); 4] = [
    ("none", |text| Cow::Borrowed(text)),
    ("nfc", compose),
    ("whitespace_lower", |text| Cow::Owned(lower_words(text))),
    ("alphanumeric", |text| Cow::Owned(keep_alphanumeric(text))),
];

/// Of each text in the form of that name: the hash as `hi` and `lo`, and where it is asked for `sha256` (32 bytes); null
/// for null.
pub fn hash(text: &ArrayRef, form: &str, with_sha256: bool) -> Result<RecordBatch, String> {
    let (_, bring) = FORMS
        .iter()
        .find(|(name, _)| *name == form)
        .ok_or_else(|| {
            format!("unknown form {form:?}; expected none, nfc, whitespace_lower or alphanumeric")
        })?;
    let column = TextColumn::new(text, "text")?;
    let mut hi = Int64Builder::with_capacity(text.len());
    let mut lo = Int64Builder::with_capacity(text.len());
    let mut sha256 = BinaryBuilder::new();
    for row in 0..text.len() {
        let formed = column.get(row).map(bring);
        let hash = formed.as_ref().map(|formed| xxh3_128(formed.as_bytes()));
        hi.append_option(hash.map(|hash| (hash >> 64) as i64));
        lo.append_option(hash.map(|hash| hash as i64));
        if with_sha256 {
            sha256.append_option(formed.map(|formed| Sha256::digest(formed.as_bytes())));
        }
    }
    let mut columns: Vec<(&str, ArrayRef)> =
        vec![("hi", Arc::new(hi.finish())), ("lo", Arc::new(lo.finish()))];
    if with_sha256 {
        columns.push(("sha256", Arc::new(sha256.finish())));
    }
    batch(columns)
}

fn compose(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.nfc().collect())
}

/// No character joins another across white space, so each word is formed by itself, and most are ASCII.
fn lower_words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        if word.is_ascii() {
            push_lower_ascii(word, &mut out);
        } else {
            out.push_str(&compose(word).to_lowercase());
        }
    }
    out
}

fn push_lower_ascii(word: &str, out: &mut String) {
    let begin = out.len();
    out.push_str(word);
    out[begin..].make_ascii_lowercase();
}

fn keep_alphanumeric(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_ascii_whitespace() {
        if word.is_ascii() {
            for part in word.split(|c: char| !c.is_ascii_alphanumeric()) {
                push_lower_ascii(part, &mut out);
            }
            continue;
        }
        let lower = word.nfkc().collect::<String>().to_lowercase();
        let mut in_word = false;
        for c in lower.chars() {
            in_word = is_alphanumeric(c) || (in_word && is_mark(c));
            if in_word {
                out.push(c);
            }
        }
    }
    if out.is_empty() {
        return lower_words(text);
    }
    out
}

fn is_alphanumeric(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    matches!(
        c.general_category_group(),
        GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number
    )
}

fn is_mark(c: char) -> bool {
    c.general_category_group() == GeneralCategoryGroup::Mark
}

#[cfg(test)]
mod tests {
    use arrow_array::StringArray;
    use arrow_array::cast::AsArray;

    use super::*;

    fn hashes(form: &str, texts: &[Option<&str>]) -> Vec<Option<Vec<u8>>> {
        let texts: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
        let found = hash(&texts, form, true).unwrap();
        let sha256 = found.column_by_name("sha256").unwrap().as_binary::<i32>();
        sha256
            .iter()
            .map(|value| value.map(<[u8]>::to_vec))
            .collect()
    }

    fn sizes(texts: &[&str]) -> Vec<usize> {
        let mut found = vec![];
        for (form, _) in FORMS {
            let rows: Vec<_> = texts.iter().map(|text| Some(*text)).collect();
            let mut kinds = hashes(form, &rows);
            kinds.sort();
            kinds.dedup();
            found.push(kinds.len());
        }
        found
    }

    #[test]
    fn each_form_joins_what_it_says() {
        assert_eq!(sizes(&["é", "e\u{301}"]), [2, 1, 1, 1]);
        assert_eq!(sizes(&["A  b", " a\u{3000}B\n"]), [2, 2, 1, 1]);
        assert_eq!(sizes(&["a, b!", "A-B", "ａ b"]), [3, 3, 3, 1]);
        assert_eq!(sizes(&["", " ", "\n\t"]), [3, 3, 1, 1]);
        assert_eq!(sizes(&["!!!", "???", "", "! !"]), [4, 4, 4, 4]);
        assert_eq!(sizes(&["कि", "का", "क"]), [3, 3, 3, 3]);
        assert_eq!(sizes(&["a❤\u{fe0f}", "a❤", "a"]), [3, 3, 3, 1]);
        assert_eq!(sizes(&["ΟΔΟΣ", "οδος"]), [2, 2, 1, 1]);
    }

    #[test]
    fn a_text_without_a_form_hashes_as_everywhere() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("e\u{301} "), None]));
        let plain = crate::hash::text_facts(&texts).unwrap();
        let found = hash(&texts, "none", false).unwrap();
        for name in ["hi", "lo"] {
            assert_eq!(found.column_by_name(name), plain.column_by_name(name));
        }
        assert_eq!(
            hashes("none", &[Some("abc"), None])[0].as_ref().unwrap()[..4],
            [0xba, 0x78, 0x16, 0xbf]
        );
        assert_eq!(hashes("none", &[None]), [None]);
        assert!(
            hash(&texts, "NFC", false)
                .unwrap_err()
                .contains("unknown form \"NFC\"")
        );
    }
}
