//! A line that is too long to be held: measured, hashed and dropped piece by piece.

use xxhash_rust::xxh3::Xxh3;

use super::{PAYLOAD_BYTES, is_blank};

/// A line that comes in pieces and is not held: its length, hash and beginning.
pub struct LongLine {
    hash: Xxh3,
    head: Vec<u8>,
    bytes: u64,
    blank: bool,
    carriage_return: bool, // came last and is held back: it may belong to the line end
}

/// What is known of a line that was not held.
pub struct LineFacts {
    /// Length without the line end.
    pub bytes: u64,
    /// White space only: no record.
    pub blank: bool,
    /// The first [`PAYLOAD_BYTES`].
    pub head: Vec<u8>,
    /// xxh3_128, big-endian.
    pub hash: [u8; 16],
}

impl Default for LongLine {
    fn default() -> Self {
        Self {
            hash: Xxh3::new(),
            head: Vec::new(),
            bytes: 0,
            blank: true,
            carriage_return: false,
        }
    }
}

impl LongLine {
    /// Takes the next bytes of the line, without its final `\n`.
    pub fn update(&mut self, piece: &[u8]) {
        let Some((last, before)) = piece.split_last() else {
            return;
        };
        if self.carriage_return {
            self.take(b"\r");
        }
        self.carriage_return = *last == b'\r';
        self.take(if self.carriage_return { before } else { piece });
    }

    fn take(&mut self, piece: &[u8]) {
        self.hash.update(piece);
        self.bytes += piece.len() as u64;
        self.blank &= piece.iter().all(|&byte| is_blank(byte));
        let room = PAYLOAD_BYTES - self.head.len();
        self.head.extend_from_slice(&piece[..piece.len().min(room)]);
    }

    /// The facts of what came so far; `ended`: a `\n` follows, so that a `\r` at the end is not part of the record.
    pub fn finish(&mut self, ended: bool) -> LineFacts {
        if self.carriage_return && !ended {
            self.take(b"\r");
        }
        let done = std::mem::take(self);
        LineFacts {
            bytes: done.bytes,
            blank: done.blank,
            head: done.head,
            hash: done.hash.digest128().to_be_bytes(),
        }
    }
}
