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
}

impl Splitter {
    pub fn new() -> Self {
        Self {
            tokenizer: Tokenizer::default(),
            poison: Finder::new(POISON),
        }
    }

    /// The tokens of `text`, white space among them.
    pub fn tokens(&mut self, text: &str) -> &[Span] {
        self.tokenizer.tokenize(text)
    }

    /// What datatrove splits in the place of a text in which spaCy would fail.
    pub fn mend(&mut self, text: &str) -> Option<String> {
        let bytes = text.as_bytes();
        self.poison.find(bytes)?;
        let mut tokens = self.tokens(text).iter();
        tokens
            .any(|token| token.of(bytes) == POISON.as_bytes())
            .then(|| text.replace(POISON, ""))
    }

    /// Appends the words of `text` to `out`, in order. One that came together where something was taken out has that
    /// in its span.
    pub fn split_into(&mut self, text: &str, out: &mut Vec<Span>) {
        if let Some(mended) = self.mend(text) {
            return self.split_mended(text, &mended, out);
        }
        let tokens = self.tokens(text).iter();
        out.extend(tokens.filter(|token| !is_blank(text, **token)));
    }

    fn split_mended(&mut self, text: &str, mended: &str, out: &mut Vec<Span>) {
        let cuts: Vec<usize> = self.poison.find_iter(text.as_bytes()).collect();
        let (mut start_cuts, mut end_cuts) = (0, 0);
        let tokens = self.tokens(mended).iter();
        out.extend(
            tokens
                .filter(|token| !is_blank(mended, **token))
                .map(|token| {
                    let start = widened(token.start as usize, &cuts, &mut start_cuts);
                    // Of the last byte, so that nothing taken out behind the token counts as its own.
                    let last = widened(token.end as usize - 1, &cuts, &mut end_cuts);
                    Span::new(start, last + 1)
                }),
        );
    }
}

/// Where byte `at` of the mended text stands in the original; `passed` counts the cuts before it.
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
fn is_blank(text: &str, token: Span) -> bool {
    let start = token.start as usize;
    match text.as_bytes()[start] {
        byte if byte.is_ascii() => byte <= b' ' && is_space(char::from(byte)),
        _ => text[start..].starts_with(is_space),
    }
}
