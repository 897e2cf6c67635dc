//! Row kernels of `spark_llmdata`: Arrow arrays in, Arrow arrays out. They measure and parse; they decide nothing.
//!
//! One file per kernel. No Python, no I/O, no threads; lengths of text are code points unless a name says bytes.
#![forbid(unsafe_code)]

pub mod components;
pub mod dates;
pub mod hash;
pub mod heuristics;
pub mod jsonl;
pub mod minhash;
pub mod near;
pub mod shingles;
pub mod text_forms;
pub mod unicode;
pub mod url_rules;
pub mod urls;
pub mod warc;
pub mod words;
