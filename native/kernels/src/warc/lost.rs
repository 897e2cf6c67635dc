//! Behind damage: the next stored member that begins a record.

use memchr::memmem;

use super::arc::{UrlRecord, url_record};
use super::codec::{Decoder, Outcome};
use super::member::{Damage, Mode, Pull, Source};

// How far behind its cause a fault in a member is looked for. A decoder that lost its way notices within some
// kilobytes; only a stored block of deflate, at most 64 KiB, can take it past the beginnings of other members.
pub(super) const LOOK_BACK: usize = 1 << 20;

/// Bytes of a member that must show that it begins a record.
const TRIAL_OUT: usize = 1024;

enum Trial {
    Record,
    Other,
    Short,
}

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
            scan = scan.max(reached);
        }
        self.mode = Mode::Lost { passed: kept, scan };
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
    fn try_record(&self, from: usize) -> Trial {
        let rest = &self.stored[from..];
        let input = &rest[..rest.len().min(self.packing.trial_bytes())];
        let mut first = [0; TRIAL_OUT];
        let mut decoder = Decoder::new(self.packing, &self.dictionary);
        let (mut taken, mut given) = (0, 0);
        let ended = loop {
            let (more, out, outcome) = decoder.step(&input[taken..], &mut first[given..], false);
            taken += more;
            given += out;
            if outcome != Outcome::More || (more == 0 && out == 0) || given == first.len() {
                break matches!(outcome, Outcome::End | Outcome::Broken);
            }
        };
        let first = &first[..given];
        if first.starts_with(b"WARC/") || matches!(url_record(first), UrlRecord::Whole(_)) {
            Trial::Record
        } else if ended || rest.len() >= self.packing.trial_bytes() || given == TRIAL_OUT {
            Trial::Other
        } else {
            Trial::Short
        }
    }
}
