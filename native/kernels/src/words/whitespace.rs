//! Words as runs without white space (Unicode White_Space), and how many there are.

use super::Span;

/// Bytes looked at together: short enough to leave the fast path late, long enough for vector registers.
const BLOCK: usize = 32;

/// Appends the maximal runs of non-white-space.
pub(super) fn split_into(text: &str, out: &mut Vec<Span>) {
    let mut start = None;
    for (at, c) in text.char_indices() {
        match (c.is_whitespace(), start) {
            (true, Some(begin)) => {
                out.push(Span::new(begin, at));
                start = None;
            }
            (false, None) => start = Some(at),
            _ => {}
        }
    }
    if let Some(begin) = start {
        out.push(Span::new(begin, text.len()));
    }
}

/// How many maximal runs of non-white-space `text` has.
pub fn count_runs(text: &str) -> i64 {
    let bytes = text.as_bytes();
    let (mut runs, mut at, mut after_space) = (0, 0, true);
    while at < bytes.len() {
        let block = bytes
            .get(at..at + BLOCK)
            .and_then(|b| <&[u8; BLOCK]>::try_from(b).ok());
        if let Some(block) = block.filter(|block| block.is_ascii()) {
            runs += starts_in(block, after_space);
            after_space = is_ascii_space(block[BLOCK - 1]);
            at += BLOCK;
            continue;
        }
        // Code points that begin in this block; the last may end in the next.
        let end = (at + BLOCK).min(bytes.len());
        for c in text[at..].chars() {
            let space = c.is_whitespace();
            runs += i64::from(after_space && !space);
            after_space = space;
            at += c.len_utf8();
            if at >= end {
                break;
            }
        }
    }
    runs
}

/// Branch-free over a whole block, so that it is compiled to vector instructions.
#[inline]
fn starts_in(block: &[u8; BLOCK], after_space: bool) -> i64 {
    let mut space = [0u8; BLOCK];
    for (space, &b) in space.iter_mut().zip(block) {
        *space = u8::from(is_ascii_space(b));
    }
    let inner: u8 = (1..BLOCK).map(|i| space[i - 1] & (space[i] ^ 1)).sum();
    i64::from(inner) + i64::from(after_space && space[0] == 0)
}

/// White_Space within ASCII: tab, line feed, vertical tab, form feed, carriage return, space.
#[inline]
fn is_ascii_space(b: u8) -> bool {
    (b == b' ') | (b.wrapping_sub(b'\t') < 5)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn white_space_is_unicode_s() {
        assert_eq!(count_runs("a\u{1c}b\u{a0}c\u{3000}d\u{200b}e\u{85}f"), 4);
        assert_eq!(count_runs(""), 0);
        assert_eq!(count_runs(" \u{2003}\r\n"), 0);
        (0..128u8)
            .for_each(|b| assert_eq!(is_ascii_space(b), char::from(b).is_whitespace(), "{b}"));
    }

    fn spaced() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            4 => "[a-z]{1,40}",
            3 => "[ \t\n\r\u{b}\u{c}]{1,40}",
            1 => "[é\u{a0}\u{1680}\u{2003}\u{2028}\u{205f}\u{3000}\u{200b}\u{1c}語😀]{1,5}",
        ];
        prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn runs_are_what_split_whitespace_gives(text in prop_oneof![spaced(), any::<String>()]) {
            let mut spans = Vec::new();
            split_into(&text, &mut spans);
            let words: Vec<_> = spans.iter().map(|span| span.of(text.as_bytes())).collect();
            let expected: Vec<_> = text.split_whitespace().map(str::as_bytes).collect();
            prop_assert_eq!(count_runs(&text), expected.len() as i64);
            prop_assert_eq!(words, expected);
        }
    }
}
