//! A stretch of an archive that could not be read: one row that stands for all of its bytes.

use arrow_schema::ArrowError;
use serde_json::json;
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
    fed: bool,
    payload: Vec<u8>,
    /// Its bytes are those of the stored file, because none could be uncompressed.
    pub(super) as_stored: bool,
    /// It goes to the end of the file whatever comes.
    pub(super) endless: bool,
}

impl Reject {
    pub(super) fn new(offset: u64, defect: &'static str, error: String) -> Self {
        Reject {
            offset,
            head: Head::default(),
            defect,
            error,
            hasher: Box::new(Xxh3::new()),
            fed: false,
            payload: Vec::new(),
            as_stored: false,
            endless: false,
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
        self.fed |= !bytes.is_empty();
    }

    /// Adds its row to the table.
    pub(super) fn push(&self, table: &mut Table) -> Result<(), ArrowError> {
        table.push(&Row {
            offset: self.offset,
            kind: self.head.kind.as_deref(),
            id: self.head.id.as_deref(),
            url: self.head.url.as_deref(),
            date: self.head.date,
            raw_hash: self.fed.then(|| self.hasher.digest128().to_be_bytes()),
            rejected: true,
            defect: Some(self.defect),
            evidence: Some(json!({ "error": self.error }).to_string()),
            payload: self.fed.then_some(&self.payload),
            ..Row::default()
        })
    }
}
