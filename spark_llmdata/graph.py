"""Connected components of a data frame of edges: in one task where they fit, else by joins, round after round."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from typing import TYPE_CHECKING

import pyarrow as pa

from spark_llmdata.errors import UsageError
from spark_llmdata.kernels.components import Components
from spark_llmdata.stage import Context, Settled

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

NODES = ("string", "binary", "bigint")


def components(
    edges: DataFrame | Settled, ctx: Context, *, native_edges: int = 20_000_000, name: str = "components"
) -> DataFrame:
    """Name the component of each node of an undirected graph: columns `node` and `component`, its smallest node.

    `edges` has columns `a` and `b`, both string (ordered by their UTF-8 bytes), binary or long; self loops and edges
    that are there several times are fine. A node is in the result once, whatever the order of the edges.

    Up to `native_edges` edges are read by one task with a native union-find, whose Python worker needs the bytes of
    each distinct node and about 24 more: 2 GB for the default, with 40 million nodes of 32 characters at most. That
    result is computed whenever it is read; settle it to read it twice. More edges are labeled by alternating large
    stars and small stars (Kiveris et al., Connected Components in MapReduce and Beyond, SoCC 2014), O(log^2 n)
    rounds, each settled as `name`-1, `name`-2, ...; edges that are not settled already are settled as `name`-0.

    Raises:
        UsageError: there is no column a or b, or they are no nodes of one type.
        ValueError: a node is null (when the result is computed).
    """
    frame = edges.rows if isinstance(edges, Settled) else edges
    node = _node_type(frame)
    settled = edges if isinstance(edges, Settled) else ctx.settle(frame.select("a", "b"), f"{name}-0")
    pairs = settled.rows.select("a", "b")
    if settled.count <= native_edges:
        # By a task, not by the driver: there 20 million edges would exceed the usual spark.driver.maxResultSize, 1 GiB.
        return pairs.coalesce(1).mapInArrow(label, f"node {node}, component {node}")
    return _join_stars(pairs, ctx, name)


def _node_type(edges: DataFrame) -> str:
    types = {field.name: field.dataType.simpleString() for field in edges.schema.fields}
    found = [types.get(column) for column in ("a", "b")]
    if found[0] != found[1] or found[0] not in NODES:
        raise UsageError(
            f"edges need columns a and b, both one of {', '.join(NODES)}; there are "
            + ", ".join(f"{column} {kind}" for column, kind in types.items())
        )
    return str(found[0])


def label(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Label the nodes of all edges of a task: batches with `a` and `b` in, with `node` and `component` out."""
    graph = Components()
    for batch in batches:
        graph.push(batch.column("a"), batch.column("b"))
    yield from graph.labels()


def _join_stars(edges: DataFrame, ctx: Context, name: str) -> DataFrame:
    """Replace edges by larger and larger stars until nothing changes: then each is a node and its component."""
    from pyspark.sql import functions as F

    a, b = _never_null("a"), _never_null("b")
    ends = edges.select(F.greatest(a, b).alias("node"), F.least(a, b).alias("below"))
    stars, before = ends.where("node != below").distinct(), ""
    for turn in count(1):
        settled = ctx.settle(_join_small_stars(_join_large_stars(stars)), f"{name}-{turn}")
        stars = settled.rows
        if settled.digest == before:
            break
        before = settled.digest
    nodes = ends.select("node").union(ends.select("below")).distinct()
    labels = stars.withColumnRenamed("below", "component")
    return nodes.join(labels, "node", "left").withColumn("component", F.coalesce("component", "node"))


def _never_null(column: str) -> Column:
    from pyspark.sql import functions as F

    problem = F.raise_error(F.lit(f"column {column} is null; expected two nodes for each edge"))
    return F.coalesce(column, problem)


def _find_least(stars: DataFrame) -> DataFrame:
    """Each node that has a smaller neighbor, with the smallest."""
    from pyspark.sql import functions as F

    return stars.groupBy("node").agg(F.min("below").alias("least"))


def _join_large_stars(stars: DataFrame) -> DataFrame:
    """Let the larger neighbors of each node point to its smallest neighbor; pairs stay `node` > `below`."""
    from pyspark.sql import functions as F

    least = _find_least(stars).withColumnRenamed("node", "below")
    moved = stars.join(least, "below", "left")
    return moved.select("node", F.coalesce("least", "below").alias("below"))


def _join_small_stars(stars: DataFrame) -> DataFrame:
    """Let each node and its smaller neighbors point to the smallest of these."""
    from pyspark.sql import functions as F

    least = _find_least(stars)
    moved = stars.join(least, "node").where("below != least")
    pairs = moved.select(F.col("below").alias("node"), F.col("least").alias("below"))
    return pairs.union(least.withColumnRenamed("least", "below")).distinct()
