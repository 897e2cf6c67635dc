//! The bytes of a stored archive, its members undone, and behind damage the next member that begins a record.

use std::ops::Range;

use super::codec::{
    DICTIONARY_BYTES, Decoder, Outcome, Packing, dictionary_number, is_dictionary, is_skippable,
    unpack_dictionary, wanted_dictionary,
};
use super::lost::LOOK_BACK;
use super::trial::Trials;
use super::window::{STEP, Window};

/// Bytes that show what a file is.
const BEGIN: usize = 5;

/// Why a member could not be read to its end.
#[derive(Clone, Debug)]
pub(super) struct Damage {
    /// Where in the stored file the member begins.
    pub(super) offset: u64,
    pub(super) defect: &'static str,
    pub(super) error: String,
    /// No byte of it could be uncompressed.
    pub(super) nothing_read: bool,
}

/// What came of asking for more bytes.
pub(super) enum Pull {
    /// There are more in the window.
    Bytes,
    /// A member ended before this stored byte, its checksum is right.
    MemberEnd(u64),
    Damage(Damage),
    /// So many stored bytes were passed over; `Source::stored` gives them.
    PassedOver(Range<u64>),
    /// Stored bytes are needed.
    Starved,
    /// The end of the file.
    End,
}

pub(super) enum Mode {
    Unknown {
        expected: Option<Packing>,
    },
    Plain,
    Between,
    Member {
        decoder: Decoder,
        begin: u64,
    },
    /// A frame without content, of which so many bytes are left, and what is kept of it.
    Skip {
        begin: u64,
        left: u64,
        dictionary: Option<Vec<u8>>,
    },
    Lost {
        passed: u64,
        scan: u64,
    },
}

/// The stored bytes that were pushed and are still needed.
pub(super) struct Source {
    pub(super) mode: Mode,
    pub(super) packing: Packing,
    pub(super) dictionary: Vec<u8>,
    pub(super) spare: Option<Decoder>,
    pub(super) stored: Vec<u8>,
    pub(super) base: u64,
    pub(super) at: usize,
    members: u64,
    undone: u64,
    pub(super) looked_back: u64,
    pub(super) trials: Trials,
    /// Where the records of another range begin.
    pub(super) stop: u64,
}

impl Source {
    /// Reads from byte `begin` of the file on. `expected` says how a file is packed that does not show it.
    pub(super) fn new(
        expected: Option<Packing>,
        begin: u64,
        stop: u64,
        dictionary: Vec<u8>,
    ) -> Self {
        Source {
            mode: Mode::Unknown { expected },
            packing: Packing::Gzip,
            dictionary,
            spare: None,
            stored: Vec::new(),
            base: begin,
            at: 0,
            members: 0,
            undone: 0,
            looked_back: 0,
            trials: Trials::new(begin),
            stop,
        }
    }

    /// Members read to their end.
    pub(super) fn members(&self) -> u64 {
        self.members
    }

    /// Uncompressed bytes of members, damaged ones among them.
    pub(super) fn undone(&self) -> u64 {
        self.undone
    }

    /// Stored bytes that were read or passed over.
    pub(super) fn consumed(&self) -> u64 {
        match self.mode {
            Mode::Lost { passed, .. } => passed,
            _ => self.position(),
        }
    }

    pub(super) fn stored(&self, range: &Range<u64>) -> &[u8] {
        &self.stored[self.index(range.start)..self.index(range.end)]
    }

    /// Adds stored bytes and drops those that are no longer needed.
    pub(super) fn push(&mut self, chunk: &[u8]) {
        let needed = match self.mode {
            Mode::Member { begin, .. } | Mode::Skip { begin, .. } => {
                self.index(begin).max(self.at.saturating_sub(LOOK_BACK))
            }
            Mode::Lost { passed, .. } => self.index(passed),
            _ => self.at,
        };
        // Not at every push: a caller may push single bytes.
        if needed >= STEP || needed == self.stored.len() {
            self.stored.drain(..needed);
            self.base += needed as u64;
            self.at -= needed.min(self.at);
        }
        self.stored.extend_from_slice(chunk);
    }

    /// Puts at most `STEP` more bytes into the window. `last` says that all stored bytes were pushed.
    pub(super) fn pull(&mut self, window: &mut Window, last: bool) -> Pull {
        let rest = self.stored.len() - self.at;
        match self.mode {
            Mode::Unknown { .. } if rest < BEGIN && !last => Pull::Starved,
            Mode::Unknown { expected } => {
                self.recognize(expected, window);
                self.pull(window, last)
            }
            Mode::Plain | Mode::Between if rest == 0 => {
                if last {
                    Pull::End
                } else {
                    Pull::Starved
                }
            }
            Mode::Plain => {
                let count = rest.min(STEP);
                window.room()[..count].copy_from_slice(&self.stored[self.at..self.at + count]);
                window.add(count);
                self.at += count;
                Pull::Bytes
            }
            Mode::Between => self.begin_member(window, last),
            Mode::Member { .. } => self.decode(window, last),
            Mode::Skip { .. } => self.skip(last),
            Mode::Lost { passed, scan } => self.search(passed, scan, last),
        }
    }

    /// What the file begins with decides; only where that says nothing its name does.
    fn recognize(&mut self, expected: Option<Packing>, window: &mut Window) {
        let begin = &self.stored[self.at..];
        let plain = begin.starts_with(b"WARC/") || begin.starts_with(b"filed");
        match Packing::of(begin).or(if plain { None } else { expected }) {
            Some(packing) => {
                self.packing = packing;
                self.mode = Mode::Between;
            }
            None => {
                window.set_stored_as_is();
                self.mode = Mode::Plain;
            }
        }
    }

    fn begin_member(&mut self, window: &mut Window, last: bool) -> Pull {
        let begin = self.position();
        let rest = &self.stored[self.at..];
        let magic = self.packing.magic();
        let shared = rest.len().min(magic.len());
        if shared < magic.len() && !last {
            return Pull::Starved;
        }
        if self.packing == Packing::Zstd && is_skippable(rest) {
            return self.begin_skip(begin, last);
        }
        if rest[..shared] != magic[..shared] {
            let error = format!(
                "expected a {} at byte {begin}, found {:02x?}",
                self.packing.member(),
                &rest[..shared]
            );
            return self.damage(begin, "corrupt", error, true);
        }
        if shared < magic.len() {
            return self.cut(begin, true);
        }
        window.begin_member(begin);
        let decoder = self
            .spare
            .take()
            .unwrap_or_else(|| Decoder::new(self.packing, &self.dictionary));
        self.mode = Mode::Member { decoder, begin };
        self.decode(window, last)
    }

    fn begin_skip(&mut self, begin: u64, last: bool) -> Pull {
        let rest = &self.stored[self.at..];
        let Some(size) = rest.get(4..8).and_then(|size| size.try_into().ok()) else {
            return if last {
                self.cut(begin, true)
            } else {
                Pull::Starved
            };
        };
        let left = u64::from(u32::from_le_bytes(size));
        let wanted = begin == 0 && is_dictionary(rest) && left <= DICTIONARY_BYTES as u64;
        self.mode = Mode::Skip {
            begin,
            left,
            dictionary: wanted.then(Vec::new),
        };
        self.at += 8;
        self.skip(last)
    }

    fn skip(&mut self, last: bool) -> Pull {
        let Mode::Skip {
            begin,
            left,
            dictionary,
        } = &mut self.mode
        else {
            return Pull::Starved;
        };
        let rest = &self.stored[self.at..];
        let count = rest.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
        if let Some(dictionary) = dictionary {
            dictionary.extend_from_slice(&rest[..count]);
        }
        *left -= count as u64;
        self.at += count;
        let (begin, left) = (*begin, *left);
        if left > 0 {
            return if last {
                self.cut(begin, false)
            } else {
                Pull::Starved
            };
        }
        // Without its dictionary every frame is damage, and says so.
        if let Some(content) = dictionary.take() {
            self.dictionary = unpack_dictionary(content).unwrap_or_default();
        }
        self.mode = Mode::Between;
        Pull::Bytes
    }

    fn decode(&mut self, window: &mut Window, last: bool) -> Pull {
        let Mode::Member { decoder, begin } = &mut self.mode else {
            return Pull::Starved;
        };
        let begin = *begin;
        let (taken, given, outcome) = decoder.step(&self.stored[self.at..], window.room(), last);
        let read = decoder.read();
        let nothing_read = read == 0;
        self.at += taken;
        self.undone += given as u64;
        window.add(given);
        match outcome {
            Outcome::End => {
                self.members += 1;
                if let Mode::Member { decoder, .. } =
                    std::mem::replace(&mut self.mode, Mode::Between)
                {
                    self.spare = decoder.reuse();
                }
                Pull::MemberEnd(self.position())
            }
            Outcome::More if taken > 0 || given > 0 => Pull::Bytes,
            Outcome::More if self.at < self.stored.len() => {
                let error = format!(
                    "the {} at byte {begin} cannot be read on",
                    self.packing.member()
                );
                self.damage(begin, "corrupt", error, nothing_read)
            }
            Outcome::More if last => self.cut(begin, nothing_read),
            Outcome::More | Outcome::Short => Pull::Starved,
            Outcome::Broken => {
                let error = self.say_broken(begin, read);
                self.damage(begin, "corrupt", error, nothing_read)
            }
        }
    }

    /// What is wrong with the member at byte `begin`; the decoder's own words depend on how the bytes were cut.
    fn say_broken(&self, begin: u64, read: u64) -> String {
        let member = self.packing.member();
        let head = self.stored.get(self.index(begin)..).unwrap_or_default();
        let wanted = match self.packing {
            Packing::Zstd if read == 0 => wanted_dictionary(head),
            _ => None,
        };
        let known = dictionary_number(&self.dictionary);
        match wanted.filter(|&wanted| known != Some(wanted)) {
            Some(wanted) => {
                let found = match known {
                    Some(known) => format!("the file's is {known}"),
                    None if self.dictionary.is_empty() => "the file has none".to_owned(),
                    None => "the file's has no number".to_owned(),
                };
                format!(
                    "the {member} at byte {begin} needs dictionary {wanted}, and {found}: put the frame with it \
                     (5d 2a 4d 18, length, dictionary) before the first record, or fetch the archive again"
                )
            }
            None => {
                format!("the {member} at byte {begin} is damaged after {read} uncompressed bytes")
            }
        }
    }

    fn cut(&mut self, begin: u64, nothing_read: bool) -> Pull {
        let error = format!(
            "the file ends in the {} at byte {begin}",
            self.packing.member()
        );
        self.damage(begin, "truncated", error, nothing_read)
    }

    pub(super) fn position(&self) -> u64 {
        self.base + self.at as u64
    }

    pub(super) fn index(&self, position: u64) -> usize {
        position.saturating_sub(self.base) as usize
    }
}
