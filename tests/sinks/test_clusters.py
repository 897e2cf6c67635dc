"""Clusters of duplicates: chains of documents that are truly similar, against all pairs in plain Python."""

from __future__ import annotations

import random
import re
import shutil
from collections import defaultdict
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace

import pytest

import spark_llmdata as sl
from spark_llmdata import neardup
from spark_llmdata.errors import NotFound
from spark_llmdata.neardup import native
from spark_llmdata.sinks import clusters
from spark_llmdata.sinks.clusters import find_clusters
from spark_llmdata.sinks.export import export
from spark_llmdata.sinks.layout import Layout
from spark_llmdata.store.ledger import Ledger
from tests.runner.corpora import write_jsonl

pytestmark = pytest.mark.spark

THRESHOLD = 0.7
#: Bands of one value: nearly all documents that have a shingle in common are candidates.
RECIPE = """\
name: near
stages:
  - dedup.exact
  - dedup.minhash: {{threshold: {threshold}, ngram: 2, {candidates}}}
gates: {{max_removed: 1}}
"""


def corpus() -> list[str]:
    """Families of variants of variants, which share words, so that strangers are candidates too."""
    draw = random.Random(5)
    words = [f"w{i}" for i in range(60)]
    texts = []
    for _ in range(30):
        family = [draw.choices(words, k=40)]
        for _ in range(draw.randrange(12)):
            variant = list(draw.choice(family))
            for _ in range(draw.randrange(1, 6)):
                variant[draw.randrange(40)] = draw.choice(words)
            family.append(variant)
        texts += [" ".join(variant) for variant in family]
    return [*texts, texts[0], texts[0].upper(), "", "lonely words stand here"]


def shingles(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[i : i + 2]) for i in range(max(1, len(words) - 1))} if words else set()


def similarity(a: set, b: set) -> float:
    return len(a & b) / len(a | b) if a and b else 0.0


def all_clusters(texts: dict[str, str], kept: set[str]) -> set[frozenset[str]]:
    """Connected components of all pairs, with two or more kept documents; only these."""
    sets = {doc_id: shingles(text) for doc_id, text in texts.items()}
    own = {doc_id: {doc_id} for doc_id in texts}
    for a, b in combinations(texts, 2):
        if own[a] is not own[b] and (texts[a] == texts[b] or similarity(sets[a], sets[b]) >= THRESHOLD):
            own[a] |= own[b]
            for other in own[b]:
                own[other] = own[a]
    return {frozenset(c & kept) for c in own.values() if len(c & kept) > 1}


def build(folder: Path, spark, candidates: str):
    rows = [{"url": f"https://x/{i}", "text": text} for i, text in enumerate(corpus())]
    write_jsonl(folder / "a.jsonl", rows)
    (folder / "near.yaml").write_text(RECIPE.format(threshold=THRESHOLD, candidates=candidates))
    return sl.run(folder / "near.yaml", input=folder / "a.jsonl", store=folder / "store", spark=spark)


@pytest.fixture(scope="module")
def built(spark, tmp_path_factory):
    return build(tmp_path_factory.mktemp("clusters"), spark, "bands: 80, rows: 1")


@pytest.mark.parametrize("way", ["in one piece", "crowds taken apart", "pairs that were settled"])
def test_clusters_are_those_of_all_pairs(built, spark, tmp_path, monkeypatch, way):
    if way == "crowds taken apart":
        monkeypatch.setattr(native, "MAX_COMPONENT", 10)
    if way == "pairs that were settled":
        built = build(tmp_path, spark, "engine: spark_ml")
    texts = dict(zip((f"https://x/{i}" for i in range(10**4)), corpus(), strict=False))
    urls = {row.doc_id: row.url for row in built.fates.select("doc_id", "url").collect()}
    kept = {urls[row.doc_id] for row in built.corpus.select("doc_id").collect()}
    expected = all_clusters(texts, kept)
    assert len(expected) > 5
    assert max(map(len, expected)) < 20  # where candidates are connected, one has nearly all
    found = find_clusters(built.store, Ledger(built.store).find(built.run), built.corpus)
    members = defaultdict(set)
    for row in found.members.collect():
        members[row.first].add(row.doc_id)
    assert all(first == min(ids) for first, ids in members.items())
    assert {frozenset(urls[i] for i in ids) for ids in members.values()} == expected
    assert (found.count, found.documents, found.largest, list(found.told)) == (
        len(expected),
        sum(map(len, expected)),
        max(map(len, expected)),
        [],
    )


@pytest.mark.parametrize(("kept", "sentences"), [("greedy", 2), ("components", 1)])
def test_what_was_not_compared_is_told(built, spark, tmp_path, kept, sentences):
    """A band of one value that compares with two documents only: by the run, and by the export where it looks again."""
    source = Path(built.store.root).parent / "a.jsonl"
    candidates = f"bands: 80, rows: 1, max_block: 2, clusters: {kept}"
    (tmp_path / "near.yaml").write_text(RECIPE.format(threshold=THRESHOLD, candidates=candidates))
    run = sl.run(tmp_path / "near.yaml", input=source, store=tmp_path / "store", spark=spark)
    shares = {"train": 0.9, "validation": 0.1}
    facts = export(run.store, "jsonl", str(tmp_path / "out"), layout=Layout(splits=shares))
    told = facts["clusters"]["told"]
    assert len(told) == sentences
    bands = r"dedup\.minhash: [\d,]+ bands held documents that were not compared with all others there"
    assert all(re.match(bands, sentence) for sentence in told)
    assert "near-duplicates may be among those that stay" in told[0]


def test_copies_of_a_record_are_not_compared(spark, tmp_path, monkeypatch):
    """They have the doc_id of the one that stays: their texts would all meet where it is compared."""
    rows = [{"url": f"https://x/{i}", "text": text} for i, text in enumerate(corpus()[:60])]
    write_jsonl(tmp_path / "a.jsonl", rows + rows * 2)
    (tmp_path / "near.yaml").write_text(RECIPE.format(threshold=THRESHOLD, candidates="bands: 80, rows: 1"))
    run = sl.run(tmp_path / "near.yaml", input=tmp_path / "a.jsonl", store=tmp_path / "store", spark=spark)
    seen = []

    def connect(docs, *rest):
        seen.append([row.doc_id for row in docs.select("doc_id").collect()])
        return neardup.connect(docs, *rest)

    monkeypatch.setattr(clusters, "neardup", SimpleNamespace(connect=connect))
    find_clusters(run.store, Ledger(run.store).find(run.run), run.corpus)
    (ids,) = seen
    assert len(ids) == len(set(ids)) == 60


def test_missing_evidence_is_an_error_with_a_cure(built, spark, tmp_path):
    store = tmp_path / "store"
    shutil.copytree(built.store.root, store)
    copied = type(built.store)(spark, str(store))
    (settled,) = (store / "settled").iterdir()
    shutil.rmtree(settled / "links")
    layout = Layout(splits={"train": 0.9, "validation": 0.1})
    with pytest.raises(NotFound, match=r"is not there any more.*Export without --split; or move away"):
        export(copied, "jsonl", str(tmp_path / "out"), layout=layout)
    assert not (tmp_path / "out").exists()
    shutil.rmtree(store / "verdicts" / settled.name)
    shutil.rmtree(settled)
    folder = Path(built.store.root).parent
    again = sl.run(folder / "near.yaml", input=folder / "a.jsonl", store=store, spark=spark)
    assert again.content_hash == built.content_hash
    facts = export(again.store, "jsonl", str(tmp_path / "out"), layout=layout)
    assert facts["clusters"]["count"] > 5


@pytest.mark.parametrize("stage", ["clean.unicode", "filter.expr: {keep: text != 'text 3'}"])
def test_a_run_that_compared_nothing_has_no_clusters(spark, tmp_path, stage):
    write_jsonl(tmp_path / "a.jsonl", [{"text": f"text {i}"} for i in range(20)])
    (tmp_path / "plain.yaml").write_text(f"name: plain\nstages:\n  - {stage}\n")
    run = sl.run(tmp_path / "plain.yaml", input=tmp_path / "a.jsonl", store=tmp_path / "store", spark=spark)
    facts = export(run.store, "jsonl", str(tmp_path / "out"), layout=Layout(splits={"a": 0.5, "b": 0.5}))
    assert facts["clusters"] is None
