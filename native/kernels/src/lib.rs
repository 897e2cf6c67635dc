//! Row kernels of `spark_llmdata`: Arrow arrays in, Arrow arrays out. They measure and parse; they decide nothing.
//!
//! One file per kernel. No Python, no I/O, no threads; lengths of text are code points unless a name says bytes.
#![forbid(unsafe_code)]

pub mod c4;
pub(crate) mod changes;
pub mod charset;
pub mod choices;
pub(crate) mod columns;
pub mod components;
pub mod dates;
pub mod definitions;
pub mod excerpts;
pub mod fasttext;
pub mod fineweb;
mod forest;
pub mod hash;
pub mod heuristics;
pub mod jsonl;
pub(crate) mod markup;
pub mod minhash;
pub mod near;
pub mod pages;
pub(crate) mod phrases;
pub mod pii;
pub(crate) mod punctuation;
pub(crate) mod python_text;
pub mod refinedweb;
pub(crate) mod repeats;
pub mod repetition;
pub mod sentences;
pub mod shingles;
pub(crate) mod steps;
pub mod text_forms;
pub(crate) mod trimmed;
pub mod unicode;
pub mod url_rules;
pub mod urls;
pub mod warc;
pub mod words;
