//! Second pass: a partition's band and set records to links between documents.

use std::iter::repeat_n;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};

use super::HashedMap;
use crate::forest::Forest;

const BAND_BYTES: usize = 16;

/// Holds a partition's records until all are there.
pub struct Linker {
    order_keys: usize,
    bands: Vec<(u64, u64)>,
    sets: Vec<SetRecord>,
}

/// The order of the fields is the order of survival within equal sets.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct SetRecord {
    hash: u128,
    order: Box<[u64]>,
    id: Box<str>,
    node: u64,
}

impl Linker {
    /// An empty state, for set records with so many order keys.
    pub fn new(order_keys: usize) -> Self {
        Self {
            order_keys,
            bands: Vec::new(),
            sets: Vec::new(),
        }
    }

    /// Takes records as [`super::Sketcher::take`] gave them.
    pub fn push(&mut self, mut sets: &[u8], bands: &[u8]) -> Result<(), String> {
        if !bands.len().is_multiple_of(BAND_BYTES) {
            return Err(format!("{} bytes are no band records", bands.len()));
        }
        let pairs = bands.chunks_exact(BAND_BYTES);
        self.bands
            .extend(pairs.map(|pair| (number(&pair[..8]), number(&pair[8..]))));
        while !sets.is_empty() {
            let (record, rest) = SetRecord::read(sets, self.order_keys)
                .ok_or_else(|| format!("{} bytes are no set record", sets.len()))?;
            self.sets.push(record);
            sets = rest;
        }
        Ok(())
    }

    /// The links, in batches of up to `rows`: `a`, `b` (int64) are nodes that meet; `copy`, `leader` (text) are documents
    /// with equal sets, of which the leader comes first in the order of survival. A row is one or the other.
    pub fn finish(&mut self, rows: usize) -> Result<Vec<RecordBatch>, String> {
        let mut edges = self.star_edges();
        let mut copies = Vec::new();
        self.sets.sort_unstable();
        for same in self.sets.chunk_by(|a, b| a.hash == b.hash) {
            let leader = &same[0];
            for copy in &same[1..] {
                copies.push((&*copy.id, &*leader.id));
                // Any copy may be the one whose bands stand for all of them, another one when a task is repeated.
                edges.push((copy.node, leader.node));
            }
        }
        keep_forest(&mut edges);
        let edges = edges.chunks(rows).map(|part| batch(part, &[]));
        let copies = copies.chunks(rows).map(|part| batch(&[], part));
        let made = edges.chain(copies).collect();
        self.sets = Vec::new();
        made
    }

    /// From the first member of each band to every other: m - 1 edges for m members, never m squared.
    fn star_edges(&mut self) -> Vec<(u64, u64)> {
        self.bands.sort_unstable();
        let stars = self.bands.chunk_by(|a, b| a.0 == b.0);
        let edges = stars.flat_map(|star| star[1..].iter().map(|member| (star[0].1, member.1)));
        let edges = edges.filter(|(a, b)| a != b).collect();
        self.bands = Vec::new();
        edges
    }
}

/// Rows of edges, then rows of copies.
fn batch(edges: &[(u64, u64)], copies: &[(&str, &str)]) -> Result<RecordBatch, String> {
    let ends = |end: fn(&(u64, u64)) -> u64| -> Int64Array {
        let nodes = edges.iter().map(|edge| Some(end(edge) as i64));
        nodes.chain(repeat_n(None, copies.len())).collect()
    };
    let column = |first: bool| -> StringArray {
        let none = repeat_n(None, edges.len());
        none.chain(
            copies
                .iter()
                .map(|(copy, leader)| Some(if first { *copy } else { *leader })),
        )
        .collect()
    };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(ends(|edge| edge.0)),
        Arc::new(ends(|edge| edge.1)),
        Arc::new(column(true)),
        Arc::new(column(false)),
    ];
    let fields = vec![
        Field::new("a", DataType::Int64, true),
        Field::new("b", DataType::Int64, true),
        Field::new("copy", DataType::Utf8, true),
        Field::new("leader", DataType::Utf8, true),
    ];
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(|e| e.to_string())
}

/// Leaves as many edges as connect what all of them connect, in a fixed order: what a partition sends on is bounded by
/// its documents, however many bands they share.
pub(super) fn keep_forest(edges: &mut Vec<(u64, u64)>) {
    edges.sort_unstable();
    edges.dedup();
    let (mut numbers, mut forest) = (HashedMap::<u32>::default(), Forest::default());
    edges.retain(|&(a, b)| {
        let [a, b] = [a, b].map(|node| {
            let new = numbers.len() as u32;
            *numbers.entry(node).or_insert(new)
        });
        forest.grow(numbers.len());
        forest.join(a, b)
    });
}

impl SetRecord {
    fn read(bytes: &[u8], order_keys: usize) -> Option<(Self, &[u8])> {
        let (hash, rest) = bytes.split_at_checked(16)?;
        let (node, rest) = rest.split_at_checked(8)?;
        let (order, rest) = rest.split_at_checked(8 * order_keys)?;
        let (length, rest) = rest.split_at_checked(4)?;
        let length = u32::from_le_bytes(length.try_into().ok()?) as usize;
        let (id, rest) = rest.split_at_checked(length)?;
        let record = Self {
            hash: u128::from_le_bytes(hash.try_into().ok()?),
            order: order.chunks_exact(8).map(number).collect(),
            id: std::str::from_utf8(id).ok()?.into(),
            node: number(node),
        };
        Some((record, rest))
    }
}

/// Eight bytes as a number, little-endian.
fn number(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[..8]);
    u64::from_le_bytes(word)
}
