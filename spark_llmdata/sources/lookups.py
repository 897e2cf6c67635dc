"""Records that an index of archives names, as records of an input: one line of the index, one place of a row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from spark_llmdata.schema import RECORD
from spark_llmdata.sources.cdx import Found, look_up, parse_lookup
from spark_llmdata.sources.split import Split, Tally

_META = RECORD.field("meta").type


def read_lookup(
    split: Split, tally: Tally, *, max_record_bytes: int, batch_rows: int, batch_bytes: int
) -> Iterator[pa.RecordBatch]:
    """Yield the records that the lines of an index name as `schema.RECORD`; the split is all of the index.

    `file` is the input as it was named and `offset` the byte of the (uncompressed) index at which the line begins; the
    archive and the byte of it go to `meta`. What cannot be read is a reject with its `error`. The tally is right after
    each batch.

    Raises:
        ValueError: the split is not all of the index.
        OSError: the index cannot be read.
    """
    if (split.begin, split.end) != (0, split.file.size):
        raise ValueError(f"{split.file.url}: bytes {split.begin} to {split.end} asked for; an index is read as a whole")
    held: list[pa.RecordBatch] = []
    for found in look_up(parse_lookup(split.file.url), max_record_bytes=max_record_bytes):
        for row in _rows(found, split):
            held.append(_number(row, split, tally))
            tally.records += row.num_rows
            tally.rejects += row.column("rejected").true_count
        if len(held) >= batch_rows or sum(row.nbytes for row in held) >= batch_bytes:
            yield _join(held)
            held = []
    tally.end = split.file.size
    if held:
        yield _join(held)


def _rows(found: Found, split: Split) -> list[pa.RecordBatch]:
    if found.error is None:
        return [_of_record(row, found, split) for row in found.rows]
    facts: dict[str, Any] = {"error": found.error}
    if found.entry is not None:
        facts.update(archive=found.entry.archive, offset=found.entry.offset, length=found.entry.length)
    row = {
        "file": split.file.url,
        "offset": found.line,
        "ordinal": 0,
        "source": split.file.source,
        "url": found.entry.url if found.entry else None,
        "rejected": True,
        "defect": "bad_lookup",
        "evidence": json.dumps(facts),
    }
    return [pa.RecordBatch.from_pylist([row], schema=RECORD)]


def _of_record(row: pa.RecordBatch, found: Found, split: Split) -> pa.RecordBatch:
    meta = list(row.column("meta")[0].as_py() or ())
    if found.entry is not None:
        meta += [("archive", found.entry.archive), ("archive_offset", str(found.entry.offset))]
    own = {
        "file": pa.array([split.file.url]),
        "offset": pa.array([found.line]),
        "ordinal": pa.array([0]),
        "lang": pa.nulls(1, pa.string()),
        "source": pa.array([split.file.source]),
        "meta": pa.array([meta], _META),
    }
    columns = [own[name] if name in own else row.column(name) for name in RECORD.names]
    return pa.RecordBatch.from_arrays(columns, schema=RECORD)


def _number(row: pa.RecordBatch, split: Split, tally: Tally) -> pa.RecordBatch:
    place = RECORD.get_field_index("ordinal")
    return row.set_column(place, RECORD.field(place), pa.array([split.ordinal(tally.records)]))


def _join(rows: list[pa.RecordBatch]) -> pa.RecordBatch:
    return pa.Table.from_batches(rows).combine_chunks().to_batches()[0]
