//! Words as datatrove has them: spaCy's tokens without white space.

use memchr::memmem::Finder;

use super::Span;
use super::spacy::{Tokenizer, is_space};

/// A token that spaCy cannot handle a second time; datatrove takes it out of the whole text and begins again.
const POISON: &str = "IS_ALPHA";

/// Finds tokens, text after text.
#[derive(Debug)]
pub struct Splitter {
    tokenizer: Tokenizer,
    poison: Finder<'static>,
    mended: Vec<Span>,
}

impl Splitter {
    pub fn new() -> Self {
        Self {
            tokenizer: Tokenizer::default(),
            poison: Finder::new(POISON),
            mended: Vec::new(),
        }
    }

    /// The tokens of `text`, white space among them. What was taken out is in a span only where it parted a token.
    pub fn tokens(&mut self, text: &str) -> &[Span] {
        let bytes = text.as_bytes();
        if self.poison.find(bytes).is_none() {
            return self.tokenizer.tokenize(text);
        }
        let poisoned = self
            .tokenizer
            .tokenize(text)
            .iter()
            .any(|token| token.of(bytes) == POISON.as_bytes());
        if !poisoned {
            return self.tokenizer.tokenize(text);
        }
        let cuts: Vec<usize> = self.poison.find_iter(bytes).collect();
        let clean = text.replace(POISON, "");
        let tokens = self.tokenizer.tokenize(&clean);
        self.mended.clear();
        let mut start_cuts = 0;
        let mut end_cuts = 0;
        for token in tokens {
            let start = widened(token.start as usize, &cuts, &mut start_cuts);
            // Of the last byte, so that nothing taken out behind the token counts as its own.
            let last = widened(token.end as usize - 1, &cuts, &mut end_cuts);
            self.mended.push(Span::new(start, last + 1));
        }
        &self.mended
    }

    /// Appends the words of `text` to `out`, in order.
    pub fn split_into(&mut self, text: &str, out: &mut Vec<Span>) {
        let bytes = text.as_bytes();
        let tokens = self.tokens(text).iter();
        out.extend(tokens.filter(|token| !is_blank(text, bytes, **token)));
    }
}

/// Where byte `at` of the clean text stands in the original; `passed` counts the cuts before it.
fn widened(at: usize, cuts: &[usize], passed: &mut usize) -> usize {
    while cuts
        .get(*passed)
        .is_some_and(|&cut| cut <= at + *passed * POISON.len())
    {
        *passed += 1;
    }
    at + *passed * POISON.len()
}

/// Whether a token is white space: then it is that from its first character on.
#[inline]
pub fn is_blank(text: &str, bytes: &[u8], token: Span) -> bool {
    let start = token.start as usize;
    let byte = bytes[start];
    if byte.is_ascii() {
        return byte <= b' ' && is_space(char::from(byte));
    }
    text[start..].starts_with(is_space)
}
