"""The three passes of near-duplicate detection, without Spark, against all pairs in plain Python."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from fractions import Fraction

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_llmdata.kernels import minhash
from spark_llmdata.kernels import shingles as shingle_kernel
from spark_llmdata.kernels.near import Candidates, CrowdLink, Sketch, Solve, bitmap_bits
from spark_llmdata.kernels.reference_near import link_crowd, similarity
from tests.kernels.passes import band_keys, batches, components, oracle, run, shingles

WORDS = [f"w{i}" for i in range(60)]


def mutate(chance: random.Random, words: list[str]) -> list[str]:
    words = list(words)
    for _ in range(chance.randrange(4)):
        at = chance.randrange(len(words) + 1)
        words[at : at + chance.randrange(2)] = [chance.choice(WORDS)]
    return words


def family_corpus(seed: int) -> dict[str, str]:
    """Families of variants of variants: chains, stars, copies, short and empty texts."""
    chance = random.Random(seed)
    texts: list[list[str]] = []
    for _ in range(chance.randrange(1, 6)):
        start = chance.choices(WORDS, k=chance.choice([0, 2, 5, 12, 40]))
        family = [start]
        for _ in range(chance.randrange(12)):
            family.append(mutate(chance, chance.choice(family)))
        texts += family
    chance.shuffle(texts)
    return {f"d{i:03}": " ".join(t).upper() if chance.random() < 0.2 else " ".join(t) for i, t in enumerate(texts)}


CHOICES = [Candidates("runs", 5, 28, 4), Candidates("runs", 3, 40, 1), Candidates("whitespace", 1, 14, 8)]


@given(st.integers(0, 10**9), st.sampled_from(CHOICES), st.sampled_from(["1/2", "4/5", "1"]), st.data())
@settings(max_examples=150)
def test_as_all_pairs(seed, candidates, threshold, data):
    docs = family_corpus(seed)
    options = {
        "clusters": data.draw(st.sampled_from(["greedy", "components"])),
        "measure": data.draw(st.sampled_from(["jaccard", "containment"])),
    }
    expected = oracle(docs, candidates, Fraction(threshold), **options)
    shape = {"tasks": data.draw(st.integers(1, 4)), "partitions": data.draw(st.integers(1, 5)), "size": 3}
    shape["parted"] = data.draw(st.booleans())
    found, blocks = run(docs, candidates, Fraction(threshold), seed=seed, **options, **shape)
    assert found == expected
    assert blocks == []


@given(st.integers(0, 10**9), st.booleans())
@settings(max_examples=50)
def test_what_is_promised(seed, parted):
    """Who goes has a partner that stays and is similar; nobody who stays has one that shares a band."""
    docs, candidates, threshold = family_corpus(seed), CHOICES[0], Fraction(4, 5)
    removed, _ = run(docs, candidates, threshold, parted=parted)
    sets = {d: shingles(t, 5) for d, t in docs.items()}
    for doc_id, (survivor, value) in removed.items():
        assert survivor not in removed
        assert value == similarity(sets[doc_id], sets[survivor]) >= threshold
    keys = dict(zip(docs, map(set, band_keys(list(docs.values()), candidates)), strict=True))
    stay = [d for d in docs if d not in removed]
    for a in stay:
        for b in stay:
            assert a == b or not keys[a] & keys[b] or similarity(sets[a], sets[b]) < threshold


def test_a_large_tree_in_a_crowd_leaves_room_for_the_others():
    """Variants of a page fill a band; pairs that share it are found all the same, with few looks for each document."""
    candidates = Candidates("runs", 1, 1, 1)
    names = [f"s{i}" for i in range(20_000)]
    smallest = names[int(minhash.signatures(pa.array(names), "runs", 1, 1, 1).flatten().to_numpy().argmin())]
    page = [smallest, *(f"p{j}" for j in range(50))]
    members = {i: " ".join([*page, f"v{i}"]) for i in range(60)}
    for pair in range(3):
        own = [smallest, *(f"own{pair}_{j}" for j in range(50))]
        members |= {100 + 2 * pair + i: " ".join([*own, f"x{i}"]) for i in range(2)}
    edges, blocks, _ = crowd_links(bands_of(members, candidates), max_block=5)
    assert {(100, 101), (102, 103), (104, 105)} <= set(edges)
    assert len(edges) == 59 + 3
    assert blocks == [(5, 6)]  # none of the six was compared with all of the page's variants, and it is said


@given(st.integers(0, 10**9), st.integers(1, 4))
@settings(max_examples=50)
def test_large_blocks_are_cut_where_it_is_said(seed, max_block):
    docs, candidates = family_corpus(seed), Candidates("runs", 1, 20, 1)
    expected = oracle(docs, candidates, Fraction(9, 10), max_block=max_block)
    found, blocks = run(docs, candidates, Fraction(9, 10), max_block=max_block)
    assert found == expected
    assert all(compared == max_block and left_out > 0 for compared, left_out in blocks)
    entered = defaultdict(int)
    leaders = {}
    for d in sorted(docs, key=lambda d: (-len(docs[d].encode()), d)):
        leaders.setdefault(shingles(docs[d], 1), d)
    for d in leaders.values():
        if docs[d].strip() and d not in found:
            for key in set(band_keys([docs[d]], candidates)[0]):
                entered[key] += 1
    over = sorted(n - max_block for n in entered.values() if n > max_block)
    assert sorted(left_out for _, left_out in blocks) == over


def test_a_crowd_of_variants_takes_the_memory_of_one():
    """One survivor, so every other document is compared once, however many there are."""
    base = [f"word{i}" for i in range(120)]
    docs = {f"v{i:05}": " ".join([*base[:60], f"x{i}", *base[61:]]) for i in range(3000)}
    removed, blocks = run(docs, CHOICES[0], Fraction(4, 5), size=500)
    assert len(removed) == len(docs) - 1
    assert {survivor for survivor, _ in removed.values()} == {"v01000"}  # the first of the longest
    assert blocks == []


def bands_of(members: dict[int, str], candidates: Candidates, per_shingle: int = 1) -> bytes:
    """The band records, with bitmaps, of documents by node."""
    rows = [(node, f"d{node}", text) for node, text in members.items()]
    types = {"node": pa.int64(), "doc_id": pa.string(), "text": pa.string()}
    [records] = Sketch(candidates, 1, per_shingle)(batches(rows, types, len(rows)))
    return records.column("bands")[0].as_py()


def crowd_links(records: bytes, **options) -> tuple[list[tuple[int, int]], list[tuple[int, int]], int]:
    """Edges, blocks (compared, left out) and pairs looked at."""
    linker = CrowdLink(**{"similarity": "jaccard", "threshold": (4, 5), "max_block": 100, **options}).start()
    linker.push(records)
    rows = [row for batch in linker.finish(3) for row in pa.record_batch(batch).to_pylist()]
    edges = [(row["a"], row["b"]) for row in rows if row["a"] is not None]
    blocks = [(row["compared"], row["left_out"]) for row in rows if row["a"] is None]
    return edges, blocks, linker.looked_at()


@given(st.integers(0, 10**9), st.sampled_from([1, 2, 4]), st.sampled_from([1, 2, 5, 100]))
@settings(max_examples=100)
def test_a_crowd_is_linked_as_the_twin_links_it(seed, per_shingle, max_block):
    docs, candidates, threshold = family_corpus(seed), Candidates("runs", 2, 12, 1), Fraction(3, 5)
    members = {i: text for i, text in enumerate(docs.values()) if text.strip()}
    members = {node: text for text, node in {t.lower(): n for n, t in members.items()}.items()}
    sets = shingle_kernel.sets(pa.array(members.values(), pa.string()), "runs", 2).to_pylist()
    leaders = {frozenset(s): node for node, s in reversed(list(zip(members, sets, strict=True)))}  # no equal sets
    members = {node: members[node] for node in leaders.values()}
    keys = band_keys(list(members.values()), candidates)
    hashes = {node: [h & (1 << 64) - 1 for h in shingles] for shingles, node in leaders.items()}
    twin = {node: (own, hashes[node]) for node, own in zip(members, keys, strict=True)}
    expected, left_out, looks = link_crowd(twin, threshold, per_shingle, max_block)
    if not members:
        return
    edges, blocks, looked_at = crowd_links(
        bands_of(members, candidates, per_shingle), threshold=(3, 5), max_block=max_block
    )
    assert components(edges) == components(sorted(expected))
    assert sorted(n for _, n in blocks) == sorted(left_out.values())
    assert looked_at == looks


def test_a_crowd_needs_more_bits_where_more_may_differ():
    """Documents without a common shingle but one band are told apart at low thresholds too."""
    candidates = Candidates("runs", 1, 1, 1)
    names = [f"s{i}" for i in range(200_000)]
    smallest = names[int(minhash.signatures(pa.array(names), "runs", 1, 1, 1).flatten().to_numpy().argmin())]
    members = {i: f"{smallest} " + " ".join(f"w{i}_{j}" for j in range(1000)) for i in range(20)}
    for tenths in (3, 5, 6, 8):
        bits = bitmap_bits("jaccard", (tenths, 10))
        edges, _, looked_at = crowd_links(bands_of(members, candidates, bits), threshold=(tenths, 10))
        assert (edges, looked_at) == ([], 190), tenths


def test_pairs_of_a_crowd_that_cannot_be_similar_are_taken_apart():
    """Templates share most of their bands and are not similar; a variant of one of them is."""
    candidates, template = Candidates("runs", 1, 20, 1), [f"t{i}" for i in range(60)]
    own = {i: [f"own{i}_{j}" for j in range(40)] for i in range(30)}
    members = {i: " ".join(template + words) for i, words in own.items()}
    members[99] = " ".join([*template, *own[7][:-1], "x"])
    edges, blocks, _ = crowd_links(bands_of(members, candidates))
    assert edges == [(7, 99)]
    assert blocks == []


def test_what_a_band_of_a_crowd_costs_and_leaves_out():
    """Strangers in one band are compared with `max_block` others each; variants of one text with one."""
    candidates, n, most = Candidates("runs", 1, 1, 1), 40, 10
    names = [f"s{i}" for i in range(20_000)]
    smallest = names[int(minhash.signatures(pa.array(names), "runs", 1, 1, 1).flatten().to_numpy().argmin())]
    strangers = bands_of({i: f"{smallest} " + " ".join(f"w{i}_{j}" for j in range(9)) for i in range(n)}, candidates)
    edges, blocks, looked_at = crowd_links(strangers, max_block=most)
    assert edges == []
    assert blocks == [(most, n - 1 - most)]  # the first is compared with none, the eleventh with all before it
    assert looked_at == sum(min(i, most) for i in range(n))
    base = [smallest, *(f"w{j}" for j in range(30))]
    variants = bands_of({i: " ".join([*base, f"x{i}"]) for i in range(n)}, candidates)
    edges, blocks, looked_at = crowd_links(variants, max_block=1)
    assert (len(edges), blocks, looked_at) == (n - 1, [], n - 1)
    assert crowd_links(strangers, max_block=n)[1] == []


@pytest.mark.parametrize("cut", [1, 8, 16, 23, 24, 25, 40])
def test_broken_records_of_a_crowd_are_refused(cut):
    records = bands_of({1: "one two three"}, Candidates("runs", 1, 1, 1))
    assert len(records) == 24 + 32
    with pytest.raises(ValueError, match=f"{cut} bytes are no band records with bitmaps"):
        crowd_links(records[:cut])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: Sketch(Candidates("words", 5, 28, 4), 2)([]),
            'unknown word rule "words"; expected one of: runs, mixed',
        ),
        (lambda: Sketch(Candidates("runs", 0, 28, 4), 2)([]), "ngram is 0"),
        (lambda: Sketch(CHOICES[0], 0)([]), "0 partitions; expected 1 or more"),
        (lambda: Solve(CHOICES[0], "cosine", "greedy", (4, 5), 9)([]), 'unknown similarity "cosine"'),
        (lambda: Solve(CHOICES[0], "jaccard", "greedy", (5, 4), 9)([]), "threshold 5/4; expected a fraction"),
    ],
)
def test_what_cannot_work_is_said(make, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        list(make())
