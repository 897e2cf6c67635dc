"""Parts of an export, such as train and validation: which document, or which cluster of them, goes into which."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pyarrow as pa

from spark_llmdata.sinks.clusters import Clusters

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

#: Clusters of more documents than this share of what the smallest split should hold are dealt out by size. By a hash
#: some of them would make a small split a multiple of what it should be, or leave it empty.
LARGE_SHARE = 1 / 50
#: But never those of so few documents, nor more clusters than this, since they are dealt out by the driver.
SMALL_CLUSTER, MAX_LARGE = 5, 10_000
#: Below this many documents with a cluster these are sent to every task, so that no text is shuffled for them.
BROADCAST_ROWS = 1_000_000


def with_splits(
    docs: DataFrame, clusters: Clusters | None, shares: Mapping[str, float], seed: int, documents: int
) -> DataFrame:
    """The documents (`doc_id`, and whatever else) with a column `split`; `documents` says how many there are."""
    from pyspark.sql import functions as F

    if clusters is None:
        return docs.withColumn("split", name_split(F.col("doc_id"), shares, seed))
    known = F.broadcast(clusters.members) if clusters.documents <= BROADCAST_ROWS else clusters.members
    grouped = docs.join(known, "doc_id", "left").withColumn("group", F.coalesce("first", "doc_id"))
    hashed = name_split(F.col("group"), shares, seed)
    counted = clusters.members.groupBy("first").agg(F.count("*").alias("n"))
    large = counted.where(F.col("n") > find_limit(shares, documents)).collect()
    if not large:
        return grouped.withColumn("split", hashed).drop("first", "group")
    dealt = deal({row["first"]: int(row.n) for row in large}, shares, seed)
    rows = pa.table({"group": list(dealt), "dealt": list(dealt.values())})
    placed = grouped.join(F.broadcast(docs.sparkSession.createDataFrame(rows)), "group", "left")
    return placed.withColumn("split", F.coalesce("dealt", hashed)).drop("first", "group", "dealt")


def find_limit(shares: Mapping[str, float], documents: int) -> float:
    """The documents from which on, exclusive, a cluster is dealt out by size."""
    return max(SMALL_CLUSTER, documents / MAX_LARGE, LARGE_SHARE * min(shares.values()) * documents)


def deal(sizes: Mapping[str, int], shares: Mapping[str, float], seed: int) -> dict[str, str]:
    """Deal out clusters, the largest first, each to the split that lacks most of its share of their documents.

    Clusters of one size come by a hash of seed, purpose and name; splits that lack as much, in their order.
    """
    lacks = {split: share * sum(sizes.values()) for split, share in shares.items()}
    dealt = {}
    for name in sorted(sizes, key=lambda name: (-sizes[name], _hash(name, seed), name)):
        split = max(lacks, key=lambda split: lacks[split])
        lacks[split] -= sizes[name]
        dealt[name] = split
    return dealt


def _hash(name: str, seed: int) -> bytes:
    return hashlib.sha256(f"export.split {seed} {name}".encode()).digest()


def name_split(group: Column, shares: Mapping[str, float], seed: int) -> Column:
    """The name of the split that a group belongs to, by a hash of seed, purpose and group; shares in their order."""
    from pyspark.sql import functions as F

    hashed = F.xxhash64(F.lit("export.split"), F.lit(seed).cast("long"), group)
    place = F.shiftrightunsigned(hashed, 11) / F.lit(float(1 << 53))
    *names, last = shares
    name = F.lit(last)
    bound = 1.0 - shares[last]
    for other in reversed(names):
        name = F.when(place < bound, other).otherwise(name)
        bound -= shares[other]
    return name
