//! Marks of citations as Wikipedia has them: `[12]`, `[]`, `[edit]`, `[citation needed]`.

use std::ops::Range;

use memchr::memchr;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Puts the line without its marks into `out`, and where these are into `marks`; says whether there were any. What is left
/// is not looked at again.
pub(super) fn remove(line: &str, out: &mut String, marks: &mut Vec<Range<usize>>) -> bool {
    out.clear();
    marks.clear();
    let (mut kept, mut from) = (0, 0);
    while let Some(found) = memchr(b'[', &line.as_bytes()[from..]) {
        let at = from + found;
        from = at + 1;
        if let Some(length) = measure(&line[from..]) {
            out.push_str(&line[kept..at]);
            from += length;
            kept = from;
            marks.push(at..from);
        }
    }
    if kept > 0 {
        out.push_str(&line[kept..]);
    }
    kept > 0
}

/// Bytes of a mark behind its opening bracket; none where there is no mark.
fn measure(behind: &str) -> Option<usize> {
    for word in ["edit]", "citation needed]"] {
        if behind.starts_with(word) {
            return Some(word.len());
        }
    }
    let rest = behind.trim_start_matches(is_digit);
    crate::steps::step(1 + behind.len() - rest.len());
    rest.starts_with(']').then(|| behind.len() - rest.len() + 1)
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || !c.is_ascii() && c.general_category() == GeneralCategory::DecimalNumber
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_go_and_nothing_else() {
        let removed = |line| {
            let mut out = String::new();
            remove(line, &mut out, &mut Vec::new()).then_some(out)
        };
        assert_eq!(
            removed("a[1] b[] c[edit][citation needed] d[٣]").as_deref(),
            Some("a b c d")
        );
        assert_eq!(removed("[[12]]").as_deref(), Some("[]"));
        assert_eq!(removed("a[x] [1 2] [12"), None);
        assert_eq!(removed("java[1]script").as_deref(), Some("javascript"));
    }
}
