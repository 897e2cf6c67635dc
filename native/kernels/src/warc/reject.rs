//! A stretch of an archive that could not be read: one row that stands for all of its bytes.

use arrow_schema::ArrowError;
use serde_json::{Value, json};
use xxhash_rust::xxh3::Xxh3;

use super::content::KEPT_BYTES;
use super::head::Head;
use super::table::{Row, Table};

/// What is gathered of a reject until its end is found. Only its first `KEPT_BYTES` are held.
pub(super) struct Reject {
    offset: u64,
    head: Head,
    defect: &'static str,
    error: String,
    hasher: Box<Xxh3>,
    fed: u64,
    payload: Vec<u8>,
    /// How many it stands for.
    count: u64,
    /// Its bytes are those of the stored file, because none could be uncompressed.
    pub(super) as_stored: bool,
}

impl Reject {
    pub(super) fn new(offset: u64, defect: &'static str, error: String) -> Self {
        Reject {
            offset,
            head: Head::default(),
            defect,
            error,
            hasher: Box::new(Xxh3::new()),
            fed: 0,
            payload: Vec::new(),
            count: 1,
            as_stored: false,
        }
    }

    /// The same with what the record's head says of it.
    pub(super) fn of(mut self, head: Head) -> Self {
        self.head = head;
        self
    }

    /// Adds the next of its bytes.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        let room = KEPT_BYTES - self.payload.len();
        self.payload
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.hasher.update(bytes);
        self.fed += bytes.len() as u64;
    }

    /// Takes over the bytes of a record that was read as far as this: their hash so far, the first of them, their count.
    pub(super) fn resume(mut self, hasher: Box<Xxh3>, mut kept: Vec<u8>, fed: u64) -> Self {
        kept.truncate(KEPT_BYTES);
        kept.shrink_to_fit();
        (self.hasher, self.payload, self.fed) = (hasher, kept, fed);
        self
    }

    /// Makes one of this and the one behind it: its hash is then of the hash of each.
    pub(super) fn join(&mut self, next: &Reject) {
        if self.count == 1 {
            let own = self.hasher.digest128().to_be_bytes();
            self.hasher.reset();
            self.hasher.update(&own);
            self.error = format!(
                "more than can be told one by one follow one another, the first: {}",
                self.error
            );
            self.head = Head::default();
        }
        let room = KEPT_BYTES - self.payload.len();
        self.payload
            .extend_from_slice(&next.payload[..next.payload.len().min(room)]);
        self.hasher.update(&next.hasher.digest128().to_be_bytes());
        self.fed += next.fed;
        self.count += 1;
    }

    /// Adds its row to the table. `end` is the stored byte at which the next record or the member it is in begins.
    pub(super) fn push(&self, table: &mut Table, end: u64) -> Result<(), ArrowError> {
        table.push(&Row {
            offset: self.offset,
            kind: self.head.kind.as_deref(),
            id: self.head.id.as_deref(),
            url: self.head.url.as_deref(),
            date: self.head.date,
            raw_hash: (self.fed > 0).then(|| self.hasher.digest128().to_be_bytes()),
            rejected: true,
            defect: Some(self.defect),
            evidence: Some(self.evidence(end)),
            payload: (self.fed > 0).then_some(&self.payload),
            ..Row::default()
        })
    }

    fn evidence(&self, end: u64) -> String {
        let said = describe(&self.error, self.offset, Some(end), self.fed);
        let said = match said {
            Value::Object(mut said) if self.count > 1 => {
                said.insert("count".to_owned(), self.count.into());
                Value::Object(said)
            }
            other => other,
        };
        said.to_string()
    }
}

/// What is wrong, with the stored bytes it takes to `end`; where that is not known, because it shares a member with the
/// next record, the uncompressed ones.
pub(super) fn evidence(error: &str, offset: u64, end: Option<u64>, uncompressed: u64) -> String {
    describe(error, offset, end, uncompressed).to_string()
}

fn describe(error: &str, offset: u64, end: Option<u64>, uncompressed: u64) -> Value {
    let length = end.and_then(|end| end.checked_sub(offset));
    match length.filter(|&length| length > 0) {
        Some(length) => json!({ "error": error, "length": length }),
        None => json!({ "error": error, "uncompressed_length": uncompressed }),
    }
}
