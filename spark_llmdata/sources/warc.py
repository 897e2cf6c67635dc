"""WARC, WET and WAT archives: a row for every record, and for every stretch of bytes that is none."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from spark_llmdata.kernels.warc import WarcParser
from spark_llmdata.schema import RECORD
from spark_llmdata.sources.files import open_file
from spark_llmdata.sources.split import Split, Tally

_CHUNK = 1 << 20


def read_warc(
    split: Split, tally: Tally, *, max_record_bytes: int, batch_rows: int, batch_bytes: int
) -> Iterator[pa.RecordBatch]:
    """Yield the records of an archive as `schema.RECORD`, at most `batch_rows` and about `batch_bytes` at a time.

    An archive is one split: records cannot be found from its middle. The tally is right after each batch, and when
    all were taken its `end` is the number of bytes the file has. Holds no more than a record, a chunk and a batch.

    Raises:
        ValueError: the split does not begin where its file does, or a limit is zero or above 1 GiB.
        OSError: the file cannot be opened or read. What is wrong inside it is a reject.
    """
    if split.begin != 0:
        raise ValueError(f"{split.file.url}: a split begins at byte {split.begin}; an archive is read from byte 0")
    gzip = split.file.compression == "gzip"
    parser = WarcParser(gzip, max_record_bytes, batch_rows=batch_rows, batch_bytes=batch_bytes)
    tally.begin = 0
    given = 0
    with open_file(split.file.url) as stored:
        last = False
        while not last:
            chunk = stored.read(_CHUNK)
            last = not chunk
            while (rows := parser.push(chunk, last)) is not None:
                _count(tally, parser)
                yield _as_records(rows, split, given)
                given += rows.num_rows
                chunk = b""
    _count(tally, parser)


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
