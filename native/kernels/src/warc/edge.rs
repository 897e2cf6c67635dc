//! What lies behind the bytes at hand, and what is wrong with a record that breaks off there.

use super::member::Damage;
use super::reject::Reject;
use super::window::{Next, Window};

/// What is known to lie behind the last byte of the window.
pub(super) enum Edge {
    /// More bytes, perhaps.
    Open,
    /// The end of a member whose checksum is right, before this stored byte.
    Member(u64),
    /// Bytes that could not be read.
    Damage(Damage),
    /// The end of the file, before this byte.
    File(u64),
}

impl Edge {
    pub(super) fn is_final(&self) -> bool {
        matches!(self, Edge::Damage(_) | Edge::File(_))
    }

    /// A reject for what breaks off at this edge; `error` is the sentence for the end of the file.
    pub(super) fn break_off(&self, offset: u64, error: String) -> Reject {
        match self {
            Edge::Damage(damage) => Reject::new(offset, damage.defect, damage.error.clone()),
            _ => Reject::new(offset, "truncated", error),
        }
    }
}

/// A reject for a record whose block does not end before the edge: is that the end, or is its length wrong?
pub(super) fn unfinished(
    window: &Window,
    edge: &Edge,
    begin: usize,
    end: usize,
    arc: bool,
) -> Reject {
    let (offset, length) = (window.offset(), end - begin);
    match window.find_record(begin, arc) {
        Next::At(at) => {
            let at = at - begin;
            let error = format!("another record begins {at} bytes into a block of {length}");
            Reject::new(offset, "bad_record", error)
        }
        _ => {
            let there = window.data().len() - begin;
            edge.break_off(
                offset,
                format!("the file ends {there} bytes into a block of {length}"),
            )
        }
    }
}
