//! UAX #29 words of plain ASCII, 64 bytes at a time: one bit per byte, words are runs of ones.

use super::Span;

const BLOCK: usize = 64;

/// Appends the words of the ASCII that starts at `from`, where a segment must start.
///
/// Gives where the caller must go on: the end of the text, or the start of the first segment that a character other
/// than ASCII, at most a block ahead, may have a say in.
pub(super) fn split_ascii(bytes: &[u8], from: usize, out: &mut Vec<Span>) -> usize {
    let (mut at, mut open) = (from, None);
    while at < bytes.len() {
        let Some((block, next)) = load(bytes, at) else {
            return open.unwrap_or_else(|| last_segment(bytes, from, at));
        };
        super::uax29::step(BLOCK);
        let word = word_bits(
            &block,
            at.checked_sub(1).map_or(b' ', |before| bytes[before]),
            next,
        );
        let mut edges = word ^ (word << 1 | u64::from(open.is_some()));
        while edges != 0 {
            let edge = at + edges.trailing_zeros() as usize;
            edges &= edges - 1;
            match open.take() {
                Some(start) => push(bytes, start, edge, out),
                None => open = Some(edge),
            }
        }
        at += BLOCK;
    }
    if let Some(start) = open {
        push(bytes, start, bytes.len(), out);
    }
    bytes.len()
}

/// The block at `at`, filled up with spaces behind the text's end, and the byte behind it; none if not all is ASCII.
#[inline]
fn load(bytes: &[u8], at: usize) -> Option<([u8; BLOCK], u8)> {
    let mut block = [b' '; BLOCK];
    match bytes.get(at..at + BLOCK) {
        Some(whole) => block.copy_from_slice(whole),
        None => block[..bytes.len() - at].copy_from_slice(&bytes[at..]),
    }
    let next = bytes.get(at + BLOCK).copied().unwrap_or(b' ');
    (block.is_ascii() && next.is_ascii()).then_some((block, next))
}

/// Where the segment in front of `at` starts, given that it is no word; not before `from`.
fn last_segment(bytes: &[u8], from: usize, at: usize) -> usize {
    match bytes[from..at].iter().rposition(|&byte| byte != b' ') {
        None => from,
        Some(last) if from + last + 1 < at => from + last + 1,
        Some(last) => from + last,
    }
}

#[inline]
fn push(bytes: &[u8], start: usize, end: usize, out: &mut Vec<Span>) {
    // What starts with a letter or digit is a word; underscores alone are not.
    if bytes[start] != b'_' || bytes[start..end].iter().any(u8::is_ascii_alphanumeric) {
        out.push(Span::new(start, end));
    }
}

/// One bit for each byte that belongs to a run of letters, digits and underscores, with what may stand between them.
#[inline]
fn word_bits(block: &[u8; BLOCK], before: u8, after: u8) -> u64 {
    let (mut core, mut mid) = ([0; BLOCK], [0; BLOCK]);
    for ((core, mid), &byte) in core.iter_mut().zip(&mut mid).zip(block) {
        *core = u8::from(is_core(byte));
        *mid = u8::from(
            (byte == b'.') | (byte == b',') | (byte == b'\'') | (byte == b':') | (byte == b';'),
        );
    }
    let (mut core, mid) = (pack(&core), pack(&mid));
    let behind_core = core << 1 | u64::from(is_core(before));
    let before_core = core >> 1 | u64::from(is_core(after)) << (BLOCK - 1);
    let mut candidates = mid & behind_core & before_core;
    while candidates != 0 {
        let at = candidates.trailing_zeros() as usize;
        let previous = if at == 0 { before } else { block[at - 1] };
        let next = block.get(at + 1).copied().unwrap_or(after);
        core |= u64::from(joins(previous, block[at], next)) << at;
        candidates &= candidates - 1;
    }
    core
}

#[inline]
fn is_core(byte: u8) -> bool {
    ((byte | 0x20).wrapping_sub(b'a') < 26) | (byte.wrapping_sub(b'0') < 10) | (byte == b'_')
}

/// Rules WB6, WB7, WB11 and WB12.
#[inline]
fn joins(before: u8, mid: u8, after: u8) -> bool {
    let letters = before.is_ascii_alphabetic() && after.is_ascii_alphabetic();
    let digits = before.is_ascii_digit() && after.is_ascii_digit();
    match mid {
        b':' => letters,
        b',' | b';' => digits,
        _ => letters || digits,
    }
}

/// 64 bytes of 0 or 1 as 64 bits: the factor moves the lowest bit of byte k to bit 56 + k, and no two sums meet.
#[inline]
fn pack(flags: &[u8; BLOCK]) -> u64 {
    let (eights, _) = flags.as_chunks::<8>();
    eights.iter().enumerate().fold(0, |bits, (i, eight)| {
        let packed = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        bits | packed << (8 * i)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_stand_where_their_bytes_do() {
        for at in 0..BLOCK {
            let mut flags = [0; BLOCK];
            flags[at] = 1;
            assert_eq!(pack(&flags), 1 << at);
        }
        assert_eq!(pack(&[1; BLOCK]), u64::MAX);
    }

    #[test]
    fn gives_back_what_a_wide_character_may_change() {
        let left = |text: &str| split_ascii(text.as_bytes(), 0, &mut Vec::new());
        let padded = |end: &str| format!("{}{end}\u{e9}", " -".repeat((BLOCK - end.len()) / 2 + 1));
        for (end, kept) in [("abc", 3), ("a.b'", 4), ("!!", 1), ("a   ", 3), ("1,00", 4)] {
            let text = padded(end);
            assert!(left(&text) <= text.len() - 2 - kept, "{text:?}");
        }
        assert_eq!(left("all of it"), 9);
    }
}
