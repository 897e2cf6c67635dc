"""Crowds of documents that share bands: copies, variants, strangers. What they cost is counted, not timed."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest

from spark_llmdata.kernels import minhash
from spark_llmdata.kernels.near import Candidates, CrowdLink, Link, Sketch, Solve

N = 100_000
ROWS = 5_000
MAX_BLOCK = 200


def texts(kind: str, shared: str) -> Iterator[str]:
    """`copies` of one text; `variants` of one word each; `strangers` that have one word in common."""
    base = [f"word{i}" for i in range(40)]
    for i in range(N):
        if kind == "copies":
            yield " ".join(base)
        elif kind == "variants":
            yield " ".join([*base[:20], f"x{i:06}", *base[20:]])
        else:
            yield f"{shared} {' '.join(f'w{i * 6 + j}' for j in range(6))}"


def smallest_word(candidates: Candidates) -> str:
    """A word whose value in the first band is so small that it is nearly every document's minimum."""
    names = [f"s{i}" for i in range(200_000)]
    values = minhash.signatures(pa.array(names), candidates.words, candidates.ngram, 1, 1)
    flat = values.flatten().to_numpy()
    return names[int(flat.argmin())]


def records(kind: str, shared: str) -> Iterator[pa.RecordBatch]:
    """Batches of node, doc_id, text and an order key that is the same for all."""
    made = texts(kind, shared)
    for begin in range(0, N, ROWS):
        part = [next(made) for _ in range(ROWS)]
        numbers = range(begin, begin + ROWS)
        yield pa.record_batch(
            {
                "node": pa.array(numbers, pa.int64()),
                "doc_id": pa.array([f"{i:08}" for i in numbers]),
                "text": pa.array(part),
                "key_0": pa.array([0.0] * ROWS),
            }
        )


@pytest.mark.parametrize(
    ("kind", "candidates"),
    [
        ("copies", Candidates("runs", 5, 28, 4)),
        ("variants", Candidates("runs", 1, 28, 4)),
        ("strangers", Candidates("runs", 1, 1, 1)),
    ],
)
def test_a_crowd_costs_what_its_documents_cost(kind, candidates):
    shared = smallest_word(candidates) if kind == "strangers" else ""
    link = Link(1)
    packed = Sketch(candidates, 1)(records(kind, shared))
    links = pa.Table.from_batches(link(r for r in packed))
    edges, copies = links["a"].length() - links["a"].null_count, links["copy"].length() - links["copy"].null_count
    # A star, never all pairs; copies leave no band records at all.
    assert edges <= N - 1
    assert copies == (N - 1 if kind == "copies" else 0)
    if kind == "copies":
        return
    assert edges > 0.99 * N

    crowd = CrowdLink("jaccard", (4, 5), MAX_BLOCK).start()
    for packed in Sketch(candidates, 1, 1)(records(kind, shared)):
        for bands in packed.column("bands"):
            crowd.push(bands.as_py())
    parted = pa.Table.from_batches(map(pa.record_batch, crowd.finish(ROWS)))
    if kind == "variants":
        assert crowd.looked_at() <= candidates.bands * N  # one look for each band of each
        assert parted["a"].null_count == 0
    else:
        assert crowd.looked_at() <= N * MAX_BLOCK
        assert parted["a"].to_pylist() == [None]
        assert parted["compared"].to_pylist() == [MAX_BLOCK]
        assert parted["left_out"].to_pylist()[0] > 0.99 * N - MAX_BLOCK

    solver = Solve(candidates, "jaccard", "greedy", (4, 5), MAX_BLOCK).start()
    removed, left_out, most_held = 0, 0, 0
    for batch in records(kind, shared):
        component = pa.array([0] * batch.num_rows, pa.int64())
        found = pa.record_batch(
            solver.push(pa.record_batch({"c": component, "i": batch["doc_id"], "t": batch["text"]}))
        )
        removed += found.num_rows
        most_held = max(most_held, solver.work()[2])
    looked_at, compared, _ = solver.work()
    blocks = pa.record_batch(solver.finish())
    left_out = sum(n or 0 for n in blocks.column("left_out").to_pylist())
    if kind == "variants":
        assert removed == N - 1  # all for the first
        assert looked_at == compared == N - 1
        assert most_held == 1
        assert left_out == 0
    else:
        assert removed == 0
        assert looked_at <= N * MAX_BLOCK
        assert compared == 0  # their bitmaps tell them apart
        assert blocks.column("compared").to_pylist() == [MAX_BLOCK]
        assert left_out > 0.99 * N - MAX_BLOCK
        # Whoever is in no block that has room is nobody's partner, and is not held.
        assert most_held < MAX_BLOCK + 0.01 * N
