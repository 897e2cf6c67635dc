//! Behind damage: the next stored member that begins a record.

use memchr::memmem;

use super::codec::{BAD_DICTIONARY, Packing, unpack_dictionary};
use super::member::{Damage, Mode, Pull, Source};
use super::trial::Trial;

// How far behind its cause a fault in a member is looked for. A decoder that lost its way notices within some
// kilobytes; only a stored block of deflate, at most 64 KiB, can take it past the beginnings of other members.
pub(super) const LOOK_BACK: usize = 1 << 20;

impl Source {
    /// Gives the member up that begins at `begin` and looks for another, from where its fault may have been on.
    pub(super) fn damage(
        &mut self,
        begin: u64,
        defect: &'static str,
        error: String,
        nothing_read: bool,
    ) -> Pull {
        let reached = self.position();
        // Counted from what was reached, not from what is at hand: that depends on how the bytes were cut.
        let kept = begin.max(reached.saturating_sub(LOOK_BACK as u64));
        let mut scan = kept.max(begin + 1);
        // A crafted file could make every byte a member that is read for a megabyte; real damage is rare.
        self.looked_back += reached.saturating_sub(scan);
        if self.looked_back > 4 * reached + (16 << 20) {
            scan = match self.stop {
                stop if (scan..reached).contains(&stop) => stop,
                _ => scan.max(reached),
            };
        }
        let lost = Mode::Lost { passed: kept, scan };
        if let Mode::Member { decoder, .. } = std::mem::replace(&mut self.mode, lost) {
            self.spare = decoder.reuse();
        }
        Pull::Damage(Damage {
            offset: begin,
            defect,
            error,
            nothing_read,
        })
    }

    /// Looks for a member that begins a record, from the stored byte `scan` on.
    pub(super) fn search(&mut self, passed: u64, scan: u64, last: bool) -> Pull {
        let magic = self.packing.magic();
        let mut from = self.index(scan).min(self.stored.len());
        let mut found = false;
        while let Some(hit) = memmem::find(&self.stored[from..], magic) {
            from += hit;
            match self.try_record(from) {
                Trial::Record => found = true,
                Trial::Short if !last => {}
                _ => {
                    from += 1;
                    continue;
                }
            }
            break;
        }
        let waits = !found && self.stored[from..].starts_with(magic);
        if !found && !waits {
            let tail = if last { 0 } else { magic.len() - 1 };
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

    /// Whether at this place a member begins whose first bytes are those of a record.
    fn try_record(&mut self, from: usize) -> Trial {
        let at = self.base + from as u64;
        // Where this range ends the next one begins, so that place is never passed over.
        if !self.trials.may_try(at) && at != self.stop {
            return Trial::Other;
        }
        let (packing, dictionary) = (self.packing, &self.dictionary);
        self.trials
            .try_record(packing, &self.stored[from..], dictionary)
    }
}

/// Finds the members of an archive that begin a record, wherever they stand, from any byte of it on.
pub struct Finder(Source);

impl Finder {
    /// Looks from byte `begin` of the file on, the first that is pushed. `dictionary` is that of the zstd frames, as it is
    /// stored; an error where it cannot be undone.
    pub fn new(packing: Packing, begin: u64, dictionary: Vec<u8>) -> Result<Self, String> {
        let dictionary = unpack_dictionary(dictionary).ok_or(BAD_DICTIONARY)?;
        let mut source = Source::new(None, begin, u64::MAX, dictionary);
        source.packing = packing;
        source.mode = Mode::Lost {
            passed: begin,
            scan: begin,
        };
        Ok(Finder(source))
    }

    /// Takes the next stored bytes; `last` says that there are no more behind them. Gives the byte of the file at which
    /// the next member begins that begins a record. Behind one, push nothing more (an empty chunk with the same `last`)
    /// until there is none.
    pub fn push(&mut self, chunk: &[u8], last: bool) -> Option<u64> {
        self.0.push(chunk);
        loop {
            let Mode::Lost { passed, scan } = self.0.mode else {
                return None;
            };
            match self.0.search(passed, scan, last) {
                Pull::PassedOver(_) => {}
                Pull::Bytes => {
                    let found = self.0.position();
                    self.0.mode = Mode::Lost {
                        passed: found,
                        scan: found + 1,
                    };
                    return Some(found);
                }
                _ => return None,
            }
        }
    }
}
