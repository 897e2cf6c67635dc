"""Records that an index of archives names, as records of an input: one line of the index, one place of a row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from spark_llmdata.schema import RECORD
from spark_llmdata.sources import index_lines
from spark_llmdata.sources.cdx import Found, look_up, look_up_line, parse_lookup, reading_index
from spark_llmdata.sources.split import InputFile, Split, Tally

_META = RECORD.field("meta").type


def read_lookup(
    split: Split, tally: Tally, *, max_record_bytes: int, batch_rows: int, batch_bytes: int
) -> Iterator[pa.RecordBatch]:
    """Yield the records that a split's lines of an index name (see `index_lines`) as `schema.RECORD`.

    `file` is the input as it was named and `offset` the byte of the (uncompressed) index at which the line begins; the
    archive and the byte of it go to `meta`. A line that leads nowhere is a reject with its `error`. The splits of an
    index give the rows that one split of all of it gives. The tally is right when all batches were taken.

    Raises:
        EnvironmentProblem: the index cannot be read now, or an archive, for which it was asked several times.
    """
    lookup = parse_lookup(split.file.url)
    divisible = index_lines.is_divisible(lookup.index)
    tally.begin, end = split.begin, split.end
    if divisible:
        with reading_index(lookup):
            tally.begin = index_lines.find_line(lookup.index, split.begin, split.end)
            if tally.begin == split.end:  # within a line: the split in which it begins accounts for all of it
                tally.begin = tally.end = 0
                return
            end = index_lines.find_line(lookup.index, split.end, split.file.size)
    tally.end = tally.begin
    held: list[pa.RecordBatch] = []
    held_bytes = 0
    for found in look_up(lookup, split, max_record_bytes=max_record_bytes):
        row = _number(_row(found, split), split, tally)
        held.append(row)
        held_bytes += row.nbytes
        tally.records += row.num_rows
        tally.rejects += row.column("rejected").true_count
        if len(held) >= batch_rows or held_bytes >= batch_bytes:
            yield _join(held)
            held, held_bytes = [], 0
    tally.end = end
    if held:
        yield _join(held)


def find_rows(file: InputFile, offset: int, *, max_record_bytes: int) -> list[pa.RecordBatch]:
    """The rows of `read_lookup` that one line of an index gives, which begins at a byte; of archives only its records.

    Raises:
        EnvironmentProblem: the index cannot be read now, or the line's archive.
    """
    lookup = parse_lookup(file.url)
    split = Split(file, 0, 0, file.size)
    if index_lines.is_divisible(lookup.index):
        split = Split(file, 0, offset, min(offset + 1, file.size))
    return [_row(found, split) for found in look_up_line(lookup, offset, split, max_record_bytes=max_record_bytes)]


def _row(found: Found, split: Split) -> pa.RecordBatch:
    if found.row is not None:
        return _of_record(found.row, found, split)
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
    return pa.RecordBatch.from_pylist([row], schema=RECORD)


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
