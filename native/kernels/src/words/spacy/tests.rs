//! Special cases and phrases as a whole; what texts are split into is tested from Python, against the twin.

use super::*;

fn tokens(text: &str) -> Vec<&str> {
    let mut tokenizer = Tokenizer::default();
    let tokens = tokenizer.tokenize(text).iter();
    tokens
        .map(|token| &text[token.start as usize..token.end as usize])
        .collect()
}

#[test]
fn white_space_is_a_token_but_for_one_space() {
    assert_eq!(tokens("a b"), ["a", "b"]);
    assert_eq!(tokens(" a  b \n"), [" ", "a", " ", "b", "\n"]);
    assert_eq!(
        tokens("\n a\u{1c}\u{3000}b\t "),
        ["\n ", "a", "\u{1c}\u{3000}", "b", "\t "]
    );
    assert_eq!(tokens(""), [""; 0]);
    assert_eq!(tokens("a "), ["a"]);
}

#[test]
fn special_cases_are_as_many_as_spacy_has_and_their_pieces_are_they() {
    let specials = Specials::new();
    assert_eq!(specials.texts().count(), 1347);
    for text in specials.texts() {
        let pieces = specials.get(text.as_bytes()).unwrap();
        let ends: Vec<_> = pieces.ends().collect();
        assert!(ends.is_sorted_by(|a, b| a < b), "{text}");
        assert_eq!(ends.last(), Some(&text.len()));
    }
    assert_eq!(specials.get(b"its"), None);
    assert_eq!(specials.get("x".repeat(33).as_bytes()), None);
}

#[test]
fn every_phrase_that_changes_tokens_has_a_key() {
    let tables = &*TABLES;
    let (mut split, mut suffixes, mut with_key) = (Vec::new(), Vec::new(), 0);
    for text in tables.specials.texts() {
        split.clear();
        chunk(
            &tables.classes,
            None,
            text,
            (0, text.len()),
            &mut split,
            &mut suffixes,
        );
        let mut pieces = Vec::new();
        push_pieces(
            tables.specials.get(text.as_bytes()).unwrap(),
            0,
            &mut pieces,
        );
        let has_key = split
            .iter()
            .any(|token| phrases::is_key(token.of(text.as_bytes())));
        with_key += usize::from(has_key);
        assert!(has_key || split.len() == 1 || split == pieces, "{text}");
    }
    assert!(with_key > 200);
}
