//! What follows a record's block, and whether it confirms the block's length.

use super::arc::{UrlRecord, url_record};
use super::window::{VersionLine, version_line};

/// What follows a block.
pub(super) enum Behind {
    /// What separates records, in so many bytes.
    Whole(usize),
    /// Fewer line ends than there should be, in so many bytes, which are all there are.
    Cut(usize),
    /// Too few bytes to say.
    Short,
    /// Something else.
    Another,
}

/// Reads the line ends behind a block: two, of an ARC record one.
///
/// Where they are missing, or four other bytes stand in their place, a record that begins there does as well: it
/// confirms the length.
pub(super) fn look_behind(bytes: &[u8], arc: bool) -> Behind {
    let wanted = if arc { 1 } else { 2 };
    let mut seen = 0;
    for (index, &byte) in bytes.iter().enumerate() {
        if !is_line_end(byte) {
            return confirm(bytes, index, arc);
        }
        seen += usize::from(byte == b'\n');
        if seen == wanted {
            return Behind::Whole(index + 1);
        }
    }
    Behind::Cut(bytes.len())
}

fn confirm(bytes: &[u8], line_ends: usize, arc: bool) -> Behind {
    let mut answer = Behind::Another;
    for at in [line_ends, 4] {
        match bytes
            .get(at..)
            .map_or(Begins::Perhaps, |rest| begins_record(rest, arc))
        {
            Begins::Record => return Behind::Whole(at),
            Begins::Perhaps => answer = Behind::Short,
            Begins::Other => {}
        }
    }
    answer
}

/// Whether bytes begin a record.
pub(super) enum Begins {
    Record,
    Perhaps,
    Other,
}

/// Looks for a version line, and with `arc` for a URL record, at the beginning of some bytes.
pub(super) fn begins_record(bytes: &[u8], arc: bool) -> Begins {
    match (version_line(bytes), arc.then(|| url_record(bytes))) {
        (VersionLine::Whole(_), _) | (_, Some(UrlRecord::Whole(_))) => Begins::Record,
        (VersionLine::Cut, _) | (_, Some(UrlRecord::Cut)) => Begins::Perhaps,
        _ => Begins::Other,
    }
}

pub(super) fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}
