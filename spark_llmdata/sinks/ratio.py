"""How many bytes of a stored file a byte of JSON lines becomes, measured on a sample of the documents."""

from __future__ import annotations

import bz2
import gzip
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from spark_llmdata.sinks.formats import JSON
from spark_llmdata.sinks.shards import KEY_BITS

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

SAMPLE_BYTES = 32_000_000
#: As Spark's Parquet writer has them; pyarrow's own are others.
LEVELS = {"zstd": 3, "gzip": 6}


def measure_ratio(docs: DataFrame, fields: dict[str, Column], kind: str, compression: str, json_bytes: int) -> float:
    """Write documents of 32 MB as one file in memory, those with the smallest keys (`key`); 1 for plain JSON lines."""
    from pyspark.sql import functions as F

    if kind != "parquet" and compression == "none":
        return 1.0
    write = _Written(kind, compression)
    share = min(1.0, SAMPLE_BYTES / max(json_bytes, 1))
    plain, stored = _measure(docs.where(F.col("key") < int(share * (1 << KEY_BITS))), fields, write)
    if not plain:  # of documents that are large, by chance none
        plain, stored = _measure(docs.orderBy("key", "doc_id").limit(1), fields, write)
    return stored / plain if plain else 1.0


def _measure(sample: DataFrame, fields: dict[str, Column], write: _Written) -> tuple[int, int]:
    """Bytes of JSON lines, and of what becomes of them."""
    from pyspark.sql import functions as F

    # In one order, or the ratio, and with it the shards, would differ by how the table is cut.
    ordered = sample.repartition(1).sortWithinPartitions("key", "doc_id")
    named = [value.alias(name) for name, value in fields.items()]
    line = F.to_json(F.struct(*named), JSON).alias("line")
    rows = ordered.select(*(named if write.kind == "parquet" else []), line)
    found = rows.mapInArrow(write, "plain long, stored long").collect()
    return sum(r.plain for r in found), sum(r.stored for r in found)


@dataclass(frozen=True)
class _Written:
    """Gives one row: bytes of the JSON lines, and of the file that they or their columns make."""

    kind: str
    compression: str

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        held = list(batches)
        if not held:
            return
        table = pa.Table.from_batches(held)
        lines = "".join(f"{line}\n" for line in table.column("line").to_pylist()).encode()
        if self.kind == "parquet":
            buffer = io.BytesIO()
            level = LEVELS.get(self.compression)
            pq.write_table(table.drop_columns(["line"]), buffer, compression=self.compression, compression_level=level)
            stored = buffer.tell()
        else:
            stored = len(gzip.compress(lines, 6) if self.compression == "gzip" else bz2.compress(lines))
        yield pa.RecordBatch.from_pydict({"plain": [len(lines)], "stored": [stored]})
