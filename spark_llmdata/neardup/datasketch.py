"""The engine of the package datasketch: its MinHashLSH proposes pairs, in one task, for small corpora."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from spark_llmdata import extras
from spark_llmdata.errors import UsageError
from spark_llmdata.neardup.choice import decide
from spark_llmdata.neardup.comparison import Comparison
from spark_llmdata.neardup.sets import settle_sets

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from spark_llmdata.stage import Context

#: The index of all documents lies in one Python process: some 10 KB a document with 28 bands, 2 GB in all.
MAX_DOCUMENTS = 200_000
#: Pairs that a task holds before it gives them away.
FLUSH_PAIRS = 100_000
SEED = 1


def find(docs: DataFrame, ctx: Context, comparison: Comparison) -> DataFrame:
    """Find the removed documents, as `comparison.FOUND`. A band has no bound on its documents here.

    Raises:
        MissingExtra: datasketch is not installed.
        UsageError: there are more than `MAX_DOCUMENTS` documents.
    """
    from pyspark.sql.types import StructField, StructType

    _require()
    _refuse_many(docs, ctx)
    sets = settle_sets(docs, ctx, comparison)
    place = sets.leaders.schema["place"].dataType
    columns = StructType([StructField("first", place), StructField("second", place)])
    together = sets.leaders.select("place", "shingles").repartition(1).sortWithinPartitions("place")
    meet = Meet(comparison.candidates.bands, comparison.candidates.rows)
    return decide(together.mapInArrow(meet, columns), sets, ctx, comparison)


def _require() -> Any:
    return extras.require("datasketch", extra="datasketch", needed_by="engine datasketch of dedup.minhash")


def _refuse_many(docs: DataFrame, ctx: Context) -> None:
    from pyspark.sql import functions as F

    counted = docs.agg(F.count("*").alias("documents")).where(F.col("documents") > MAX_DOCUMENTS)
    if ctx.settle(counted, "too_many").count:
        raise UsageError(
            f"engine datasketch holds all documents in one task, and there are more than {MAX_DOCUMENTS:,}; take the "
            "engine native, which has no such bound"
        )


@dataclass(frozen=True)
class Meet:
    """For `mapInArrow`: all documents, `place` and `shingles` in order, in; pairs that share a band out."""

    bands: int
    rows: int

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Give each pair once, the place that came earlier as `first`."""
        index = _require().MinHashLSH(num_perm=self.bands * self.rows, params=(self.bands, self.rows))
        places: list[pa.Array] = []
        pairs: list[tuple[int, int]] = []
        number = 0
        for batch in batches:
            places.append(batch.column("place"))
            for shingles in batch.column("shingles"):
                sketch = self._sketch(shingles.values.to_numpy())
                pairs += [(other, number) for other in sorted(index.query(sketch))]
                index.insert(number, sketch)
                number += 1
                if len(pairs) >= FLUSH_PAIRS:
                    yield _take(places, pairs)
                    pairs = []
        if pairs:
            yield _take(places, pairs)

    def _sketch(self, shingles: np.ndarray[Any, np.dtype[np.int64]]) -> Any:
        """A signature of a set; datasketch wants 32 bits of each shingle, which are hashes already."""
        sketch = _require().MinHash(num_perm=self.bands * self.rows, seed=SEED, hashfunc=int)
        sketch.update_batch(shingles.view(np.uint64) & 0xFFFFFFFF)
        return sketch


def _take(places: list[pa.Array], pairs: list[tuple[int, int]]) -> pa.RecordBatch:
    known = pa.concat_arrays(places)
    arrays = [known.take(pa.array(numbers, pa.int64())) for numbers in zip(*pairs, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, names=["first", "second"])
