//! The languages of a document line by line, as CCNet averages them (Wenzek et al. 2020, arXiv 1911.00359).

use std::collections::BTreeMap;

use super::{Model, Reading};

/// What the lines of one document say of a label, in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Votes {
    /// Characters of the lines with this label, each line times the label's probability.
    pub(super) weight: f64,
    /// Characters of the lines with this label.
    pub(super) characters: u64,
}

/// A document's labels by their weight, the heaviest first; weights and characters as shares of `characters`.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Lines {
    pub(super) votes: Vec<(usize, Votes)>,
    pub(super) characters: u64,
}

/// Reads each line that is not blank by itself, and counts its characters for its most probable label.
pub(super) fn read(model: &Model, reading: &mut Reading, text: &str) -> Result<Lines, String> {
    let mut found = Lines::default();
    let mut votes: BTreeMap<usize, Votes> = BTreeMap::new();
    for line in text
        .split('\n')
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        let characters = line.chars().count() as u64;
        found.characters += characters;
        if let Some(best) = model.best(reading, line, 1)?.first() {
            let vote = votes.entry(best.label).or_default();
            vote.weight += f64::from(best.probability) * characters as f64;
            vote.characters += characters;
        }
    }
    found.votes = votes.into_iter().collect();
    // Stable, so of two alike the first label of the model comes first.
    found
        .votes
        .sort_by(|(_, a), (_, b)| b.weight.total_cmp(&a.weight));
    Ok(found)
}
