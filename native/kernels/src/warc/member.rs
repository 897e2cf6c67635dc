//! The bytes of a stored archive, gzip members undone, and behind damage the next member that begins a record.

use std::ops::Range;

use flate2::{Decompress, FlushDecompress, Status};
use memchr::memmem;

use super::window::{STEP, Window};

const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];

// How far behind its cause a fault in a member is looked for. A decoder that lost its way notices within some
// kilobytes; only a stored block of deflate, at most 64 KiB, can take it past the beginnings of other members.
const LOOK_BACK: usize = 1 << 20;

// Stored bytes within which a member must show its first five.
const TRIAL: usize = 4096;

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
    /// A member ended, its checksum is right.
    MemberEnd,
    Damage(Damage),
    /// So many stored bytes were passed over; `Source::stored` gives them.
    PassedOver(Range<u64>),
    /// Stored bytes are needed.
    Starved,
    /// The end of the file.
    End,
}

enum Mode {
    Unknown {
        gzip: bool,
    },
    Plain,
    Between,
    Member {
        inflater: Box<Decompress>,
        begin: u64,
    },
    Lost {
        passed: u64,
        scan: u64,
    },
}

enum Trial {
    Record,
    Other,
    Short,
}

/// The stored bytes that were pushed and are still needed.
pub(super) struct Source {
    mode: Mode,
    stored: Vec<u8>,
    base: u64,
    at: usize,
    members: u64,
    looked_back: u64,
}

impl Source {
    /// `gzip` says what to expect of a file that begins neither like gzip nor like a record.
    pub(super) fn new(gzip: bool) -> Self {
        Source {
            mode: Mode::Unknown { gzip },
            stored: Vec::new(),
            base: 0,
            at: 0,
            members: 0,
            looked_back: 0,
        }
    }

    /// Members read to their end.
    pub(super) fn members(&self) -> u64 {
        self.members
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
            Mode::Member { begin, .. } => self.index(begin).max(self.at.saturating_sub(LOOK_BACK)),
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
            Mode::Unknown { .. } if rest < 5 && !last => Pull::Starved,
            Mode::Unknown { gzip } => {
                let begin = &self.stored[self.at..];
                let plain = begin.starts_with(b"WARC/") || !(gzip || begin.starts_with(&MAGIC));
                self.mode = if plain { Mode::Plain } else { Mode::Between };
                if plain {
                    window.set_stored_as_is();
                }
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
            Mode::Member { .. } => self.inflate(window, last),
            Mode::Lost { passed, scan } => self.search(passed, scan, last),
        }
    }

    fn begin_member(&mut self, window: &mut Window, last: bool) -> Pull {
        let begin = self.position();
        let rest = &self.stored[self.at..];
        let shared = rest.len().min(MAGIC.len());
        if shared < MAGIC.len() && !last {
            return Pull::Starved;
        }
        if rest[..shared] != MAGIC[..shared] {
            let error = format!(
                "expected a gzip member at byte {begin}, found {:02x?}",
                &rest[..shared]
            );
            return self.damage(begin, "corrupt", error, true);
        }
        if shared < MAGIC.len() {
            return self.cut(begin, true);
        }
        window.begin_member(begin);
        self.mode = Mode::Member {
            inflater: Box::new(Decompress::new_gzip(15)),
            begin,
        };
        self.inflate(window, last)
    }

    fn inflate(&mut self, window: &mut Window, last: bool) -> Pull {
        let Mode::Member { inflater, begin } = &mut self.mode else {
            return Pull::Starved;
        };
        let begin = *begin;
        let (taken, given) = (inflater.total_in(), inflater.total_out());
        let result = inflater.decompress(
            &self.stored[self.at..],
            window.room(),
            FlushDecompress::None,
        );
        let taken = (inflater.total_in() - taken) as usize;
        let given = (inflater.total_out() - given) as usize;
        let read = inflater.total_out();
        let nothing_read = read == 0;
        self.at += taken;
        window.add(given);
        match result {
            Ok(Status::StreamEnd) => {
                self.members += 1;
                self.mode = Mode::Between;
                Pull::MemberEnd
            }
            Ok(_) if taken > 0 || given > 0 => Pull::Bytes,
            Ok(_) if self.at < self.stored.len() => {
                let error = format!("the gzip member at byte {begin} cannot be read on");
                self.damage(begin, "corrupt", error, nothing_read)
            }
            Ok(_) if last => self.cut(begin, nothing_read),
            Ok(_) => Pull::Starved,
            // The decoder's own words depend on how the bytes were cut.
            Err(_) => {
                let error = format!(
                    "the gzip member at byte {begin} is damaged after {read} uncompressed bytes"
                );
                self.damage(begin, "corrupt", error, nothing_read)
            }
        }
    }

    fn cut(&mut self, begin: u64, nothing_read: bool) -> Pull {
        let error = format!("the file ends in the gzip member at byte {begin}");
        self.damage(begin, "truncated", error, nothing_read)
    }

    fn damage(
        &mut self,
        begin: u64,
        defect: &'static str,
        error: String,
        nothing_read: bool,
    ) -> Pull {
        let reached = self.position();
        let mut scan = (begin + 1)
            .max(self.base)
            .max(reached.saturating_sub(LOOK_BACK as u64));
        // A crafted file could make every byte a member that is read for a megabyte; real damage is rare.
        self.looked_back += reached.saturating_sub(scan);
        if self.looked_back > 4 * reached + (16 << 20) {
            scan = scan.max(reached);
        }
        self.mode = Mode::Lost {
            passed: begin.max(self.base),
            scan,
        };
        Pull::Damage(Damage {
            offset: begin,
            defect,
            error,
            nothing_read,
        })
    }

    /// Looks for a member that begins a record, from the stored byte `scan` on.
    fn search(&mut self, passed: u64, scan: u64, last: bool) -> Pull {
        let mut from = self.index(scan).min(self.stored.len());
        let mut found = false;
        while let Some(hit) = memmem::find(&self.stored[from..], &MAGIC) {
            from += hit;
            match begins_record(&self.stored[from..]) {
                Trial::Record => found = true,
                Trial::Short if !last => {}
                _ => {
                    from += 1;
                    continue;
                }
            }
            break;
        }
        let waits = !found && self.stored[from..].starts_with(&MAGIC);
        if !found && !waits {
            let tail = if last { 0 } else { MAGIC.len() - 1 };
            from = from.max(self.stored.len().saturating_sub(tail));
        }
        let reached = self.base + from as u64;
        let finished = found || (last && from == self.stored.len());
        if reached > passed {
            self.mode = Mode::Lost {
                passed: reached,
                scan: reached,
            };
            return Pull::PassedOver(passed..reached);
        }
        self.mode = Mode::Lost {
            passed,
            scan: reached,
        };
        if !finished {
            return Pull::Starved;
        }
        self.at = from;
        self.mode = Mode::Between;
        if found { Pull::Bytes } else { Pull::End }
    }

    fn position(&self) -> u64 {
        self.base + self.at as u64
    }

    fn index(&self, position: u64) -> usize {
        position.saturating_sub(self.base) as usize
    }
}

/// Whether a gzip member is here whose first bytes are those of a record.
fn begins_record(bytes: &[u8]) -> Trial {
    let mut first = [0; 5];
    let mut inflater = Decompress::new_gzip(15);
    let input = &bytes[..bytes.len().min(TRIAL)];
    let result = inflater.decompress(input, &mut first, FlushDecompress::None);
    match (inflater.total_out(), result) {
        (5, _) if first == *b"WARC/" => Trial::Record,
        (5, _) | (_, Err(_) | Ok(Status::StreamEnd)) => Trial::Other,
        _ if bytes.len() >= TRIAL => Trial::Other,
        _ => Trial::Short,
    }
}
