//! Sentences of a text, counted: by Unicode's sentence boundaries, or as datatrove's filters see them.

mod datatrove;
mod uax29;

use arrow_array::builder::Int64Builder;
use arrow_array::{ArrayRef, Int64Array};

use crate::choices;
use crate::words::TextColumn;

/// What counts as a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Segments between sentence boundaries of UAX #29 that hold an alphanumeric code point.
    Uax29,
    /// What datatrove's filters see in English: spaCy's sentencizer over its tokens; any text has at least one.
    Datatrove,
}

impl Rule {
    /// Every rule, in the order error messages list them.
    pub const ALL: [Rule; 2] = [Rule::Uax29, Rule::Datatrove];

    /// The rule's name in recipes.
    pub fn name(self) -> &'static str {
        match self {
            Rule::Uax29 => "uax29",
            Rule::Datatrove => "datatrove",
        }
    }

    /// The rule of that name; an error lists the known ones.
    pub fn named(name: &str) -> Result<Self, String> {
        choices::named(
            name,
            "sentence rule",
            &Self::ALL.map(|rule| (rule.name(), rule)),
        )
    }
}

/// Counts sentences, text after text; keeps its scratch memory between texts.
#[derive(Debug)]
pub struct Splitter(Kind);

#[derive(Debug)]
enum Kind {
    Uax29,
    Datatrove(Box<datatrove::Splitter>),
}

impl Splitter {
    /// A splitter by that rule.
    pub fn new(rule: Rule) -> Self {
        Self(match rule {
            Rule::Uax29 => Kind::Uax29,
            Rule::Datatrove => Kind::Datatrove(Box::new(datatrove::Splitter::new())),
        })
    }

    /// The sentences of `text`, which is shorter than 4 GiB.
    pub fn count(&mut self, text: &str) -> usize {
        match &mut self.0 {
            Kind::Uax29 => uax29::count(text),
            Kind::Datatrove(splitter) => splitter.count(text),
        }
    }
}

/// Sentences per row; null where the text is null.
pub fn count(texts: &ArrayRef, rule: Rule) -> Result<Int64Array, String> {
    let column = TextColumn::new(texts, "text")?;
    let mut splitter = Splitter::new(rule);
    let mut counts = Int64Builder::with_capacity(texts.len());
    for row in 0..texts.len() {
        let text = column.get(row);
        if let Some(text) = text.filter(|text| text.len() > u32::MAX as usize) {
            return Err(format!(
                "the text in row {row} has {} bytes; sentences are counted in texts below 4 GiB only",
                text.len()
            ));
        }
        counts.append_option(text.map(|text| splitter.count(text) as i64));
    }
    Ok(counts.finish())
}
