//! One page, line by line.

use super::{DEFECTS, Defect, Rules, citations};
use crate::phrases::{BadWords, Phrases};
use crate::python_text::{count_chars, is_space, split_at_feeds, split_lines, strip};
use crate::sentences::Splitter;
use crate::steps::step;

/// Phrases looked for, by bit: the first condemns a page, the second a line, the others are about policy.
pub(super) const PHRASES: [&str; 8] = [
    "lorem ipsum",
    "javascript",
    "terms of use",
    "privacy policy",
    "cookie policy",
    "uses cookies",
    "use of cookies",
    "use cookies",
];
const LOREM: u32 = 1;
const JAVASCRIPT: u32 = 2;
const POLICY: u32 = !(LOREM | JAVASCRIPT);

/// What is known of a page; used again for the next.
pub(super) struct Page<'a> {
    rules: &'a Rules,
    phrases: &'a Phrases,
    bad_words: &'a BadWords,
    splitter: Splitter,
    kept: String,
    line: String,
    pub(super) edits: usize,
    pub(super) chars: usize,
    pub(super) lines: usize,
    pub(super) sentences: usize,
    pub(super) defects: [Defect; DEFECTS.len()],
}

impl<'a> Page<'a> {
    pub(super) fn new(
        rules: &'a Rules,
        phrases: &'a Phrases,
        bad_words: &'a BadWords,
        splitter: Splitter,
    ) -> Self {
        Self {
            rules,
            phrases,
            bad_words,
            splitter,
            kept: String::new(),
            line: String::new(),
            edits: 0,
            chars: 0,
            lines: 0,
            sentences: 0,
            defects: Default::default(),
        }
    }

    /// The text as edited.
    pub(super) fn text(&self) -> &str {
        strip(&self.kept)
    }

    /// Reads the next page.
    pub(super) fn read(&mut self, text: &str) {
        self.kept.clear();
        (self.edits, self.lines, self.sentences) = (0, 0, 0);
        self.defects = Default::default();
        self.chars = count_chars(text, text.is_ascii());
        // Most pages have no phrase at all; a line may only get one when its citations go.
        let phrases = self.phrases.find(text);
        let mut taken = 0;
        let rules = self.rules;
        let mut take = |line: &str| self.take(text, line, phrases, &mut taken);
        if rules.keep_layout {
            split_at_feeds(text, &mut take);
        } else {
            split_lines(text, &mut take);
        }
    }

    /// Asks one line, and keeps what is left of it; `taken` counts those kept.
    fn take(&mut self, text: &str, whole: &str, phrases: u32, taken: &mut usize) {
        let rules = self.rules;
        step(whole.len());
        let line = if rules.keep_layout {
            whole
        } else {
            strip(whole)
        };
        let mut buffer = std::mem::take(&mut self.line);
        let cited = rules.remove_citations && citations::remove(line, &mut buffer);
        let edited = if cited { buffer.as_str() } else { line };
        let stays = if rules.keep_layout && edited.is_empty() {
            true
        } else {
            self.passes(line, edited)
                && self.is_clean(text, whole, edited, if cited { u32::MAX } else { phrases })
        };
        self.edits += usize::from(!stays || edited.len() != whole.len());
        if stays {
            if *taken > 0 {
                self.kept.push('\n');
            }
            *taken += 1;
            self.kept.push_str(edited);
            if !edited.is_empty() {
                self.lines += 1;
                self.sentences += self.splitter.count(edited);
            }
        }
        self.line = buffer;
    }

    /// Whether the words and the end of a line are as asked; `line` is as it was before citations went.
    fn passes(&self, line: &str, edited: &str) -> bool {
        let rules = self.rules;
        if rules
            .max_word_chars
            .is_some_and(|max| holds_longer(line, max))
        {
            return false;
        }
        let end = if rules.keep_layout {
            edited.trim_end_matches(is_space)
        } else {
            edited
        };
        if !rules.end_marks.is_empty() && !ends(end, &rules.end_marks) {
            return false;
        }
        let counted = if rules.count_words_late { edited } else { line };
        let mut words = counted.split(is_space).filter(|word| !word.is_empty());
        rules.min_line_words == 0 || words.nth(rules.min_line_words - 1).is_some()
    }

    /// Whether a line holds nothing for which it goes; notes what condemns the page.
    fn is_clean(&mut self, text: &str, whole: &str, edited: &str, phrases: u32) -> bool {
        let found = if phrases == 0 {
            0
        } else {
            self.phrases.find(edited)
        };
        if found & LOREM != 0 {
            self.note(0, text, whole, self.phrases.position(whole, LOREM));
        }
        if self.rules.javascript && found & JAVASCRIPT != 0 {
            return false;
        }
        if edited.contains('{') {
            self.note(1, text, whole, whole.find('{'));
        }
        if self.rules.policy && found & POLICY != 0 {
            return false;
        }
        if let Some(at) = self.bad_words.find(edited) {
            self.note(2, text, whole, Some(at));
        }
        true
    }

    /// Counts a line that condemns the page; `at` says about where in it that is.
    fn note(&mut self, which: usize, text: &str, whole: &str, at: Option<usize>) {
        let defect = &mut self.defects[which];
        defect.lines += 1;
        if defect.lines == 1 {
            let begin = whole.as_ptr() as usize - text.as_ptr() as usize;
            defect.begin = begin as u32;
            defect.end = (begin + whole.len()) as u32;
            defect.at = (begin + at.unwrap_or(0).min(whole.len())) as u32;
        }
    }
}

/// Whether a line has a word of more than `max` code points.
fn holds_longer(line: &str, max: usize) -> bool {
    line.len() > max
        && line
            .split(is_space)
            .any(|word| word.len() > max && word.chars().count() > max)
}

/// Whether a line ends with one of the marks, but not with an ellipsis.
fn ends(line: &str, marks: &str) -> bool {
    let last = line.chars().next_back();
    last.is_some_and(|last| marks.contains(last)) && !line.ends_with("...")
}
