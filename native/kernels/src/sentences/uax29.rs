//! Sentences by Unicode sentence boundaries (UAX #29), as many as unicode-segmentation finds, in linear time.
//!
//! That crate looks ahead anew from every character behind a full stop (rule SB8), which a long row of brackets or
//! spaces makes quadratic. What a character is to the rules is asked of the crate, so that both always agree.

use std::sync::LazyLock;

use unicode_segmentation::UnicodeSegmentation;

use crate::steps::step;

/// What a code point is to the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    CarriageReturn,
    LineFeed,
    Separator,
    /// Extend and Format, which take part in nothing.
    Ignored,
    Space,
    Lower,
    Upper,
    /// A letter without case.
    Letter,
    Numeric,
    /// A full stop, which may end a sentence or an abbreviation.
    Stop,
    /// An end in any case.
    Terminal,
    Continue,
    Close,
    Other,
}

/// By code point of the basic plane.
static BASIC: LazyLock<Vec<Kind>> = LazyLock::new(|| {
    (0..0x1_0000)
        .map(|c| char::from_u32(c).map_or(Kind::Other, probe))
        .collect()
});

fn kind(c: char) -> Kind {
    BASIC.get(c as usize).copied().unwrap_or_else(|| probe(c))
}

/// Tells a code point's kind from where the crate parts it from known neighbors.
fn probe(c: char) -> Kind {
    let parts = |pattern: &str| {
        let mut buffer = [0; 4];
        let text = pattern.replace('@', c.encode_utf8(&mut buffer));
        text.split_sentence_bounds().count()
    };
    // The second part of "1.@A" starts at the A where the stop's sentence takes the character in.
    let taken_in = || format!("1.{c}A").split_sentence_bounds().nth(1) == Some("A");
    match c {
        '\r' => Kind::CarriageReturn,
        '\n' => Kind::LineFeed,
        _ if parts("a@,") == 2 => Kind::Separator,
        _ if parts("a@ A") == 2 && parts("1@1") == 2 => Kind::Terminal,
        _ if parts("a@ A") == 2 => Kind::Stop,
        _ if parts("1.@A") == 1 && parts("@.A") == 1 => Kind::Lower,
        _ if parts("1.@A") == 1 && parts("1. @") == 1 => Kind::Continue,
        _ if parts("1.@A") == 1 => Kind::Numeric,
        _ if taken_in() && parts("1.@)A") == 2 && parts("1.@1") == 1 => Kind::Ignored,
        _ if taken_in() && format!("1.{c})A").split_sentence_bounds().nth(1) == Some(")A") => {
            Kind::Space
        }
        _ if taken_in() => Kind::Close,
        _ if parts("@.A") == 1 => Kind::Upper,
        _ if parts("1. @a") == 2 => Kind::Letter,
        _ => Kind::Other,
    }
}

/// Where in `SATerm Close* Sp* ParaSep?` the text before a character is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Plain,
    /// Behind a stop or terminal itself.
    End,
    Closed,
    Spaced,
    /// Behind a line's end, wherever it stands.
    Line {
        after_return: bool,
    },
}

/// Reads a text character by character.
struct Reader<'a> {
    text: &'a str,
    place: Place,
    /// Whether the end is a full stop, and whether a letter with case stood right before it.
    is_stop: bool,
    after_case: bool,
    /// Whether the last character counted was a letter with case.
    case: bool,
    /// The last look ahead: up to where it read, and whether it met a lower case letter there.
    seen: (usize, bool),
}

/// Sentences of `text` with an alphanumeric code point.
pub fn count(text: &str) -> usize {
    let mut reader = Reader {
        text,
        place: Place::Plain,
        is_stop: false,
        after_case: false,
        case: false,
        seen: (0, false),
    };
    let (mut sentences, mut filled) = (0, false);
    for (at, c) in text.char_indices() {
        let kind = kind(c);
        if at > 0 && reader.parts_before(at, kind) {
            sentences += usize::from(filled);
            filled = false;
        }
        filled |= c.is_alphanumeric();
        reader.advance(kind);
    }
    sentences + usize::from(filled)
}

impl Reader<'_> {
    fn parts_before(&mut self, at: usize, kind: Kind) -> bool {
        let is_end = matches!(self.place, Place::End | Place::Closed | Place::Spaced);
        match kind {
            Kind::LineFeed if self.place == (Place::Line { after_return: true }) => false,
            _ if matches!(self.place, Place::Line { .. }) => true,
            Kind::Ignored => false,
            _ if !is_end => false,
            Kind::Numeric if self.is_stop && self.place == Place::End => false,
            Kind::Upper if self.is_stop && self.place == Place::End && self.after_case => false,
            _ if self.is_stop && self.goes_on(at) => false,
            Kind::Continue | Kind::Terminal | Kind::Stop => false,
            Kind::Close => self.place == Place::Spaced,
            Kind::Space | Kind::Separator | Kind::CarriageReturn | Kind::LineFeed => false,
            _ => true,
        }
    }

    /// Whether the next letter, end or line's end from `at` on is a letter in lower case.
    fn goes_on(&mut self, at: usize) -> bool {
        if at > self.seen.0 || self.seen.0 == 0 {
            let stops = |kind| {
                matches!(
                    kind,
                    Kind::Lower
                        | Kind::Upper
                        | Kind::Letter
                        | Kind::Separator
                        | Kind::CarriageReturn
                        | Kind::LineFeed
                        | Kind::Terminal
                        | Kind::Stop
                )
            };
            let mut ahead = self.text[at..].char_indices();
            let found = ahead.find(|(_, c)| {
                step(1);
                stops(kind(*c))
            });
            self.seen = match found {
                Some((offset, c)) => (at + offset, kind(c) == Kind::Lower),
                None => (self.text.len(), false),
            };
        }
        self.seen.1
    }

    fn advance(&mut self, kind: Kind) {
        let is_end = matches!(self.place, Place::End | Place::Closed | Place::Spaced);
        let is_line = matches!(self.place, Place::Line { .. });
        match kind {
            // A line's end is not carried over.
            Kind::Ignored if !is_line => return,
            Kind::Stop | Kind::Terminal => {
                self.place = Place::End;
                self.is_stop = kind == Kind::Stop;
                self.after_case = self.case;
            }
            Kind::Close if matches!(self.place, Place::End | Place::Closed) => {
                self.place = Place::Closed;
            }
            Kind::Space if is_end => self.place = Place::Spaced,
            Kind::Separator | Kind::CarriageReturn | Kind::LineFeed => {
                let after_return = kind == Kind::CarriageReturn;
                self.place = Place::Line { after_return };
            }
            _ => self.place = Place::Plain,
        }
        self.case = matches!(kind, Kind::Lower | Kind::Upper);
    }
}

#[cfg(test)]
mod tests;
