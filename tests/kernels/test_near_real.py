"""Near-duplicates in labeled data: chains, editions of a book, planted plagiarism; without Spark."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import pytest

from spark_llmdata.kernels.near import Candidates
from spark_llmdata.kernels.reference_near import similarity
from tests.kernels.passes import run, shingles

DEFAULT = Candidates("runs", 5, 28, 4)
THRESHOLD = Fraction(4, 5)


def read_lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def clusters(shared_data: Path) -> tuple[dict[str, str], list[dict], list[dict]]:
    """Documents, their groups by kind, and the similarity of the pairs within chains."""
    folder = shared_data / "03_dedup" / "derived"
    with gzip.open(folder / "cluster_docs.jsonl.gz", "rt", encoding="utf-8") as lines:
        docs = {row["id"]: row["text"] for row in map(json.loads, lines)}
    return docs, read_lines(folder / "cluster_groups.jsonl"), read_lines(folder / "cluster_chain_edges.jsonl")


@pytest.mark.parametrize("parted", [False, True])
def test_of_a_chain_stays_who_is_similar_to_nobody_that_stays(clusters, parted):
    docs, _, edges = clusters
    similar = defaultdict(dict)
    for edge in edges:
        similar[edge["a"]][edge["b"]] = similar[edge["b"]][edge["a"]] = edge["jaccard_word5"]
    removed, blocks = run(docs, DEFAULT, THRESHOLD, size=200, parted=parted)
    assert blocks == []
    in_chains = {doc_id: survivor for doc_id, (survivor, _) in removed.items() if doc_id in similar}
    assert len(in_chains) > 100
    for doc_id, survivor in in_chains.items():
        assert survivor not in removed
        assert similar[doc_id][survivor] >= 0.8 - 5e-6
    stay = [(e["a"], e["b"]) for e in edges if e["a"] not in removed and e["b"] not in removed]
    assert stay
    assert max(similar[a][b] for a, b in stay) < 0.8


def test_groups_are_found_as_they_are_labeled(clusters):
    """By components a chain goes to one of its documents; copies in another layout always do."""
    docs, groups, edges = clusters
    removed, _ = run(docs, DEFAULT, THRESHOLD, size=200, clusters="components")
    linked = defaultdict(set)
    for edge in edges:
        if edge["jaccard_word5"] >= 0.8:
            linked[edge["a"]].add(edge["b"])
            linked[edge["b"]].add(edge["a"])
    for group in groups:
        ids = set(group["ids"])
        stay = ids - removed.keys()
        if group["type"] == "chain":
            assert len(stay) == count_components(ids, linked), group
        else:
            assert len(stay) == 1, group
        assert {removed[i][0] for i in ids & removed.keys()} <= stay
    grouped = {doc_id for group in groups for doc_id in group["ids"]}
    assert not removed.keys() - grouped


def count_components(ids: set[str], linked: dict[str, set[str]]) -> int:
    left, count = set(ids), 0
    while left:
        reached = {left.pop()}
        while reached:
            near = linked[reached.pop()] & left
            left -= near
            reached |= near
        count += 1
    return count


@pytest.mark.parametrize("articles", [100, 1000, 2500])
def test_planted_plagiarism_is_found_and_nothing_else(shared_data: Path, articles: int):
    folder = shared_data / "03_dedup" / "minhash-plagiarism" / "data"
    lines = (folder / f"articles_{articles}.train").read_text("utf-8").splitlines()
    docs = dict(line.split(" ", 1) for line in lines)
    truth = [set(line.split()) for line in (folder / f"articles_{articles}.truth").read_text("utf-8").splitlines()]
    assert len(truth) >= 5
    removed, _ = run(docs, Candidates("runs", 3, 28, 4), THRESHOLD, size=200)
    assert sorted(map(sorted, truth)) == sorted(sorted((doc_id, found)) for doc_id, (found, _) in removed.items())


def test_editions_of_a_book(shared_data: Path):
    """Twelve files of one book: each that goes has one that stays, no two that stay are similar."""
    folder = shared_data / "03_dedup" / "gutenberg-frankenstein-editions"
    files = [*folder.glob("*.txt"), *folder.glob("old/*.txt")]
    docs = {path.name: path.read_bytes().decode("utf-8", errors="replace") for path in files}
    assert len(docs) == 12
    removed, _ = run(docs, DEFAULT, THRESHOLD, size=2)
    sets = {name: shingles(text, 5) for name, text in docs.items()}
    for name, (survivor, value) in removed.items():
        assert survivor not in removed
        assert value == similarity(sets[name], sets[survivor]) >= THRESHOLD
    stay = docs.keys() - removed.keys()
    assert len(stay) < 6
    assert all(similarity(sets[a], sets[b]) < THRESHOLD for a, b in combinations(stay, 2))
