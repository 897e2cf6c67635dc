//! What becomes of one line.

use std::borrow::Cow;
use std::ops::Range;

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use crate::python_text::{count_chars, is_space};
use crate::steps::step;

/// What is counted on pages for their visitors.
const COUNTED: [&str; 12] = [
    "likes",
    "shares",
    "comments",
    "retweets",
    "reposts",
    "quotes",
    "bookmarks",
    "upvotes",
    "downvotes",
    "downloads",
    "views",
    "followers",
];

const CART: &str = "items in cart";
const CART_KIND: &str = "items_in_cart";
const SIGN_IN: &str = "sign-in";

/// A piece of a line that goes: what it is, and its bytes in the line.
pub(super) type Cut = (&'static str, Range<usize>);

/// What is asked of lines.
#[derive(Clone, Debug)]
pub struct Rules {
    /// A line with a larger share of upper-case characters goes.
    pub max_upper_ratio: Option<f64>,
    /// A line with a larger share of digits goes.
    pub max_digit_ratio: Option<f64>,
    /// A line that only counts something ("3 likes") goes.
    pub counters: bool,
    /// A line with fewer words goes, unless it is empty.
    pub min_line_words: usize,
    /// "items in cart" anywhere, "Read more..." at the end and "Sign-in" at the start go from lines with at most as
    /// many words.
    pub max_snippet_words: Option<usize>,
    /// "Read more" goes with any three characters behind it, not with dots alone.
    pub any_three: bool,
    /// White space at the end of a line is no part of it.
    pub trim: bool,
}

impl Rules {
    /// What goes of a line of so many words: all of it, for a rule, or pieces of it.
    pub(super) fn correct(
        &self,
        line: &str,
        words: usize,
        cuts: &mut Vec<Cut>,
    ) -> Option<&'static str> {
        cuts.clear();
        if line.is_empty() {
            return None;
        }
        step(line.len());
        let chars = count_chars(line, line.is_ascii()) as f64;
        let share = |count: usize| count as f64 / chars;
        let over = |max: Option<f64>, is: fn(char) -> bool| {
            max.is_some_and(|max| share(line.chars().filter(|&c| is(c)).count()) > max)
        };
        if over(self.max_upper_ratio, char::is_uppercase) {
            Some("upper")
        } else if over(self.max_digit_ratio, is_digit) {
            Some("digits")
        } else if self.counters && is_counter(line) {
            Some("counter")
        } else if words < self.min_line_words {
            Some("few_words")
        } else {
            match self.max_snippet_words {
                Some(max) if words <= max => self.find_snippets(line, cuts),
                _ => None,
            }
        }
    }

    /// The snippets of a line, one after another: each is looked for in what those before left. If that is nothing, the line
    /// goes.
    fn find_snippets(&self, line: &str, cuts: &mut Vec<Cut>) -> Option<&'static str> {
        let mut from = 0;
        while let Some(found) = find_ignoring_case(&line[from..], CART) {
            let at = from + found;
            let begin = from + without_last_space(&line[from..at]).len();
            from = at + CART.len();
            cuts.push((CART_KIND, begin..from));
        }
        let left = without(line, cuts);
        let mut left: &str = &left;
        if is_blank(left) {
            return Some(CART_KIND);
        }
        if let Some(before) = self.before_read_more(left) {
            left = without_last_space(before);
            let begin = place_before(left.len(), cuts, false);
            cuts.retain(|(_, cut)| cut.start < begin);
            cuts.push(("read_more", begin..line.len()));
            if is_blank(left) {
                return Some("read_more");
            }
        }
        if let Some(sign_in) = left.get(..SIGN_IN.len())
            && sign_in.eq_ignore_ascii_case(SIGN_IN)
        {
            let rest = &left[SIGN_IN.len()..];
            let rest = rest.strip_prefix(is_space).unwrap_or(rest);
            let end = place_before(left.len() - rest.len(), cuts, true);
            cuts.retain(|(_, cut)| cut.start >= end);
            cuts.insert(0, ("sign_in", 0..end));
            if is_blank(rest) {
                return Some("sign_in");
            }
        }
        None
    }

    /// What stands before "Read more..." at the end of a line.
    fn before_read_more<'a>(&self, line: &'a str) -> Option<&'a str> {
        let dots = if self.any_three {
            line.char_indices().nth_back(2)?.0
        } else {
            line.strip_suffix("...")?.len()
        };
        let start = dots.checked_sub("read more".len())?;
        let phrase = line.get(start..dots)?;
        phrase
            .eq_ignore_ascii_case("read more")
            .then(|| &line[..start])
    }
}

/// The line without what is cut out of it.
pub(super) fn without<'a>(line: &'a str, cuts: &[Cut]) -> Cow<'a, str> {
    if cuts.is_empty() {
        return Cow::Borrowed(line);
    }
    let (mut left, mut from) = (String::new(), 0);
    for (_, cut) in cuts {
        left.push_str(&line[from..cut.start]);
        from = cut.end;
    }
    left.push_str(&line[from..]);
    Cow::Owned(left)
}

/// Where byte `at` of what is left stands in the line: behind a cut in that very place, or in front of it.
fn place_before(at: usize, cuts: &[Cut], in_front: bool) -> usize {
    let mut place = at;
    for (_, cut) in cuts {
        if cut.start > place || in_front && cut.start == place {
            break;
        }
        place += cut.len();
    }
    place
}

fn is_blank(line: &str) -> bool {
    line.chars().all(is_space)
}

fn without_last_space(line: &str) -> &str {
    line.strip_suffix(is_space).unwrap_or(line)
}

fn find_ignoring_case(line: &str, phrase: &str) -> Option<usize> {
    line.as_bytes().windows(phrase.len()).position(|window| {
        step(1);
        window.eq_ignore_ascii_case(phrase.as_bytes())
    })
}

/// Whether a line is a number, perhaps with thousands or k, m, b, and what it counts, among no other words.
fn is_counter(line: &str) -> bool {
    let line = line.trim_start_matches(|c| !is_word(c));
    if !line.starts_with(is_decimal) {
        return false;
    }
    let line = line.trim_start_matches(|c| is_decimal(c) || c == ',' || c == '.');
    let line = line
        .strip_prefix(['k', 'm', 'b', 'K', 'M', 'B'])
        .unwrap_or(line);
    let word = line.trim_start_matches(is_space);
    if word.len() == line.len() {
        return false;
    }
    COUNTED.iter().any(|counted| {
        word.get(..counted.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(counted))
            && !word[counted.len()..].contains(is_word)
    })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_decimal(c: char) -> bool {
    c.is_ascii_digit() || !c.is_ascii() && c.general_category() == GeneralCategory::DecimalNumber
}

/// A digit as `str.isdigit` knows it: decimal, or raised or lowered.
fn is_digit(c: char) -> bool {
    is_decimal(c) || matches!(c, '²' | '³' | '¹' | '⁰' | '⁴'..='⁹' | '₀'..='₉')
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules {
        max_upper_ratio: Some(0.5),
        max_digit_ratio: Some(0.999_999),
        counters: true,
        min_line_words: 2,
        max_snippet_words: Some(10),
        any_three: true,
        trim: false,
    };

    fn correct(rules: &Rules, line: &str) -> Option<String> {
        let mut cuts = Vec::new();
        let goes = rules.correct(line, words(line), &mut cuts);
        goes.is_none().then(|| without(line, &cuts).into_owned())
    }

    fn corrected(line: &str) -> Option<String> {
        correct(&RULES, line)
    }

    fn words(line: &str) -> usize {
        line.split_whitespace().count()
    }

    #[test]
    fn lines_that_go() {
        for line in [
            "ABC DEf",
            "12345",
            "word",
            "12 likes",
            " ( 1,234.5K  Followers )",
            "١٢ views",
        ] {
            assert_eq!(corrected(line), None, "{line}");
        }
    }

    #[test]
    fn lines_that_stay() {
        for line in [
            "",
            "ABc def",
            "12 345",
            "1 2",
            "12 likes it",
            "likes 12",
            "12likes that",
            "a word",
        ] {
            assert_eq!(corrected(line).as_deref(), Some(line));
        }
    }

    #[test]
    fn snippets_go() {
        assert_eq!(
            corrected("3 Items in cart, go on").as_deref(),
            Some("3, go on")
        );
        assert_eq!(corrected("items in cart"), None);
        assert_eq!(
            corrected("all about it Read More...").as_deref(),
            Some("all about it")
        );
        assert_eq!(
            corrected("all about it read more now").as_deref(),
            Some("all about it read more now")
        );
        assert_eq!(
            corrected("all about it read moreééé").as_deref(),
            Some("all about it")
        );
        assert_eq!(corrected("SIGN-in to go on").as_deref(), Some("to go on"));
        assert_eq!(corrected("Sign-in Read more..."), None);
        let long = "one two three four five six seven eight read more...";
        assert_eq!(
            corrected(long).as_deref(),
            Some("one two three four five six seven eight")
        );
        assert_eq!(
            corrected(&format!("zero {long}")),
            Some(format!("zero {long}"))
        );
    }

    #[test]
    fn only_dots_where_they_are_meant() {
        let rules = Rules {
            any_three: false,
            ..RULES
        };
        assert_eq!(
            correct(&rules, "see read more!!!").as_deref(),
            Some("see read more!!!")
        );
        assert_eq!(
            correct(&rules, "see it read more...").as_deref(),
            Some("see it")
        );
    }

    #[test]
    fn snippets_that_others_brought_together() {
        let mut cuts = Vec::new();
        let line = "Items in cartSign-in to read  items in cartmore...";
        assert_eq!(RULES.correct(line, words(line), &mut cuts), None);
        assert_eq!(without(line, &cuts), "to");
        assert_eq!(cuts, [("sign_in", 0..21), ("read_more", 23..50)]);
    }
}
