"""Connected components against a search in Python, on all kinds of nodes."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.kernels import reference_components as reference
from spark_llmdata.kernels.components import Components

TEXTS = [pa.string(), pa.large_string(), pa.string_view()]
BINARIES = [pa.binary(), pa.large_binary(), pa.binary_view(), pa.binary(2)]

numbers = st.integers(-30, 30) | st.integers(-(1 << 63), (1 << 63) - 1)
texts = st.text(st.sampled_from("abé\U0001f600\uffff"), max_size=2)


def label(edges, kind: pa.DataType, batch: int = 7, rows: int = 5) -> dict:
    graph = Components()
    for begin in range(0, len(edges), batch):
        a, b = zip(*edges[begin : begin + batch], strict=True)
        graph.push(pa.array(a, kind), pa.array(b, kind))
    batches = list(graph.labels(rows))
    assert all(b.schema.types == [kind, kind] for b in batches)
    found = [(r["node"], r["component"]) for b in batches for r in b.to_pylist()]
    assert len(found) == len(graph) == len(dict(found))
    return dict(found)


@given(st.lists(st.tuples(numbers, numbers), max_size=60))
def test_numbers(edges) -> None:
    assert label(edges, pa.int64()) == reference.components(edges)


@given(st.lists(st.tuples(texts, texts), max_size=40), st.sampled_from(TEXTS))
def test_texts_in_the_order_of_their_bytes(edges, kind) -> None:
    found = label(edges, kind)
    encoded = reference.components((a.encode(), b.encode()) for a, b in edges)
    assert {n.encode(): c.encode() for n, c in found.items()} == encoded


@given(st.lists(st.tuples(*[st.binary(min_size=2, max_size=2)] * 2), max_size=40), st.sampled_from(BINARIES))
def test_binary(edges, kind) -> None:
    assert label(edges, kind) == reference.components(edges)


@given(st.lists(st.tuples(numbers, numbers), max_size=30), st.randoms(), st.integers(1, 9))
def test_neither_order_nor_batches_nor_repeats_matter(edges, draw: random.Random, batch: int) -> None:
    mixed = [edge[::-1] if draw.random() < 0.5 else edge for edge in edges for _ in range(draw.randint(1, 2))]
    draw.shuffle(mixed)
    assert label(mixed, pa.int64(), batch) == label(edges, pa.int64())


def path(n: int) -> list[tuple[int, int]]:
    return [(i, i + 1) for i in range(n)]


def star(n: int) -> list[tuple[int, int]]:
    """The largest node in the middle."""
    return [(n, i) for i in range(n)]


def bridged_cliques(n: int) -> list[tuple[int, int]]:
    cliques = [(c + i, c + j) for c in (0, 1000) for i in range(n) for j in range(i)]
    return [*cliques, (n - 1, 1000)]


SHAPES = {
    "path": (path(10_000), 1),
    "star": (star(100_000), 1),
    "bridge": (bridged_cliques(60), 1),
    "cliques": (bridged_cliques(60)[:-1], 2),
    "random": ([(random.Random(i).randrange(3000), random.Random(-i - 1).randrange(3000)) for i in range(2000)], None),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes(shape: str) -> None:
    edges, expected = SHAPES[shape]
    found = label(edges, pa.int64(), 4096, 4096)
    assert found == reference.components(edges)
    assert len(set(found.values())) == (expected or len(set(reference.components(edges).values())))


def test_slices_are_read_as_slices() -> None:
    graph = Components()
    column = pa.array([9, 1, 2, None]).slice(1, 2)
    graph.push(column, pa.array([7, 5, 6]).slice(1))
    assert [b.to_pylist() for b in graph.labels(2)] == [
        [{"node": 1, "component": 1}, {"node": 2, "component": 2}],
        [{"node": 5, "component": 1}, {"node": 6, "component": 2}],
    ]


def test_nothing_in_nothing_out() -> None:
    graph = Components()
    assert (len(graph), list(graph.labels())) == (0, [])
    graph.push(pa.array([], pa.string()), pa.array([], pa.string()))
    assert (len(graph), list(graph.labels())) == (0, [])


def test_errors_name_what_is_wrong() -> None:
    graph = Components()
    with pytest.raises(ValueError, match="column a is Float64; expected text, binary or int64"):
        graph.push(pa.array([1.0]), pa.array([1.0]))
    with pytest.raises(ValueError, match="column a has 1 rows, b has 2"):
        graph.push(pa.array(["a"]), pa.array(["a", "b"]))
    with pytest.raises(ValueError, match="column b is null in row 1"):
        graph.push(pa.array(["a", "b"]), pa.array(["a", None]))
    with pytest.raises(ValueError, match="are Int64 and Int64; expected one kind of node in all edges"):
        graph.push(pa.array([1]), pa.array([1]))
