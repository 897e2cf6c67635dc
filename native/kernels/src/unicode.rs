//! Texts without characters that no reader sees, in one Unicode form, and a look for texts that were decoded wrongly.

mod mojibake;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use arrow_array::builder::{Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, BooleanArray, RecordBatch};
use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick, is_nfkc_quick};

use crate::changes::{Changes, Column};
use crate::words::TextColumn;

/// The form a text is brought to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Characters stay as they are.
    None,
    /// Canonical composition.
    Nfc,
    /// Compatibility composition: `ﬁ` becomes `fi`.
    Nfkc,
}

/// The forms by name.
pub const FORMS: [(&str, Form); 3] = [
    ("none", Form::None),
    ("nfc", Form::Nfc),
    ("nfkc", Form::Nfkc),
];

/// What is done to a text.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Form of the result.
    pub form: Form,
    /// Control characters that stay, beside the line feed.
    pub keep_controls: Vec<char>,
    /// CR LF, CR, VT, FF, NEL, LS and PS become a line feed.
    pub line_ends: bool,
    /// U+00AD, U+180E, U+200B, U+2060 and U+FEFF go.
    pub zero_width: bool,
    /// Marks, embeddings, overrides and isolates of directions go.
    pub bidi: bool,
    /// The three private use areas go.
    pub private_use: bool,
    /// Of a longer run of line feeds only so many stay.
    pub max_newlines: Option<usize>,
}

/// Cleans each text: `text` (null where nothing changed), `n_edits`, and of the result `n_replacement` (U+FFFD) and
/// `n_chars` (code points), `changes` (see there). All is null for null.
///
/// An edit is a character removed, a line end replaced, a run of line feeds shortened, or the change of form.
pub fn clean(text: &ArrayRef, settings: &Settings) -> Result<RecordBatch, String> {
    let column = TextColumn::new(text, "text")?;
    let mut texts = StringBuilder::new();
    let mut counts: [Int64Builder; 3] = Default::default();
    let mut out = String::new();
    let (mut changes, mut places) = (Changes::default(), Column::default());
    for row in 0..text.len() {
        let Some(given) = column.get(row) else {
            places.append(&[]);
            texts.append_null();
            counts.iter_mut().for_each(Int64Builder::append_null);
            continue;
        };
        let edits = clean_one(given, settings, &mut out, &mut changes);
        places.append(changes.as_slice());
        let result = if edits > 0 { out.as_str() } else { given };
        texts.append_option((edits > 0).then_some(result));
        let (replacement, chars) = count(result);
        for (builder, value) in counts.iter_mut().zip([edits, replacement, chars]) {
            builder.append_value(value as i64);
        }
    }
    let mut columns: Vec<(&str, ArrayRef, bool)> = vec![("text", Arc::new(texts.finish()), true)];
    for (name, mut builder) in ["n_edits", "n_replacement", "n_chars"]
        .into_iter()
        .zip(counts)
    {
        columns.push((name, Arc::new(builder.finish()), true));
    }
    let places = places.finish().map_err(|error| error.to_string())?;
    columns.push(("changes", places, true));
    RecordBatch::try_from_iter_with_nullable(columns).map_err(|error| error.to_string())
}

/// Whether a text could hold what was decoded by a wrong charset; false for null. See `mojibake`.
pub fn suspect_mojibake(text: &ArrayRef) -> Result<BooleanArray, String> {
    let column = TextColumn::new(text, "text")?;
    let found = (0..text.len()).map(|row| Some(column.get(row).is_some_and(mojibake::suspect)));
    Ok(found.collect())
}

fn count(text: &str) -> (usize, usize) {
    if text.is_ascii() {
        return (0, text.len());
    }
    text.chars().fold((0, 0), |(replacement, chars), c| {
        (replacement + usize::from(c == '\u{fffd}'), chars + 1)
    })
}

/// Writes the cleaned text and what changed; what was written counts only if there was an edit.
fn clean_one(text: &str, settings: &Settings, out: &mut String, changes: &mut Changes) -> usize {
    out.clear();
    changes.clear();
    let mut writer = Writer {
        out,
        edits: 0,
        newlines: 0,
        max_newlines: settings.max_newlines.unwrap_or(usize::MAX),
    };
    let mut copied = 0;
    let mut rest = text.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        crate::steps::step(1);
        let fate = settings.fate_of(c);
        if fate == Fate::Stay {
            continue;
        }
        writer.copy(&text[copied..at]);
        copied = at + c.len_utf8();
        match fate {
            Fate::Stay => {}
            Fate::Go(what) => {
                writer.edits += 1;
                changes.push(what.kind(), at..copied, 0);
            }
            Fate::Break if c == '\n' => {
                if !writer.end_line() {
                    changes.push("newlines", at..copied, 0);
                }
            }
            Fate::Break => {
                writer.edits += 1;
                // Of CR LF the line feed is still to come.
                let comes = c == '\r' && rest.peek().is_some_and(|(_, next)| *next == '\n');
                let written = !comes && writer.end_line();
                changes.push("line_end", at..copied, usize::from(written));
            }
        }
    }
    writer.copy(&text[copied..]);
    let mut edits = writer.edits;
    if let Some(formed) = settings.bring(out) {
        changes.then(settings.find_formed(out, &formed).as_slice());
        *out = formed;
        edits += 1;
    }
    edits
}

/// Writes a text and counts line feeds that follow each other.
struct Writer<'a> {
    out: &'a mut String,
    edits: usize,
    newlines: usize,
    max_newlines: usize,
}

impl Writer<'_> {
    fn copy(&mut self, text: &str) {
        if !text.is_empty() {
            self.out.push_str(text);
            self.newlines = 0;
        }
    }

    /// Says whether the line end is written.
    fn end_line(&mut self) -> bool {
        self.newlines += 1;
        let stays = self.newlines <= self.max_newlines;
        if stays {
            self.out.push('\n');
        } else {
            self.edits += usize::from(self.newlines == self.max_newlines + 1);
        }
        stays
    }
}

/// What a character is that goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Invisible {
    Control,
    ZeroWidth,
    Bidi,
    PrivateUse,
}

impl Invisible {
    fn kind(self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::ZeroWidth => "zero_width",
            Self::Bidi => "bidi",
            Self::PrivateUse => "private_use",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Stay,
    Go(Invisible),
    /// Is the end of a line, or becomes one.
    Break,
}

impl Settings {
    #[inline]
    fn fate_of(&self, c: char) -> Fate {
        match c {
            ' '..='~' => Fate::Stay,
            '\n' => Fate::Break,
            _ => self.fate_of_others(c),
        }
    }

    fn fate_of_others(&self, c: char) -> Fate {
        let is_control = matches!(c, '\0'..='\x1f' | '\x7f'..='\u{9f}');
        if is_control && self.keep_controls.contains(&c) {
            return Fate::Stay;
        }
        if self.line_ends
            && matches!(
                c,
                '\r' | '\x0b' | '\x0c' | '\u{85}' | '\u{2028}' | '\u{2029}'
            )
        {
            return Fate::Break;
        }
        // Deprecated formatting, marks of annotations.
        let is_mark = matches!(c, '\u{206a}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}');
        if is_control || is_noncharacter(c) || is_mark {
            Fate::Go(Invisible::Control)
        } else if self.zero_width
            && matches!(
                c,
                '\u{ad}' | '\u{180e}' | '\u{200b}' | '\u{2060}' | '\u{feff}'
            )
        {
            Fate::Go(Invisible::ZeroWidth)
        } else if self.bidi && is_bidi_control(c) {
            Fate::Go(Invisible::Bidi)
        } else if self.private_use && is_private(c) {
            Fate::Go(Invisible::PrivateUse)
        } else {
            Fate::Stay
        }
    }

    /// The text in the form, where that changes it.
    fn bring(&self, text: &str) -> Option<String> {
        if text.is_ascii() {
            return None;
        }
        let formed: String = match self.form {
            Form::None => return None,
            Form::Nfc if is_nfc_quick(text.chars()) == IsNormalized::Yes => return None,
            Form::Nfkc if is_nfkc_quick(text.chars()) == IsNormalized::Yes => return None,
            Form::Nfc => text.nfc().collect(),
            Form::Nfkc => text.nfkc().collect(),
        };
        (formed != text).then_some(formed)
    }

    /// Where the form changed a text: between characters that nothing before them can become one with.
    fn find_formed(&self, text: &str, formed: &str) -> Changes {
        let mut changes = Changes::default();
        let (mut begin, mut from) = (0, 0);
        let mut piece = String::new();
        let ends = text.char_indices().skip(1).chain([(text.len(), ' ')]);
        for (at, _) in ends.filter(|&(_, c)| self.is_apart(c)) {
            let given = &text[begin..at];
            if !given.is_ascii() {
                piece.clear();
                match self.form {
                    Form::None => piece.push_str(given),
                    Form::Nfc => piece.extend(given.nfc()),
                    Form::Nfkc => piece.extend(given.nfkc()),
                }
            }
            let length = if given.is_ascii() {
                given.len()
            } else {
                piece.len()
            };
            if !given.is_ascii() && piece != given {
                let same = given.bytes().zip(piece.bytes());
                let same = same.take_while(|(a, b)| a == b && a.is_ascii()).count();
                changes.push("form", begin + same..at, length - same);
            }
            (begin, from) = (at, from + length);
        }
        if from != formed.len() {
            changes.clear();
            changes.push("form", 0..text.len(), formed.len());
        }
        changes
    }

    fn is_apart(&self, c: char) -> bool {
        let quick = match self.form {
            Form::Nfkc => is_nfkc_quick([c].into_iter()),
            Form::None | Form::Nfc => is_nfc_quick([c].into_iter()),
        };
        c.is_ascii() || canonical_combining_class(c) == 0 && quick == IsNormalized::Yes
    }
}

fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe
}

fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn is_private(c: char) -> bool {
    matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{ffffd}' | '\u{100000}'..='\u{10fffd}')
}
