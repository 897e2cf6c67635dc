"""The native engine: two scans of the text, or three; what travels between them is packed sketches and links."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING

from spark_llmdata import graph
from spark_llmdata.kernels.near import CrowdLink, Link, Sketch, Solve, bitmap_bits
from spark_llmdata.neardup.choice import COUNTS, with_copies
from spark_llmdata.neardup.comparison import Comparison

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from spark_llmdata.stage import Context, Settled

#: Up to this many links, components and copies are sent to every task, so that no text is shuffled to find who has one.
BROADCAST_LINKS = 10_000_000

#: From so many links on their components are settled; of fewer they are found again wherever they are read.
SETTLED_LINKS = 1_000_000

#: Components of more documents are crowds: before texts are moved, pairs that cannot be similar are taken apart. That
#: costs a scan more, and a shuffle of records that weigh about what the texts of the crowds do.
MAX_COMPONENT = 10_000

#: Of that shuffle: bytes of a document's record in one band, for one bit or two a shingle and 1,000 shingles; and what
#: a task should hold if documents are as long as that.
CROWD_RECORD, CROWD_BYTES = 256, 256 << 20

#: Where the session does not say how many partitions a shuffle has: Spark's own default.
DEFAULT_PARTITIONS = 200


def find(docs: DataFrame, ctx: Context, comparison: Comparison) -> DataFrame:
    """Find the removed documents, as `comparison.FOUND`; bands shared by too many are told.

    1. A scan of the texts sketches each: band keys, and a hash of its set of shingles. They are shuffled, packed.
    2. Documents that share a band are linked, those with equal sets collapse. Links are settled: they are small.
    3. Components of links are found. They only say who has to meet, so that text is moved once, and only of these.
       Of large ones another scan makes bitmaps, and only links between documents that can be similar remain.
    4. A last scan brings each component together in the order of survival, where similarity is computed and decides.
    """
    links = ctx.settle(_link(docs, ctx, comparison), "links")
    labels, blocks = _label(docs, links, ctx, comparison)
    decided = ctx.settle(_solve(_select(docs, labels, links), comparison), "decided").rows
    _tell([decided, *blocks], ctx, comparison, "blocks", "near-duplicates may be among those that stay")
    removed = decided.where("doc_id IS NOT NULL").select("doc_id", "survivor", *COUNTS)
    return with_copies(removed, _copies(links), comparison)


def connect(docs: DataFrame, removed: DataFrame, ctx: Context, comparison: Comparison) -> DataFrame:
    """Find pairs (`a`, `b`, doc_ids) that connect the documents between which a chain of similar ones leads.

    `docs` are those that `find` compared, `removed` (`doc_id`) those that it removed, which are links of a chain like
    any other: of each, `find` says only the first of those that stay to which it is similar. What it settled is used
    where `ctx` has it. Only components are looked at in which two or more stay and one does not, since what `find`
    gives connects all others; a component is held in memory by the task that judges it.
    """
    from pyspark.sql import functions as F

    links = ctx.settle(_link(docs, ctx, comparison), "links")
    labels, blocks = _label(docs, links, ctx, comparison)
    gone = removed.select(_node().alias("node"), F.lit(1).alias("gone"))
    members = labels.join(gone, "node", "left").groupBy("component")
    counted = members.agg(F.count("gone").alias("gone"), F.count_if(F.col("gone").isNull()).alias("stay"))
    doubtful = counted.where("gone > 0 AND stay > 1").select("component")
    chosen = ctx.settle(labels.join(doubtful, "component", "left_semi").select("node", "component"), "doubtful")
    solved = _solve(_select(docs, chosen.rows, chosen), replace(comparison, clusters="components"))
    found = ctx.settle(solved, "connected").rows
    what = "documents that are similar may not be known to be"
    _tell([found, *blocks], ctx, comparison, "connected-blocks", what)
    similar = found.where("doc_id IS NOT NULL").selectExpr("doc_id AS a", "survivor AS b")
    return similar.unionByName(_copies(links).selectExpr("copy AS a", "leader AS b"))


def _copies(links: Settled) -> DataFrame:
    return links.rows.where("copy IS NOT NULL").select("copy", "leader")


def _label(docs: DataFrame, links: Settled, ctx: Context, comparison: Comparison) -> tuple[DataFrame, list[DataFrame]]:
    """The documents that have to meet, as `node` and `component`, and where blocks are told.

    Copies share their leader's fate: neither are they compared, nor does their text move.
    """
    from pyspark.sql import functions as F

    alike = _copies(links).select(_node("copy").alias("node"))
    few = links.count <= BROADCAST_LINKS
    labels = graph.components(_edges(links), ctx).join(F.broadcast(alike) if few else alike, "node", "left_anti")
    if links.count > SETTLED_LINKS:
        labels = ctx.settle(labels, "labels").rows
    if links.count >= MAX_COMPONENT and comparison.similarity == "jaccard":
        return _part(docs, labels, ctx, comparison)
    return labels, []


def _tell(found: Sequence[DataFrame], ctx: Context, comparison: Comparison, name: str, what: str) -> None:
    """Tell of bands that were too large, each once: `left_out` are documents, again for every pass that met it."""
    from pyspark.sql import functions as F

    parts = [rows.where("block IS NOT NULL").select("block", "compared", "left_out") for rows in found]
    blocks = reduce(lambda a, b: a.unionByName(b), parts).groupBy("block")
    ctx.tell(
        blocks.agg(F.max("compared").alias("compared"), F.sum("left_out").alias("left_out")),
        name,
        f"bands held documents that were not compared with all others there (max_block {comparison.max_block:,}), so "
        f"{what}",
    )


def _edges(links: Settled) -> Settled:
    return replace(links, rows=links.rows.where("a IS NOT NULL").select("a", "b"))


def _select(docs: DataFrame, nodes: DataFrame, settled: Settled) -> DataFrame:
    """The documents of some nodes, with `node` and what that table says of it; as few as `settled` are broadcast."""
    from pyspark.sql import functions as F

    few = settled.count <= BROADCAST_LINKS
    return docs.withColumn("node", _node()).join(F.broadcast(nodes) if few else nodes, "node")


def _link(docs: DataFrame, ctx: Context, comparison: Comparison) -> DataFrame:
    partitions = _partitions(ctx)
    ordered = docs.withColumn("place", comparison.order())
    numbers = _numbers(ordered)
    texts = ordered.select(_node().alias("node"), "doc_id", "text", *numbers)
    records = texts.mapInArrow(Sketch(comparison.candidates, partitions), Sketch.COLUMNS)
    return _meet(records, partitions).mapInArrow(Link(len(numbers)), Link.COLUMNS)


def _part(
    docs: DataFrame, labels: DataFrame, ctx: Context, comparison: Comparison
) -> tuple[DataFrame, list[DataFrame]]:
    """Label the documents of crowds anew, by links between those that can be similar; give also where blocks are told.

    Who can be similar to nobody has no label then.
    """
    from pyspark.sql import functions as F

    sizes = labels.groupBy("component").agg(F.count("*").alias("documents")).where(f"documents > {MAX_COMPONENT}")
    crowded = ctx.settle(labels.join(F.broadcast(sizes.select("component")), "component"), "crowded")
    if not crowded.count:
        return labels, []
    bits = bitmap_bits(comparison.similarity, comparison.fraction())
    record = CROWD_RECORD * bits * comparison.candidates.bands
    partitions = max(_partitions(ctx), math.ceil(crowded.count * record / CROWD_BYTES))
    texts = _select(docs, crowded.rows.select("node"), crowded).select("node", "doc_id", "text")
    records = texts.mapInArrow(Sketch(comparison.candidates, partitions, bits), Sketch.COLUMNS)
    link = CrowdLink(comparison.similarity, comparison.fraction(), comparison.max_block)
    links = ctx.settle(
        _meet(records.select("partition", "bands"), partitions).mapInArrow(link, CrowdLink.COLUMNS), "crowd-links"
    )
    parted = graph.components(_edges(links), ctx, name="crowd-components")
    others = labels.join(F.broadcast(crowded.rows.select("component").distinct()), "component", "left_anti")
    return others.select("node", "component").unionByName(parted), [links.rows]


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


def _solve(labeled: DataFrame, comparison: Comparison) -> DataFrame:
    placed = labeled.withColumn("place", comparison.order())
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


def _node(doc_id: str = "doc_id") -> Column:
    """What stands for a document in links. Two that share it go the same way, and nothing is decided by that.

    Should they share bands with each other alone, they do not meet, nor does who shares that of a copy: among 10^9
    documents 3 chances in 100 for any.
    """
    from pyspark.sql import functions as F

    return F.xxhash64(doc_id)
