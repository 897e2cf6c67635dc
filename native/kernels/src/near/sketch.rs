//! First pass: texts to band records and set records, packed by the partition they go to.
//!
//! Packed, because a row of Spark's for each record would cost more than making it. All numbers are little-endian.
//!
//! * A band record is the band's key and the document's node, 8 bytes each.
//! * A set record is the hash of the shingle set (16 bytes), the node (8), its order keys (8 each) and its doc_id (4
//!   bytes of length, then the id).
//! * With bitmaps, for crowds, there are no set records, and a band record goes on with the bitmap's length in words
//!   and the set's size (4 bytes each) and the bitmap.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::builder::BinaryBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, Float64Array, Int32Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema};

use super::{Candidates, parity};
use crate::minhash::{Hasher, set_hash};
use crate::shingles::Shingler;
use crate::words::TextColumn;

/// How texts are sketched.
#[derive(Clone, Copy, Debug)]
pub struct SketchSettings {
    /// What makes candidates.
    pub candidates: Candidates,
    /// Bits for each shingle in the bitmaps of band records, if they have any.
    pub bitmaps: Option<usize>,
    /// Partitions of the shuffle behind.
    pub partitions: usize,
    /// Bytes of records that are held before they are given away.
    pub flush_bytes: usize,
}

/// Sketches batches of documents.
pub struct Sketcher {
    settings: SketchSettings,
    shingler: Shingler,
    hasher: Hasher,
    /// Sets that were met in this task. A copy leaves band records to the first of its kind: who leads is decided later.
    seen: HashSet<u128>,
    sets: Vec<Vec<u8>>,
    bands: Vec<Vec<u8>>,
    held: usize,
    set: Vec<u64>,
    keys: Vec<u64>,
    bits: Vec<u64>,
}

impl Sketcher {
    /// An empty state.
    pub fn new(settings: SketchSettings) -> Result<Self, String> {
        if settings.partitions == 0 {
            return Err("0 partitions; expected 1 or more".into());
        }
        let Candidates { shingling, bands } = settings.candidates;
        Ok(Self {
            settings,
            shingler: Shingler::new(shingling)?,
            hasher: Hasher::new(bands.bands, bands.rows)?,
            seen: HashSet::new(),
            sets: vec![Vec::new(); settings.partitions],
            bands: vec![Vec::new(); settings.partitions],
            held: 0,
            set: Vec::new(),
            keys: Vec::new(),
            bits: Vec::new(),
        })
    }

    /// Takes columns `node` (int64), `doc_id` and `text` (text), then any number of float64 order keys of which the
    /// smaller stays and null comes last. Texts without shingles, and null, leave no record. Gives what is held whenever
    /// that is enough, as [`Sketcher::take`].
    pub fn push(&mut self, batch: &RecordBatch) -> Result<Vec<RecordBatch>, String> {
        let [nodes, ids, texts, orders @ ..] = batch.columns() else {
            return Err("expected the columns node, doc_id, text and order keys".into());
        };
        let nodes = nodes
            .as_primitive_opt::<Int64Type>()
            .ok_or("column node is no int64")?;
        let ids = TextColumn::new(ids, "doc_id")?;
        let texts = TextColumn::new(texts, "text")?;
        let orders = order_keys(orders)?;
        let mut given = Vec::new();
        for row in 0..batch.num_rows() {
            let (Some(text), Some(id)) = (texts.get(row), ids.get(row)) else {
                continue;
            };
            self.shingler.set_of(text, &mut self.set);
            if self.set.is_empty() {
                continue;
            }
            let node = nodes.value(row) as u64;
            let hash = set_hash(&self.set);
            if self.settings.bitmaps.is_none() {
                self.add_set(hash, node, orders.iter().map(|o| sortable(o, row)), id);
            }
            if self.seen.insert(hash) {
                self.add_bands(node);
            }
            if self.held >= self.settings.flush_bytes {
                given.push(self.take()?);
            }
        }
        Ok(given)
    }

    fn add_set(&mut self, hash: u128, node: u64, orders: impl Iterator<Item = u64>, id: &str) {
        let out = &mut self.sets[partition(hash as u64, self.settings.partitions)];
        let before = out.len();
        out.extend(hash.to_le_bytes());
        out.extend(node.to_le_bytes());
        for order in orders {
            out.extend(order.to_le_bytes());
        }
        out.extend((id.len() as u32).to_le_bytes());
        out.extend(id.as_bytes());
        self.held += out.len() - before;
    }

    fn add_bands(&mut self, node: u64) {
        self.hasher.keys_of(&self.set, &mut self.keys);
        // What follows the key, the same for each.
        let mut record = node.to_le_bytes().to_vec();
        if let Some(per_shingle) = self.settings.bitmaps {
            parity::draw(&self.set, per_shingle, &mut self.bits);
            let sizes = (self.set.len() as u64) << 32 | self.bits.len() as u64;
            record.extend(sizes.to_le_bytes());
            record.extend(self.bits.iter().flat_map(|word| word.to_le_bytes()));
        }
        for key in &self.keys {
            let out = &mut self.bands[partition(*key, self.settings.partitions)];
            out.extend(key.to_le_bytes());
            out.extend(&record);
        }
        self.held += self.keys.len() * (8 + record.len());
    }

    /// What is held, a row for each partition that has any: `partition` (int32), `sets` and `bands` (binary).
    pub fn take(&mut self) -> Result<RecordBatch, String> {
        let mut numbers = Vec::new();
        let (mut sets, mut bands) = (BinaryBuilder::new(), BinaryBuilder::new());
        for number in 0..self.settings.partitions {
            if self.sets[number].is_empty() && self.bands[number].is_empty() {
                continue;
            }
            numbers.push(number as i32);
            sets.append_value(&self.sets[number]);
            bands.append_value(&self.bands[number]);
            self.sets[number].clear();
            self.bands[number].clear();
        }
        self.held = 0;
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int32Array::from(numbers)),
            Arc::new(sets.finish()),
            Arc::new(bands.finish()),
        ];
        let fields = vec![
            Field::new("partition", DataType::Int32, true),
            Field::new("sets", DataType::Binary, true),
            Field::new("bands", DataType::Binary, true),
        ];
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(|e| e.to_string())
    }
}

fn order_keys(columns: &[ArrayRef]) -> Result<Vec<&Float64Array>, String> {
    columns
        .iter()
        .map(|column| {
            column
                .as_primitive_opt::<Float64Type>()
                .ok_or_else(|| format!("an order key is {}; expected float64", column.data_type()))
        })
        .collect()
}

/// A number whose order as an integer is that of the value; null and NaN come last.
fn sortable(values: &Float64Array, row: usize) -> u64 {
    let value = if values.is_valid(row) {
        values.value(row) + 0.0 // -0.0 is 0.0
    } else {
        f64::NAN
    };
    if value.is_nan() {
        return u64::MAX;
    }
    let bits = value.to_bits();
    if bits >> 63 == 1 {
        !bits
    } else {
        bits | 1 << 63
    }
}

/// Where a hash goes: by its high bits, since maps use the low ones.
fn partition(hash: u64, partitions: usize) -> usize {
    ((u128::from(hash) * partitions as u128) >> 64) as usize
}
