//! Sentences by Unicode sentence boundaries (UAX #29).

use unicode_segmentation::UnicodeSegmentation;

/// Sentences of `text` with an alphanumeric code point.
pub fn count(text: &str) -> usize {
    text.unicode_sentences().count()
}
