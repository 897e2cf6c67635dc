"""A sample of the inputs: the first records of some files, the same ones whenever it is taken."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from spark_llmdata import schema
from spark_llmdata.errors import InputError, UsageError
from spark_llmdata.recipe import Read
from spark_llmdata.schema import RECOGNISED
from spark_llmdata.segment import BATCH_BYTES, BATCH_ROWS
from spark_llmdata.sources import files, parquet, tables
from spark_llmdata.sources.reader import read_split
from spark_llmdata.sources.split import InputFile, Split, Tally

#: Records of the sample, rejects included.
SAMPLE_ROWS = 2_000
#: Over how many files they are spread, if there are so many.
_FILES = 20


@dataclass(frozen=True)
class Sample:
    """Records (`schema.RECORD`) and how many files they are from."""

    batches: tuple[pa.RecordBatch, ...]
    files: int

    @property
    def records(self) -> int:
        """How many records there are, rejects included."""
        return sum(batch.num_rows for batch in self.batches)


def take_sample(inputs: Sequence[InputFile], read: Read, rows: int = SAMPLE_ROWS) -> Sample:
    """The first records of up to 20 files, of more where these are small, in the order of their names' hashes.

    Raises:
        UsageError: fewer than one row is asked for.
        InputError: a file cannot be read at all, or there is no record in any.
    """
    if rows < 1:
        raise UsageError(f"--sample-rows {rows}: expected how many records to look at, 1 or more (default 2,000)")
    batches: list[pa.RecordBatch] = []
    left, used = rows, 0
    for turn, file in enumerate(sorted(inputs, key=_turn)):
        if left == 0:
            break
        share = math.ceil(left / max(1, min(_FILES, len(inputs)) - turn))
        found = list(_head(file, read, share))
        left -= sum(batch.num_rows for batch in found)
        batches += found
        used += bool(found)
    if not batches:
        raise InputError(f"{len(inputs):,} input files hold no record to measure an order on; leave out --optimize")
    return Sample(tuple(batches), used)


def _turn(file: InputFile) -> tuple[bytes, InputFile]:
    return hashlib.sha256(file.url.encode("utf-8", "surrogateescape")).digest(), file


def _head(file: InputFile, read: Read, rows: int) -> Iterator[pa.RecordBatch]:
    """The first records of a file, at most so many."""
    with closing(_batches(file, read, rows)) as batches:
        for batch in batches:
            if batch.num_rows:
                yield batch.slice(0, rows)
            rows -= min(rows, batch.num_rows)
            if rows == 0:
                return


def _batches(file: InputFile, read: Read, rows: int) -> Generator[pa.RecordBatch, None, None]:
    if file.format == "parquet":
        yield from read_parquet_head(file, read)
        return
    if file.format == "table":
        yield from tables.read_head(file, read.sources(), rows)
        return
    split = Split(file, 0, 0, file.size)
    limits = {"max_record_bytes": read.max_record_bytes, "batch_rows": min(rows, BATCH_ROWS)}
    yield from read_split(split, Tally(), columns=read.sources(), batch_bytes=BATCH_BYTES, **limits)


def read_parquet_head(file: InputFile, read: Read, at: float = 0.0) -> Generator[pa.RecordBatch, None, None]:
    """Records of a Parquet file, without Spark: dates and `meta` are left out, which decide little about an order.

    They begin with the group of rows that stands at a share `at` of the file; row numbers count from there.

    Raises:
        InputError: the file is no Parquet.
    """
    names = {c: n for c, n in read.sources().items() if c in ("id", "url", "text", "lang", "source", "html")}
    known = parquet.places({0: file})
    place = next(iter(known))
    begin = 0
    try:
        with pq.ParquetFile(files.open_file(file.url)) as opened:
            wanted = sorted(set(opened.schema_arrow.names) & set(names.values()))
            groups = list(range(int(at * opened.num_row_groups), opened.num_row_groups))
            for batch in opened.iter_batches(BATCH_ROWS, row_groups=groups, columns=wanted):
                columns = {name: _column(batch, names.get(name), kind) for name, kind in _SCANNED.items()}
                columns["file_path"] = pa.array([place] * batch.num_rows, pa.string())
                columns["row_index"] = pa.array(range(begin, begin + batch.num_rows), pa.int64())
                yield parquet.to_records(pa.RecordBatch.from_pydict(columns), known)
                begin += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{file.url}: cannot be read as Parquet: {error}") from error


#: What `parquet.scan` gives beside the place.
_SCANNED = {name: schema.RECORD.field(name).type for name in (*RECOGNISED, "html", "meta")} | {
    "date_text": pa.string(),
    "date_name": pa.string(),
}


def _column(batch: pa.RecordBatch, name: str | None, kind: pa.DataType) -> pa.Array:
    # Unsafe: what is no UTF-8 is told of by the records.
    return batch.column(name).cast(kind, safe=False) if name in batch.schema.names else pa.nulls(batch.num_rows, kind)
