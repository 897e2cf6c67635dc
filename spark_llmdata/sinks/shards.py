"""Which document goes into which file: by its key in one order, whatever the partitions and cores.

Documents are counted by ranges of keys, so that only sums come to the driver; of the few ranges in which a shard ends
the keys themselves come too, so that a shard ends at the very document where it is full.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

KEY_BITS = 60
#: Documents of a range, on average, and how many ranges there are at most.
RANGE_DOCUMENTS = 64
MAX_RANGE_BITS = 20


def make_key(shuffle: bool, seed: int) -> Column:
    """A document's place: by its doc_id, itself a hash, or by a hash of seed, purpose and doc_id. [0, 2^60)."""
    from pyspark.sql import functions as F

    if shuffle:
        return F.shiftrightunsigned(F.xxhash64(F.lit("export.shuffle"), F.lit(seed).cast("long"), "doc_id"), 4)
    return F.conv(F.substring("doc_id", 1, KEY_BITS // 4), 16, 10).cast("long")


@dataclass(frozen=True)
class Shards:
    """Where shards begin: `cuts` are the first keys of all but the first."""

    cuts: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many shards there are."""
        return len(self.cuts) + 1


def plan_shards(places: DataFrame, target: float | None, documents: int) -> Shards:
    """Cut documents (columns `key`, and `amount` of what fills a shard) where a shard has the target or just above.

    The last shard has the rest. Without a target there is one.
    """
    from pyspark.sql import functions as F

    if target is None:
        return Shards(())
    shift = KEY_BITS - min(MAX_RANGE_BITS, (documents // RANGE_DOCUMENTS).bit_length())
    ranged = places.withColumn("range", F.shiftright("key", shift))
    sums = sorted((r.range, r.amount) for r in ranged.groupBy("range").agg(F.sum("amount").alias("amount")).collect())
    wanted = _ends(sums, target)
    if not wanted:
        return Shards(())
    spark = places.sparkSession
    cut = F.broadcast(spark.createDataFrame(pa.table({"range": sorted({r for r, _ in wanted})})))
    found: dict[int, list[tuple[int, int]]] = {}
    for row in ranged.join(cut, "range").select("range", "key", "amount").collect():
        found.setdefault(row.range, []).append((row.key, row.amount))
    cuts = {_first_behind(sorted(found[at]), left, (at + 1) << shift) for at, left in wanted}
    # A last document that is larger than what is missing ends the last shard, too.
    return Shards(tuple(sorted(cuts - {(sums[-1][0] + 1) << shift})))


def _ends(sums: Sequence[tuple[int, int]], target: float) -> list[tuple[int, float]]:
    """The ranges in which a multiple of the target is reached, with what is missing to it at the range's begin."""
    wanted, before, number = [], 0, 1
    total = sum(amount for _, amount in sums)
    for at, amount in sums:
        while number * target <= before + amount and number * target < total:
            wanted.append((at, number * target - before))
            number += 1
        before += amount
    return wanted


def _first_behind(rows: Sequence[tuple[int, int]], left: float, otherwise: int) -> int:
    """The key of the first document that begins where nothing is missing any more; else the next range's first."""
    before = 0
    for place, amount in rows:
        if before >= left:
            return place
        before += amount
    return otherwise


def arrange(rows: DataFrame, shards: Shards) -> DataFrame:
    """The rows (with `key` and `doc_id`) with one partition for each shard, in order, and sorted in it."""
    from pyspark.sql import functions as F

    if shards.count == 1:
        return rows.repartition(1).sortWithinPartitions("key", "doc_id")
    spark = rows.sparkSession
    slots = _slots(spark, shards.count)
    # One row for each range of keys that a shard begins in, so that a document need not look at all of them.
    bits = min(16, shards.count.bit_length() + 4)
    ranges: list[tuple[int, int, list[int]]] = []
    for at in range(1 << bits):
        low, high = at << (KEY_BITS - bits), (at + 1) << (KEY_BITS - bits)
        first = bisect.bisect_right(shards.cuts, low)
        ranges.append((at, first, list(shards.cuts[first : bisect.bisect_left(shards.cuts, high)])))
    columns = dict(zip(("range", "first", "cuts"), zip(*ranges, strict=True), strict=True))
    kinds = {"range": pa.int64(), "first": pa.int64(), "cuts": pa.list_(pa.int64())}
    known = spark.createDataFrame(pa.table({n: pa.array(columns[n], kind) for n, kind in kinds.items()}))
    placed = rows.withColumn("range", F.shiftright("key", KEY_BITS - bits)).join(F.broadcast(known), "range")
    behind = F.size(F.filter("cuts", lambda cut: cut <= F.col("key")))
    numbered = placed.withColumn("shard", (F.col("first") + behind).cast("long"))
    named = F.broadcast(spark.createDataFrame(pa.table({"shard": range(shards.count), "slot": slots})))
    sent = numbered.join(named, "shard").repartition(shards.count, "slot")
    return sent.sortWithinPartitions("key", "doc_id").select(*rows.columns)


def _slots(spark: SparkSession, count: int) -> list[int]:
    """For each partition of `repartition(count, slot)` a number that Spark sends there."""
    from pyspark.sql import functions as F

    found: dict[int, int] = {}
    tried = 0
    while len(found) < count:
        numbers = spark.range(tried, tried + 16 * count + 64)
        homes = numbers.groupBy(F.expr(f"pmod(hash(id), {count})").alias("home")).agg(F.min("id").alias("id"))
        found = {r.home: r.id for r in homes.collect()} | found
        tried += 16 * count + 64
    return [found[home] for home in range(count)]
