//! How the work of the kernels that read whole texts grows with texts that are made to be slow.

use std::sync::Arc;

use arrow_array::{ArrayRef, StringArray};

use super::steps_of;
use crate::definitions::Definitions;
use crate::words::{Rule, Words};
use crate::{c4, fineweb, refinedweb, repetition, sentences, unicode};

const SIZE: usize = 100_000;

fn column(text: &str) -> ArrayRef {
    Arc::new(StringArray::from(vec![text]))
}

fn words(text: &str) -> Words {
    Words::split(column(text), None, Rule::Whitespace).unwrap()
}

fn clean(text: &str) {
    let settings = unicode::Settings {
        form: unicode::Form::None,
        keep_controls: vec![],
        line_ends: true,
        zero_width: true,
        bidi: true,
        private_use: true,
        max_newlines: Some(1),
    };
    unicode::clean(&column(text), &settings).unwrap();
    unicode::suspect_mojibake(&column(text)).unwrap();
}

fn edit_c4(text: &str) {
    let rules = c4::Rules {
        max_word_chars: Some(1000),
        remove_citations: true,
        end_marks: String::new(),
        min_line_words: 0,
        count_words_late: true,
        javascript: true,
        policy: true,
        keep_layout: false,
        bad_words: vec!["a".into(), "aa".into(), "[1".into()],
        bad_words_inside: false,
        sentences: sentences::Rule::Uax29,
    };
    c4::c4(&column(text), &rules).unwrap();
}

fn correct_lines(text: &str) {
    let rules = refinedweb::Rules {
        max_upper_ratio: None,
        max_digit_ratio: None,
        counters: true,
        min_line_words: 0,
        max_snippet_words: Some(usize::MAX),
        any_three: false,
        trim: true,
    };
    refinedweb::refinedweb(&words(text), &rules).unwrap();
}

fn repeat(text: &str) {
    repetition::repetition(&words(text), Definitions::Gopher).unwrap();
}

fn count_sentences(text: &str) {
    for rule in sentences::Rule::ALL {
        sentences::count(&column(text), rule).unwrap();
    }
}

/// A kernel, what it does, and the most steps it may take for a byte.
type Kernel = (&'static str, fn(&str), usize);

const KERNELS: [Kernel; 6] = [
    ("unicode", clean, 3),
    ("c4", edit_c4, 12),
    ("refinedweb", correct_lines, 4),
    (
        "fineweb",
        |text| drop(fineweb::fineweb(&words(text), 30, true)),
        4,
    ),
    ("repetition", repeat, 40),
    ("sentences and words of datatrove", count_sentences, 12),
];

const PIECES: [&str; 28] = [
    "a",
    "A",
    "1",
    ".",
    "..",
    "a.",
    "A.",
    "\n",
    "\r\n",
    "a\n",
    "a\r\n\r\n",
    " ",
    "a ",
    "\t",
    "(",
    ")",
    ".) ",
    "'s",
    "…",
    "[1",
    "[1]",
    "a@",
    "a:",
    "items in cart",
    "items in car",
    "é",
    "\u{301}",
    "Ã©",
];

#[test]
fn work_grows_like_the_text() {
    for (name, work, most) in KERNELS {
        let mut counted = 0;
        for piece in PIECES {
            for end in ["", "b", ".", "\n"] {
                let text = format!("1.{}{end}", piece.repeat(SIZE / piece.len()));
                let steps = steps_of(|| work(&text));
                assert!(
                    steps <= most * text.len(),
                    "{name} {piece:?} {end:?}: {steps}"
                );
                counted += steps;
            }
        }
        assert!(counted > SIZE, "{name} counts {counted} steps");
    }
}

/// Different words and lines, so that tables grow as large as they can.
#[test]
fn work_grows_like_the_number_of_different_things() {
    let text: String = (0..100_000)
        .map(|i| format!("line {i}\nline {}\n", i / 2))
        .collect();
    for (name, work, most) in KERNELS {
        let steps = steps_of(|| work(&text));
        assert!(steps <= most * text.len(), "{name}: {steps}");
    }
}
