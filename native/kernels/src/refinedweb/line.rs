//! What becomes of one line.

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
    /// What stays of a line of so many words, none if it goes.
    pub(super) fn correct<'a>(
        &self,
        line: &'a str,
        words: usize,
        buffer: &'a mut String,
    ) -> Option<&'a str> {
        if line.is_empty() {
            return Some(line);
        }
        step(line.len());
        let chars = count_chars(line, line.is_ascii()) as f64;
        let share = |count: usize| count as f64 / chars;
        let over = |max: Option<f64>, is: fn(char) -> bool| {
            max.is_some_and(|max| share(line.chars().filter(|&c| is(c)).count()) > max)
        };
        if over(self.max_upper_ratio, char::is_uppercase)
            || over(self.max_digit_ratio, is_digit)
            || self.counters && is_counter(line)
            || words < self.min_line_words
        {
            return None;
        }
        match self.max_snippet_words {
            Some(max) if words <= max => self.strip_snippets(line, buffer),
            _ => Some(line),
        }
    }

    fn strip_snippets<'a>(&self, line: &'a str, buffer: &'a mut String) -> Option<&'a str> {
        buffer.clear();
        let mut rest = line;
        while let Some(at) = find_ignoring_case(rest, "items in cart") {
            buffer.push_str(without_last_space(&rest[..at]));
            rest = &rest[at + "items in cart".len()..];
        }
        buffer.push_str(rest);
        let mut left: &str = if buffer.len() == line.len() {
            line
        } else {
            buffer
        };
        left = not_blank(left)?;
        if let Some(before) = self.before_read_more(left) {
            left = not_blank(without_last_space(before))?;
        }
        if let Some(sign_in) = left.get(.."sign-in".len())
            && sign_in.eq_ignore_ascii_case("sign-in")
        {
            left = &left[sign_in.len()..];
            left = not_blank(left.strip_prefix(is_space).unwrap_or(left))?;
        }
        Some(left)
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

fn not_blank(line: &str) -> Option<&str> {
    line.contains(|c| !is_space(c)).then_some(line)
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

    fn corrected(line: &str) -> Option<String> {
        RULES
            .correct(line, words(line), &mut String::new())
            .map(|line| line.to_owned())
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
        let mut buffer = String::new();
        assert_eq!(
            rules.correct("see read more!!!", 3, &mut buffer),
            Some("see read more!!!")
        );
        assert_eq!(
            rules.correct("see it read more...", 4, &mut buffer),
            Some("see it")
        );
    }
}
