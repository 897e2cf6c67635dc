"""dedup.minhash: all engines give what all pairs give, whatever the partitions; what one of its runs leaves behind."""

from __future__ import annotations

import json
import random
from fractions import Fraction

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.errors import MissingExtra, UsageError
from spark_llmdata.kernels.reference_near import find_removed
from spark_llmdata.kernels.reference_shingles import shingles, split
from spark_llmdata.neardup import ENGINES, choice, datasketch
from spark_llmdata.neardup.spark_ml import choose_tables
from spark_llmdata.stage import Context
from spark_llmdata.stages.dedup.minhash import DedupMinhash

#: So many bands of one value that every pair that matters is a candidate.
EVERY_PAIR = {"bands": 40, "rows": 1, "words": "mixed"}

CHINESE = "山上有一座老房子，門前的小河每年春天都會漲水。村裡的人說，房子的主人早已離開，只留下滿院的花草和一隻不肯走的貓。"


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
    docs |= {"zh-1": CHINESE, "zh-2": CHINESE.replace("貓", "狗"), "zh-3": CHINESE[:20], "alone": " ".join(words(30, 9))}
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
    for partitions, shuffled, batch in [(1, 3, 10_000), (2, 8, 3), (7, 1, 3), (50, 3, 10_000)]:
        configured("spark.sql.shuffle.partitions", shuffled)
        configured("spark.sql.execution.arrow.maxRecordsPerBatch", batch)
        assert found(stage, frame(spark, docs, partitions)) == expected, (partitions, shuffled, batch)
