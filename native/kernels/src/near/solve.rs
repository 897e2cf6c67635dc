//! Third pass: candidates are verified and the choice is made, a component at a time, in the order of survival.
//!
//! Only documents that may still be somebody's partner are held, so a component of a million variants of one text takes
//! the memory of one. A band takes part with the first `max_block` documents it indexes; those it leaves out are told.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::builder::{Int64Builder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};

use super::parity;
use super::similarity::Similarity;
use super::{Candidates, HashedMap};
use crate::forest::Forest;
use crate::minhash::{Hasher, set_hash};
use crate::shingles::{Shingler, count_shared};
use crate::words::TextColumn;

/// Bands of a component up to which its room is used again.
const SMALL: usize = 4096;

/// Who stays of documents that are similar in a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clusters {
    /// In the order of survival, who is similar to nobody that stays.
    Greedy,
    /// The first of each connected component.
    Components,
}

/// How candidates are judged.
#[derive(Clone, Copy, Debug)]
pub struct SolveSettings {
    /// What makes candidates.
    pub candidates: Candidates,
    /// Which of them are similar.
    pub similarity: Similarity,
    /// Who stays.
    pub clusters: Clusters,
    /// Documents that a band compares others with.
    pub max_block: usize,
}

/// Judges components that come one after another.
pub struct Solver {
    settings: SolveSettings,
    shingler: Shingler,
    hasher: Hasher,
    component: Option<i64>,
    held: Vec<Held>,
    /// Of those held, who is similar by way of others; where the choice is greedy, nobody.
    clusters: Forest,
    blocks: HashedMap<Block>,
    /// Sets that were met in the component: the copies of a document, which the links name already.
    seen: HashSet<u128>,
    found: Found,
    /// Pairs that were looked at, and those whose sets were gone through.
    looked_at: u64,
    compared: u64,
    set: Vec<u64>,
    keys: Vec<u64>,
    bits: Vec<u64>,
    marks: Vec<u64>,
    partners: Vec<u32>,
}

struct Held {
    id: Box<str>,
    set: Box<[u64]>,
    bits: Box<[u64]>,
}

#[derive(Default)]
struct Block {
    indexed: Vec<u32>,
    left_out: u32,
}

/// Rows that are given away: a removed document, or a block that was too large.
#[derive(Default)]
struct Found {
    id: StringBuilder,
    survivor: StringBuilder,
    shared: Int64Builder,
    shingles: Int64Builder,
    survivor_shingles: Int64Builder,
    block: Int64Builder,
    compared: Int64Builder,
    left_out: Int64Builder,
}

impl Solver {
    /// An empty state.
    pub fn new(settings: SolveSettings) -> Result<Self, String> {
        let Candidates { shingling, bands } = settings.candidates;
        Ok(Self {
            settings,
            shingler: Shingler::new(shingling)?,
            hasher: Hasher::new(bands.bands, bands.rows)?,
            component: None,
            held: Vec::new(),
            clusters: Forest::default(),
            blocks: HashedMap::default(),
            seen: HashSet::new(),
            found: Found::default(),
            looked_at: 0,
            compared: 0,
            set: Vec::new(),
            keys: Vec::new(),
            bits: Vec::new(),
            marks: Vec::new(),
            partners: Vec::new(),
        })
    }

    /// Takes columns `component` (int64), `doc_id` and `text` (text); each component's rows follow one another, in the
    /// order of survival. Of documents with equal sets only the first is judged. Gives what is decided meanwhile: see [`Solver::finish`].
    pub fn push(&mut self, batch: &RecordBatch) -> Result<RecordBatch, String> {
        let [components, ids, texts] = batch.columns() else {
            return Err("expected the columns component, doc_id and text".into());
        };
        let components = components
            .as_primitive_opt::<Int64Type>()
            .ok_or("column component is no int64")?;
        let ids = TextColumn::new(ids, "doc_id")?;
        let texts = TextColumn::new(texts, "text")?;
        for row in 0..batch.num_rows() {
            let component = components.value(row);
            if self.component != Some(component) {
                self.end_component();
                self.component = Some(component);
            }
            if let (Some(id), Some(text)) = (ids.get(row), texts.get(row)) {
                self.judge(id, text);
            }
        }
        self.found.take()
    }

    /// Ends the last component. Rows are removed documents (`doc_id`, `survivor`, `shared` shingles, `shingles` of the
    /// document and of the survivor) or blocks (`block`, `compared` documents, documents `left_out`).
    pub fn finish(&mut self) -> Result<RecordBatch, String> {
        self.end_component();
        self.component = None;
        self.found.take()
    }

    /// Pairs that were looked at so far, and those of them whose sets had to be gone through.
    pub fn pairs(&self) -> (u64, u64) {
        (self.looked_at, self.compared)
    }

    /// Documents that are held of the component.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    fn judge(&mut self, id: &str, text: &str) {
        self.shingler.set_of(text, &mut self.set);
        if self.set.is_empty() || !self.seen.insert(set_hash(&self.set)) {
            return;
        }
        self.hasher.keys_of(&self.set, &mut self.keys);
        self.find_partners();
        let per_shingle = 2 * self.settings.similarity.bits();
        parity::draw(&self.set, per_shingle, &mut self.bits);
        match self.settings.clusters {
            Clusters::Greedy => {
                for &partner in &self.partners {
                    let other = &self.held[partner as usize];
                    self.looked_at += 1;
                    if let Some(shared) =
                        (self.settings).shared(&self.set, &self.bits, other, &mut self.compared)
                    {
                        self.found.remove(id, self.set.len(), other, shared);
                        return;
                    }
                }
                self.hold(id);
            }
            Clusters::Components => {
                let number = self.hold(id);
                for at in 0..self.partners.len() {
                    let partner = self.partners[at];
                    if self.clusters.root(partner) == self.clusters.root(number) {
                        continue;
                    }
                    let other = &self.held[partner as usize];
                    self.looked_at += 1;
                    let shared =
                        (self.settings).shared(&self.set, &self.bits, other, &mut self.compared);
                    if shared.is_some() {
                        self.clusters.join(partner, number);
                    }
                }
            }
        }
    }

    /// Who is held and shares a band, in the order of survival.
    fn find_partners(&mut self) {
        // Marked, not sorted: a crowd has the same partners in many bands.
        self.marks.clear();
        self.marks.resize(self.held.len().div_ceil(64), 0);
        for key in &self.keys {
            for number in self
                .blocks
                .get(key)
                .into_iter()
                .flat_map(|block| &block.indexed)
            {
                self.marks[*number as usize / 64] |= 1 << (number % 64);
            }
        }
        self.partners.clear();
        for (at, &marks) in self.marks.iter().enumerate() {
            let mut left = marks;
            while left != 0 {
                self.partners.push(at as u32 * 64 + left.trailing_zeros());
                left &= left - 1;
            }
        }
    }

    fn hold(&mut self, id: &str) -> u32 {
        let number = self.held.len() as u32;
        let mut indexed = false;
        for key in &self.keys {
            let block = self.blocks.entry(*key).or_default();
            if block.indexed.last() == Some(&number) {
                continue;
            }
            if block.indexed.len() < self.settings.max_block {
                block.indexed.push(number);
                indexed = true;
            } else {
                block.left_out += 1;
            }
        }
        if indexed || self.settings.clusters == Clusters::Components {
            self.held.push(Held {
                id: id.into(),
                set: self.set.as_slice().into(),
                bits: self.bits.as_slice().into(),
            });
            self.clusters.grow(self.held.len());
        }
        number
    }

    fn end_component(&mut self) {
        if self.settings.clusters == Clusters::Components {
            for number in 0..self.held.len() as u32 {
                let root = self.clusters.root(number);
                if root != number {
                    let (first, own) = (&self.held[root as usize], &self.held[number as usize]);
                    let shared = count_shared(&first.set, &own.set) as u64;
                    self.found.remove(&own.id, own.set.len(), first, shared);
                }
            }
        }
        let mut large: Vec<_> = self.blocks.iter().filter(|(_, b)| b.left_out > 0).collect();
        large.sort_unstable_by_key(|(key, _)| **key);
        for (key, block) in large {
            self.found.tell_block(*key, block);
        }
        self.held.clear();
        self.clusters.clear();
        // Clearing takes as long as there is room, so a large component leaves none behind.
        if self.blocks.capacity() > SMALL {
            self.blocks = HashedMap::default();
            self.seen = HashSet::new();
        }
        self.blocks.clear();
        self.seen.clear();
    }
}

impl SolveSettings {
    /// The shingles that two sets share, where that makes them similar.
    fn shared(&self, set: &[u64], bits: &[u64], other: &Held, compared: &mut u64) -> Option<u64> {
        let (a, b) = (set.len(), other.set.len());
        let most = self.similarity.most_different(a, b)?;
        if u64::from(parity::distance(bits, &other.bits)) > most {
            return None;
        }
        *compared += 1;
        count_if_enough(set, &other.set, self.similarity.needed(a, b)?)
    }
}

/// How many values two sorted sets share; none as soon as fewer than `needed` are certain.
fn count_if_enough(a: &[u64], b: &[u64], needed: u64) -> Option<u64> {
    let (mut i, mut j, mut shared) = (0, 0, 0);
    // Values of either set that may still be missed in the other.
    let mut spare_a = (a.len() as u64).checked_sub(needed)?;
    let mut spare_b = (b.len() as u64).checked_sub(needed)?;
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Equal => {
                shared += 1;
                i += 1;
                j += 1;
            }
            std::cmp::Ordering::Less => {
                spare_a = spare_a.checked_sub(1)?;
                i += 1;
            }
            std::cmp::Ordering::Greater => {
                spare_b = spare_b.checked_sub(1)?;
                j += 1;
            }
        }
    }
    (shared >= needed).then_some(shared)
}

impl Found {
    fn remove(&mut self, id: &str, shingles: usize, survivor: &Held, shared: u64) {
        self.id.append_value(id);
        self.survivor.append_value(&*survivor.id);
        self.shared.append_value(shared as i64);
        self.shingles.append_value(shingles as i64);
        self.survivor_shingles
            .append_value(survivor.set.len() as i64);
        self.block.append_null();
        self.compared.append_null();
        self.left_out.append_null();
    }

    fn tell_block(&mut self, key: u64, block: &Block) {
        self.id.append_null();
        self.survivor.append_null();
        self.shared.append_null();
        self.shingles.append_null();
        self.survivor_shingles.append_null();
        self.block.append_value(key as i64);
        self.compared.append_value(block.indexed.len() as i64);
        self.left_out.append_value(i64::from(block.left_out));
    }

    fn take(&mut self) -> Result<RecordBatch, String> {
        let text = |name| Field::new(name, DataType::Utf8, true);
        let number = |name| Field::new(name, DataType::Int64, true);
        let columns: Vec<(Field, ArrayRef)> = vec![
            (text("doc_id"), Arc::new(self.id.finish())),
            (text("survivor"), Arc::new(self.survivor.finish())),
            (number("shared"), Arc::new(self.shared.finish())),
            (number("shingles"), Arc::new(self.shingles.finish())),
            (
                number("survivor_shingles"),
                Arc::new(self.survivor_shingles.finish()),
            ),
            (number("block"), Arc::new(self.block.finish())),
            (number("compared"), Arc::new(self.compared.finish())),
            (number("left_out"), Arc::new(self.left_out.finish())),
        ];
        let (fields, arrays): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(|e| e.to_string())
    }
}
