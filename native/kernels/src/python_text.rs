//! What Python's methods of `str` call white space and lines: the published filters are written with them.

use memchr::{memchr, memchr_iter};

/// Whether `str.isspace` holds: the property White_Space, and the four separators U+001C to U+001F.
#[inline]
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// `str.strip()`; most lines have nothing to take off.
#[inline]
pub(crate) fn strip(line: &str) -> &str {
    match line.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => line,
        _ => line.trim_matches(is_space),
    }
}

/// `str.rstrip()`.
#[inline]
pub(crate) fn strip_end(line: &str) -> &str {
    match line.as_bytes() {
        [.., last] if last.is_ascii_graphic() => line,
        _ => line.trim_end_matches(is_space),
    }
}

/// Whether `str.isalpha` holds of the character: a letter by its general category.
#[inline]
pub(crate) fn is_alpha(c: char) -> bool {
    use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};
    if c.is_ascii() {
        return c.is_ascii_alphabetic();
    }
    // Alphabetic holds of all letters, and of marks and numbers that are none.
    c.is_alphabetic() && c.general_category_group() == GeneralCategoryGroup::Letter
}

/// The code points of a text.
#[inline]
pub(crate) fn count_chars(text: &str, ascii: bool) -> usize {
    if ascii {
        text.len()
    } else {
        text.chars().count()
    }
}

/// Calls `with` on each line of `str.splitlines()`: parted by the line ends of Unicode, the last one ending nothing.
pub(crate) fn split_lines<'a>(text: &'a str, mut with: impl FnMut(&'a str)) {
    let bytes = text.as_bytes();
    if bytes.is_ascii() && !bytes.iter().any(|&b| is_rare_end(b)) {
        let mut begin = 0;
        for end in memchr_iter(b'\n', bytes) {
            with(&text[begin..end]);
            begin = end + 1;
        }
        if begin < bytes.len() {
            with(&text[begin..]);
        }
        return;
    }
    let mut begin = 0;
    let mut ends = text
        .char_indices()
        .filter(|&(_, c)| is_line_end(c))
        .peekable();
    while let Some((at, c)) = ends.next() {
        with(&text[begin..at]);
        begin = at + c.len_utf8();
        if c == '\r'
            && let Some(&(next, '\n')) = ends.peek()
            && next == begin
        {
            begin += 1;
            ends.next();
        }
    }
    if begin < text.len() {
        with(&text[begin..]);
    }
}

#[inline]
fn is_rare_end(byte: u8) -> bool {
    matches!(byte, 0x0b..=0x0d | 0x1c..=0x1e)
}

fn is_line_end(c: char) -> bool {
    matches!(c, '\n'..='\r' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Calls `with` on each part of `text.split("\n")`, which are one more than there are line feeds.
pub(crate) fn split_at_feeds<'a>(text: &'a str, mut with: impl FnMut(&'a str)) {
    let mut begin = 0;
    for end in memchr_iter(b'\n', text.as_bytes()).chain([text.len()]) {
        with(&text[begin..end]);
        begin = end + 1;
    }
}

/// Calls `with` on each part between runs of at least `least` line feeds: `re.split("\n{least,}", text)`.
pub(crate) fn split_at_runs<'a>(text: &'a str, least: usize, mut with: impl FnMut(&'a str)) {
    let bytes = text.as_bytes();
    let (mut begin, mut from) = (0, 0);
    while let Some(found) = memchr(b'\n', &bytes[from..]) {
        let run = from + found;
        let length = bytes[run..].iter().take_while(|&&b| b == b'\n').count();
        from = run + length;
        if length >= least {
            with(&text[begin..run]);
            begin = from;
        }
    }
    with(&text[begin..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gathered<'a>(split: impl FnOnce(&mut dyn FnMut(&'a str))) -> Vec<&'a str> {
        let mut parts = Vec::new();
        split(&mut |part| parts.push(part));
        parts
    }

    #[test]
    fn lines_end_where_python_ends_them() {
        let lines = |text| gathered(|with| split_lines(text, with));
        assert_eq!(lines(""), [] as [&str; 0]);
        assert_eq!(lines("\n"), [""]);
        assert_eq!(lines("a\n\nb"), ["a", "", "b"]);
        assert_eq!(lines("a\r\nb\rc\r\r\n"), ["a", "b", "c", ""]);
        assert_eq!(
            lines("a\u{b}b\u{c}c\u{1c}d\u{85}e\u{2028}f\u{2029}g\u{1f}h"),
            ["a", "b", "c", "d", "e", "f", "g\u{1f}h"]
        );
    }

    #[test]
    fn runs_of_line_feeds_part() {
        let parts = |text, least| gathered(|with| split_at_runs(text, least, with));
        assert_eq!(parts("a\nb\n\nc\n\n\n", 2), ["a\nb", "c", ""]);
        assert_eq!(parts("\n\na\nb", 1), ["", "a", "b"]);
        assert_eq!(parts("", 1), [""]);
    }

    #[test]
    fn letters_and_space_are_pythons() {
        assert!(is_alpha('é') && is_alpha('中') && !is_alpha('Ⅷ') && !is_alpha('\u{345}'));
        assert!(is_space('\u{1c}') && is_space('\u{85}') && !is_space('\u{200b}'));
        assert_eq!(strip("\u{1f} a\u{a0}"), "a");
    }
}
