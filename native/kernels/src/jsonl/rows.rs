//! Records to Arrow columns.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::builder::{
    BinaryBuilder, BooleanBuilder, FixedSizeBinaryBuilder, Int64Builder, MapBuilder, MapFieldNames,
    StringBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch, new_null_array};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use xxhash_rust::xxh3::xxh3_128;

use super::object::{Object, Value, parse};
use super::{Columns, DATE, HTML, ID, NAMES, PAYLOAD_BYTES, TEXT};
use crate::dates;

/// A defect: its name and its evidence.
struct Defect(&'static str, String);

impl Defect {
    fn bad_json(error: &str) -> Self {
        Self(
            "bad_json",
            serde_json::json!({ "error": error }).to_string(),
        )
    }

    fn bad_field(columns: &Columns, column: usize, found: &str) -> Self {
        let expected = if column == ID {
            "string or number"
        } else {
            "string or null"
        };
        let (field, key) = (NAMES[column], columns.key(column));
        let evidence =
            serde_json::json!({"field": field, "key": key, "found": found, "expected": expected});
        Self("bad_field", evidence.to_string())
    }

    fn too_large(bytes: usize, limit: usize) -> Self {
        Self(
            "too_large",
            serde_json::json!({"bytes": bytes, "limit": limit}).to_string(),
        )
    }
}

/// The columns being filled.
pub struct Rows<'c> {
    columns: &'c Columns,
    source: &'c str,
    pub len: usize,
    offsets: Int64Builder,
    ids: StringBuilder,
    urls: StringBuilder,
    texts: StringBuilder,
    htmls: BinaryBuilder,
    dates: TimestampMicrosecondBuilder,
    langs: StringBuilder,
    sources: StringBuilder,
    metas: MapBuilder<StringBuilder, StringBuilder>,
    hashes: FixedSizeBinaryBuilder,
    rejected: BooleanBuilder,
    defects: StringBuilder,
    evidence: StringBuilder,
    payloads: BinaryBuilder,
}

impl<'c> Rows<'c> {
    pub fn new(columns: &'c Columns, source: &'c str) -> Self {
        let names = MapFieldNames {
            entry: "entries".into(),
            key: "key".into(),
            value: "value".into(),
        };
        Self {
            columns,
            source,
            len: 0,
            offsets: Int64Builder::new(),
            ids: StringBuilder::new(),
            urls: StringBuilder::new(),
            texts: StringBuilder::new(),
            htmls: BinaryBuilder::new(),
            dates: TimestampMicrosecondBuilder::new().with_timezone("UTC"),
            langs: StringBuilder::new(),
            sources: StringBuilder::new(),
            metas: MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new()),
            hashes: FixedSizeBinaryBuilder::new(16),
            rejected: BooleanBuilder::new(),
            defects: StringBuilder::new(),
            evidence: StringBuilder::new(),
            payloads: BinaryBuilder::new(),
        }
    }

    /// Adds the record of one line that is not blank.
    pub fn push(&mut self, line: &[u8], offset: i64, max_bytes: usize) {
        self.len += 1;
        self.offsets.append_value(offset);
        // Neither can fail: sixteen bytes are sixteen, and as many keys as values are appended.
        let _ = self.hashes.append_value(xxh3_128(line).to_be_bytes());
        let (object, defect) = if line.len() > max_bytes {
            (None, Some(Defect::too_large(line.len(), max_bytes)))
        } else {
            match parse(line, self.columns) {
                Ok(object) => self.check(object),
                Err(error) => (None, Some(Defect::bad_json(&error))),
            }
        };
        self.push_columns(object.unwrap_or_default(), defect.is_none());
        self.rejected.append_value(defect.is_some());
        if let Some(Defect(name, evidence)) = defect {
            self.defects.append_value(name);
            self.evidence.append_value(evidence);
            self.payloads
                .append_value(&line[..line.len().min(PAYLOAD_BYTES)]);
        } else {
            self.defects.append_null();
            self.evidence.append_null();
            self.payloads.append_null();
        }
    }

    /// A record with a field of a wrong type keeps what identifies it; its content is in the payload.
    fn check<'a>(&self, mut object: Object<'a>) -> (Option<Object<'a>>, Option<Defect>) {
        let misfits = object.columns.iter().enumerate();
        let first = misfits
            .filter_map(|(column, value)| Some((column, value.misfit(column)?)))
            .next();
        let defect = first.map(|(column, found)| Defect::bad_field(self.columns, column, found));
        if defect.is_some() {
            for (column, value) in object.columns.iter_mut().enumerate() {
                if value.misfit(column).is_some() || column == TEXT || column == HTML {
                    *value = Value::Nothing;
                }
            }
        }
        (Some(object), defect)
    }

    fn push_columns(&mut self, object: Object<'_>, sound: bool) {
        let [id, url, text, date, lang, source, html] = object.columns;
        self.ids.append_option(id.into_text());
        self.urls.append_option(url.into_text());
        self.texts.append_option(text.into_text());
        self.langs.append_option(lang.into_text());
        self.htmls
            .append_option(html.into_text().as_ref().map(|html| html.as_bytes()));
        let source = source.into_text().filter(|source| !source.is_empty());
        self.sources
            .append_value(source.as_deref().unwrap_or(self.source));
        let instant = match &date {
            Value::Text(literal) => dates::parse(literal),
            _ => None,
        };
        self.dates.append_option(instant);
        let mut meta = object.meta;
        if instant.is_none() && !matches!(date, Value::Nothing) {
            meta.push((Cow::Borrowed(self.columns.key(DATE)), date));
        }
        if sound {
            self.push_meta(meta);
        }
        let _ = self.metas.append(sound);
    }

    /// The entries in the order of their keys; of those with one key the last of the line.
    fn push_meta(&mut self, mut meta: Vec<(Cow<'_, str>, Value<'_>)>) {
        meta.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut entries = meta.into_iter().peekable();
        while let Some((key, value)) = entries.next() {
            if entries.peek().is_some_and(|(next, _)| *next == key) {
                continue;
            }
            if let Some(text) = value.into_text() {
                self.metas.keys().append_value(key);
                self.metas.values().append_value(text);
            }
        }
    }

    pub fn finish(mut self) -> Result<RecordBatch, ArrowError> {
        let columns: [(&str, ArrayRef, bool); 15] = [
            ("offset", Arc::new(self.offsets.finish()), false),
            ("id", Arc::new(self.ids.finish()), true),
            ("url", Arc::new(self.urls.finish()), true),
            ("text", Arc::new(self.texts.finish()), true),
            ("html", Arc::new(self.htmls.finish()), true),
            (
                "content_type",
                new_null_array(&DataType::Utf8, self.len),
                true,
            ),
            ("date", Arc::new(self.dates.finish()), true),
            ("lang", Arc::new(self.langs.finish()), true),
            ("source", Arc::new(self.sources.finish()), false),
            ("meta", Arc::new(self.metas.finish()), true),
            ("raw_hash", Arc::new(self.hashes.finish()), true),
            ("rejected", Arc::new(self.rejected.finish()), false),
            ("defect", Arc::new(self.defects.finish()), true),
            ("evidence", Arc::new(self.evidence.finish()), true),
            ("payload", Arc::new(self.payloads.finish()), true),
        ];
        let fields = columns
            .iter()
            .map(|(name, array, nullable)| Field::new(*name, array.data_type().clone(), *nullable));
        let schema = Schema::new(fields.collect::<Vec<_>>());
        let arrays = columns.into_iter().map(|(_, array, _)| array).collect();
        RecordBatch::try_new(Arc::new(schema), arrays)
    }
}
