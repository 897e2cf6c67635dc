//! What the file says of its words: which row of the input matrix a word, a subword or a run of words stands for.

use super::names::{BASIS, Names, add_byte};
use super::ngrams::{Modulus, Ngrams};
use super::source::{Source, damaged};

/// The token that ends a line; a text that holds it as a word ends there.
pub(super) const END: &[u8] = b"</s>";
/// What a label begins with. The file does not say it; this is what fastText takes where nobody says otherwise.
pub(super) const LABEL: &[u8] = b"__label__";
/// Longest subword in characters, longest run in words: longer ones would let a short text cost much, and none is used.
const MAX_N: i32 = 255;
/// Buckets that are looked up together.
const BUCKETS: usize = 1024;

/// Room to look up a word in.
#[derive(Debug, Default)]
pub(super) struct Room {
    padded: Vec<u8>,
    buckets: Vec<u32>,
}

/// How the model was trained, as far as it matters for what it says.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) dim: usize,
    pub(super) loss: i32,
    word_ngrams: usize,
    bucket: u32,
    minn: usize,
    maxn: usize,
}

impl Settings {
    pub(super) fn read(source: &mut Source, version: i32) -> Result<Self, String> {
        let what = "the settings";
        let dim = source.i32(what)?;
        let [_ws, _epoch, _min_count, _neg] = [(); 4].map(|()| source.i32(what));
        let word_ngrams = source.i32(what)?;
        let (loss, model) = (source.i32(what)?, source.i32(what)?);
        let (bucket, minn, maxn) = (source.i32(what)?, source.i32(what)?, source.i32(what)?);
        source.i32(what)?;
        source.i64(what)?;
        if model == 1 || model == 2 {
            return Err(
                "the model holds word vectors and predicts nothing; expected one made by fasttext supervised".into(),
            );
        }
        // Version 11 knew no subwords in supervised models, whatever its settings say.
        let maxn = if version == 11 { 0 } else { maxn };
        let sizes = [
            ("dim", dim, 1),
            ("bucket", bucket, 0),
            ("minn", minn, 0),
            ("maxn", maxn, 0),
        ];
        for (name, value, least) in sizes {
            if value < least {
                return Err(damaged(format!(
                    "{name} is {value}; expected at least {least}"
                )));
            }
        }
        if model != 3 || maxn > MAX_N || word_ngrams > MAX_N {
            return Err(damaged(format!(
                "its kind is {model} (expected 3), maxn {maxn} and wordNgrams {word_ngrams} (expected at most {MAX_N})"
            )));
        }
        if bucket == 0 && (maxn > 0 || word_ngrams > 1) {
            return Err(damaged(
                "it has subwords or word n-grams, and no bucket for them".into(),
            ));
        }
        Ok(Self {
            dim: dim as usize,
            loss,
            word_ngrams: word_ngrams.max(1) as usize,
            bucket: bucket as u32,
            minn: minn as usize,
            maxn: maxn as usize,
        })
    }
}

/// Words and labels of a model, and where its hashed n-grams are.
#[derive(Debug)]
pub(super) struct Dictionary {
    settings: Settings,
    words: Names,
    label_names: Names,
    pub(super) labels: Vec<String>,
    /// How often each label was seen in training; the tree of hierarchical softmax is built from it.
    pub(super) label_counts: Vec<i64>,
    ngrams: Ngrams,
    by_bucket: Modulus,
}

impl Dictionary {
    pub(super) fn read(source: &mut Source, settings: Settings) -> Result<Self, String> {
        let what = "the dictionary";
        let [size, n_words, n_labels] = [(); 3].map(|()| source.i32(what));
        let (size, n_words, n_labels) = (size?, n_words?, n_labels?);
        let _tokens = source.i64(what)?;
        let pruned = source.i64(what)?;
        if n_words < 0 || n_labels < 1 || n_words.checked_add(n_labels) != Some(size) {
            return Err(damaged(format!(
                "{size} entries, of which {n_words} words and {n_labels} labels"
            )));
        }
        let mut read = Self {
            by_bucket: Modulus::new(settings.bucket.max(1)),
            settings,
            words: Names::default(),
            label_names: Names::default(),
            labels: Vec::new(),
            label_counts: Vec::new(),
            ngrams: Ngrams::All,
        };
        for entry in 0..size {
            read.read_entry(source, entry < n_words)?;
        }
        if pruned >= 0 {
            read.ngrams = Ngrams::read(source, pruned)?;
        }
        Ok(read)
    }

    fn read_entry(&mut self, source: &mut Source, is_word: bool) -> Result<(), String> {
        let what = "an entry of the dictionary";
        let name = source.until_zero(what)?;
        let (count, kind) = (source.i64(what)?, source.byte(what)?);
        if kind != u8::from(!is_word) {
            return Err(damaged(format!(
                "entry {:?} has type {kind}; expected words (0) first, then labels (1)",
                String::from_utf8_lossy(&name)
            )));
        }
        if is_word {
            self.words.push(&name);
            return Ok(());
        }
        self.label_names.push(&name);
        let label = String::from_utf8(name.to_vec()).map_err(|_| {
            damaged(format!(
                "label {:?} is no UTF-8",
                String::from_utf8_lossy(&name)
            ))
        })?;
        self.labels.push(label);
        self.label_counts.push(count);
        Ok(())
    }

    /// Says how many rows the input matrix must have.
    pub(super) fn rows(&self) -> usize {
        let ngrams = self.ngrams.rows(self.settings.bucket);
        self.words.len() + ngrams
    }

    pub(super) fn is_pruned(&self) -> bool {
        !matches!(self.ngrams, Ngrams::All)
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether runs of words have rows too, so that the order of words matters.
    pub(super) fn has_runs(&self) -> bool {
        self.settings.word_ngrams > 1
    }

    /// Whether a token is a label, which says nothing of the text.
    pub(super) fn is_label(&self, token: &[u8], hash: u32) -> bool {
        self.label_names.find(token, hash).is_some()
            || (token.starts_with(LABEL) && self.words.find(token, hash).is_none())
    }

    /// Calls `visit` with every row of a word: its own where it is known, and those of its subwords.
    ///
    /// Each character begins at most `maxn` subwords, so the work grows with the word.
    pub(super) fn visit_word(
        &self,
        word: &[u8],
        hash: u32,
        room: &mut Room,
        visit: &mut impl FnMut(usize),
    ) {
        if let Some(id) = self.words.find(word, hash) {
            visit(id);
        }
        if self.settings.maxn == 0 || word == END {
            return;
        }
        let Room { padded, buckets } = room;
        padded.clear();
        padded.push(b'<');
        padded.extend_from_slice(word);
        padded.push(b'>');
        for begin in 0..padded.len() {
            if !is_inside(padded[begin]) {
                self.push_subwords(padded, begin, buckets);
            }
            if buckets.len() >= BUCKETS {
                self.visit_buckets(buckets, visit);
            }
        }
        self.visit_buckets(buckets, visit);
    }

    fn push_subwords(&self, padded: &[u8], begin: usize, buckets: &mut Vec<u32>) {
        let (mut end, mut hash) = (begin, BASIS);
        for n in 1..=self.settings.maxn {
            if end == padded.len() {
                return;
            }
            hash = add_byte(hash, padded[end]);
            end += 1;
            while end < padded.len() && is_inside(padded[end]) {
                hash = add_byte(hash, padded[end]);
                end += 1;
            }
            let is_margin = n == 1 && (begin == 0 || end == padded.len());
            if n >= self.settings.minn && !is_margin {
                buckets.push(self.by_bucket.rest(hash));
            }
        }
    }

    /// Calls `visit` with every row of a run of two or more words, given their hashes.
    pub(super) fn visit_runs(
        &self,
        hashes: &[u32],
        room: &mut Room,
        visit: &mut impl FnMut(usize),
    ) {
        let buckets = &mut room.buckets;
        let signed = |hash: u32| i64::from(hash as i32) as u64;
        for begin in 0..hashes.len() {
            let mut run = signed(hashes[begin]);
            let end = hashes.len().min(begin + self.settings.word_ngrams);
            for &hash in &hashes[begin + 1..end] {
                run = run.wrapping_mul(116_049_371).wrapping_add(signed(hash));
                buckets.push((run % u64::from(self.settings.bucket)) as u32);
            }
            if buckets.len() >= BUCKETS {
                self.visit_buckets(buckets, visit);
            }
        }
        self.visit_buckets(buckets, visit);
    }

    /// Calls `visit` with the rows of buckets that have one, and empties the list.
    fn visit_buckets(&self, buckets: &mut Vec<u32>, visit: &mut impl FnMut(usize)) {
        let words = self.words.len();
        self.ngrams.visit(buckets, &mut |row| visit(words + row));
        buckets.clear();
    }
}

/// Whether a byte goes on a character of UTF-8.
#[inline]
fn is_inside(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}
