//! Personal data with a fixed form: where it stands in texts, and what is put in its place.
//!
//! Each kind has a finder of its own that looks only around anchors (`@`, a dot between digits, the begin of a number),
//! never further than a bound or the next anchor, so that every text is searched in linear time. Spans are bytes. Where
//! spans of two kinds meet, the kind that stands first in `KINDS` wins.

mod cards;
mod emails;
mod ibans;
mod ips;
mod keys;
mod numbers;
mod phones;
mod registry;

use std::ops::Range;
use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int8Type, Int64Type};
use arrow_array::{ArrayRef, Int8Array, Int64Array, RecordBatch};
use xxhash_rust::xxh3::Xxh3;

use crate::words::TextColumn;
pub use registry::is_global;

/// The kinds by number; an earlier one wins where two meet.
pub const KINDS: [&str; 8] = [
    "key", "email", "ipv4", "ipv6", "iban", "card", "ssn", "phone",
];
/// Whose rules say where addresses begin and end: ours, or the regular expressions of datatrove (FineWeb).
pub const RULES: [&str; 2] = ["checked", "datatrove"];

type Finder = fn(&str, &mut Vec<Range<usize>>);

fn finder(kind: &str, rules: &str) -> Result<Finder, String> {
    Ok(match (kind, rules) {
        ("email", "checked") => emails::find,
        ("email", "datatrove") => emails::find_datatrove,
        ("ipv4", "checked") => ips::find_v4,
        ("ipv4", "datatrove") => ips::find_v4_datatrove,
        (_, rules) if !RULES.contains(&rules) => {
            return Err(format!(
                "unknown rules {rules:?}; expected one of: {}",
                RULES.join(", ")
            ));
        }
        ("key", _) => keys::find,
        ("ipv6", _) => ips::find_v6,
        ("iban", _) => ibans::find,
        ("card", _) => cards::find,
        ("ssn", _) => numbers::find_ssn,
        ("phone", _) => phones::find,
        (kind, _) => {
            return Err(format!(
                "unknown kind {kind:?} of personal data; expected some of: {}",
                KINDS.join(", ")
            ));
        }
    })
}

/// A place in a text: bytes, and the number of its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Span {
    place: Range<usize>,
    kind: i8,
}

/// Finds what each text holds of the kinds, as columns `row`, `kind` (its number), `begin` and `end` (bytes), in order.
///
/// Spans of a row do not meet. A null text holds nothing.
pub fn find(text: &ArrayRef, kinds: &[String], rules: &str) -> Result<RecordBatch, String> {
    let mut finders = vec![];
    for kind in kinds {
        let find = finder(kind, rules)?;
        let number = KINDS.iter().position(|known| known == kind).unwrap_or(0);
        finders.push((number as i8, find));
    }
    finders.sort_by_key(|(number, _)| *number);
    finders.dedup_by_key(|(number, _)| *number);
    let column = TextColumn::new(text, "text")?;
    let mut found = Columns::default();
    for row in 0..text.len() {
        if let Some(text) = column.get(row) {
            found.append(row, &find_in(text, &finders));
        }
    }
    found.finish()
}

fn find_in(text: &str, finders: &[(i8, Finder)]) -> Vec<Span> {
    let mut accepted: Vec<Span> = vec![];
    let mut places = vec![];
    for (kind, find) in finders {
        places.clear();
        find(text, &mut places);
        accept(&mut accepted, &places, *kind);
    }
    accepted
}

/// Adds the places that meet no accepted span; both are in order, and so is the result.
fn accept(accepted: &mut Vec<Span>, places: &[Range<usize>], kind: i8) {
    let earlier = accepted.len();
    let mut next = 0;
    for place in places {
        while next < earlier && accepted[next].place.end <= place.start {
            next += 1;
        }
        if next == earlier || accepted[next].place.start >= place.end {
            let place = place.clone();
            accepted.push(Span { place, kind });
        }
    }
    if earlier > 0 && accepted.len() > earlier {
        // Two runs in order: this sort merges them.
        accepted.sort_by_key(|span| span.place.start);
    }
}

/// The result of `find` under construction.
#[derive(Default)]
struct Columns {
    row: Vec<i64>,
    kind: Vec<i8>,
    begin: Vec<i64>,
    end: Vec<i64>,
}

impl Columns {
    fn append(&mut self, row: usize, spans: &[Span]) {
        for span in spans {
            self.row.push(row as i64);
            self.kind.push(span.kind);
            self.begin.push(span.place.start as i64);
            self.end.push(span.place.end as i64);
        }
    }

    fn finish(self) -> Result<RecordBatch, String> {
        let columns: [(&str, ArrayRef); 4] = [
            ("row", Arc::new(Int64Array::from(self.row))),
            ("kind", Arc::new(Int8Array::from(self.kind))),
            ("begin", Arc::new(Int64Array::from(self.begin))),
            ("end", Arc::new(Int64Array::from(self.end))),
        ];
        RecordBatch::try_from_iter(columns).map_err(|error| error.to_string())
    }
}

/// Puts something else in the place of each span: the texts (null where nothing changes) and, for each span, how many
/// bytes stand there now.
///
/// `choices` holds for each kind what may stand in its place. Which of several does is decided by a hash of the
/// document's id and of the bytes that go, so that neither order nor place matters and the same value of a document
/// becomes the same replacement. A null id counts as an empty one.
pub fn replace(
    text: &ArrayRef,
    doc_id: &ArrayRef,
    spans: &RecordBatch,
    choices: &[Vec<String>],
) -> Result<(ArrayRef, ArrayRef), String> {
    let texts = TextColumn::new(text, "text")?;
    let ids = TextColumn::new(doc_id, "doc_id")?;
    let rows = numbers_of(spans, "row")?;
    let (begins, ends) = (numbers_of(spans, "begin")?, numbers_of(spans, "end")?);
    let kinds = spans
        .column_by_name("kind")
        .and_then(|column| column.as_primitive_opt::<Int8Type>())
        .ok_or("spans have no column kind of int8; expected those of find")?;
    let mut lengths = Vec::with_capacity(rows.len());
    let mut edited = StringBuilder::new();
    let mut next = 0;
    let mut written = 0;
    for row in 0..text.len() {
        let first = next;
        while next < rows.len() && rows[next] == row as i64 {
            next += 1;
        }
        let Some(before) = texts.get(row).filter(|_| next > first) else {
            edited.append_null();
            continue;
        };
        let mut after = String::with_capacity(before.len());
        let mut done = 0;
        for i in first..next {
            let place = begins[i] as usize..ends[i] as usize;
            let found = before.get(place.clone());
            let (Some(between), Some(found)) = (before.get(done..place.start), found) else {
                return Err(format!(
                    "span {place:?} of row {row} is none of its text; expected the spans of find"
                ));
            };
            let choices = choices.get(kinds.value(i) as usize);
            let choice = choose(choices, ids.get(row).unwrap_or(""), found)
                .ok_or_else(|| format!("kind {} has no replacement", kinds.value(i)))?;
            after.push_str(between);
            after.push_str(choice);
            lengths.push(choice.len() as i64);
            done = place.end;
        }
        after.push_str(&before[done..]);
        written += after.len();
        if written > i32::MAX as usize {
            return Err("more than 2 GiB of text in a batch; expected smaller batches".into());
        }
        edited.append_value(after);
    }
    if next < rows.len() {
        return Err(format!(
            "{} spans are of no row or out of order; expected those of find",
            rows.len() - next
        ));
    }
    Ok((
        Arc::new(edited.finish()),
        Arc::new(Int64Array::from(lengths)),
    ))
}

fn numbers_of<'a>(spans: &'a RecordBatch, name: &str) -> Result<&'a [i64], String> {
    spans
        .column_by_name(name)
        .and_then(|column| column.as_primitive_opt::<Int64Type>())
        .map(|column| &column.values()[..])
        .ok_or_else(|| format!("spans have no column {name} of int64; expected those of find"))
}

fn choose<'a>(choices: Option<&'a Vec<String>>, doc_id: &str, found: &str) -> Option<&'a str> {
    let choices = choices.filter(|choices| !choices.is_empty())?;
    let mut hash = Xxh3::new();
    hash.update(&(doc_id.len() as u64).to_le_bytes());
    hash.update(doc_id.as_bytes());
    hash.update(found.as_bytes());
    Some(&choices[(hash.digest() % choices.len() as u64) as usize])
}

#[cfg(test)]
mod tests;
