//! What an edit did to a text: places in the text before, and how many bytes stand there after. Bytes are those of UTF-8.

mod lines;

use std::ops::Range;
use std::sync::Arc;

use arrow_array::builder::{Int64Builder, StringBuilder};
use arrow_array::{Array, ArrayRef, ListArray, StructArray};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{ArrowError, Field};

pub(crate) use lines::LineChanges;

/// Bytes `[begin, end)` of the text before became `length` bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) kind: &'static str,
    pub(crate) begin: usize,
    pub(crate) end: usize,
    pub(crate) length: usize,
}

/// The changes of one text, in order, none of which meet.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    list: Vec<Change>,
}

impl Changes {
    pub(crate) fn as_slice(&self) -> &[Change] {
        &self.list
    }

    pub(crate) fn clear(&mut self) {
        self.list.clear();
    }

    /// Notes a change behind all others; neighbors of one kind become one.
    #[inline]
    pub(crate) fn push(&mut self, kind: &'static str, place: Range<usize>, length: usize) {
        if place.is_empty() && length == 0 {
            return;
        }
        match self.list.last_mut() {
            Some(last) if last.end == place.start && last.kind == kind => {
                last.end = place.end;
                last.length += length;
            }
            _ => self.list.push(Change {
                kind,
                begin: place.start,
                end: place.end,
                length,
            }),
        }
    }

    /// Notes that of the text after, `length` bytes long, only the bytes of `kept` stay. `before` is the length of the text before.
    pub(crate) fn trim(
        &mut self,
        kind: &'static str,
        before: usize,
        length: usize,
        kept: Range<usize>,
    ) {
        if kept == (0..length) {
            return;
        }
        let list = std::mem::take(&mut self.list);
        let (mut old, mut new) = (0, 0);
        for change in &list {
            self.trim_copied(kind, old..change.begin, new, &kept);
            new += change.begin - old;
            let stays = kept.start.max(new)..kept.end.min(new + change.length);
            self.push(change.kind, change.begin..change.end, stays.len());
            (old, new) = (change.end, new + change.length);
        }
        self.trim_copied(kind, old..before, new, &kept);
    }

    /// The same for bytes that nothing had changed, which stand from `new` on.
    fn trim_copied(
        &mut self,
        kind: &'static str,
        copied: Range<usize>,
        new: usize,
        kept: &Range<usize>,
    ) {
        let head = kept.start.saturating_sub(new).min(copied.len());
        let tail = (new + copied.len())
            .saturating_sub(kept.end)
            .min(copied.len() - head);
        self.push(kind, copied.start..copied.start + head, 0);
        self.push(kind, copied.end - tail..copied.end, 0);
    }

    /// Puts changes of the text after behind these: both together, told in the text before.
    ///
    /// Where two meet they become one, which is called as the later is.
    pub(crate) fn then(&mut self, later: &[Change]) {
        if later.is_empty() {
            return;
        }
        let first = std::mem::take(&mut self.list);
        let mut merge = Merge {
            first: &first,
            later,
            grown: 0,
        };
        while let Some(change) = merge.next() {
            self.push(change.kind, change.begin..change.end, change.length);
        }
    }
}

/// Changes of two edits on their way into one list; `grown` is by how much the first made the text longer so far.
struct Merge<'a> {
    first: &'a [Change],
    later: &'a [Change],
    grown: isize,
}

impl Merge<'_> {
    /// Where the next change of the first edit stands in the text between the two.
    fn place(&self) -> Option<Range<usize>> {
        let change = self.first.first()?;
        let begin = change.begin.saturating_add_signed(self.grown);
        Some(begin..begin + change.length)
    }

    fn next(&mut self) -> Option<Change> {
        let later = self.later.first().map(|change| change.begin..change.end);
        let mut hull = match (self.place(), later) {
            (Some(a), Some(b)) if (a.start, a.end) <= (b.start, b.end) => a,
            (Some(a), None) => a,
            (_, b) => b?,
        };
        let begin = hull.start.saturating_add_signed(-self.grown);
        let (mut kind, mut added, mut is_first) = ("", 0, true);
        loop {
            let meets = |place: &Range<usize>, hull: &Range<usize>| {
                is_first && place == hull || place.start < hull.end && hull.start < place.end
            };
            if let Some(place) = self.place()
                && meets(&place, &hull)
            {
                let change = self.first[0];
                self.grown += change.length as isize - (change.end - change.begin) as isize;
                self.first = &self.first[1..];
                kind = if kind.is_empty() { change.kind } else { kind };
                hull = hull.start.min(place.start)..hull.end.max(place.end);
            } else if let Some(change) = self.later.first()
                && meets(&(change.begin..change.end), &hull)
            {
                self.later = &self.later[1..];
                kind = change.kind;
                added += change.length as isize - (change.end - change.begin) as isize;
                hull = hull.start.min(change.begin)..hull.end.max(change.end);
            } else {
                break;
            }
            is_first = false;
        }
        Some(Change {
            kind,
            begin,
            end: hull.end.saturating_add_signed(-self.grown),
            length: hull.len().saturating_add_signed(added),
        })
    }
}

/// A column of changes under construction: a list for each row, null where nothing changed.
#[derive(Default)]
pub(crate) struct Column {
    lengths: Vec<usize>,
    kind: StringBuilder,
    numbers: [Int64Builder; 3],
}

impl Column {
    pub(crate) fn append(&mut self, changes: &[Change]) {
        self.lengths.push(changes.len());
        for change in changes {
            self.kind.append_value(change.kind);
            let numbers = [change.begin, change.end, change.length];
            for (builder, number) in self.numbers.iter_mut().zip(numbers) {
                builder.append_value(number as i64);
            }
        }
    }

    pub(crate) fn finish(mut self) -> Result<ArrayRef, ArrowError> {
        let kind: ArrayRef = Arc::new(self.kind.finish());
        let mut columns = vec![("kind", kind)];
        for (name, mut builder) in ["begin", "end", "length"].into_iter().zip(self.numbers) {
            columns.push((name, Arc::new(builder.finish())));
        }
        let fields: Vec<Field> = columns
            .iter()
            .map(|(name, column)| Field::new(*name, column.data_type().clone(), true))
            .collect();
        let arrays = columns.into_iter().map(|(_, column)| column).collect();
        let values = StructArray::try_new(fields.into(), arrays, None)?;
        let item = Field::new_list_field(values.data_type().clone(), true);
        let valid = NullBuffer::from_iter(self.lengths.iter().map(|&length| length > 0));
        let offsets = OffsetBuffer::from_lengths(self.lengths);
        let list = ListArray::try_new(Arc::new(item), offsets, Arc::new(values), Some(valid))?;
        Ok(Arc::new(list))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(list: &[(&'static str, Range<usize>, usize)]) -> Changes {
        let mut changes = Changes::default();
        for (kind, place, length) in list {
            changes.push(kind, place.clone(), *length);
        }
        changes
    }

    fn told(changes: &Changes) -> Vec<(&'static str, Range<usize>, usize)> {
        let tell = |c: &Change| (c.kind, c.begin..c.end, c.length);
        changes.as_slice().iter().map(tell).collect()
    }

    #[test]
    fn neighbors_of_a_kind_are_one() {
        let found = changes(&[
            ("a", 0..2, 1),
            ("a", 2..3, 1),
            ("b", 3..4, 0),
            ("b", 4..4, 0),
        ]);
        assert_eq!(told(&found), [("a", 0..3, 2), ("b", 3..4, 0)]);
    }

    #[test]
    fn what_is_trimmed_goes_on_both_sides() {
        // "ab|cd|ef" -> "ab" + "XY" + "ef", of which "bXYe", then "Y" stay
        let mut found = changes(&[("a", 2..4, 2)]);
        found.trim("space", 6, 6, 1..5);
        assert_eq!(
            told(&found),
            [("space", 0..1, 0), ("a", 2..4, 2), ("space", 5..6, 0)]
        );
        let mut found = changes(&[("a", 2..4, 2)]);
        found.trim("space", 6, 6, 3..4);
        assert_eq!(
            told(&found),
            [("space", 0..2, 0), ("a", 2..4, 1), ("space", 4..6, 0)]
        );
    }

    #[test]
    fn edits_one_behind_the_other() {
        // "abcdef" -> "abXef" -> "aYef": the second takes in the first
        let mut found = changes(&[("a", 2..4, 1)]);
        found.then(changes(&[("b", 1..3, 1)]).as_slice());
        assert_eq!(told(&found), [("b", 1..4, 1)]);
        // a place where something went, in front of, behind and within what changes later
        let mut found = changes(&[("a", 1..2, 0), ("a", 3..4, 0), ("a", 5..6, 0)]);
        found.then(changes(&[("b", 1..3, 2)]).as_slice());
        assert_eq!(
            told(&found),
            [("a", 1..2, 0), ("b", 2..5, 2), ("a", 5..6, 0)]
        );
    }
}
