//! Tests of repetition.

use arrow_array::StringArray;

use super::*;
use crate::words::Rule;

fn measured(text: &str, rule: Rule, definitions: Definitions) -> Measures {
    let words = Words::split(Arc::new(StringArray::from(vec![text])), None, rule).unwrap();
    let document = words.documents().unwrap().next().unwrap().unwrap();
    Tables::default().measure(document, definitions)
}

#[test]
fn the_example_of_both_readings() {
    let text = "a b c\na b c\nx y\na b c";
    let later = measured(text, Rule::Whitespace, Definitions::Datatrove);
    let all = measured(text, Rule::Whitespace, Definitions::Dclm);
    assert_eq!((later.ratios[0], later.ratios[2]), (0.5, 10.0 / 21.0));
    assert_eq!((all.ratios[0], all.ratios[2]), (0.75, 15.0 / 18.0));
    assert_eq!(all.spans[0], Span { start: 0, end: 5 });
}

#[test]
fn top_and_repeated_grams_by_hand() {
    // 2-grams: ab bc ca ab bc cx; 3 of the five different ones are repeated.
    let found = measured("a b c a b c x", Rule::Whitespace, Definitions::Gopher);
    assert_eq!(found.ratios[4], 4.0 / 7.0);
    assert_eq!(found.ratios[5], 6.0 / 7.0);
    assert_eq!(found.ratios[6], 0.0);
    let once = measured("ab c", Rule::Whitespace, Definitions::Datatrove);
    assert_eq!(once.ratios[4..7], [1.0, 0.0, 0.0]);
    let text = "a b c d e a b c d e a b c d e";
    let all = measured(text, Rule::Whitespace, Definitions::Gopher);
    assert_eq!(all.ratios[7], 1.0);
    let later = measured(text, Rule::Whitespace, Definitions::Datatrove);
    assert_eq!(later.ratios[7], 10.0 / 29.0);
    assert_eq!(later.spans[5], Span { start: 0, end: 9 });
}

#[test]
fn few_words_are_looked_at_beyond_pairs() {
    let words: Vec<String> = (0..100_000)
        .map(|i| format!("w{}", i * i % 99_991_u64))
        .collect();
    let text = words.join(" ");
    let text: ArrayRef = Arc::new(StringArray::from(vec![text]));
    let words = Words::split(text, None, Rule::Whitespace).unwrap();
    let document = words.documents().unwrap().next().unwrap().unwrap();
    let mut grams = Grams::default();
    grams.begin(document.text, document.words);
    let mut open = vec![grams.open()];
    for _ in 2..=LONGEST {
        grams.grow();
        open.push(grams.open());
    }
    assert!(open.is_sorted_by(|a, b| a >= b), "{open:?}");
    assert!(open[0] > 90_000 && open[1] < 100, "{open:?}");
}

#[test]
fn other_definitions_are_refused() {
    let refused = Definitions::named("paper", "repetition").unwrap_err();
    assert!(refused.ends_with("expected one of: gopher, datatrove, dclm"));
}
