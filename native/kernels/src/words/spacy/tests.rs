//! Tokens by hand, and texts made to be slow.

use super::*;

fn tokens(text: &str) -> Vec<&str> {
    let mut tokenizer = Tokenizer::default();
    let tokens = tokenizer.tokenize(text).iter();
    tokens
        .map(|token| &text[token.start as usize..token.end as usize])
        .collect()
}

#[test]
fn tokens_by_hand() {
    assert_eq!(tokens(":"), [":"]);
}
