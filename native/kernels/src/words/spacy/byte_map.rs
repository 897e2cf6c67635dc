//! A map from short texts, hashed by xxh3, that tells most others apart without hashing them.

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

/// Texts are shorter than this.
const LONGEST: usize = 32;

/// Values by text.
#[derive(Debug)]
pub struct ByteMap<V> {
    table: HashTable<(Box<str>, V)>,
    /// By first and last byte, the lengths there are, as bits.
    lengths: Vec<u32>,
}

impl<V: Copy> ByteMap<V> {
    pub fn new() -> Self {
        Self {
            table: HashTable::new(),
            lengths: vec![0; 1 << 12],
        }
    }

    #[inline]
    pub fn get(&self, key: &[u8]) -> Option<V> {
        let may_be = key.len() < LONGEST && self.lengths[slot(key)?] & (1 << key.len()) != 0;
        if may_be { self.find(key) } else { None }
    }

    fn find(&self, key: &[u8]) -> Option<V> {
        let found = self
            .table
            .find(xxh3_64(key), |(text, _)| text.as_bytes() == key);
        found.map(|(_, value)| *value)
    }

    /// Puts the value there, in the place of any that was; an empty or long text is not kept.
    pub fn insert(&mut self, key: &str, value: V) {
        let Some(slot) = slot(key.as_bytes()).filter(|_| key.len() < LONGEST) else {
            return;
        };
        self.lengths[slot] |= 1 << key.len();
        self.remove(key);
        let hash = |(text, _): &(Box<str>, V)| xxh3_64(text.as_bytes());
        self.table
            .insert_unique(xxh3_64(key.as_bytes()), (key.into(), value), hash);
    }

    pub fn remove(&mut self, key: &str) {
        let same = |(text, _): &(Box<str>, V)| &**text == key;
        if let Ok(found) = self.table.find_entry(xxh3_64(key.as_bytes()), same) {
            found.remove();
        }
    }

    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Every key, in no order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.table.iter().map(|(text, _)| &**text)
    }
}

#[inline]
fn slot(key: &[u8]) -> Option<usize> {
    let (&first, &last) = (key.first()?, key.last()?);
    Some(usize::from(first & 63) << 6 | usize::from(last & 63))
}
