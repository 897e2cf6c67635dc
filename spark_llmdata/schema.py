"""The tables' columns: what a document, a verdict, a fate and a run look like, as Arrow types."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

TIMESTAMP = pa.timestamp("us", tz="UTC")
META = pa.map_(pa.string(), pa.string())
SCORES = pa.map_(pa.string(), pa.float64())

#: Columns a user's input may bring; everything else goes to `meta`. `html` only where a recipe maps it.
RECOGNISED = ("id", "url", "text", "date", "lang", "source")

#: Bytes of a rejected record that are kept; native readers cut at the same.
MAX_PAYLOAD = 64 << 10

#: What a reader gives for every record it met, readable or not. `raw_hash` is xxh3_128 of the raw record (16 bytes,
#: big-endian), null where there were no bytes. A record whose `defect` is set ends here: `rejected` says whether it
#: could not be read (true) or is no document (false); `payload` keeps the bytes of what could not be read.
RECORD = pa.schema(
    [
        pa.field("file", pa.string(), nullable=False),
        pa.field("offset", pa.int64(), nullable=False),  # bytes into the file as it is stored; row number for tables
        pa.field("ordinal", pa.int64(), nullable=False),  # (split << 32 | record): unique within a part
        pa.field("id", pa.string()),
        pa.field("url", pa.string()),
        pa.field("text", pa.string()),
        pa.field("html", pa.binary()),
        pa.field("content_type", pa.string()),  # as the server said it, with its charset
        pa.field("date", TIMESTAMP),
        pa.field("lang", pa.string()),
        pa.field("source", pa.string(), nullable=False),
        pa.field("meta", META),
        pa.field("raw_hash", pa.binary(16)),
        pa.field("rejected", pa.bool_(), nullable=False),
        pa.field("defect", pa.string()),  # "bad_json": becomes the reason read.bad_json
        pa.field("evidence", pa.string()),
        pa.field("payload", pa.binary()),
    ]
)

VERDICT = pa.struct(
    [
        pa.field("stage", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("score", pa.float64()),
        pa.field("threshold", pa.float64()),
        pa.field("evidence", pa.string()),  # JSON
        pa.field("survivor", pa.string()),  # doc_id
        pa.field("similarity", pa.float64()),
    ]
)

#: One place a stage changed: what it was ("email"), where it stood in the text the stage saw, and the length of what
#: stands there now; in bytes of UTF-8. What was replaced is not kept.
CHANGE = pa.struct(
    [
        pa.field("kind", pa.string()),
        pa.field("begin", pa.int64()),
        pa.field("end", pa.int64()),
        pa.field("length", pa.int64()),
    ]
)

#: Raised by whoever changes a segment's columns: a table is only appended to by rows of its own kind.
SEGMENT_REVISION = 2

#: A reader's account of one split: it read bytes [begin, end) of `file` and met this many members, records, rejects.
SPLIT = pa.struct(
    [
        pa.field("file", pa.string()),
        pa.field("digest", pa.string()),  # path, size, modification time, source: for reuse only, never for ids
        pa.field("size", pa.int64()),
        pa.field("split", pa.int64()),
        pa.field("begin", pa.int64()),
        pa.field("end", pa.int64()),
        pa.field("members", pa.int64()),
        pa.field("records", pa.int64()),
        pa.field("rejects", pa.int64()),
    ]
)


def segment(scores: Iterable[str] = ()) -> pa.Schema:
    """The schema of a segment's table, given the names of its score columns.

    Parquet has no empty struct, so without scores there is no such column.
    """
    names = list(scores)
    score_field = [pa.field("scores", pa.struct([pa.field(n, pa.float64()) for n in names]))] if names else []
    return pa.schema(
        [
            pa.field("doc_id", pa.string()),
            pa.field("id", pa.string()),
            pa.field("url", pa.string()),
            pa.field("text", pa.string()),
            pa.field("lang", pa.string()),
            pa.field("date", TIMESTAMP),
            pa.field("source", pa.string()),
            pa.field("meta", META),
            pa.field("edits", pa.map_(pa.string(), pa.int64())),
            pa.field("changes", pa.list_(pa.struct([pa.field("stage", pa.string()), *CHANGE]))),  # by this segment
            *score_field,
            pa.field("kept", pa.bool_()),
            pa.field("rejected", pa.bool_()),
            pa.field("verdict", VERDICT),
            pa.field("file", pa.string()),
            pa.field("offset", pa.int64()),
            pa.field("ordinal", pa.int64()),
            pa.field("bytes", pa.int64()),  # of the text in UTF-8
            pa.field("words", pa.int64()),  # runs of non-white-space
            pa.field("text_hi", pa.int64()),  # xxh3_128 of the text
            pa.field("text_lo", pa.int64()),
            pa.field("row_hi", pa.int64()),  # xxh3_128 of what the corpus would hold of this row
            pa.field("row_lo", pa.int64()),
            pa.field("payload", pa.binary()),  # of a reject, cut to a bound
            pa.field("split", SPLIT),  # set in control rows only; but for `part` nothing else is set there
            pa.field("part", pa.string()),
        ]
    )


CORPUS = pa.schema(
    [
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("id", pa.string()),
        pa.field("url", pa.string()),
        pa.field("text", pa.string(), nullable=False),
        pa.field("lang", pa.string()),
        pa.field("date", TIMESTAMP),
        pa.field("source", pa.string(), nullable=False),
        pa.field("meta", META),
        pa.field("scores", SCORES),
    ]
)

#: A corpus stage's verdicts: the removed, by doc_id. `part` and `ordinal` are set by the one stage that compares rows
#: while doc_id is not unique yet, the removal of identical records.
VERDICTS = pa.schema(
    [
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("score", pa.float64()),
        pa.field("threshold", pa.float64()),
        pa.field("evidence", pa.string()),
        pa.field("survivor", pa.string()),
        pa.field("similarity", pa.float64()),
        pa.field("part", pa.string()),
        pa.field("ordinal", pa.int64()),
    ]
)

#: One row for every record a run read. `outcome`: kept, removed, rejected; pending where the run was stopped.
FATES = pa.schema(
    [
        pa.field("run", pa.string(), nullable=False),
        pa.field("doc_id", pa.string()),
        pa.field("id", pa.string()),
        pa.field("url", pa.string()),
        pa.field("source", pa.string()),
        pa.field("file", pa.string(), nullable=False),
        pa.field("offset", pa.int64(), nullable=False),
        pa.field("ordinal", pa.int64(), nullable=False),
        pa.field("part", pa.string(), nullable=False),
        pa.field("outcome", pa.string(), nullable=False),
        pa.field("stage", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("score", pa.float64()),
        pa.field("threshold", pa.float64()),
        pa.field("evidence", pa.string()),
        pa.field("survivor", pa.string()),
        pa.field("similarity", pa.float64()),
        pa.field("scores", SCORES),
        pa.field("words", pa.int64()),
        pa.field("bytes", pa.int64()),
    ]
)

#: An append-only log: a run's newest event is its state.
RUNS = pa.schema(
    [
        pa.field("run", pa.string(), nullable=False),
        pa.field("seq", pa.int64(), nullable=False),
        pa.field("state", pa.string(), nullable=False),  # started, committing, failed, interrupted; done: see corpus
        pa.field("at", TIMESTAMP, nullable=False),
        pa.field("recipe", pa.string(), nullable=False),
        pa.field("manifest", pa.string(), nullable=False),  # JSON
    ]
)
