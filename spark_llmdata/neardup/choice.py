"""From candidates to who goes: pairs are verified, and what is decided about a set holds for all documents with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from spark_llmdata import graph
from spark_llmdata.neardup.comparison import Comparison
from spark_llmdata.neardup.sets import Sets, measure

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from spark_llmdata.stage import Context, Settled

COUNTS = ("shared", "shingles", "survivor_shingles")
REMOVED = "doc_id string, survivor string, shared long, shingles long, survivor_shingles long"


def decide(candidates: DataFrame, sets: Sets, ctx: Context, comparison: Comparison) -> DataFrame:
    """Decide between candidates, as `comparison.FOUND`.

    `candidates` are places of `sets.leaders`, `first` before `second`; a pair may be there once only. Those that are
    similar are settled as `pairs`, who goes of the leaders as `removed`.
    """
    numerator, denominator = comparison.fraction()
    similar = f"shared * {denominator} >= ({comparison.size()}) * {numerator}"
    pairs = ctx.settle(measure(candidates, sets).where(similar), "pairs")
    choose = choose_greedily if comparison.clusters == "greedy" else choose_first
    removed = ctx.settle(choose(pairs, sets, ctx), "removed").rows
    return with_copies(removed, sets.copies, comparison)


def choose_greedily(pairs: Settled, _sets: Sets, ctx: Context) -> DataFrame:
    """Remove whoever is similar to an earlier document that stays, for the first of these. Columns: `REMOVED`."""
    from pyspark.sql import functions as F

    placed = _place(pairs, ctx).repartition("component").sortWithinPartitions("component", "second", "first")
    ids = [F.col("second.doc_id").alias("doc_id"), F.col("first.doc_id").alias("survivor")]
    return placed.select("component", *ids, *COUNTS).mapInArrow(remove_similar, REMOVED)


def choose_first(pairs: Settled, sets: Sets, ctx: Context) -> DataFrame:
    """Remove all but the first of each component, similar to it or not. Columns: `REMOVED`."""
    from pyspark.sql import functions as F

    ends = F.explode(F.array("first", "second")).alias("second")
    members = _place(pairs, ctx).select("component", ends).distinct()
    firsts = members.groupBy("component").agg(F.min("second").alias("first"))
    others = members.join(firsts, "component").where("first != second").select("first", "second")
    ids = [F.col("second.doc_id").alias("doc_id"), F.col("first.doc_id").alias("survivor")]
    return measure(others, sets).select(*ids, *COUNTS)


def remove_similar(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Give the pairs that remove a document; for `mapInArrow`.

    Pairs come sorted by `component`, by the place of `doc_id`, then by that of `survivor`, the earlier of the two: what
    becomes of the earlier one is known when the later one's turn comes.
    """
    component, removed = None, set[str]()
    for batch in batches:
        chosen = []
        columns = (batch.column(name).to_pylist() for name in ("component", "doc_id", "survivor"))
        for own, doc_id, survivor in zip(*columns, strict=True):
            if own != component:
                component, removed = own, set()
            goes = doc_id not in removed and survivor not in removed
            if goes:
                removed.add(doc_id)
            chosen.append(goes)
        yield batch.select(["doc_id", "survivor", *COUNTS]).filter(pa.array(chosen, pa.bool_()))


def with_copies(removed: DataFrame, copies: DataFrame, comparison: Comparison) -> DataFrame:
    """Add documents whose set another has: they go where that one stays, and with it where it goes.

    `removed` has the columns `REMOVED`, `copies` has `copy` and `leader`. Returns `comparison.FOUND`.
    """
    from pyspark.sql import functions as F

    measured = removed.select(
        "doc_id", "survivor", F.expr(f"shared / ({comparison.size()})").alias("similarity"), *COUNTS
    )
    of_leader = measured.withColumnRenamed("doc_id", "leader")
    inherited = copies.join(of_leader, "leader", "left").select(
        F.col("copy").alias("doc_id"),
        F.coalesce("survivor", "leader").alias("survivor"),
        F.coalesce("similarity", F.lit(1.0)).alias("similarity"),
        *COUNTS,
    )
    return measured.unionByName(inherited)


def _place(pairs: Settled, ctx: Context) -> DataFrame:
    """The pairs, each with its component: only within one can the removal of a document matter to another."""
    from pyspark.sql import functions as F

    ends = [F.col("first.doc_id").alias("a"), F.col("second.doc_id").alias("b")]
    labels = graph.components(replace(pairs, rows=pairs.rows.select(*ends)), ctx)
    return pairs.rows.withColumn("node", F.col("first.doc_id")).join(labels, "node")
