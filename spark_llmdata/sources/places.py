"""One record read again, at the place a run noted of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from spark_llmdata.sources import lookups, parquet, tables
from spark_llmdata.sources.members import find_boundary
from spark_llmdata.sources.reader import read_split
from spark_llmdata.sources.split import InputFile, Split, Tally

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_ROWS, _BYTES = 2_000, 16 << 20
_SPLIT = 1 << 20
_MARK_BYTES = 3  # a byte order mark in front of the first line


def find_records(
    spark: SparkSession, file: InputFile, offset: int, columns: Mapping[str, str], max_record_bytes: int
) -> pa.Table:
    """The records (`schema.RECORD`) that a file has at an offset, as `Read` says columns are called; mostly one.

    JSON lines and indexes that are not compressed, and archives that can be divided there, are read there; any other
    file from its begin to that place, Parquet and tables by Spark. Of the archives that an index names only the bytes
    of that line's record are.

    Raises:
        EnvironmentProblem: an index cannot be read now, or the archive that it names there.
        OSError: any other file cannot be read.
    """
    if file.format == "table":
        found = _find_in_table(spark, file, offset, columns)
    elif file.format == "parquet":
        found = _find_rows(spark, file, offset, columns)
    elif file.format == "cdx":
        found = lookups.find_rows(file, offset, max_record_bytes=max_record_bytes)
    else:
        found = _find_in_stream(file, offset, columns, max_record_bytes)
    return pa.Table.from_batches(list(found)) if found else pa.table({})


def _find_in_stream(
    file: InputFile, offset: int, columns: Mapping[str, str], max_record_bytes: int
) -> list[pa.RecordBatch]:
    split = Split(file, 0, 0, file.size)
    if file.format == "jsonl" and file.compression == "none":
        split = Split(file, 0, 0 if offset <= _MARK_BYTES else offset, min(offset + 1, file.size))
    elif file.format == "warc" and find_boundary(file, offset, offset + 1) == offset:
        split = Split(file, 0, offset, min(offset + _SPLIT, file.size))
    batches = read_split(
        split, Tally(), columns=columns, max_record_bytes=max_record_bytes, batch_rows=_ROWS, batch_bytes=_BYTES
    )
    found = []
    for batch in batches:
        here = batch.filter(pc.equal(batch.column("offset"), offset))
        if here.num_rows:
            found.append(here)
        elif found or pc.max(batch.column("offset")).as_py() > offset:
            break
    return found


def _find_in_table(
    spark: SparkSession, file: InputFile, offset: int, columns: Mapping[str, str]
) -> list[pa.RecordBatch]:
    from pyspark.sql import functions as F

    layout = tables.lay_out(spark, file)
    path, place = tables.find_place(layout, offset)
    rows = tables.scan(layout, tables.columns_of(file, columns))
    here = rows.where((F.col("file_path") == path) & (F.col("row_index") == place))
    return list(parquet.read_rows(iter(here.toArrow().to_batches()), tables.places(file, layout, 0)))


def _find_rows(spark: SparkSession, file: InputFile, offset: int, columns: Mapping[str, str]) -> list[pa.RecordBatch]:
    from pyspark.sql import functions as F

    rows = parquet.scan(spark, [file], columns).where(F.col("row_index") == offset)
    batches: Iterator[pa.RecordBatch] = iter(rows.toArrow().to_batches())
    return list(parquet.read_rows(batches, parquet.places({0: file})))
