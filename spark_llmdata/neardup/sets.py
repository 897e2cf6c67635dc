"""Documents as sets of shingles in a table: what the engines that propose pairs of documents start from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from spark_llmdata.kernels import shingles
from spark_llmdata.neardup.comparison import Comparison

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from spark_llmdata.stage import Context


@dataclass(frozen=True)
class Sets:
    """Distinct sets, and who else has one of them.

    `leaders` has `doc_id`, `place` (a struct whose smallest survives) and `shingles`, an array of long; of documents
    with equal sets only the first is there, texts without words are not. `copies` has `copy` and `leader`, doc_ids.
    """

    leaders: DataFrame
    copies: DataFrame


def settle_sets(docs: DataFrame, ctx: Context, comparison: Comparison) -> Sets:
    """Read each text once, settle its set as `sets`, and who is a copy of whom as `copies`.

    A shingle takes 8 bytes of the store, so that the sets weigh more than the texts.
    """
    from pyspark.sql import functions as F
    from pyspark.sql.types import ArrayType, LongType, StructField, StructType

    texts = docs.select(comparison.order().alias("place"), "text")
    columns = StructType([texts.schema["place"], StructField("shingles", ArrayType(LongType()))])
    shingle = Shingle(comparison.candidates.words, comparison.candidates.ngram)
    written = F.array_join(F.col("shingles").cast("array<string>"), " ")
    found = texts.mapInArrow(shingle, columns).withColumn("same", F.sha2(written, 256))
    sets = ctx.settle(found, "sets").rows
    firsts = sets.groupBy("same").agg(F.min("place").alias("first"))
    same = sets.select("same", "place").join(firsts, "same").where("place != first")
    copies = ctx.settle(
        same.select(F.col("place.doc_id").alias("copy"), F.col("first.doc_id").alias("leader")), "copies"
    )
    named = sets.select(F.col("place.doc_id").alias("doc_id"), "place", "shingles")
    leaders = named.join(copies.rows.select(F.col("copy").alias("doc_id")), "doc_id", "left_anti")
    return Sets(leaders, copies.rows)


def measure(pairs: DataFrame, sets: Sets) -> DataFrame:
    """Compare pairs of places, `first` and `second`, by their sets.

    Returns the pairs with `shared`, `shingles` (of the second) and `survivor_shingles` (of the first), long.
    """
    from pyspark.sql import functions as F

    for side in ("first", "second"):
        pairs = pairs.join(
            sets.leaders.select(F.col("place").alias(side), F.col("shingles").alias(f"{side}_set")), side
        )
    return pairs.select(
        "first",
        "second",
        F.size(F.array_intersect("first_set", "second_set")).cast("long").alias("shared"),
        F.size("second_set").cast("long").alias("shingles"),
        F.size("first_set").cast("long").alias("survivor_shingles"),
    )


@dataclass(frozen=True)
class Shingle:
    """For `mapInArrow`: batches with `place` and `text` in, with `place` and `shingles` out, without empty sets."""

    words: str
    ngram: int

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Give the set of each text that has words, as int64 with the bits of the kernel's uint64."""
        for batch in batches:
            found = shingles.sets(batch.column("text"), self.words, self.ngram)
            # Spark has no unsigned integers, and takes no large lists where it was promised lists.
            signed = type(found).from_arrays(found.offsets, found.values.view(pa.int64()))
            lists = signed.cast(pa.list_(pa.int64()))
            made = pa.RecordBatch.from_arrays([batch.column("place"), lists], names=["place", "shingles"])
            yield made.filter(pa.compute.greater(pa.compute.list_value_length(found), 0))
