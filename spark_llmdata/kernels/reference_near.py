"""The plain-Python twin of the choice among near-duplicates: all pairs, no shortcuts, the oracle of its tests."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

#: doc_id -> (order key whose smallest survives, band keys, shingles)
Sketches = Mapping[str, tuple[tuple[float, str], Sequence[int], frozenset[int]]]


def similarity(a: frozenset[int], b: frozenset[int], measure: str = "jaccard") -> Fraction:
    """Shared shingles of all shingles (jaccard), or of those of the smaller set (containment); 0 for an empty set."""
    if not a or not b:
        return Fraction(0)
    size = len(a | b) if measure == "jaccard" else min(len(a), len(b))
    return Fraction(len(a & b), size)


def find_removed(
    docs: Sketches, threshold: Fraction, measure: str = "jaccard", clusters: str = "greedy", max_block: int = 10**9
) -> dict[str, tuple[str, Fraction]]:
    """Who is removed, for whom, and how similar the two are.

    Documents come in the order of survival. Equal sets are one document, the first. `greedy`: a document is removed for
    the first that stays, shares a band and is similar. `components`: it joins what it is similar to, and the first of
    each component stays. A band compares with the first `max_block` documents that entered it.
    """
    ordered = sorted((doc_id for doc_id, (_, _, shingles) in docs.items() if shingles), key=lambda d: docs[d][0])
    leaders: dict[frozenset[int], str] = {}
    for doc_id in ordered:
        leaders.setdefault(docs[doc_id][2], doc_id)
    choose = _choose_greedy if clusters == "greedy" else _choose_components
    removed = choose(docs, list(leaders.values()), threshold, measure, max_block)
    for doc_id in ordered:
        leader = leaders[docs[doc_id][2]]
        if leader != doc_id:
            removed[doc_id] = removed.get(leader, (leader, Fraction(1)))
    return removed


def _choose_greedy(
    docs: Sketches, ordered: Sequence[str], threshold: Fraction, measure: str, max_block: int
) -> dict[str, tuple[str, Fraction]]:
    blocks = _Blocks(max_block)
    removed = {}
    for doc_id in ordered:
        _, keys, shingles = docs[doc_id]
        values = {other: similarity(shingles, docs[other][2], measure) for other in blocks.meet(keys)}
        partner = next((other for other in ordered if values.get(other, 0) >= threshold), None)
        if partner is None:
            blocks.enter(doc_id, keys)
        else:
            removed[doc_id] = (partner, values[partner])
    return removed


def _choose_components(
    docs: Sketches, ordered: Sequence[str], threshold: Fraction, measure: str, max_block: int
) -> dict[str, tuple[str, Fraction]]:
    blocks = _Blocks(max_block)
    first = {doc_id: doc_id for doc_id in ordered}
    for doc_id in ordered:
        _, keys, shingles = docs[doc_id]
        met = blocks.meet(keys)
        similar = [other for other in met if similarity(shingles, docs[other][2], measure) >= threshold]
        joined = {first[d] for d in [doc_id, *similar]}
        least = min(joined, key=ordered.index)
        first.update({d: least for d in ordered if first[d] in joined})
        blocks.enter(doc_id, keys)
    return {d: (f, similarity(docs[d][2], docs[f][2], measure)) for d, f in first.items() if f != d}


class _Blocks:
    """Documents by band key, the first `max_block` of each."""

    def __init__(self, max_block: int) -> None:
        self.max_block = max_block
        self.entered: dict[int, list[str]] = defaultdict(list)

    def meet(self, keys: Sequence[int]) -> set[str]:
        return {other for key in keys for other in self.entered[key]}

    def enter(self, doc_id: str, keys: Sequence[int]) -> None:
        for key in set(keys):
            if len(self.entered[key]) < self.max_block:
                self.entered[key].append(doc_id)


def draw_bitmap(hashes: Iterable[int], per_number: int) -> tuple[int, int]:
    """A set's bitmap as a number, in which each hash has turned one bit over, and how many bits it has."""
    numbers = list(hashes)
    count = min(max(1 << (per_number * len(numbers) - 1).bit_length() if numbers else 1, 256), 1 << 20)
    bits = 0
    for number in numbers:
        bits ^= 1 << ((number * 0x9E3779B97F4A7C15 & (1 << 64) - 1) >> 32 & count - 1)
    return bits, count


def count_different(a: tuple[int, int], b: tuple[int, int]) -> int:
    """In how many bits two bitmaps differ, the longer one folded."""
    (short, count), (long, more) = sorted([a, b], key=lambda bitmap: bitmap[1])
    for at in range(0, more, count):
        short ^= long >> at & (1 << count) - 1
    return short.bit_count()


def link_crowd(
    docs: Mapping[int, tuple[Sequence[int], Sequence[int]]], threshold: Fraction, per_number: int, max_block: int
) -> tuple[set[tuple[int, int]], dict[int, int], int]:
    """Which documents of a crowd can be similar by Jaccard, by sizes and bitmaps alone.

    `docs` is node -> (band keys, hashes of shingles). In a band, by node, each is looked at with the first of every
    tree of connected documents before it, then with the second of trees that it did not fit, and so on, `max_block`
    times at most. Returns the pairs, the number of documents left out by band key, and how often two were looked at.
    """
    pairs, left_out, looks = set(), dict[int, int](), 0
    bitmaps = {node: draw_bitmap(hashes, per_number) for node, (_, hashes) in docs.items()}
    for key in sorted({key for keys, _ in docs.values() for key in keys}):
        trees: list[list[int]] = []
        for node in sorted(n for n, (keys, _) in docs.items() if key in keys):
            turns = sorted((place, at) for at, tree in enumerate(trees) for place in range(len(tree)))
            fitting, own = set[int](), 0
            for place, at in turns:
                if at in fitting:
                    continue
                if own == max_block:
                    left_out[key] = left_out.get(key, 0) + 1
                    break
                own += 1
                other = trees[at][place]
                sizes = len(docs[node][1]) + len(docs[other][1])
                least = math.ceil(threshold * sizes / (1 + threshold))
                fits = least <= min(len(docs[n][1]) for n in (node, other))
                if fits and count_different(bitmaps[node], bitmaps[other]) <= sizes - 2 * least:
                    pairs.add((other, node))
                    fitting.add(at)
            looks += own
            joined = [trees[at] for at in sorted(fitting)]
            if joined:
                for at in sorted(fitting, reverse=True)[:-1]:
                    trees[at] = trees[-1]
                    trees.pop()
                trees[min(fitting)] = [n for tree in [joined[0], *reversed(joined[1:])] for n in tree] + [node]
            else:
                trees.append([node])
    return pairs, left_out, looks
