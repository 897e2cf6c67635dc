//! A map from bytes, hashed by xxh3.

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

/// Values by text.
#[derive(Debug)]
pub struct ByteMap<V> {
    table: HashTable<(Box<str>, V)>,
}

impl<V: Copy> ByteMap<V> {
    pub fn new() -> Self {
        Self {
            table: HashTable::new(),
        }
    }

    #[inline]
    pub fn get(&self, key: &[u8]) -> Option<V> {
        let found = self
            .table
            .find(xxh3_64(key), |(text, _)| text.as_bytes() == key);
        found.map(|(_, value)| *value)
    }

    /// Puts the value there, in the place of any that was.
    pub fn insert(&mut self, key: &str, value: V) {
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
