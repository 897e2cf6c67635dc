//! What the file says of its words: which row of the input matrix a word, a subword or a run of words stands for.

use hashbrown::HashTable;

use super::source::{Source, damaged};

/// The token that ends a line; a text that holds it as a word ends there.
pub(super) const END: &[u8] = b"</s>";
/// What a label begins with. The file does not say it; this is what fastText takes where nobody says otherwise.
pub(super) const LABEL: &[u8] = b"__label__";
/// Longest subword in characters, longest run in words: longer ones would let a short text cost much, and none is used.
const MAX_N: i32 = 255;
/// Buckets that are looked up together.
const BUCKETS: usize = 1024;
const BASIS: u32 = 2_166_136_261;

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
    per_bucket: u64,
}

/// Words, or labels, in the order of the file.
#[derive(Debug, Default)]
struct Names {
    names: Vec<Box<[u8]>>,
    places: HashTable<u32>,
}

impl Names {
    fn push(&mut self, name: &[u8]) {
        let (key, place) = (spread(hash(name)), self.names.len() as u32);
        self.names.push(name.into());
        let names = &self.names;
        // Of two alike the later one counts, as in fastText.
        match self
            .places
            .find_mut(key, |&other| *names[other as usize] == *name)
        {
            Some(found) => *found = place,
            None => {
                let key_of = |&place: &u32| spread(hash(&names[place as usize]));
                self.places.insert_unique(key, place, key_of);
            }
        }
    }

    fn find(&self, name: &[u8], hash: u32) -> Option<usize> {
        let is_it = |&place: &u32| *self.names[place as usize] == *name;
        self.places
            .find(spread(hash), is_it)
            .map(|&place| place as usize)
    }
}

/// Which hashed n-grams have a row of their own.
#[derive(Debug)]
enum Ngrams {
    All,
    Some(Kept),
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
            per_bucket: u64::MAX / u64::from(settings.bucket.max(1)) + 1,
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
            read.ngrams = Ngrams::Some(Kept::new(read_pruned(source, pruned)?));
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
        let ngrams = match &self.ngrams {
            Ngrams::All => self.settings.bucket as usize,
            Ngrams::Some(kept) => kept
                .rows
                .iter()
                .map(|&(_, row)| row as usize + 1)
                .max()
                .unwrap_or(0),
        };
        self.words.names.len() + ngrams
    }

    pub(super) fn is_pruned(&self) -> bool {
        matches!(self.ngrams, Ngrams::Some(_))
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
                buckets.push(self.bucket_of(hash));
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

    /// `hash % bucket` by two multiplications: a division would take most of the time of a subword.
    #[inline]
    fn bucket_of(&self, hash: u32) -> u32 {
        let fraction = self.per_bucket.wrapping_mul(u64::from(hash));
        ((u128::from(fraction) * u128::from(self.settings.bucket)) >> 64) as u32
    }

    /// Calls `visit` with the rows of buckets that have one, and empties the list.
    fn visit_buckets(&self, buckets: &mut Vec<u32>, visit: &mut impl FnMut(usize)) {
        let words = self.words.names.len();
        match &self.ngrams {
            Ngrams::All => buckets
                .iter()
                .for_each(|&bucket| visit(words + bucket as usize)),
            Ngrams::Some(kept) => {
                kept.sift(buckets);
                let rows = buckets.iter().filter_map(|&bucket| kept.find(bucket));
                rows.for_each(|row| visit(words + row as usize));
            }
        }
        buckets.clear();
    }
}

/// The hashed n-grams that are left after pruning, and their rows behind those of the words.
#[derive(Debug)]
struct Kept {
    rows: HashTable<(u32, u32)>,
    /// A bit for what the table may hold, of some sixteen for each that it holds.
    filter: Vec<u64>,
}

impl Kept {
    fn new(rows: HashTable<(u32, u32)>) -> Self {
        let mut filter = vec![0; (rows.len() / 4).next_power_of_two()];
        for &(bucket, _) in &rows {
            let (place, bit) = Self::place(&filter, bucket);
            filter[place] |= 1 << bit;
        }
        Self { rows, filter }
    }

    #[inline]
    fn place(filter: &[u64], bucket: u32) -> (usize, u32) {
        ((bucket as usize / 64) & (filter.len() - 1), bucket % 64)
    }

    /// Leaves the buckets that the table may hold. Without a branch: whether it does cannot be foreseen.
    fn sift(&self, buckets: &mut Vec<u32>) {
        let mut left = 0;
        for i in 0..buckets.len() {
            let bucket = buckets[i];
            let (place, bit) = Self::place(&self.filter, bucket);
            buckets[left] = bucket;
            left += (self.filter[place] >> bit & 1) as usize;
        }
        buckets.truncate(left);
    }

    #[inline]
    fn find(&self, bucket: u32) -> Option<u32> {
        let found = self.rows.find(spread(bucket), |&(kept, _)| kept == bucket);
        found.map(|&(_, row)| row)
    }
}

fn read_pruned(source: &mut Source, count: i64) -> Result<HashTable<(u32, u32)>, String> {
    let what = "the n-grams that are left after pruning";
    let length = usize::try_from(count)
        .ok()
        .and_then(|count| count.checked_mul(8));
    let pairs = source.take(length.unwrap_or(usize::MAX), what)?;
    let mut kept = HashTable::with_capacity(pairs.len() / 8);
    for pair in pairs.chunks_exact(8) {
        let bucket = i32::from_le_bytes([pair[0], pair[1], pair[2], pair[3]]);
        let row = i32::from_le_bytes([pair[4], pair[5], pair[6], pair[7]]);
        if bucket < 0 || row < 0 {
            return Err(damaged(format!("n-gram {bucket} has row {row}")));
        }
        let (bucket, row) = (bucket as u32, row as u32);
        match kept.find_mut(spread(bucket), |&(other, _)| other == bucket) {
            Some(found) => *found = (bucket, row),
            None => {
                kept.insert_unique(spread(bucket), (bucket, row), |&(bucket, _)| spread(bucket));
            }
        }
    }
    Ok(kept)
}

/// FNV-1a, but for bytes from 0x80 on, which fastText takes as negative numbers.
pub(super) fn hash(word: &[u8]) -> u32 {
    word.iter().fold(BASIS, |hash, &byte| add_byte(hash, byte))
}

#[inline]
fn add_byte(hash: u32, byte: u8) -> u32 {
    (hash ^ i32::from(byte as i8) as u32).wrapping_mul(16_777_619)
}

/// Whether a byte goes on a character of UTF-8.
#[inline]
fn is_inside(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}

/// A hash for tables, whose high bits count, from one or a bucket, whose low bits do.
#[inline]
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}
