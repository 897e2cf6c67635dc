"""dedup.minhash: all engines give what all pairs give, whatever the partitions; what one of its runs leaves behind."""

from __future__ import annotations

import importlib.metadata
import json
import random
import re
import sys
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import spark_llmdata as sl
from spark_llmdata import extras
from spark_llmdata.errors import EnvironmentProblem, MissingExtra, UsageError
from spark_llmdata.kernels.reference_near import find_removed
from spark_llmdata.kernels.reference_shingles import shingles, split
from spark_llmdata.neardup import ENGINES, choice, datasketch, native, spark_ml
from spark_llmdata.neardup.spark_ml import choose_tables
from spark_llmdata.report.why import explain
from spark_llmdata.stage import Context
from spark_llmdata.stages.dedup.minhash import DedupMinhash
from spark_llmdata.store.ledger import Ledger
from spark_llmdata.upkeep import collect_garbage
from tests.runner.corpora import write_jsonl

#: So many bands of one value that every pair that matters is a candidate.
EVERY_PAIR = {"bands": 40, "rows": 1, "words": "mixed"}

CHINESE = (
    "山上有一座老房子，門前的小河每年春天都會漲水。村裡的人說，房子的主人早已離開，只留下滿院的花草和一隻不肯走的貓。"
)


def words(n: int, seed: int) -> list[str]:
    draw = random.Random(seed)
    return [f"w{draw.randrange(10**6)}" for _ in range(n)]


def texts() -> dict[str, str | None]:
    """A chain, a star, templates, copies in other spelling, short and empty texts, Chinese, and one that is alone."""
    line, center, template = words(70, 1), words(100, 2), words(50, 3)
    docs: dict[str, str | None] = {}
    docs |= {f"chain-{i}": " ".join(line[3 * i : 3 * i + 55]) for i in range(6)}
    docs["star"] = " ".join(center)
    for i in range(8):
        changed = list(center)
        changed[10 + 9 * i] = "x"  # shorter than the word it replaces, so that the center comes first
        changed[14 + 9 * i] = "y"
        docs[f"star-{i}"] = " ".join(changed)
    docs |= {f"template-{i}": " ".join([*template, *words(12, 100 + i)]) for i in range(4)}
    docs |= {f"copy-{i}": " ".join(center).upper() + "!" * i for i in range(3)}
    docs |= {"copy-of-a-leaf": docs["star-3"], "copy-in-the-chain": " ".join(line[6:61]).upper()}
    docs |= {"short-1": "One, two", "short-2": "one two", "short-3": "two one", "short-4": "one"}
    docs |= {"empty-1": "", "empty-2": "...", "empty-3": "...", "null-1": None, "null-2": None}
    docs |= {
        "zh-1": CHINESE,
        "zh-2": CHINESE.replace("貓", "狗"),
        "zh-3": CHINESE[:20],
        "alone": " ".join(words(30, 9)),
    }
    return docs


def oracle(docs: dict[str, str | None], threshold: str, **options) -> dict[str, tuple[str, float]]:
    """The removed ids with survivor and similarity, where every pair is a candidate."""
    sketches = {
        doc_id: ((-len(text.encode()), doc_id), [0], frozenset(shingles(split(text, "mixed"), 5)))
        for doc_id, text in docs.items()
        if text is not None
    }
    removed = find_removed(sketches, Fraction(threshold), **options)
    return {doc_id: (survivor, float(value)) for doc_id, (survivor, value) in removed.items()}


def frame(spark, docs, partitions: int = 2):
    rows = [(d, t, len((t or "").encode())) for d, t in docs.items()]
    mixed = random.Random(partitions).sample(rows, len(rows))
    return spark.createDataFrame(mixed, "doc_id string, text string, bytes long").repartition(partitions)


def found(stage: DedupMinhash, docs) -> dict[str, tuple[str, float]]:
    rows = stage.apply(docs, Context(docs.sparkSession)).select("doc_id", "survivor", "similarity").collect()
    assert len(rows) == len({row.doc_id for row in rows})
    return {row.doc_id: (row.survivor, row.similarity) for row in rows}


@pytest.fixture
def configured(spark):
    """Set values of the session until the test ends."""
    before = {}

    def configure(name: str, value: int) -> None:
        before.setdefault(name, spark.conf.get(name))
        spark.conf.set(name, value)

    yield configure
    for name, value in before.items():
        spark.conf.set(name, value)


@pytest.mark.spark
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("clusters", "similarity"), [("greedy", "jaccard"), ("components", "containment")])
def test_every_engine_gives_what_all_pairs_give(spark, engine, clusters, similarity):
    docs = texts()
    expected = oracle(docs, "0.8", clusters=clusters, measure=similarity)
    other = oracle(docs, "0.8", clusters="components" if clusters == "greedy" else "greedy", measure=similarity)
    assert (len(expected) < len(other)) == (clusters == "greedy")  # the ends of the chain are not similar
    assert {"star-3", "copy-of-a-leaf", "copy-1", "copy-in-the-chain", "short-2", "zh-2"} <= expected.keys()
    assert not {"empty-2", "null-2", "alone", "template-0"} & expected.keys()
    stage = DedupMinhash(engine=engine, clusters=clusters, similarity=similarity, **EVERY_PAIR)
    assert found(stage, frame(spark, docs)) == expected


@pytest.mark.spark
def test_partitions_shuffles_and_batches_do_not_matter(spark, configured):
    docs = texts()
    expected = oracle(docs, "0.8")
    stage = DedupMinhash(**EVERY_PAIR)
    for partitions, shuffled, batch in [(1, 8, 3), (2, 3, 10_000), (7, 3, 3), (50, 1, 10_000)]:
        configured("spark.sql.shuffle.partitions", shuffled)
        configured("spark.sql.execution.arrow.maxRecordsPerBatch", batch)
        assert found(stage, frame(spark, docs, partitions)) == expected, (partitions, shuffled, batch)


@pytest.mark.spark
@pytest.mark.parametrize(("clusters", "broadcast"), [("greedy", 10**7), ("components", 0)])
def test_crowds_are_taken_apart_before_texts_move(spark, configured, monkeypatch, clusters, broadcast):
    """All documents that share a band are one crowd here; what is decided is the same."""
    monkeypatch.setattr(native, "MAX_COMPONENT", 3)
    monkeypatch.setattr(native, "CROWD_BYTES", 200_000)
    monkeypatch.setattr(native, "BROADCAST_LINKS", broadcast)
    monkeypatch.setattr(native, "SETTLED_LINKS", broadcast)
    configured("spark.sql.shuffle.partitions", 3)
    docs = texts()
    kept = {}
    ctx = Context(spark, keep=lambda df, name: kept.setdefault(name, df.localCheckpoint()))
    rows = DedupMinhash(clusters=clusters, **EVERY_PAIR).apply(frame(spark, docs), ctx).collect()
    expected = oracle(docs, "0.8", clusters=clusters)
    assert {row.doc_id: (row.survivor, row.similarity) for row in rows} == expected
    assert len(rows) == len(expected)
    assert ctx.told == []
    # Templates share most of their words, and with it bands, but nothing is left of that; no copy is compared.
    node = {row.node: row.doc_id for row in frame(spark, docs).select(native._node().alias("node"), "doc_id").collect()}
    linked = {node[end] for row in kept["crowd-links"].collect() for end in (row.a, row.b)}
    crowded = {node[row.node] for row in kept["crowded"].collect()}
    assert {f"template-{i}" for i in range(4)} <= crowded - linked
    assert {"star-1", "chain-1"} <= linked
    copies = {row.copy for row in kept["links"].where("copy IS NOT NULL").collect()}
    assert len(copies) > 4
    assert not copies & crowded


@pytest.mark.spark
@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"preset": "fineweb"}, "14 bands of 8 rows propose 92.4% of the pairs at the threshold 0.8; "),
        (
            {"preset": "fineweb", "threshold": 0.3},
            "14 bands of 8 rows propose 0.1% of the pairs at the threshold 0.3; ",
        ),
        ({"preset": "refinedweb"}, None),
        ({}, None),
    ],
)
def test_bands_that_miss_much_are_told(spark, settings, told):
    ctx = Context(spark)
    DedupMinhash(**settings).apply(frame(spark, {"a": "one", "b": "two"}), ctx).collect()
    assert [sentence[: len(told)] for sentence in ctx.told] == [told] if told else ctx.told == []


@pytest.mark.spark
def test_bands_of_a_crowd_that_are_too_large_are_told(spark, monkeypatch):
    monkeypatch.setattr(native, "MAX_COMPONENT", 3)
    docs = {f"d{i}": " ".join([*words(30, 99), *words(12, i)]) for i in range(8)}
    ctx = Context(spark)
    assert DedupMinhash(max_block=2, **EVERY_PAIR).apply(frame(spark, docs), ctx).collect() == []
    [sentence] = ctx.told
    assert re.fullmatch(
        r"\d+ bands held documents .* \(max_block 2\), so near-duplicates may be among those that stay", sentence
    )


def pairs_of(docs: dict[str, list[int]], cut: int, flush: int, monkeypatch) -> list[tuple[str, str]]:
    monkeypatch.setattr(datasketch, "FLUSH_PAIRS", flush)
    rows = [{"place": {"doc_id": doc_id}, "shingles": shingles} for doc_id, shingles in docs.items()]
    kinds = pa.schema({"place": pa.struct({"doc_id": pa.string()}), "shingles": pa.list_(pa.int64())})
    batches = [pa.RecordBatch.from_pylist(rows[i : i + cut], kinds) for i in range(0, len(rows), cut)]
    made = [row for batch in datasketch.Meet(40, 1)(batches) for row in batch.to_pylist()]
    return [(row["first"]["doc_id"], row["second"]["doc_id"]) for row in made]


def test_datasketch_makes_each_pair_once_the_earlier_first(monkeypatch):
    """Of the shingles 32 bits matter, and those above the sign are no matter."""
    draw = random.Random(5)
    common = [draw.randrange(-(2**63), 2**63) for _ in range(90)]
    docs = {f"d{9 - i}": [*common, draw.randrange(2**63), -draw.randrange(2**63)] for i in range(10)}
    docs |= {"far": [draw.randrange(2**63) for _ in range(50)], "few": [7]}
    names = list(docs)[:10]
    expected = [(a, b) for i, b in enumerate(names) for a in names[:i]]
    for cut, flush in [(100, 10**6), (1, 1), (4, 7)]:
        assert pairs_of(docs, cut, flush, monkeypatch) == expected
    assert pairs_of({"few": [7]}, 1, 1, monkeypatch) == []


@given(st.integers(2, 12), st.integers(0, 10**6), st.integers(1, 20))
def test_the_greedy_choice_takes_pairs_as_they_come(n, seed, cut):
    """Against a walk over documents in order; two components, batches cut anywhere."""
    draw = random.Random(seed)
    pairs = [(c, b, a) for c in (1, 2) for b in range(n) for a in range(b) if draw.random() < 0.3]
    expected = []
    for c in (1, 2):
        stays: list[int] = []
        for doc in range(n):
            partner = next((a for a in stays if (c, doc, a) in pairs), None)
            if partner is None:
                stays.append(doc)
            else:
                expected.append((f"{c}-{doc}", f"{c}-{partner}"))
    rows = [
        {"component": c, "doc_id": f"{c}-{b}", "survivor": f"{c}-{a}", **dict.fromkeys(choice.COUNTS, a)}
        for c, b, a in pairs
    ]
    batches = [pa.RecordBatch.from_pylist(rows[i : i + cut]) for i in range(0, len(rows), cut)]
    found = [row for batch in choice.remove_similar(batches) for row in batch.to_pylist()]
    assert [(row["doc_id"], row["survivor"]) for row in found] == expected
    assert all(row["shared"] == int(row["survivor"][2:]) for row in found)


@given(st.integers(1, 100), st.integers(1, 20), st.floats(0.01, 0.99))
def test_tables_miss_no_more_than_bands(bands, rows, threshold):
    tables = choose_tables(bands, rows, threshold)
    by_bands = (1 - threshold**rows) ** bands
    assert 1 <= tables <= bands
    assert (1 - threshold) ** tables <= by_bands * (1 + 1e-6)
    assert tables == 1 or (1 - threshold) ** (tables - 1) > by_bands * (1 - 1e-6)
    assert choose_tables(bands, rows, 1.0) == bands


def test_tables_of_the_default():
    assert choose_tables(*DedupMinhash().cut(), 0.8) == 10


def test_the_version_of_datasketch_decides_about_what_is_reused(monkeypatch):
    assert "datasketch" not in DedupMinhash().fingerprint()["libraries"]
    stage = DedupMinhash(engine="datasketch")
    [(name, version)] = stage.fingerprint()["libraries"].items()
    assert (name, version[0].isdigit()) == ("datasketch", True)
    for function in (extras.version, extras.require):
        function.cache_clear()

    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    monkeypatch.setitem(sys.modules, "datasketch", None)
    with pytest.raises(MissingExtra, match="dedup.minhash needs datasketch, which is not installed"):
        stage.fingerprint()
    with pytest.raises(MissingExtra, match=r"pip install 'spark-llmdata\[datasketch\]'"):
        datasketch.find(None, None, None)


def test_a_connect_server_without_pyspark_ml_is_said(monkeypatch):
    def refuse(*_):
        raise RuntimeError("no such operator")

    monkeypatch.setattr(spark_ml, "settle_sets", lambda *_: SimpleNamespace(leaders=None))
    monkeypatch.setattr(spark_ml, "_propose", refuse)
    remote = type("SparkSession", (), {"__module__": "pyspark.sql.connect.session"})()
    with pytest.raises(EnvironmentProblem, match="pyspark.ml, .*cannot use .no such operator.*take the engine native"):
        spark_ml.find(None, SimpleNamespace(spark=remote), None)
    with pytest.raises(RuntimeError, match="^no such operator$"):
        spark_ml.find(None, SimpleNamespace(spark=object()), None)


@pytest.mark.spark
def test_datasketch_refuses_what_is_too_much_for_a_task(spark, monkeypatch):
    monkeypatch.setattr(datasketch, "MAX_DOCUMENTS", 4)
    docs = frame(spark, {f"d{i}": "one two" for i in range(5)})
    stage = DedupMinhash(engine="datasketch")
    with pytest.raises(UsageError, match="there are more than 4; take the engine native"):
        stage.apply(docs, Context(spark))
    assert len(found(stage, docs.where("doc_id < 'd4'"))) == 3


@pytest.mark.spark
def test_spark_ml_tells_of_popular_values(spark):
    docs = {f"d{i}": " ".join([*words(30, 99), *words(3, i)]) for i in range(4)}
    ctx = Context(spark)
    stage = DedupMinhash(engine="spark_ml", max_block=2, threshold=0.9, bands=20, rows=1)
    assert stage.apply(frame(spark, docs), ctx).collect() == []
    [sentence] = ctx.told
    assert re.fullmatch(r"\d+ minimum values are shared by more than 2 documents \(max_block\); .* square.*", sentence)


@pytest.mark.spark
def test_a_run_tells_who_is_alike_and_what_was_not_compared(spark, tmp_path):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("name: near\nstages:\n  - dedup.minhash: {bands: 40, rows: 1, max_block: 1}\n", "utf-8")
    base = words(80, 1)
    kept = {"base": [*base, "!!!"], **{f"template-{i}": [*words(40, 2), *words(40 - i, 10 + i)] for i in range(4)}}
    docs = kept | {"near": [*base[:-1], "x"], "case": [word.upper() for word in base]}
    rows = [{"id": i, "url": f"https://a.example/{i}", "text": " ".join(t)} for i, t in docs.items()]
    inputs, said = write_jsonl(tmp_path / "a.jsonl", rows), ([], [])
    first, again = (
        sl.run(str(recipe), input=inputs, store=tmp_path / "s", spark=spark, progress=lines.append) for lines in said
    )
    assert {row.id for row in first.corpus.select("id").collect()} == kept.keys()

    fates = {row.id: row for row in first.fates.collect()}
    near = fates["near"]
    assert (near.stage, near.reason, near.survivor) == (
        "dedup.minhash", "minhash.near_duplicate", fates["base"].doc_id,
    )  # fmt: skip
    assert (near.similarity, near.score, near.threshold) == (75 / 77, 75 / 77, 0.8)
    assert (fates["case"].survivor, fates["case"].similarity) == (near.survivor, 1.0)
    assert json.loads(fates["case"].evidence) == {"same_shingles": True}
    assert json.loads(near.evidence) == {"shared": 75, "shingles": 76, "survivor_shingles": 76}
    assert explain(first.store, "near")["survivor"] == {
        "doc_id": fates["base"].doc_id, "url": "https://a.example/base", "similarity": 75 / 77,
    }  # fmt: skip

    assert [c.reused for c in first.by_stage] == [False] * len(first.by_stage)
    assert all(c.reused for c in again.by_stage)
    assert again.content_hash == first.content_hash
    for result, lines in zip((first, again), said, strict=True):
        [told] = Ledger(result.store).find(result.run).manifest["by_stage"][-1]["told"]
        assert f"    {told}" in lines
        number, place = re.fullmatch(r"(\d+) bands held documents .*\(max_block 1\).*, listed in (.*)", told).groups()
        assert Path(place).relative_to(tmp_path / "s").parts[0] == "settled"
        blocks = spark.read.format("delta").load(place).collect()
        assert len(blocks) == int(number) > 0
        assert all(block.compared == 1 and 1 <= block.left_out <= 3 for block in blocks)
    assert [i.place for i in collect_garbage(first.store).removed if i.kind != "files"] == []
    assert spark.read.format("delta").load(place).count() == len(blocks)
