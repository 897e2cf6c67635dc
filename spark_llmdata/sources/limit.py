"""The first records of an input: which files hold them, in the order of sources and urls, the last one in part."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from spark_llmdata.errors import UsageError
from spark_llmdata.sources import parquet
from spark_llmdata.sources.reader import read_split
from spark_llmdata.sources.split import InputFile, Split, Tally

_ROWS, _BYTES = 2_000, 16 << 20


def check_limit(limit: int | None) -> None:
    """Refuse a limit that leaves nothing to read."""
    if limit is not None and limit < 1:
        raise UsageError(f"--limit {limit}: expected how many records to read, 1 or more")


def take_first(
    inputs: Sequence[InputFile],
    limit: int,
    *,
    columns: Mapping[str, str],
    max_record_bytes: int,
    count_table: Callable[[InputFile], int],
) -> tuple[InputFile, ...]:
    """The files that hold the first `limit` records, rejects among them; all of them where there are no more records.

    Archives and JSON lines are read to count them, here and no further than the limit: reading 100,000 records takes
    seconds. Footers count Parquet, `count_table` counts tables.

    Raises:
        InputError, OSError: a file cannot be read.
    """
    chosen: list[InputFile] = []
    left = limit
    for file in inputs:
        if left == 0:
            break
        if file.format == "table":
            records = count_table(file)
        elif file.format == "parquet":
            records = parquet.count_rows(file)
        else:
            records = _count(replace(file, first=left + 1), columns, max_record_bytes)
        chosen.append(file if records <= left else replace(file, first=left))
        left -= min(left, records)
    return tuple(chosen)


def _count(file: InputFile, columns: Mapping[str, str], max_record_bytes: int) -> int:
    """The records of a file, at most its `first`."""
    tally = Tally()
    batches = read_split(
        Split(file, 0, 0, file.size),
        tally,
        columns=columns,
        max_record_bytes=max_record_bytes,
        batch_rows=_ROWS,
        batch_bytes=_BYTES,
    )
    return sum(batch.num_rows for batch in batches)
