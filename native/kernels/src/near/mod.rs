//! Near-duplicates: sketches that find candidates, links between them, and the verified choice of who stays.
//!
//! Three passes that a shuffle separates, each a small state that batches are pushed into:
//!
//! 1. [`Sketcher`] reads texts. It gives, for each partition of the first shuffle, band records and set records.
//! 2. [`Linker`] reads a partition of those. It gives star edges between documents that share a band, and for documents
//!    with equal shingle sets who of them leads.
//! 3. [`Solver`] reads the texts of documents that have an edge, component by component in the order of survival, and
//!    says who is removed for whom.
//!
//! Where components are large, a [`Sketcher`] with bitmaps and a [`CrowdLinker`] come in between: they take edges out whose
//! documents cannot be similar.
//!
//! Components only route documents to a place where they meet; they decide nothing.

mod crowd;
mod link;
mod parity;
mod similarity;
mod sketch;
mod solve;

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

pub use crowd::CrowdLinker;
pub use link::Linker;
pub use similarity::{Measure, Similarity};
pub use sketch::{SketchSettings, Sketcher};
pub use solve::{Clusters, SolveSettings, Solver};

use crate::minhash::Bands;
use crate::shingles::Shingling;

/// What makes candidates.
#[derive(Clone, Copy, Debug)]
pub struct Candidates {
    /// Words and their number in a shingle.
    pub shingling: Shingling,
    /// How signatures are cut up; two documents that agree in a band are candidates.
    pub bands: Bands,
}

/// For keys that are hashes already.
#[derive(Default)]
pub(crate) struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 ^= u64::from_le_bytes(word);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 ^= value;
    }
}

pub(crate) type HashedMap<V> = HashMap<u64, V, BuildHasherDefault<Identity>>;
