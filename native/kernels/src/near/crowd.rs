//! Between the second pass and the third, for crowds: of the pairs that share a band, which can be similar at all.
//!
//! Components of documents that share bands grow with the corpus until one holds a good part of it. Almost no two of its
//! documents are similar, and their sizes and bitmaps say so without their texts, so that what is left are small
//! components of pairs that nearly all are.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema};

use super::link::keep_forest;
use super::parity;
use super::similarity::Similarity;

/// Holds a partition's records until all are there.
pub struct CrowdLinker {
    similarity: Similarity,
    max_block: usize,
    members: Vec<Member>,
    bits: Vec<u64>,
    looked_at: u64,
}

/// A document in a band.
#[derive(Clone, Copy)]
struct Member {
    key: u64,
    node: u64,
    shingles: u32,
    /// Where its bitmap is, in words.
    begin: usize,
    words: u32,
}

/// A band that some of its documents were not compared with enough others in.
struct Block {
    key: u64,
    left_out: usize,
}

impl CrowdLinker {
    /// An empty state. In a band, a document is compared with `max_block` others at most.
    pub fn new(similarity: Similarity, max_block: usize) -> Self {
        Self {
            similarity,
            max_block,
            members: Vec::new(),
            bits: Vec::new(),
            looked_at: 0,
        }
    }

    /// Takes records as [`super::Sketcher::take`] gave them in its column `bands`, with bitmaps.
    pub fn push(&mut self, bands: &[u8]) -> Result<(), String> {
        let broken = || format!("{} bytes are no band records with bitmaps", bands.len());
        let (numbers, rest) = bands.as_chunks::<8>();
        let mut numbers = numbers.iter().copied().map(u64::from_le_bytes);
        while let Some(key) = numbers.next() {
            let (Some(node), Some(sizes)) = (numbers.next(), numbers.next()) else {
                return Err(broken());
            };
            let (shingles, words) = ((sizes >> 32) as u32, sizes as u32); // as the sketch packs them
            let begin = self.bits.len();
            self.bits.extend(numbers.by_ref().take(words as usize));
            if words == 0 || self.bits.len() - begin < words as usize {
                return Err(broken());
            }
            self.members.push(Member {
                key,
                node,
                shingles,
                begin,
                words,
            });
        }
        if rest.is_empty() {
            Ok(())
        } else {
            Err(broken())
        }
    }

    /// What is left, in batches of up to `rows`: `a`, `b` (int64) are nodes that can be similar, as many as connect all
    /// that can; or a `block` with the number of documents that each was `compared` with, and of those `left_out`.
    pub fn finish(&mut self, rows: usize) -> Result<Vec<RecordBatch>, String> {
        let mut members = std::mem::take(&mut self.members);
        members.sort_unstable_by_key(|member| (member.key, member.node, member.shingles));
        let (mut edges, mut blocks) = (Vec::new(), Vec::new());
        for band in members.chunk_by(|a, b| a.key == b.key) {
            let left_out = self.link(band, &mut edges);
            if left_out > 0 {
                let key = band[0].key;
                blocks.push(Block { key, left_out });
            }
        }
        self.bits = Vec::new();
        keep_forest(&mut edges);
        let edges = edges.chunks(rows).map(|part| self.batch(part, &[]));
        let blocks = blocks.chunks(rows).map(|part| self.batch(&[], part));
        edges.chain(blocks).collect()
    }

    /// Pairs whose sizes and bitmaps were looked at so far.
    pub fn looked_at(&self) -> u64 {
        self.looked_at
    }

    /// Connects the members of a band that can be similar; how many of them were not compared with all others.
    ///
    /// Each is compared with the first member of every tree of connected ones before it, then with the second of those
    /// that it did not fit, and so on: copies and variants of one text are one tree and cost a look each. What is done
    /// is decided by the band alone, not by what else happens to be in the partition.
    fn link(&mut self, band: &[Member], edges: &mut Vec<(u64, u64)>) -> usize {
        let mut trees: Vec<Vec<Member>> = Vec::new();
        let (mut next, mut fitting) = (VecDeque::new(), Vec::new());
        let mut left_out = 0;
        for member in band {
            next.clear();
            // One more than can be looked at, which tells that something is left.
            next.extend((0..trees.len().min(self.max_block + 1)).map(|tree| (tree, 0)));
            fitting.clear();
            let mut looks = 0;
            while let Some((tree, place)) = next.pop_front() {
                if looks == self.max_block {
                    left_out += 1;
                    break;
                }
                looks += 1;
                if self.can_be(member, &trees[tree][place]) {
                    edges.push((trees[tree][place].node, member.node));
                    fitting.push(tree);
                } else if place + 1 < trees[tree].len() {
                    next.push_back((tree, place + 1));
                }
            }
            self.looked_at += looks as u64;
            join(&mut trees, &mut fitting, *member);
        }
        left_out
    }

    fn can_be(&self, a: &Member, b: &Member) -> bool {
        let most = self
            .similarity
            .most_different(a.shingles as usize, b.shingles as usize);
        most.is_some_and(|most| {
            u64::from(parity::distance(self.bits_of(a), self.bits_of(b))) <= most
        })
    }

    fn bits_of(&self, member: &Member) -> &[u64] {
        &self.bits[member.begin..member.begin + member.words as usize]
    }

    /// Rows of edges, then rows of blocks.
    fn batch(&self, edges: &[(u64, u64)], blocks: &[Block]) -> Result<RecordBatch, String> {
        let column = |edge: fn(&(u64, u64)) -> Option<i64>,
                      block: &dyn Fn(&Block) -> Option<i64>| {
            let values: Int64Array = edges
                .iter()
                .map(edge)
                .chain(blocks.iter().map(block))
                .collect();
            Arc::new(values) as ArrayRef
        };
        let compared = self.max_block as i64;
        let columns = vec![
            column(|edge| Some(edge.0 as i64), &|_| None),
            column(|edge| Some(edge.1 as i64), &|_| None),
            column(|_| None, &|block| Some(block.key as i64)),
            column(|_| None, &|_| Some(compared)),
            column(|_| None, &|block| Some(block.left_out as i64)),
        ];
        let names = ["a", "b", "block", "compared", "left_out"];
        let fields = names.map(|name| Field::new(name, DataType::Int64, true));
        RecordBatch::try_new(Arc::new(Schema::new(fields.to_vec())), columns)
            .map_err(|error| error.to_string())
    }
}

/// Makes one tree of a member and the trees that it fits.
fn join(trees: &mut Vec<Vec<Member>>, fitting: &mut [usize], member: Member) {
    fitting.sort_unstable();
    let Some((&own, others)) = fitting.split_first() else {
        trees.push(vec![member]);
        return;
    };
    // From the last on, so that what takes a removed tree's place is none of them.
    for &tree in others.iter().rev() {
        let joined = trees.swap_remove(tree);
        trees[own].extend(joined);
    }
    trees[own].push(member);
}
