"""The passes of near-duplicate detection as Spark would run them, without Spark, and what all pairs give."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from fractions import Fraction

import pyarrow as pa

from spark_llmdata.kernels import minhash
from spark_llmdata.kernels.near import Candidates, CrowdLink, Link, Sketch, Solve, bitmap_bits
from spark_llmdata.kernels.reference_near import find_removed


def shingles(text: str, ngram: int) -> frozenset[str]:
    words = re.findall(r"\w+", text.lower())
    n = min(ngram, len(words))
    return frozenset(" ".join(words[i : i + n]) for i in range(len(words) - n + 1)) if n else frozenset()


def band_keys(texts: list[str], candidates: Candidates) -> list[list[int]]:
    found = minhash.band_keys(
        pa.array(texts, pa.string()), candidates.words, candidates.ngram, candidates.bands, candidates.rows
    )
    return [keys or [] for keys in found.to_pylist()]


def oracle(docs: dict[str, str], candidates: Candidates, threshold: Fraction, **options):
    keys = band_keys(list(docs.values()), candidates)
    sketches = {
        doc_id: ((-len(text.encode()), doc_id), own, shingles(text, candidates.ngram))
        for (doc_id, text), own in zip(docs.items(), keys, strict=True)
    }
    return find_removed(sketches, threshold, **options)


def batches(docs: list[tuple], columns: dict[str, pa.DataType], size: int) -> list[pa.RecordBatch]:
    made = []
    for i in range(0, len(docs), size):
        part = docs[i : i + size]
        arrays = [pa.array([d[j] for d in part], t) for j, t in enumerate(columns.values())]
        made.append(pa.RecordBatch.from_arrays(arrays, names=list(columns)))
    return made


def components(edges: list[tuple[int, int]]) -> dict[int, int]:
    label: dict[int, int] = {}
    for a, b in edges:
        a, b = label.setdefault(a, a), label.setdefault(b, b)
        label.update({n: min(a, b) for n, c in label.items() if c in (a, b)})
    return label


def meet(rows, sketch, link, tasks, size):
    """What tasks sketch of parts of the documents, linked by partitions."""
    types = {"node": pa.int64(), "doc_id": pa.string(), "text": pa.string(), "k": pa.float64()}
    packed = defaultdict(list)
    for task in range(tasks):
        for records in sketch(batches(rows[task::tasks], types, size)):
            for row in records.to_pylist():
                packed[row["partition"]].append((row["sets"], row["bands"]))
    links = []
    for records in packed.values():
        for found in link(batches(records, {"sets": pa.binary(), "bands": pa.binary()}, 2)):
            links += found.to_pylist()
    edges = [(row["a"], row["b"]) for row in links if row["a"] is not None]
    return edges, [row for row in links if row["a"] is None]


def run(
    docs, candidates, threshold, *, tasks=2, partitions=3, size=7, max_block=10_000, seed=0, parted=False, **options
):
    """As Spark would: tasks sketch parts of the documents, partitions are linked, components solved one by one.

    Where `parted`, all documents are treated as those of a crowd.
    """
    rows = [(i * 7919 % 1_000_003, d, text, -float(len(text.encode()))) for i, (d, text) in enumerate(docs.items())]
    random.Random(seed).shuffle(rows)
    measure, clusters = options.get("measure", "jaccard"), options.get("clusters", "greedy")
    fraction = threshold.numerator, threshold.denominator
    edges, others = meet(rows, Sketch(candidates, partitions), Link(1), tasks, size)
    copies = {row["copy"]: row["leader"] for row in others}
    cut = []
    if parted:
        rows = [row for row in rows if row[1] not in copies]
        sketch, link = (
            Sketch(candidates, partitions, bitmap_bits(measure, fraction)),
            CrowdLink(measure, fraction, max_block),
        )
        edges, cut = meet(rows, sketch, link, tasks, size)
    label = components(edges)
    placed = sorted((label[n], k, d, t) for n, d, t, k in rows if n in label)
    solve = Solve(candidates, measure, clusters, fraction, max_block)
    types = {"component": pa.int64(), "doc_id": pa.string(), "text": pa.string()}
    found = [row for f in solve(batches([(c, d, t) for c, _, d, t in placed], types, size)) for row in f.to_pylist()]
    removed = {row["doc_id"]: (row["survivor"], share(row, measure)) for row in found if row["block"] is None}
    for copy, leader in copies.items():
        removed[copy] = removed.get(leader, (leader, Fraction(1)))
    cut += [row for row in found if row["block"] is not None]
    return removed, [(row["compared"], row["left_out"]) for row in cut]


def share(row, measure) -> Fraction:
    both = row["shingles"], row["survivor_shingles"]
    return Fraction(row["shared"], sum(both) - row["shared"] if measure == "jaccard" else min(both))
