//! What spaCy's English patterns ask of a character, looked up in one table.

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use super::ranges::{CASED, ICONS, UNCASED, holds};

/// Its letters in lower case, and those of scripts without case.
pub const LOWER: u16 = 1;
/// Its letters in upper case, and those of scripts without case.
pub const UPPER: u16 = 1 << 1;
/// Both, and letters in title case.
pub const ALPHA: u16 = 1 << 2;
/// Comes off the start of a chunk.
pub const PREFIX: u16 = 1 << 3;
/// Comes off the end of a chunk.
pub const SUFFIX: u16 = 1 << 4;
/// A full stop behind it comes off the end of a chunk.
pub const BEFORE_STOP: u16 = 1 << 5;
/// Next to a letter of the right case, a full stop parts it from that.
pub const QUOTE: u16 = 1 << 6;
/// A symbol: parts a chunk wherever it stands.
pub const ICON: u16 = 1 << 7;
/// White space as Python has it: `str.isspace`.
pub const SPACE: u16 = 1 << 8;

const PUNCTUATION: &str = "…,:;!?¿؟¡()[]{}<>_#*&。？！，、；：～·।،۔؛٪";
const QUOTES: &str = "\"',`«´»‘’‚“”„\u{2329}\u{232a}⟦⟧〈〉《》「」『』【】〔〕（）";
const PREFIXES: &str = "§%=—–+$£¥฿﷼";
const SUFFIXES: &str = "—–";
/// The patterns write a list of alternatives into a bracket, whose signs it then means too.
const MORE_BEFORE_STOP: &str = "%²-+(?:)|0123456789";

const BASIC: usize = 0x1_0000;

/// The classes of every code point.
#[derive(Debug)]
pub struct Classes {
    basic: Vec<u16>,
}

impl Classes {
    pub fn new() -> Self {
        let basic = (0..BASIC as u32)
            .map(|c| char::from_u32(c).map_or(0, classify))
            .collect();
        Self { basic }
    }

    /// The classes of `c`, as bits.
    #[inline]
    pub fn of(&self, c: char) -> u16 {
        self.basic
            .get(c as usize)
            .copied()
            .unwrap_or_else(|| classify(c))
    }

    #[inline]
    pub fn has(&self, c: char, classes: u16) -> bool {
        self.of(c) & classes != 0
    }
}

/// Python's `str.isspace`.
pub fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

fn classify(c: char) -> u16 {
    let letter = letter(c);
    let quote = QUOTES.contains(c);
    let icon = holds(ICONS, c);
    let affix = quote || icon || PUNCTUATION.contains(c);
    let currency = ('\u{20a0}'..='\u{20bf}').contains(&c);
    let before_stop =
        letter & LOWER != 0 || quote || PUNCTUATION.contains(c) || MORE_BEFORE_STOP.contains(c);
    let bits = [
        (PREFIX, affix || currency || PREFIXES.contains(c)),
        (SUFFIX, affix || SUFFIXES.contains(c)),
        (BEFORE_STOP, before_stop),
        (QUOTE, quote),
        (ICON, icon),
        (SPACE, is_space(c)),
    ];
    bits.iter()
        .filter(|(_, on)| *on)
        .fold(letter, |all, (bit, _)| all | bit)
}

fn letter(c: char) -> u16 {
    if holds(UNCASED, c) {
        return LOWER | UPPER | ALPHA;
    }
    if !holds(CASED, c) {
        return 0;
    }
    match (c, c.general_category()) {
        // Letters of phonetics that have no case, and the hole where Greek lacks a second capital sigma.
        ('\u{294}' | '\u{295}', _) | (_, GeneralCategory::LowercaseLetter) => LOWER | ALPHA,
        ('\u{3a2}', _) | (_, GeneralCategory::UppercaseLetter) => UPPER | ALPHA,
        _ => ALPHA,
    }
}
