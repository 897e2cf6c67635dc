"""One way to read any split: records in batches, and the tally the run checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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

    A Parquet file yields none here (Spark's own scan reads its rows): its tally is what the footer promises.
    """
    limits = {"max_record_bytes": max_record_bytes, "batch_rows": batch_rows, "batch_bytes": batch_bytes}
    if split.file.format == "warc":
        yield from warc.read_warc(split, tally, **limits)
    elif split.file.format == "cdx":
        yield from lookups.read_lookup(split, tally, **limits)
    elif split.file.format == "jsonl":
        yield from jsonl.read_jsonl(split, tally, columns=columns, **limits)
    else:
        tally.records = parquet.count_rows(split.file)
        tally.begin, tally.end = split.begin, split.end
