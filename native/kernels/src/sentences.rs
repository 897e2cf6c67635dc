//! Sentences of a text, counted: by Unicode's sentence boundaries, or as datatrove's filters see them.

mod uax29;

use arrow_array::{ArrayRef, Int64Array};

use crate::words::TextColumn;

/// What counts as a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Segments between sentence boundaries of UAX #29 that hold an alphanumeric code point.
    Uax29,
}

impl Rule {
    /// Every rule, in the order error messages list them.
    pub const ALL: [Rule; 1] = [Rule::Uax29];

    /// The rule's name in recipes.
    pub fn name(self) -> &'static str {
        match self {
            Rule::Uax29 => "uax29",
        }
    }

    /// The rule of that name; an error lists the known ones.
    pub fn named(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|rule| rule.name() == name)
            .ok_or_else(|| {
                let known = Self::ALL.map(Rule::name).join(", ");
                format!("unknown sentence rule \"{name}\"; expected one of: {known}")
            })
    }
}

/// Counts sentences, text after text; keeps its scratch memory between texts.
#[derive(Debug)]
pub struct Splitter {
    rule: Rule,
}

impl Splitter {
    /// A splitter by that rule.
    pub fn new(rule: Rule) -> Self {
        Self { rule }
    }

    /// The sentences of `text`; 0 where there is none.
    pub fn count(&mut self, text: &str) -> usize {
        match self.rule {
            Rule::Uax29 => uax29::count(text),
        }
    }
}

/// Sentences per row; null where the text is null.
pub fn count(texts: &ArrayRef, rule: Rule) -> Result<Int64Array, String> {
    let column = TextColumn::new(texts, "text")?;
    let mut splitter = Splitter::new(rule);
    Ok((0..texts.len())
        .map(|row| column.get(row).map(|text| splitter.count(text) as i64))
        .collect())
}
