//! Words and sets against their definitions, written out, and how the work grows.

use std::cell::Cell;

use proptest::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

use super::*;

thread_local! {
    static STEPS: Cell<usize> = const { Cell::new(0) };
}

pub(super) fn step(count: usize) {
    STEPS.set(STEPS.get() + count);
}

/// What the work on a text grows with: the shingles hashed are `ngram` times the text.
#[test]
fn work_grows_like_the_text() {
    let pieces = [
        "a", "A", "a ", " ", "ab, ", "é", "É é", "語", "กิ", "\u{301}", "a\u{301}", "Σ", "Σ'", "İ",
        "a😀", "𠀀", "_",
    ];
    for words in [Words::Runs, Words::Mixed] {
        for piece in pieces {
            for ngram in [1, 5] {
                let mut shingler = Shingler::new(Shingling { words, ngram }).unwrap();
                let text = piece.repeat(200_000 / piece.len());
                STEPS.set(0);
                shingler.set_of(&text, &mut Vec::new());
                let steps = STEPS.get();
                assert!(
                    steps <= (ngram + 2) * 2 * text.len(),
                    "{words:?} {ngram} {piece:?}: {steps}"
                );
            }
        }
    }
}

/// As many distinct shingles as words: the sort is at work, and moves each a few times at most.
#[test]
fn sorting_grows_like_the_text() {
    let text: String = (0..100_000).map(|i| format!("{i} ")).collect();
    let mut shingler = Shingler::new(Shingling {
        words: Words::Runs,
        ngram: 1,
    })
    .unwrap();
    let mut out = Vec::new();
    STEPS.set(0);
    shingler.set_of(&text, &mut out);
    assert_eq!(out.len(), 100_000);
    assert!(STEPS.get() <= 3 * text.len());
    // A crowd just below the limit in every bucket is the worst that is not left to the general sort.
    let hostile: Vec<u64> = (0..1 << 16)
        .map(|i: u64| ((i % (1 << 12)) << 52) | ((1 << 16) - i))
        .collect();
    STEPS.set(0);
    Sorter::default().sort_distinct(&mut hostile.clone());
    assert!(STEPS.get() <= 24 * hostile.len());
}

fn words_of(text: &str, words: Words) -> Vec<String> {
    let mut shingler = Shingler::new(Shingling { words, ngram: 1 }).unwrap();
    shingler.set_of(text, &mut Vec::new());
    let Joined { bytes, starts, .. } = &shingler.words;
    let word = |at: &[usize]| String::from_utf8(bytes[at[0]..at[1] - 1].to_vec()).unwrap();
    starts.windows(2).map(word).collect()
}

fn set_of(text: &str, words: Words, ngram: usize) -> Vec<u64> {
    let mut out = vec![7];
    Shingler::new(Shingling { words, ngram })
        .unwrap()
        .set_of(text, &mut out);
    out
}

/// The definition, written out.
fn set_by_definition(words: &[String], ngram: usize) -> Vec<u64> {
    let together = ngram.min(words.len()).max(1);
    let mut set: Vec<u64> = words
        .windows(together)
        .map(|shingle| xxh3_64(shingle.join(" ").as_bytes()))
        .collect();
    set.sort_unstable();
    set.dedup();
    set
}

#[test]
fn words_by_hand() {
    let cases: [(Words, &str, &[&str]); 11] = [
        (Words::Runs, "", &[]),
        (Words::Runs, " -- ...", &[]),
        (
            Words::Runs,
            "It's 3.14 foo_bar",
            &["it", "s", "3", "14", "foo_bar"],
        ),
        (Words::Runs, "ΟΔΟΣ ΣΑΣ", &["οδος", "σας"]),
        (Words::Runs, "İs Äh", &["i", "s", "äh"]),
        (Words::Mixed, "İs Äh", &["i\u{307}s", "äh"]),
        (Words::Runs, "我说English你", &["我说english你"]),
        (
            Words::Mixed,
            "我说English你3",
            &["我", "说", "english", "你", "3"],
        ),
        (Words::Mixed, "ที่นี่", &["ที่", "นี่"]),
        (Words::Mixed, "नाम है", &["नाम", "है"]),
        (Words::Uax29, "It's 3.14", &["it's", "3.14"]),
    ];
    for (words, text, expected) in cases {
        assert_eq!(words_of(text, words), expected, "{words:?} {text}");
    }
    assert_eq!(words_of("A,b  C", Words::Whitespace), ["a,b", "c"]);
    assert_eq!(words_of("नाम", Words::Runs), ["न", "म"]);
    // A mark that follows no word is no word.
    assert_eq!(words_of(" \u{301}a", Words::Mixed), ["a"]);
}

#[test]
fn few_words_are_one_shingle_and_none_are_none() {
    assert_eq!(set_of("a b", Words::Runs, 5), [xxh3_64(b"a b")]);
    assert_eq!(set_of("A", Words::Runs, 5), [xxh3_64(b"a")]);
    assert!(
        Words::ALL
            .iter()
            .all(|&words| set_of(" \n ", words, 5).is_empty())
    );
    let mut expected = [xxh3_64(b"a b"), xxh3_64(b"b c")];
    expected.sort_unstable();
    assert_eq!(set_of("a b c", Words::Runs, 2), expected);
    assert_eq!(set_of("a b a b a b", Words::Runs, 2).len(), 2);
}

#[test]
fn what_cannot_work_is_said() {
    let shingling = Shingling {
        words: Words::Runs,
        ngram: 0,
    };
    assert!(Shingler::new(shingling).is_err_and(|error| error.contains("ngram is 0")));
    assert_eq!(
        Words::named("letters").unwrap_err(),
        "unknown word rule \"letters\"; expected one of: runs, mixed, uax29, whitespace"
    );
    assert!(
        Words::ALL
            .iter()
            .all(|&words| Words::named(words.name()) == Ok(words))
    );
}

#[test]
fn texts_too_long_for_spans_have_the_same_words() {
    type ReadLong = fn(&str, &mut Joined);
    let rules: [(Words, ReadLong); 2] = [
        (Words::Uax29, long_uax29),
        (Words::Whitespace, long_whitespace),
    ];
    for (words, read_long) in rules {
        let mut shingler = Shingler::new(Shingling { words, ngram: 1 }).unwrap();
        read_long("it's 3.14 -- 語の カナ\u{85}x", &mut shingler.words);
        shingler.words.finish();
        let long = shingler.words.bytes.clone();
        shingler.set_of("it's 3.14 -- 語の カナ\u{85}x", &mut Vec::new());
        assert_eq!(shingler.words.bytes, long);
    }
}

/// Runs and spaces of all lengths around the blocks' borders, with wide characters among them.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-zA-Z0-9_]{1,70}",
        4 => "[ .,\n-]{1,70}",
        2 => "[éÀß語かกนิि\u{301}İΣςσ한\u{200d}😀Ⓐ½]{1,3}",
    ];
    prop_oneof![
        prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat()),
        any::<String>()
    ]
}

/// The rules of words, one code point after the other over the lowered text.
fn words_by_definition(text: &str, mixed: bool) -> Vec<String> {
    use classes::{APART, Classes, MARK, WORD};
    let classes = Classes::get();
    let mut words: Vec<String> = Vec::new();
    let mut before = 0;
    for c in text.to_lowercase().chars() {
        let mut class = classes.of(c);
        let joins = class & WORD != 0 && (!mixed || (class | before) & APART == 0);
        let mark = mixed && class & MARK != 0;
        if before & WORD != 0 && (joins || mark) {
            words.last_mut().unwrap().push(c);
            class = if mark { before } else { class };
        } else if class & WORD != 0 {
            words.push(c.to_string());
        }
        before = class;
    }
    words
}

proptest! {
    #[test]
    fn words_are_those_of_the_definition(text in texts()) {
        prop_assert_eq!(words_of(&text, Words::Runs), words_by_definition(&text, false));
        prop_assert_eq!(words_of(&text, Words::Mixed), words_by_definition(&text, true));
    }

    #[test]
    fn sets_are_those_of_the_definition(text in texts(), ngram in 1..7usize) {
        for words in Words::ALL {
            let expected = set_by_definition(&words_of(&text, words), ngram);
            prop_assert_eq!(set_of(&text, words, ngram), expected);
        }
    }

    #[test]
    fn a_shingler_remembers_nothing(first in texts(), second in texts()) {
        for words in Words::ALL {
            let mut shingler = Shingler::new(Shingling { words, ngram: 3 }).unwrap();
            let mut out = Vec::new();
            shingler.set_of(&first, &mut out);
            shingler.set_of(&second, &mut out);
            prop_assert_eq!(&out, &set_of(&second, words, 3));
        }
    }
}
