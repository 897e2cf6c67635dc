//! Whose reading of published rules is measured.

use crate::choices;

/// A reading. They differ in words, symbols, lines and stop words, and in what a repetition is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Definitions {
    /// The paper's; whatever is contained in a repeated segment or n-gram counts, each time.
    Gopher,
    /// What datatrove 0.10 measures; of repetitions second and later occurrences, as shares of the whole text.
    Datatrove,
    /// What DCLM measures; repetitions as the paper, of words that begin with a letter or a digit.
    Dclm,
}

impl Definitions {
    /// Every reading, in the order error messages list them.
    pub const ALL: [(&'static str, Definitions); 3] = [
        ("gopher", Definitions::Gopher),
        ("datatrove", Definitions::Datatrove),
        ("dclm", Definitions::Dclm),
    ];

    /// The reading of that name, for the rules `of`; an error lists the known ones.
    pub fn named(name: &str, of: &str) -> Result<Self, String> {
        choices::named(name, &format!("definitions of {of}"), &Self::ALL)
    }
}
