//! Words of up to eight bytes as one number, so that all of their bytes are looked at at once.

use crate::words::Span;

/// Longest word, in bytes, that fits.
pub(crate) const SHORT: usize = 8;
/// The bit by which ASCII letters differ from their upper case, in every byte.
const LOWER: u64 = 0x2020_2020_2020_2020;
/// The bit that no ASCII has.
const HIGH: u64 = 0x8080_8080_8080_8080;
/// One in every byte.
const ONES: u64 = 0x0101_0101_0101_0101;

/// The bytes of a short word, the first lowest, zero behind them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Short(u64);

impl Short {
    /// A word of one to eight bytes; none where it is longer or empty.
    #[inline]
    pub(crate) fn read(text: &[u8], span: Span) -> Option<Self> {
        let (start, end) = (span.start as usize, span.end as usize);
        let length = end - start;
        if length.wrapping_sub(1) >= SHORT {
            return None;
        }
        let mut bytes = [0; SHORT];
        match text.get(start..start + SHORT) {
            Some(eight) => bytes.copy_from_slice(eight),
            None => bytes[..length].copy_from_slice(&text[start..end]),
        }
        Some(Self(
            u64::from_le_bytes(bytes) & (u64::MAX >> (8 * (SHORT - length))),
        ))
    }

    /// The bytes as a number: the same for two words only if they are, unless one ends with a zero byte.
    #[inline]
    pub(crate) fn bytes(self) -> u64 {
        self.0
    }

    /// Whether every byte is ASCII.
    #[inline]
    pub(crate) fn is_ascii(self) -> bool {
        self.0 & HIGH == 0
    }

    /// Whether a word of ASCII has a letter.
    #[inline]
    pub(crate) fn has_letter(self) -> bool {
        let lowered = self.0 | LOWER;
        // The high bit of a byte says that it is a or behind, and that it is behind z; no sum reaches the next byte.
        let from_a = lowered + ONES * u64::from(0x80 - b'a');
        let behind_z = lowered + ONES * u64::from(0x80 - b'z' - 1);
        from_a & !behind_z & HIGH != 0
    }

    /// The bytes with letters in lower case. Of all words only those of letters give the number of a word of letters.
    #[inline]
    pub(crate) fn key(self) -> u64 {
        let unused = self.0.leading_zeros().min(56) / 8;
        (self.0 | LOWER) & (u64::MAX >> (8 * unused))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str, start: usize, length: usize) -> Option<Short> {
        let span = Span {
            start: start as u32,
            end: (start + length) as u32,
        };
        Short::read(text.as_bytes(), span)
    }

    proptest! {
        #[test]
        fn as_byte_by_byte(before in "[a-z]{0,9}", word in "[ -~é\u{1}]{0,10}", behind in "[a-z]{0,9}") {
            let text = format!("{before}{word}{behind}");
            let found = read(&text, before.len(), word.len());
            prop_assert_eq!(found.is_some(), (1..=8).contains(&word.len()));
            if let Some(short) = found {
                prop_assert_eq!(short.is_ascii(), word.is_ascii());
                if word.is_ascii() {
                    prop_assert_eq!(short.has_letter(), word.bytes().any(|b| b.is_ascii_alphabetic()));
                    let lowered: Vec<u8> = word.bytes().map(|b| b | 0x20).collect();
                    let key = short.key().to_le_bytes();
                    prop_assert_eq!(&key[..lowered.len()], &lowered[..]);
                    prop_assert!(key[lowered.len()..].iter().all(|&b| b == 0));
                }
            }
        }
    }
}
