//! What a record holds for a corpus: a page, plain text, or nothing and why.

use std::borrow::Cow;

use arrow_schema::ArrowError;
use serde_json::json;

use crate::charset;

use super::coding::Obstacle;
use super::head::Head;
use super::http::{Body, Broken, Response, begins_like_html};
use super::kind::kind_of;
use super::reject::evidence;
use super::table::{Row, Table};

/// Why a payload is not whole, as `truncated` says it where the archive does not.
const CUT: &str = "max_record_bytes";
const SHORT: &str = "content_length";
const CHUNKS: &str = "chunked";
const BROKEN: &str = "content_encoding";
const PARTIAL: &str = "partial_content";

/// Bytes kept of a record that could not be read.
pub(super) const KEPT_BYTES: usize = 64 << 10;

/// What is longer than the limit and more than so many times what is stored of it was made to be so.
pub(super) const BOMB_RATIO: u64 = 100;

/// A record: `raw` is everything from its first line to the end of its block, or the beginning of that where it is
/// `cut`; `hash` is that of all of it.
pub(super) struct Record<'a> {
    pub(super) offset: u64,
    pub(super) head: &'a Head,
    pub(super) raw: &'a [u8],
    pub(super) block: &'a [u8],
    pub(super) hash: u128,
    pub(super) cut: bool,
    /// The stored byte before which it and what separates it from the next end, where no other shares that.
    pub(super) end: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Page,
    Plain,
    Other,
}

/// Adds the record's row to the table. What it holds is looked at unless the table is one of raw records, and no body
/// decoded to more than `limit` bytes.
pub(super) fn push_record(
    table: &mut Table,
    record: &Record<'_>,
    limit: usize,
) -> Result<(), ArrowError> {
    let head = record.head;
    let mut row = Row {
        offset: record.offset,
        kind: head.kind.as_deref(),
        id: head.id.as_deref(),
        url: head.url.as_deref(),
        date: head.date,
        raw_hash: Some(record.hash.to_be_bytes()),
        ..Row::default()
    };
    if table.is_raw() {
        row.payload = Some(record.raw);
        return table.push(&row);
    }
    push_content(table, row, record, limit)
}

fn push_content<'a>(
    table: &mut Table,
    mut row: Row<'a>,
    record: &Record<'a>,
    limit: usize,
) -> Result<(), ArrowError> {
    let head = record.head;
    let response = match head.kind.as_deref() {
        Some("response") => match Response::parse(record.block) {
            Some(response) => Some(response),
            // A server of HTTP/0.9 or of something else: an ARC archive holds the bare body then.
            None if head.arc && !is_lookup(head) => None,
            None => return push_not_content(table, row),
        },
        Some("resource" | "conversion") => None,
        _ => return push_not_content(table, row),
    };
    let declared = match &response {
        Some(response) => response.content_type.as_deref(),
        None => head.content_type.as_deref(),
    };
    if let Some(status) = response.as_ref().and_then(|r| r.status) {
        row.meta.push(("http_status", status.to_string()));
    }
    let mime = mime_said(head, declared);
    let raw_body = response
        .as_ref()
        .map_or(record.block, |r| r.raw_body(record.block));
    if !raw_body.is_empty() && mime.as_deref().is_some_and(|m| class(m) == Class::Other) {
        return push_unsupported(table, row, mime.as_deref());
    }
    let partial = record.cut || head.truncated.is_some();
    let body = match &response {
        Some(response) => response.body(record.block, limit, partial),
        None => Ok(Body::of(raw_body)),
    };
    match body.and_then(|body| body.reveal(limit)) {
        Ok(body) => {
            if let Some(truncated) = why_cut(record, response.as_ref(), &body) {
                row.meta.push(("truncated", truncated.to_owned()));
            }
            if !body.not_so.is_empty() {
                row.meta.push(("false_codings", body.not_so.join(", ")));
            }
            if let Some(coding) = body.undeclared {
                row.meta.push(("undeclared_codings", coding.to_owned()));
            }
            push_body(
                table,
                row,
                mime,
                declared,
                &body.bytes,
                body.cut || body.breaks_off().is_some() || record.cut,
            )
        }
        Err(obstacle) => push_undecoded(table, row, record, obstacle),
    }
}

/// Why the payload is not all of it, if it is not: what the archive says goes before what is found.
fn why_cut<'a>(
    record: &Record<'a>,
    response: Option<&Response>,
    body: &Body<'_>,
) -> Option<&'a str> {
    if let Some(truncated) = record.head.truncated.as_deref() {
        return Some(truncated);
    }
    if body.cut || record.cut {
        return Some(CUT);
    }
    if response.is_some_and(|r| r.is_short(record.block, body)) {
        return Some(SHORT);
    }
    match body.breaks_off() {
        Some(Broken::Chunks) => Some(CHUNKS),
        Some(Broken::Stream) => Some(BROKEN),
        None => response.is_some_and(Response::is_part).then_some(PARTIAL),
    }
}

/// A body that cannot be decoded, or not within bounds.
fn push_undecoded<'a>(
    table: &mut Table,
    mut row: Row<'a>,
    record: &Record<'a>,
    obstacle: Obstacle,
) -> Result<(), ArrowError> {
    let (defect, error) = match obstacle {
        Obstacle::Coding(error) => ("unsupported_encoding", error),
        Obstacle::TooLarge(limit) => (
            "too_large",
            format!(
                "the decoded body exceeds the {limit} bytes allowed and {BOMB_RATIO} times what is stored"
            ),
        ),
    };
    row.rejected = true;
    row.defect = Some(defect);
    row.evidence = Some(evidence(
        &error,
        record.offset,
        record.end,
        record.raw.len() as u64,
    ));
    row.payload = Some(&record.raw[..record.raw.len().min(KEPT_BYTES)]);
    table.push(&row)
}

/// The first of those who say it: the archive's own look at the payload, the server, an ARC archive's copy of that.
fn mime_said(head: &Head, declared: Option<&str>) -> Option<String> {
    let copied = head.content_type.as_deref().filter(|_| head.arc);
    let mime = [head.payload_type.as_deref(), declared, copied]
        .into_iter()
        .flatten()
        .find_map(mime_of);
    if mime.is_none() && head.kind.as_deref() == Some("conversion") {
        return Some("text/plain".to_owned());
    }
    mime
}

fn is_lookup(head: &Head) -> bool {
    head.url
        .as_deref()
        .is_some_and(|url| url.starts_with("dns:"))
}

fn push_body<'a>(
    table: &mut Table,
    mut row: Row<'a>,
    mime: Option<String>,
    declared: Option<&'a str>,
    body: &'a [u8],
    cut: bool,
) -> Result<(), ArrowError> {
    if body.is_empty() {
        row.defect = Some("empty");
        row.evidence = Some(json!({ "mime": mime }).to_string());
        return table.push(&row);
    }
    if let Some(kind) = kind_of(body) {
        row.defect = Some("unsupported_type");
        row.evidence = Some(json!({ "mime": kind, "declared": mime }).to_string());
        return table.push(&row);
    }
    let mime = match mime {
        Some(mime) => mime,
        None if begins_like_html(body) => {
            row.meta.push(("mime", "text/html".to_owned()));
            "text/html".to_owned()
        }
        None => return push_unsupported(table, row, None),
    };
    let said = content_type(&mime, declared);
    let mut row = Row {
        content_type: said.as_deref(),
        ..row
    };
    let text = match class(&mime) {
        // A text that a crawler has taken out of a page is UTF-8, whatever that page was.
        Class::Plain
            if row.kind == Some("conversion") || charset::is_unmarked(body, said.as_deref()) =>
        {
            plain_text(body, cut)
        }
        _ => None,
    };
    row.text = text;
    if text.is_none() {
        row.html = Some(body);
    }
    table.push(&row)
}

/// UTF-8, but for a character that was cut in two.
fn plain_text(body: &[u8], cut: bool) -> Option<&str> {
    match std::str::from_utf8(body) {
        Ok(text) => Some(text),
        Err(error) if cut && error.error_len().is_none() => {
            std::str::from_utf8(&body[..error.valid_up_to()]).ok()
        }
        Err(_) => None,
    }
}

fn push_not_content(table: &mut Table, mut row: Row<'_>) -> Result<(), ArrowError> {
    row.defect = Some("not_content");
    row.evidence = Some(json!({ "type": row.kind }).to_string());
    table.push(&row)
}

fn push_unsupported(
    table: &mut Table,
    mut row: Row<'_>,
    mime: Option<&str>,
) -> Result<(), ArrowError> {
    row.defect = Some("unsupported_type");
    row.evidence = Some(json!({ "mime": mime }).to_string());
    table.push(&row)
}

/// The MIME type of a `Content-Type`, in lower case and without parameters.
fn mime_of(content_type: &str) -> Option<String> {
    let mime = content_type
        .split([';', ','])
        .next()
        .unwrap_or_default()
        .trim();
    (!mime.is_empty()).then(|| mime.to_ascii_lowercase())
}

fn class(mime: &str) -> Class {
    match mime {
        "text/html" | "application/xhtml+xml" => Class::Page,
        "text/plain" => Class::Plain,
        _ => Class::Other,
    }
}

/// What the server said, unless the archive knows better of what class the body is: then that, and its charset.
///
/// A later stage takes the words of the server for it, so they must not contradict what was decided here.
fn content_type<'a>(mime: &str, declared: Option<&'a str>) -> Option<Cow<'a, str>> {
    let Some(said) = declared.and_then(mime_of) else {
        return (class(mime) == Class::Plain).then_some(Cow::Borrowed("text/plain"));
    };
    if class(&said) == class(mime) {
        return declared.map(Cow::Borrowed);
    }
    let parameters = declared
        .into_iter()
        .flat_map(|d| d.split(';').skip(1))
        .map(str::trim);
    let charset = parameters.into_iter().find(|p| {
        p.get(..8)
            .is_some_and(|name| name.eq_ignore_ascii_case("charset="))
    });
    Some(Cow::Owned(match charset {
        Some(charset) => format!("{mime}; {charset}"),
        None => mime.to_owned(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_said_is_kept_unless_it_contradicts() {
        let kept = "Text/HTML;charset=X";
        assert_eq!(content_type("text/html", Some(kept)).as_deref(), Some(kept));
        assert_eq!(
            content_type("application/xhtml+xml", Some(kept)).as_deref(),
            Some(kept)
        );
        assert_eq!(
            content_type("text/plain", Some(kept)).as_deref(),
            Some("text/plain; charset=X")
        );
        assert_eq!(
            content_type("text/html", Some("image/png")).as_deref(),
            Some("text/html")
        );
        assert_eq!(content_type("text/html", None), None);
        assert_eq!(
            content_type("text/plain", None).as_deref(),
            Some("text/plain")
        );
        assert_eq!(content_type("text/html", Some("; charset=x")), None);
    }

    #[test]
    fn mime_types_lose_case_and_parameters() {
        assert_eq!(mime_of(" Text/HTML ; x").as_deref(), Some("text/html"));
        assert_eq!(mime_of("text/html,text/html").as_deref(), Some("text/html"));
        assert_eq!(mime_of(" ;charset=x"), None);
    }
}
