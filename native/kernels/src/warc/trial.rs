//! Whether a stored member begins a record: no more of it is undone than shows that.

use flate2::{Decompress, FlushDecompress, Status};
use memchr::memchr;

use super::arc::{UrlRecord, url_record};
use super::codec::{Decoder, Outcome, Packing};
use super::lz4;

/// Bytes of a member that must show that it begins a record.
const TRIAL_OUT: usize = 1024;

/// What may be spent on zstd, whose blocks are undone as a whole: at once, in bytes, and for each stored byte. Damage
/// leaves few bytes that look like frames; a crafted file can be nothing else, each with a block that takes in those
/// behind it.
const MOST_CREDIT: i64 = 8 << 20;
const CREDIT_PER_BYTE: u64 = 64;

/// The least that it costs to undo a block.
const SETUP: i64 = 4 << 10;

/// The largest block of a zstd frame.
const ZSTD_BLOCK: usize = 128 << 10;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Trial {
    Record,
    Other,
    /// More bytes could show it.
    Short,
}

/// How much of a member could be undone.
pub(super) struct Begin {
    pub(super) given: usize,
    /// There is no more of it, whatever bytes follow.
    pub(super) ended: bool,
}

impl Begin {
    const NONE: Begin = Begin {
        given: 0,
        ended: true,
    };
    const SHORT: Begin = Begin {
        given: 0,
        ended: false,
    };
}

/// Tries members, one after the other, within what a file may cost.
pub(super) struct Trials {
    inflate: Decompress,
    zstd: Option<Decoder>,
    /// Below zero where the last trial cost more than there was.
    credit: i64,
    earned_to: u64,
}

impl Trials {
    /// For the members of a file from byte `begin` on.
    pub(super) fn new(begin: u64) -> Self {
        Trials {
            inflate: Decompress::new(false),
            zstd: None,
            credit: MOST_CREDIT,
            earned_to: begin,
        }
    }

    /// Whether a member that begins at byte `at` of the file may be tried.
    pub(super) fn may_try(&mut self, at: u64) -> bool {
        let passed = at.saturating_sub(self.earned_to);
        let earned = i64::try_from(passed.saturating_mul(CREDIT_PER_BYTE)).unwrap_or(i64::MAX);
        self.credit = self.credit.saturating_add(earned).min(MOST_CREDIT);
        self.earned_to = self.earned_to.max(at);
        self.credit > 0
    }

    /// Whether `stored` begins a member whose first bytes are those of a record; too short to say is only what has
    /// fewer than `Packing::trial_bytes`.
    pub(super) fn try_record(
        &mut self,
        packing: Packing,
        stored: &[u8],
        dictionary: &[u8],
    ) -> Trial {
        let whole = stored.len() >= packing.trial_bytes();
        let stored = &stored[..stored.len().min(packing.trial_bytes())];
        let mut first = [0; TRIAL_OUT];
        // Charged for what the bytes say, not for what was done: that depends on how many are at hand.
        let (begin, cost) = match packing {
            Packing::Gzip => (self.inflate(stored, &mut first), 0),
            Packing::Lz4 => (lz4::undo_begin(stored, &mut first), 0),
            Packing::Zstd => match first_block(stored) {
                First::Plain(block) => (copy(block, &mut first), 0),
                First::Packed(size) => {
                    let begin = self.unzstd(stored, dictionary, &mut first);
                    (begin, SETUP + 2 * size as i64)
                }
                First::Cut => (Begin::SHORT, 0),
                First::Absent => (Begin::NONE, 0),
            },
        };
        let first = &first[..begin.given];
        if first.starts_with(b"WARC/") || matches!(url_record(first), UrlRecord::Whole(_)) {
            return Trial::Record;
        }
        if !whole && !begin.ended && begin.given < TRIAL_OUT {
            return Trial::Short;
        }
        self.credit -= cost;
        Trial::Other
    }

    fn inflate(&mut self, stored: &[u8], first: &mut [u8]) -> Begin {
        let head = match gzip_head(stored) {
            Head::Of(head) => head,
            Head::Cut => return Begin::SHORT,
            Head::Absent => return Begin::NONE,
        };
        self.inflate.reset(false);
        let status = self
            .inflate
            .decompress(&stored[head..], first, FlushDecompress::None);
        Begin {
            given: self.inflate.total_out() as usize,
            ended: !matches!(status, Ok(Status::Ok | Status::BufError)),
        }
    }

    fn unzstd(&mut self, stored: &[u8], dictionary: &[u8], first: &mut [u8]) -> Begin {
        // One decoder for all of them: a dictionary is made ready once.
        let mut decoder = self
            .zstd
            .take()
            .unwrap_or_else(|| Decoder::new(Packing::Zstd, dictionary));
        let (mut taken, mut given) = (0, 0);
        let ended = loop {
            let (more, out, outcome) = decoder.step(&stored[taken..], &mut first[given..], false);
            taken += more;
            given += out;
            if outcome != Outcome::More || (more == 0 && out == 0) || given == first.len() {
                break matches!(outcome, Outcome::End | Outcome::Broken);
            }
        };
        self.zstd = decoder.reuse();
        Begin { given, ended }
    }
}

fn copy(block: &[u8], first: &mut [u8]) -> Begin {
    let given = block.len().min(first.len());
    first[..given].copy_from_slice(&block[..given]);
    let ended = false;
    Begin { given, ended }
}

/// How long a head is, as far as its first bytes say.
#[derive(PartialEq, Eq, Debug)]
enum Head {
    Of(usize),
    Cut,
    Absent,
}

/// The first block of a zstd frame.
#[derive(PartialEq, Eq, Debug)]
enum First<'a> {
    /// Stored as it is: as much of it as there is.
    Plain(&'a [u8]),
    /// To be undone, of so many bytes.
    Packed(usize),
    Cut,
    Absent,
}

/// The bytes of a gzip member's head.
fn gzip_head(stored: &[u8]) -> Head {
    const CHECK: u8 = 2;
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    const RESERVED: u8 = 0xe0;
    let Some(&flags) = stored.get(3) else {
        return Head::Cut;
    };
    if flags & RESERVED != 0 {
        return Head::Absent;
    }
    let mut at = 10;
    if flags & EXTRA != 0 {
        let Some(size) = stored.get(at..at + 2) else {
            return Head::Cut;
        };
        at += 2 + usize::from(u16::from_le_bytes([size[0], size[1]]));
    }
    for named in [NAME, COMMENT] {
        if flags & named != 0 {
            match stored.get(at..).and_then(|rest| memchr(0, rest)) {
                Some(end) => at += end + 1,
                None => return Head::Cut,
            }
        }
    }
    at += usize::from(flags & CHECK);
    if at <= stored.len() {
        Head::Of(at)
    } else {
        Head::Cut
    }
}

/// Reads a zstd frame's head and that of its first block; one byte many times over (RLE) begins no record.
fn first_block(stored: &[u8]) -> First<'_> {
    let Some(&flags) = stored.get(4) else {
        return First::Cut;
    };
    if flags & 0x08 != 0 {
        return First::Absent;
    }
    let single = flags & 0x20 != 0;
    let window = usize::from(!single);
    let dictionary = [0, 1, 2, 4][usize::from(flags & 3)];
    let content = [usize::from(single), 2, 4, 8][usize::from(flags >> 6)];
    let at = 5 + window + dictionary + content;
    let Some(&[a, b, c]) = stored.get(at..at + 3) else {
        return First::Cut;
    };
    let head = usize::from(a) | usize::from(b) << 8 | usize::from(c) << 16;
    match (head >> 1 & 3, head >> 3) {
        // A smaller one may have to be read on from.
        (0, size @ TRIAL_OUT..=ZSTD_BLOCK) => {
            let rest = &stored[at + 3..];
            First::Plain(&rest[..size.min(rest.len())])
        }
        (0 | 2, size) if size <= ZSTD_BLOCK => First::Packed(size),
        _ => First::Absent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_a_gzip_head_is_passed() {
        let plain = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
        assert_eq!(gzip_head(&plain), Head::Of(10));
        let mut all = plain.to_vec();
        all[3] = 0x1f;
        all.extend(b"\x03\0xyzname\0comment\0cc");
        assert_eq!(gzip_head(&all), Head::Of(all.len()));
        for cut in 3..all.len() {
            assert_eq!(gzip_head(&all[..cut]), Head::Cut, "{cut}");
        }
        all[3] = 0x20;
        assert_eq!(gzip_head(&all), Head::Absent);
    }

    #[test]
    fn a_zstd_frame_says_how_large_its_first_block_is() {
        let noise: Vec<u8> = (0..200_000u64)
            .map(|n| (n.wrapping_mul(n + 7).wrapping_mul(0x9e37_79b9) >> 23) as u8)
            .collect();
        let frame = zstd::encode_all(&noise[..], 1).unwrap();
        assert!(
            matches!(first_block(&frame), First::Plain(block) if block == &noise[..ZSTD_BLOCK])
        );
        let words = b"some words, other words. ".repeat(99);
        let frame = zstd::encode_all(&words[..], 1).unwrap();
        assert!(matches!(first_block(&frame), First::Packed(size) if size < frame.len()));
        for cut in 4..9 {
            assert_eq!(first_block(&frame[..cut]), First::Cut, "{cut}");
        }
        assert_eq!(
            first_block(b"\x28\xb5\x2f\xfd\x28\xb5\x2f\xfd"),
            First::Absent
        );
        let large = (((ZSTD_BLOCK + 1) << 3) | 4).to_le_bytes();
        let large = [&b"\x28\xb5\x2f\xfd\x20\x01"[..], &large[..3]].concat();
        assert_eq!(first_block(&large), First::Absent);
    }

    #[test]
    fn credit_grows_with_the_bytes_passed() {
        let mut trials = Trials::new(100);
        assert!(trials.may_try(100));
        trials.credit = -100;
        assert!(!trials.may_try(50) && !trials.may_try(100) && !trials.may_try(101));
        assert!(trials.may_try(102));
        assert_eq!(trials.credit, 28);
        trials.may_try(u64::MAX);
        assert_eq!(trials.credit, MOST_CREDIT);
    }
}
