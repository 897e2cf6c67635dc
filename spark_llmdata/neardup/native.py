"""The native engine: two scans of the text; what travels between them is packed sketches and links."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from spark_llmdata import graph, survivor
from spark_llmdata.kernels.near import Link, Sketch, Solve
from spark_llmdata.neardup.choice import COUNTS, with_copies
from spark_llmdata.neardup.comparison import Comparison

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from spark_llmdata.stage import Context

#: Up to this many links, components and copies are sent to every task, so that no text is shuffled to find who has one.
BROADCAST_LINKS = 10_000_000

#: Where the session does not say how many partitions a shuffle has: Spark's own default.
DEFAULT_PARTITIONS = 200


def find(docs: DataFrame, ctx: Context, comparison: Comparison) -> DataFrame:
    """Find the removed documents, as `comparison.FOUND`; bands shared by too many are told.

    1. A scan of the texts sketches each: band keys, and a hash of its set of shingles. They are shuffled, packed.
    2. Documents that share a band are linked, those with equal sets collapse. Links are settled: they are small.
    3. Components of links are found. They only say who has to meet, so that text is moved once, and only of these.
    4. A second scan brings each component together in the order of survival, where similarity is computed and decides.
    """
    from pyspark.sql import functions as F

    settled = ctx.settle(_link(docs, ctx, comparison), "links")
    links = settled.rows
    edges = replace(settled, rows=links.where("a IS NOT NULL").select("a", "b"))
    labels = graph.components(edges, ctx)
    copies = links.where("copy IS NOT NULL").select("copy", "leader")
    if settled.count <= BROADCAST_LINKS:
        labels = F.broadcast(labels)
        # Sparing their texts the way; where they are more, the solver meets them and passes them over.
        docs = docs.join(F.broadcast(copies.select(F.col("copy").alias("doc_id"))), "doc_id", "left_anti")
    decided = ctx.settle(_solve(docs, labels, comparison), "decided").rows
    blocks = decided.where("block IS NOT NULL").select("block", "compared", "left_out")
    ctx.tell(
        blocks, "blocks", f"bands are shared by more than {comparison.max_block:,} documents that stay (max_block)"
    )
    removed = decided.where("doc_id IS NOT NULL").select("doc_id", "survivor", *COUNTS)
    return with_copies(removed, copies, comparison)


def _link(docs: DataFrame, ctx: Context, comparison: Comparison) -> DataFrame:
    partitions = _partitions(ctx)
    ordered = docs.withColumn("place", comparison.order())
    numbers = _numbers(ordered)
    texts = ordered.select(_node().alias("node"), "doc_id", "text", *numbers)
    records = texts.mapInArrow(Sketch(comparison.candidates, partitions), Sketch.COLUMNS)
    return _meet(records, partitions).mapInArrow(Link(len(numbers)), Link.COLUMNS)


def _partitions(ctx: Context) -> int:
    """As many as the session's shuffles have; some platforms say a word (`auto`) instead of a number."""
    found = str(ctx.spark.conf.get("spark.sql.shuffle.partitions", ""))
    return int(found) if found.isdecimal() else DEFAULT_PARTITIONS


def _numbers(ordered: DataFrame) -> list[Column]:
    """The keys of the column `place` before doc_id, as the kernel compares them: both scans go by the same numbers."""
    from pyspark.sql import functions as F

    keys = [name for name in ordered.select("place.*").columns if name != "doc_id"]
    return [F.col(f"place.{key}").cast("double").alias(key) for key in keys]


def _meet(records: DataFrame, partitions: int) -> DataFrame:
    """Bring the records of a partition together, each partition to a task where Spark can (since 4.1)."""
    if hasattr(records, "repartitionById"):
        from pyspark.sql import functions as F

        met: DataFrame = records.repartitionById(partitions, F.col("partition"))
        return met
    return records.repartition(partitions, "partition")


def _solve(docs: DataFrame, labels: DataFrame, comparison: Comparison) -> DataFrame:
    wanted = sorted({"doc_id", "text", *survivor.columns(comparison.survivor)})
    texts = docs.select(_node().alias("node"), *wanted).join(labels, "node")
    placed = texts.withColumn("place", comparison.order())
    numbers = _numbers(placed)
    placed = placed.select("component", *numbers, "doc_id", "text").repartition("component")
    keys = [name for name in placed.columns if name not in ("component", "doc_id", "text")]
    sorted_ = placed.sortWithinPartitions("component", *keys, "doc_id")
    solve = Solve(
        comparison.candidates,
        comparison.similarity,
        comparison.clusters,
        comparison.fraction(),
        comparison.max_block,
    )
    return sorted_.select("component", "doc_id", "text").mapInArrow(solve, Solve.COLUMNS)


def _node() -> Column:
    """What stands for a document in links. Two that share it go the same way, and nothing is decided by that.

    Should they share bands with each other alone, they do not meet: among 10^9 documents 3 chances in 100 for any.
    """
    from pyspark.sql import functions as F

    return F.xxhash64("doc_id")
