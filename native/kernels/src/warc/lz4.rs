//! LZ4 frames, undone piece by piece: blocks up to 4 MiB, alone or building on the 64 KiB before them, checksums met.

use lz4_flex::block::decompress_into_with_dict;
use xxhash_rust::xxh32::{Xxh32, xxh32};

use super::codec::Outcome;
use super::trial::Begin;

const MAGIC_BYTES: usize = 4;
const HISTORY: usize = 64 << 10;

/// No frame's head, with the size of its first block, is longer.
const HEAD_BYTES: usize = MAGIC_BYTES + 2 + 8 + 4 + 1 + 4;

#[derive(Clone, Copy)]
enum Stage {
    /// The magic number and the two bytes that say what follows.
    Head,
    /// The rest of the frame's head.
    HeadRest,
    BlockSize,
    Block {
        compressed: bool,
    },
    Checksum,
    Done,
}

/// Undoes one frame.
pub(super) struct Lz4Decoder {
    stage: Stage,
    /// Bytes of the present stage, and how many it takes.
    held: Vec<u8>,
    needed: usize,
    linked: bool,
    block_checksums: bool,
    content_checksum: bool,
    block_bytes: usize,
    hasher: Xxh32,
    /// History, then uncompressed bytes of which those from `given` on are still to be handed out.
    out: Vec<u8>,
    given: usize,
}

impl Default for Lz4Decoder {
    fn default() -> Self {
        Lz4Decoder {
            stage: Stage::Head,
            held: Vec::new(),
            needed: MAGIC_BYTES + 2,
            linked: false,
            block_checksums: false,
            content_checksum: false,
            block_bytes: 0,
            hasher: Xxh32::new(0),
            out: Vec::new(),
            given: 0,
        }
    }
}

impl Lz4Decoder {
    /// Stored bytes taken, bytes given, and what came of it.
    pub(super) fn step(&mut self, input: &[u8], output: &mut [u8]) -> (usize, usize, Outcome) {
        let (mut taken, mut given) = (0, 0);
        loop {
            let count = (self.out.len() - self.given).min(output.len() - given);
            output[given..given + count].copy_from_slice(&self.out[self.given..self.given + count]);
            given += count;
            self.given += count;
            if self.given < self.out.len() {
                return (taken, given, Outcome::More);
            }
            if matches!(self.stage, Stage::Done) {
                return (taken, given, Outcome::End);
            }
            let count = (self.needed - self.held.len()).min(input.len() - taken);
            self.held.extend_from_slice(&input[taken..taken + count]);
            taken += count;
            if self.held.len() < self.needed {
                return (taken, given, Outcome::More);
            }
            // What was given before the damage is handed out first, so that it does not depend on the room there was.
            if given > 0 && !matches!(self.stage, Stage::BlockSize) {
                return (taken, given, Outcome::More);
            }
            match self.advance() {
                Some((stage, needed)) => {
                    (self.stage, self.needed) = (stage, needed);
                    // The head's check byte covers its flags.
                    if !matches!(stage, Stage::HeadRest) {
                        self.held.clear();
                    }
                }
                None => return (taken, given, Outcome::Broken),
            }
        }
    }

    /// Reads what is held; gives the next stage and how many bytes it takes.
    fn advance(&mut self) -> Option<(Stage, usize)> {
        match self.stage {
            Stage::Head => self.read_flags(),
            Stage::HeadRest => {
                let (check, descriptor) = self.held.split_last()?;
                let right = (xxh32(&descriptor[MAGIC_BYTES..], 0) >> 8) as u8 == *check;
                right.then_some((Stage::BlockSize, 4))
            }
            Stage::BlockSize => self.read_block_size(),
            Stage::Block { compressed } => self.read_block(compressed),
            Stage::Checksum => {
                let right = self.held.as_slice() == self.hasher.digest().to_le_bytes();
                right.then_some((Stage::Done, 0))
            }
            Stage::Done => None,
        }
    }

    fn read_flags(&mut self) -> Option<(Stage, usize)> {
        let (flags, size) = (self.held[MAGIC_BYTES], self.held[MAGIC_BYTES + 1]);
        if flags >> 6 != 1 || !(4..=7).contains(&(size >> 4 & 7)) {
            return None;
        }
        self.linked = flags & 0x20 == 0;
        self.block_checksums = flags & 0x10 != 0;
        self.content_checksum = flags & 0x04 != 0;
        self.block_bytes = 1 << (8 + 2 * usize::from(size >> 4 & 7));
        let rest = 8 * usize::from(flags >> 3 & 1) + 4 * usize::from(flags & 1) + 1;
        Some((Stage::HeadRest, self.held.len() + rest))
    }

    fn read_block_size(&mut self) -> Option<(Stage, usize)> {
        let size = u32::from_le_bytes(self.held.as_slice().try_into().ok()?);
        if size == 0 {
            return Some(if self.content_checksum {
                (Stage::Checksum, 4)
            } else {
                (Stage::Done, 0)
            });
        }
        let compressed = size >> 31 == 0;
        let bytes = (size & 0x7fff_ffff) as usize;
        let needed = bytes + 4 * usize::from(self.block_checksums);
        (bytes <= self.block_bytes).then_some((Stage::Block { compressed }, needed))
    }

    fn read_block(&mut self, compressed: bool) -> Option<(Stage, usize)> {
        let mut block = self.held.as_slice();
        if self.block_checksums {
            let (content, check) = block.split_last_chunk::<4>()?;
            if xxh32(content, 0).to_le_bytes() != *check {
                return None;
            }
            block = content;
        }
        let kept = if self.linked {
            self.out.len().min(HISTORY)
        } else {
            0
        };
        self.out.drain(..self.out.len() - kept);
        self.given = kept;
        if compressed {
            let mut room = vec![0; self.block_bytes];
            let count = decompress_into_with_dict(block, &mut room, &self.out).ok()?;
            self.out.extend_from_slice(&room[..count]);
        } else {
            self.out.extend_from_slice(block);
        }
        if self.content_checksum {
            self.hasher.update(&self.out[kept..]);
        }
        Some((Stage::BlockSize, 4))
    }
}

/// Undoes as much of a frame's first block as `first` has room for, whatever follows that.
pub(super) fn undo_begin(stored: &[u8], first: &mut [u8]) -> Begin {
    let mut decoder = Lz4Decoder::default();
    let (taken, _, outcome) = decoder.step(&stored[..stored.len().min(HEAD_BYTES)], &mut []);
    let Stage::Block { compressed } = decoder.stage else {
        let ended = outcome != Outcome::More;
        return Begin { given: 0, ended };
    };
    let begin = taken - decoder.held.len();
    let size = decoder.needed - 4 * usize::from(decoder.block_checksums);
    let block = &stored[begin..stored.len().min(begin + size)];
    let (given, damaged) = if compressed {
        expand(block, first)
    } else {
        let given = block.len().min(first.len());
        first[..given].copy_from_slice(&block[..given]);
        (given, false)
    };
    let ended = damaged || block.len() == size;
    Begin { given, ended }
}

/// Undoes a block as far as there is input and room: bytes given, and whether it is damaged behind them.
fn expand(mut block: &[u8], out: &mut [u8]) -> (usize, bool) {
    let mut given = 0;
    while given < out.len() {
        let Some((&token, rest)) = block.split_first() else {
            break;
        };
        block = rest;
        let literals = read_length(token >> 4, &mut block);
        let count = literals.min(block.len()).min(out.len() - given);
        out[given..given + count].copy_from_slice(&block[..count]);
        given += count;
        block = &block[count..];
        let Some((distance, rest)) = block.split_first_chunk::<2>() else {
            break;
        };
        if count < literals {
            break;
        }
        let distance = usize::from(u16::from_le_bytes(*distance));
        if distance == 0 || distance > given {
            return (given, true);
        }
        block = rest;
        let length = 4 + read_length(token & 15, &mut block);
        for _ in 0..length.min(out.len() - given) {
            out[given] = out[given - distance];
            given += 1;
        }
    }
    (given, false)
}

/// The length that half a token and the bytes behind it say, which are taken off the block.
fn read_length(nibble: u8, block: &mut &[u8]) -> usize {
    let mut length = usize::from(nibble);
    let mut more = nibble == 15;
    while more {
        let Some((&byte, rest)) = block.split_first() else {
            break;
        };
        *block = rest;
        length += usize::from(byte);
        more = byte == 255;
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_begin_of_a_block_is_that_of_the_whole() {
        let mut seed = 7u32;
        let mut next = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            seed >> 24
        };
        for size in [0, 1, 4, 15, 16, 300, 5_000, 70_000] {
            for letters in [1, 3, 250] {
                let content: Vec<u8> = (0..size).map(|_| (next() % letters) as u8).collect();
                let block = lz4_flex::block::compress(&content);
                let mut first = [0xee; 1024];
                let (given, damaged) = expand(&block, &mut first);
                assert!(!damaged);
                assert_eq!(given, content.len().min(1024));
                assert_eq!(first[..given], content[..given]);
                for cut in 0..block.len().min(200) {
                    let (given, damaged) = expand(&block[..cut], &mut first);
                    assert!(!damaged && first[..given] == content[..given], "{cut}");
                }
            }
        }
        assert_eq!(expand(&[0x10, b'x', 2, 0], &mut [0; 9]), (1, true));
        assert_eq!(expand(&[0x10, b'x', 0, 0], &mut [0; 9]), (1, true));
    }
}
