//! One page, line by line.

use std::ops::Range;

use super::{DEFECTS, Defect, Rules, citations};
use crate::changes::LineChanges;
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
    marks: Vec<Range<usize>>,
    pub(super) changes: LineChanges,
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
            marks: Vec::new(),
            changes: LineChanges::default(),
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
        self.changes.clear();
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
        self.changes.finish(text, &self.kept, strip(&self.kept));
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
        let mut marks = std::mem::take(&mut self.marks);
        let cited = rules.remove_citations && citations::remove(line, &mut buffer, &mut marks);
        let edited = if cited { buffer.as_str() } else { line };
        let fault = if rules.keep_layout && edited.is_empty() {
            None
        } else {
            let phrases = if cited { u32::MAX } else { phrases };
            self.find_fault(line, edited)
                .or_else(|| self.find_phrase(text, whole, edited, phrases))
        };
        let begin = whole.as_ptr() as usize - text.as_ptr() as usize;
        let place = begin..begin + whole.len();
        let is_changed = edited.len() != whole.len();
        self.edits += usize::from(fault.is_some() || is_changed);
        if let Some(fault) = fault {
            self.changes.remove(fault, place.end);
        } else {
            self.changes.keep(text, place.clone());
            if is_changed {
                let inner = line.as_ptr() as usize - text.as_ptr() as usize;
                self.changes.cut_space(place.start..inner);
                for mark in marks.iter().filter(|_| cited) {
                    self.changes
                        .cut("citation", inner + mark.start..inner + mark.end);
                }
                self.changes.cut_space(inner + line.len()..place.end);
            }
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
        (self.line, self.marks) = (buffer, marks);
    }

    /// What is wrong with the words or the end of a line; `line` is as it was before citations went.
    fn find_fault(&self, line: &str, edited: &str) -> Option<&'static str> {
        let rules = self.rules;
        if rules
            .max_word_chars
            .is_some_and(|max| holds_longer(line, max))
        {
            return Some("long_word");
        }
        let end = if rules.keep_layout {
            edited.trim_end_matches(is_space)
        } else {
            edited
        };
        if !rules.end_marks.is_empty() && !ends(end, &rules.end_marks) {
            return Some("no_end_mark");
        }
        let counted = if rules.count_words_late { edited } else { line };
        let mut words = counted.split(is_space).filter(|word| !word.is_empty());
        let enough = rules.min_line_words == 0 || words.nth(rules.min_line_words - 1).is_some();
        (!enough).then_some("few_words")
    }

    /// What a line holds for which it goes; notes what condemns the page.
    fn find_phrase(
        &mut self,
        text: &str,
        whole: &str,
        edited: &str,
        phrases: u32,
    ) -> Option<&'static str> {
        let found = if phrases == 0 {
            0
        } else {
            self.phrases.find(edited)
        };
        if found & LOREM != 0 {
            self.note(0, text, whole, self.phrases.position(whole, LOREM));
        }
        if self.rules.javascript && found & JAVASCRIPT != 0 {
            return Some("javascript");
        }
        if edited.contains('{') {
            self.note(1, text, whole, whole.find('{'));
        }
        if self.rules.policy && found & POLICY != 0 {
            return Some("policy");
        }
        if let Some(at) = self.bad_words.find(edited) {
            self.note(2, text, whole, Some(at));
        }
        None
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
