//! Names of words and labels, found by the hash that fastText has for them.

use hashbrown::HashTable;

/// The hash of nothing.
pub(super) const BASIS: u32 = 2_166_136_261;

/// Words, or labels, in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Names {
    names: Vec<Box<[u8]>>,
    places: HashTable<u32>,
}

impl Names {
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    pub(super) fn push(&mut self, name: &[u8]) {
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

    /// The place of a name, given its hash.
    pub(super) fn find(&self, name: &[u8], hash: u32) -> Option<usize> {
        let is_it = |&place: &u32| *self.names[place as usize] == *name;
        self.places
            .find(spread(hash), is_it)
            .map(|&place| place as usize)
    }
}

/// FNV-1a, but for bytes from 0x80 on, which fastText takes as negative numbers.
pub(super) fn hash(word: &[u8]) -> u32 {
    word.iter().fold(BASIS, |hash, &byte| add_byte(hash, byte))
}

/// A hash that goes on by a byte.
#[inline]
pub(super) fn add_byte(hash: u32, byte: u8) -> u32 {
    (hash ^ i32::from(byte as i8) as u32).wrapping_mul(16_777_619)
}

/// A hash for tables, whose high bits count, from one or a bucket, whose low bits do.
#[inline]
pub(super) fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_as_fasttext_has_it() {
        assert_eq!(hash(b""), BASIS);
        // FNV-1a, whose test vectors are published, for ASCII.
        assert_eq!(hash(b"a"), 0xE40C_292C);
        assert_eq!(hash(b"foobar"), 0xBF9C_F968);
        // And with the sign for what is beyond.
        assert_eq!(
            hash(&[0x80]),
            (BASIS ^ 0xFFFF_FF80).wrapping_mul(16_777_619)
        );
    }

    #[test]
    fn of_two_names_alike_the_later_one_is_found() {
        let mut names = Names::default();
        [b"a", b"b", b"a"]
            .into_iter()
            .for_each(|name| names.push(name));
        assert_eq!(names.len(), 3);
        assert_eq!(names.find(b"a", hash(b"a")), Some(2));
        assert_eq!(names.find(b"b", hash(b"b")), Some(1));
        assert_eq!(names.find(b"c", hash(b"c")), None);
    }
}
