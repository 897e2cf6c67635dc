"""WARC, WET, WAT and ARC archives: a row for every record, and for every stretch of bytes that is none."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from spark_llmdata.kernels.warc import NEVER, WarcParser
from spark_llmdata.schema import RECORD
from spark_llmdata.sources.files import open_file
from spark_llmdata.sources.members import find_boundary, read_layout
from spark_llmdata.sources.split import Split, Tally

_CHUNK = 1 << 20


def read_warc(
    split: Split, tally: Tally, *, max_record_bytes: int, batch_rows: int, batch_bytes: int
) -> Iterator[pa.RecordBatch]:
    """Yield the records of a split as `schema.RECORD`, at most `batch_rows` and about `batch_bytes` at a time.

    A split goes from the first place within it at which the archive can be divided (see `find_boundary`) to the first
    within one of those that follow: those of a file, of one size but for the last, tile it, and together give what one
    split of all of it gives, but for files that were built to be taken for others (see `find_boundary`). One without
    such a place gives nothing and accounts for no byte, 0 to 0. The tally is right after each batch. Holds no more than
    a record, a chunk and a batch.

    Raises:
        ValueError: a limit is zero or above 1 GiB.
        OSError: the file cannot be opened or read. What is wrong inside it is a reject.
    """
    begin = find_boundary(split.file, split.begin, split.end)
    tally.begin = tally.end = begin or 0
    if begin is None:
        return
    end = _find_end(split)
    parser = WarcParser(
        split.file.compression,
        max_record_bytes,
        batch_rows=batch_rows,
        batch_bytes=batch_bytes,
        begin=begin,
        stop=NEVER if end == split.file.size else end,
        dictionary=_dictionary(split) if begin else b"",
    )
    given = 0
    with open_file(split.file.url, begin) as stored:
        last = False
        while not (last or parser.stopped):
            chunk = stored.read(_CHUNK)
            last = not chunk
            while (rows := parser.push(chunk, last)) is not None:
                _count(tally, parser)
                yield _as_records(rows, split, given)
                given += rows.num_rows
                chunk = b""
    _count(tally, parser)


def _find_end(split: Split) -> int:
    """Where the next split begins that has anything: each of them looks in its own bytes only."""
    step = split.end - split.begin
    for begin in range(split.end, split.file.size, max(step, 1)):
        found = find_boundary(split.file, begin, begin + step)
        if found is not None:
            return found
    return split.file.size


def _dictionary(split: Split) -> bytes:
    layout = read_layout(split.file)
    return b"" if layout is None else layout.dictionary


def _count(tally: Tally, parser: WarcParser) -> None:
    tally.end = parser.consumed
    tally.members = parser.members
    tally.records = parser.records
    tally.rejects = parser.rejects


def _as_records(rows: pa.RecordBatch, split: Split, given: int) -> pa.RecordBatch:
    count = rows.num_rows
    own = {
        "file": pa.repeat(split.file.url, count),
        "ordinal": pa.array(np.arange(given, given + count, dtype=np.int64) + split.ordinal(0)),
        "lang": pa.nulls(count, pa.string()),
        "source": pa.repeat(split.file.source, count),
    }
    columns = [own[name] if name in own else rows.column(name) for name in RECORD.names]
    return pa.RecordBatch.from_arrays(columns, schema=RECORD)
