//! The rows of a batch: one for every record of an archive, as Arrow columns.

use std::sync::Arc;

use arrow_array::builder::{
    BinaryBuilder, BooleanBuilder, FixedSizeBinaryBuilder, Int64Builder, MapBuilder, MapFieldNames,
    StringBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::ArrowError;

use super::Limits;

/// What is said of one record.
#[derive(Default)]
pub(super) struct Row<'a> {
    pub(super) offset: u64,
    pub(super) kind: Option<&'a str>,
    pub(super) id: Option<&'a str>,
    pub(super) url: Option<&'a str>,
    pub(super) text: Option<&'a str>,
    pub(super) html: Option<&'a [u8]>,
    pub(super) content_type: Option<&'a str>,
    pub(super) date: Option<i64>,
    pub(super) meta: Vec<(&'static str, String)>,
    pub(super) raw_hash: Option<[u8; 16]>,
    pub(super) rejected: bool,
    pub(super) defect: Option<&'static str>,
    pub(super) evidence: Option<String>,
    pub(super) payload: Option<&'a [u8]>,
}

/// Rows being collected; at least one of its two limits makes it full.
pub(super) struct Table {
    limits: Limits,
    rows: usize,
    bytes: usize,
    records: u64,
    rejects: u64,
    columns: Columns,
}

struct Columns {
    offset: Int64Builder,
    kind: StringBuilder,
    id: StringBuilder,
    url: StringBuilder,
    text: StringBuilder,
    html: BinaryBuilder,
    content_type: StringBuilder,
    date: TimestampMicrosecondBuilder,
    meta: MapBuilder<StringBuilder, StringBuilder>,
    raw_hash: FixedSizeBinaryBuilder,
    rejected: BooleanBuilder,
    defect: StringBuilder,
    evidence: StringBuilder,
    payload: BinaryBuilder,
}

impl Columns {
    /// With room for so many bytes of text and of pages.
    fn new(text_bytes: usize, html_bytes: usize) -> Self {
        let names = MapFieldNames {
            entry: "entries".to_owned(),
            key: "key".to_owned(),
            value: "value".to_owned(),
        };
        Columns {
            offset: Int64Builder::new(),
            kind: StringBuilder::new(),
            id: StringBuilder::new(),
            url: StringBuilder::new(),
            text: StringBuilder::with_capacity(0, text_bytes),
            html: BinaryBuilder::with_capacity(0, html_bytes),
            content_type: StringBuilder::new(),
            date: TimestampMicrosecondBuilder::new().with_timezone("UTC"),
            meta: MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new()),
            raw_hash: FixedSizeBinaryBuilder::new(16),
            rejected: BooleanBuilder::new(),
            defect: StringBuilder::new(),
            evidence: StringBuilder::new(),
            payload: BinaryBuilder::new(),
        }
    }
}

impl Table {
    pub(super) fn new(limits: Limits) -> Self {
        Table {
            limits,
            rows: 0,
            bytes: 0,
            records: 0,
            rejects: 0,
            columns: Columns::new(0, 0),
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.rows >= self.limits.batch_rows || self.bytes >= self.limits.batch_bytes
    }

    pub(super) fn is_raw(&self) -> bool {
        self.limits.raw
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// All rows and all rejects there ever were.
    pub(super) fn totals(&self) -> (u64, u64) {
        (self.records, self.rejects)
    }

    pub(super) fn push(&mut self, row: &Row<'_>) -> Result<(), ArrowError> {
        let columns = &mut self.columns;
        columns.offset.append_value(row.offset as i64);
        columns.kind.append_option(row.kind);
        columns.id.append_option(row.id);
        columns.url.append_option(row.url);
        columns.text.append_option(row.text);
        columns.html.append_option(row.html);
        columns.content_type.append_option(row.content_type);
        columns.date.append_option(row.date);
        for (key, value) in &row.meta {
            columns.meta.keys().append_value(key);
            columns.meta.values().append_value(value);
        }
        columns.meta.append(!row.meta.is_empty())?;
        match &row.raw_hash {
            Some(hash) => columns.raw_hash.append_value(hash)?,
            None => columns.raw_hash.append_null(),
        }
        columns.rejected.append_value(row.rejected);
        columns.defect.append_option(row.defect);
        columns.evidence.append_option(row.evidence.as_deref());
        columns.payload.append_option(row.payload);
        self.rows += 1;
        self.records += 1;
        self.rejects += u64::from(row.rejected);
        let text = [
            row.kind,
            row.id,
            row.url,
            row.text,
            row.content_type,
            row.evidence.as_deref(),
        ];
        self.bytes += text.iter().map(|t| t.map_or(0, str::len)).sum::<usize>();
        self.bytes += [row.html, row.payload]
            .iter()
            .map(|b| b.map_or(0, <[u8]>::len))
            .sum::<usize>();
        Ok(())
    }

    /// The rows so far; the table is empty afterwards.
    pub(super) fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        self.rows = 0;
        self.bytes = 0;
        // As much room as this batch took, and a page more: growing by doubling would move the bytes and touch memory
        // that the system has to clear first. No batch keeps more than its limit allows.
        let room = |used: usize| used.min(self.limits.batch_bytes).saturating_add(used / 8);
        let text_bytes = room(self.columns.text.values_slice().len());
        let html_bytes = room(self.columns.html.values_slice().len());
        let next = Columns::new(text_bytes, html_bytes);
        let mut columns = std::mem::replace(&mut self.columns, next);
        let arrays: Vec<(&str, ArrayRef, bool)> = vec![
            ("offset", Arc::new(columns.offset.finish()), false),
            ("type", Arc::new(columns.kind.finish()), true),
            ("id", Arc::new(columns.id.finish()), true),
            ("url", Arc::new(columns.url.finish()), true),
            ("text", Arc::new(columns.text.finish()), true),
            ("html", Arc::new(columns.html.finish()), true),
            (
                "content_type",
                Arc::new(columns.content_type.finish()),
                true,
            ),
            ("date", Arc::new(columns.date.finish()), true),
            ("meta", Arc::new(columns.meta.finish()), true),
            ("raw_hash", Arc::new(columns.raw_hash.finish()), true),
            ("rejected", Arc::new(columns.rejected.finish()), false),
            ("defect", Arc::new(columns.defect.finish()), true),
            ("evidence", Arc::new(columns.evidence.finish()), true),
            ("payload", Arc::new(columns.payload.finish()), true),
        ];
        RecordBatch::try_from_iter_with_nullable(arrays)
    }
}
