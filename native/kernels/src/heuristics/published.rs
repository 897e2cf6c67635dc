//! The rules as published code measures them: datatrove 0.10 and DCLM. Both differ from the paper's wording.

use std::collections::HashMap;

use memchr::memchr_iter;

use super::{Ellipses, Lines, Measures};
use crate::python_text::{is_alpha, is_space, split_at_feeds, split_lines, strip};
use crate::words::{Document, is_symbol_word};

/// Stop words as they are written.
pub(super) struct Spelled {
    known: HashMap<Vec<u8>, usize>,
    /// By first byte one bit for each length of a stop word, long ones together: most words are none at a glance.
    lengths: [u32; 256],
    last_seen: Vec<u64>,
    document: u64,
}

impl Spelled {
    pub(super) fn new(words: &[String]) -> Self {
        let (mut known, mut lengths) = (HashMap::new(), [0; 256]);
        for word in words {
            let next = known.len();
            known.entry(word.as_bytes().to_vec()).or_insert(next);
            if let Some(&first) = word.as_bytes().first() {
                lengths[usize::from(first)] |= length_bit(word.len());
            }
        }
        Self {
            lengths,
            last_seen: vec![0; known.len()],
            document: 0,
            known,
        }
    }

    /// 1 if the word is a stop word that the document had not shown.
    fn meet(&mut self, word: &[u8]) -> usize {
        let bits = word
            .first()
            .map_or(0, |&first| self.lengths[usize::from(first)]);
        if bits & length_bit(word.len()) == 0 {
            return 0;
        }
        match self.known.get(word) {
            Some(&number) if self.last_seen[number] != self.document => {
                self.last_seen[number] = self.document;
                1
            }
            _ => 0,
        }
    }
}

#[inline]
fn length_bit(length: usize) -> u32 {
    1 << length.min(31)
}

/// datatrove: words without a letter or digit do not count as words, but are what other counts are shares of; stop
/// words as they are written; lines are Python's, the empty ones too.
pub(super) fn measure_datatrove(
    document: Document<'_>,
    stop_words: &mut Spelled,
    ellipses: &Ellipses,
) -> Measures {
    let text = document.text;
    let mut measures = Measures {
        tokens: document.words.len(),
        ..count_symbols(text, ellipses)
    };
    stop_words.document += 1;
    for &span in document.words {
        let word = &text[span.start as usize..span.end as usize];
        if word.is_ascii() {
            let bytes = word.as_bytes();
            let letter = bytes.iter().any(u8::is_ascii_alphabetic);
            measures.alphabetic += usize::from(letter);
            if letter || !is_symbol_word(word) {
                measures.words += 1;
                measures.code_points += bytes.len();
            }
            measures.stop_words += stop_words.meet(bytes);
            continue;
        }
        measures.alphabetic += usize::from(word.chars().any(is_alpha));
        if !is_symbol_word(word) {
            measures.words += 1;
            measures.code_points += word.chars().count();
        }
        measures.stop_words += stop_words.meet(word.as_bytes());
    }
    measures.length_of = measures.words;
    split_lines(text, |line| {
        let line = strip(line);
        measures.lines.filled += 1;
        measures.lines.bulleted += usize::from(line.starts_with(['•', '-']));
        measures.lines.trailing_off += usize::from(line.ends_with("...") || line.ends_with('…'));
    });
    measures
}

/// DCLM: of words parted by white space those that begin with a letter or digit are counted; every stop word counts
/// each time, in lower case; an ellipsis may have spaces between its dots.
pub(super) fn measure_dclm(
    document: Document<'_>,
    stop_words: &[String],
    ellipses: &Ellipses,
) -> Measures {
    let text = document.text;
    let mut measures = Measures {
        tokens: document.words.len(),
        length_of: document.words.len(),
        ..count_symbols(text, ellipses)
    };
    measures.ellipses += ellipses.spaced.find_iter(text.as_bytes()).count();
    for &span in document.words {
        let word = &text[span.start as usize..span.end as usize];
        measures.code_points += word.chars().count();
        measures.words += usize::from(word.starts_with(char::is_alphanumeric));
        measures.alphabetic += usize::from(word.chars().any(is_alpha));
        measures.stop_words += usize::from(is_stop_word(word, stop_words));
    }
    split_at_feeds(text, |line| {
        let line = line.trim_matches(is_space);
        if !line.is_empty() {
            measures.lines.filled += 1;
            measures.lines.bulleted += usize::from(line.starts_with(['●', '•', '*', '-']));
            let ends = ["...", ". . .", "…"];
            measures.lines.trailing_off += usize::from(ends.iter().any(|end| line.ends_with(end)));
        }
    });
    measures
}

fn is_stop_word(word: &str, stop_words: &[String]) -> bool {
    stop_words.iter().any(|stop| {
        if word.is_ascii() {
            stop.len() == word.len() && stop.eq_ignore_ascii_case(word)
        } else {
            stop.to_lowercase() == word.to_lowercase()
        }
    })
}

fn count_symbols(text: &str, ellipses: &Ellipses) -> Measures {
    Measures {
        hashes: memchr_iter(b'#', text.as_bytes()).count(),
        ellipses: ellipses.count(text.as_bytes(), text.is_ascii()),
        lines: Lines::default(),
        ..Measures::default()
    }
}
