"""One way to read any split: records in batches, and the tally the run checks."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import closing

import pyarrow as pa

from spark_llmdata.sources import jsonl, lookups, parquet, warc
from spark_llmdata.sources.split import Split, Tally


def read_split(
    split: Split,
    tally: Tally,
    *,
    columns: Mapping[str, str],
    max_record_bytes: int,
    batch_rows: int,
    batch_bytes: int,
) -> Iterator[pa.RecordBatch]:
    """Yield the split's records as `schema.RECORD`, and fill in the tally.

    Parquet files and tables yield none here (Spark's own scan reads their rows): the tally is what the footer promises,
    or the table's own count, which is the end of its split. Of a file of which only the `first` records are asked for
    no more are given or counted, and no more of it is read than it takes to find them.
    """
    limits = {"max_record_bytes": max_record_bytes, "batch_rows": batch_rows, "batch_bytes": batch_bytes}
    first = split.file.first
    if first and split.file.format not in ("parquet", "table"):
        limits["batch_rows"] = min(batch_rows, first)
        yield from _cut(_read(split, tally, columns=columns, **limits), tally, first)
    else:
        yield from _read(split, tally, columns=columns, **limits)


def _cut(batches: Generator[pa.RecordBatch, None, None], tally: Tally, first: int) -> Iterator[pa.RecordBatch]:
    """The first records; the tally is set to what was given."""
    records = rejects = 0
    with closing(batches):
        for batch in batches:
            given = batch.slice(0, first - records)
            records += given.num_rows
            rejects += given.column("rejected").true_count
            yield given
            if records == first:
                break
    tally.records, tally.rejects = records, rejects


def _read(
    split: Split,
    tally: Tally,
    *,
    columns: Mapping[str, str],
    max_record_bytes: int,
    batch_rows: int,
    batch_bytes: int,
) -> Generator[pa.RecordBatch, None, None]:
    limits = {"max_record_bytes": max_record_bytes, "batch_rows": batch_rows, "batch_bytes": batch_bytes}
    if split.file.format == "warc":
        yield from warc.read_warc(split, tally, **limits)
    elif split.file.format == "cdx":
        yield from lookups.read_lookup(split, tally, **limits)
    elif split.file.format == "jsonl":
        yield from jsonl.read_jsonl(split, tally, columns=columns, **limits)
    elif split.file.format == "parquet":
        rows = parquet.count_rows(split.file)
        tally.records = min(rows, split.file.first or rows)
        tally.begin, tally.end = split.begin, split.end
    else:
        tally.records = tally.end = split.end
