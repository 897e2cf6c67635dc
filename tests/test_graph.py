"""Connected components of data frames: both ways give what a search in Python gives."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest

from spark_llmdata.errors import UsageError
from spark_llmdata.graph import components, label
from spark_llmdata.kernels import reference_components as reference
from spark_llmdata.stage import Context

#: A path, a star around its largest node, two cliques with a bridge, single nodes, and some at random; drawn once.
PATH = [(i, i + 1) for i in range(40)]
STAR = [(199, i) for i in range(100, 150)]
CLIQUES = [(200 + c + i, 200 + c + j) for c in (0, 20) for i in range(8) for j in range(i)] + [(207, 220)]
ALONE = [(-5, -5), (300, 300), (-5, -5)]
DRAW = random.Random(7)
LOOSE = [(DRAW.randrange(-2000, -1000), DRAW.randrange(-2000, -1000)) for _ in range(600)]
EDGES = [*PATH, *STAR, *CLIQUES, *ALONE, *LOOSE, *(edge[::-1] for edge in LOOSE[:50]), *LOOSE[:20]]


def found(frame) -> dict:
    rows = [tuple(row) for row in frame.select("node", "component").collect()]
    assert len(rows) == len(dict(rows)), "a node is there more than once"
    return dict(rows)


def test_a_task_labels_all_its_batches() -> None:
    batches = [pa.record_batch({"a": list(a), "b": list(b)}) for a, b in (("ca", "bd"), ("e", "d"))]
    assert [row for batch in label(batches) for row in batch.to_pylist()] == [
        {"node": n, "component": c} for n, c in zip("cabde", "babaa", strict=True)
    ]
    assert list(label([])) == []


@pytest.mark.spark
def test_both_ways_are_the_references(spark) -> None:
    expected = reference.components(EDGES)
    mixed = random.Random(3).sample(EDGES, len(EDGES))
    one = spark.createDataFrame(EDGES, "a bigint, b bigint").coalesce(1)
    many = spark.createDataFrame(mixed, "b bigint, a bigint").repartition(3)
    assert found(components(one, Context(spark))) == expected
    assert found(components(many, Context(spark))) == expected
    assert found(components(many, Context(spark), native_edges=0)) == expected
    assert found(components(one, Context(spark), native_edges=len(EDGES) - 1)) == expected


@pytest.mark.spark
@pytest.mark.parametrize("kind", ["string", "binary"])
def test_nodes_of_other_kinds(spark, kind) -> None:
    """Compared by their bytes: not by code units of UTF-16, and not by signed bytes."""
    names = ["é", "z", "\uffff", "\U0001f600", "", "ab", "a", "b"]
    nodes = names if kind == "string" else [bytes([n]) for n in (200, 100, 255, 254, 0, 2, 1, 128)]
    edges = [(nodes[i], nodes[j]) for i, j in ((0, 1), (2, 3), (5, 4), (7, 7), (6, 7))]
    frame = spark.createDataFrame(edges, f"a {kind}, b {kind}")
    encoded = reference.components((a.encode(), b.encode()) if kind == "string" else (a, b) for a, b in edges)
    for most in (0, 100):
        labels = found(components(frame, Context(spark), native_edges=most))
        as_bytes = [[n.encode() if kind == "string" else bytes(n) for n in pair] for pair in labels.items()]
        assert dict(as_bytes) == encoded


@pytest.mark.spark
def test_no_edges_no_nodes(spark) -> None:
    none = spark.createDataFrame([], "a string, b string")
    for most in (0, -1):
        assert found(components(none, Context(spark), native_edges=most)) == {}


@pytest.mark.spark
def test_what_is_settled_is_not_settled_again(spark) -> None:
    names = []

    def keep(rows, name):
        names.append(name)
        return rows.localCheckpoint()

    ctx = Context(spark, keep)
    edges = ctx.settle(spark.createDataFrame([(1, 2, 0), (2, 3, 0)], "a bigint, b bigint, x bigint"), "e")
    assert found(components(edges, ctx)) == {1: 1, 2: 1, 3: 1}
    assert names == ["e"]
    assert found(components(edges, ctx, native_edges=1, name="groups")) == {1: 1, 2: 1, 3: 1}
    assert names == ["e", "groups-1", "groups-2"]
    assert found(components(edges.rows, ctx)) == {1: 1, 2: 1, 3: 1}
    assert names[3:] == ["components-0"]


@pytest.mark.spark
def test_what_cannot_work_is_said(spark) -> None:
    ctx = Context(spark)
    for kinds in ("a string, b bigint", "a double, b double", "a string, c string"):
        with pytest.raises(UsageError, match=f"both one of string, binary, bigint; there are {kinds}"):
            components(spark.createDataFrame([], kinds), ctx)
    broken = spark.createDataFrame([("x", "y"), ("x", None)], "a string, b string")
    for most in (0, 2):
        with pytest.raises(Exception, match=r"column b is null.*expected two nodes for each edge"):
            components(broken, ctx, native_edges=most, name=f"most-{most}").collect()
