"""dedup.exact: independent of partitions, sure of equality where asked, and each text read once."""

from __future__ import annotations

import random
from collections import defaultdict

import pyarrow as pa
import pytest

from spark_llmdata.errors import UsageError
from spark_llmdata.kernels import text_forms
from spark_llmdata.kernels.reference_text_forms import bring
from spark_llmdata.stage import Context
from spark_llmdata.stages.dedup import exact
from spark_llmdata.stages.dedup.exact import DedupExact

pytestmark = pytest.mark.spark


def texts(n: int = 150) -> dict[str, str]:
    draw = random.Random(7)
    parts = ["a", "A", "b", "é", "e\u0301", " ", "  ", "!", "1", "\n"]
    return {f"{draw.random():.12f}": "".join(draw.choices(parts, k=draw.randint(0, 3))) for _ in range(n)}


def survivors(docs: dict[str, str], form: str, longest: bool) -> dict[str, str]:
    """The removed ids with their survivors, by the twin."""
    groups = defaultdict(list)
    for doc_id, text in docs.items():
        groups[bring(text, form)].append((-len(text.encode()) if longest else 0, doc_id))
    return {doc_id: min(group)[1] for group in groups.values() for _, doc_id in group if doc_id != min(group)[1]}


def found(stage: DedupExact, docs) -> dict[str, str]:
    rows = stage(docs).where("NOT kept").select("doc_id", "verdict.survivor").collect()
    assert len(rows) == len({row.doc_id for row in rows})
    return {row.doc_id: row.survivor for row in rows}


@pytest.mark.parametrize("partitions", [1, 2, 7])
def test_partitions_and_order_do_not_matter(spark, partitions):
    docs = texts()
    rows = sorted(docs.items(), key=lambda row: row[0][::-1])
    frame = spark.createDataFrame(rows, "doc_id string, text string").repartition(partitions)
    for stage, form, longest in [
        (DedupExact(), "none", False),
        (DedupExact(normalize="nfc", verify=True), "nfc", False),
        (DedupExact(normalize="alphanumeric", survivor=["longest"]), "alphanumeric", True),
    ]:
        expected = survivors(docs, form, longest)
        assert len(expected) > 20
        assert found(stage, frame) == expected


def test_verification_tells_texts_apart_that_collide(spark, monkeypatch):
    def collide(form: str, verify: bool):
        def hashes(batches):
            for batch in batches:
                facts = text_forms.hash_forms(batch.column("text"), form, with_sha256=verify)
                same = pa.array([0] * batch.num_rows, pa.int64())
                columns = {"place": batch.column("place"), "text_hi": same, "text_lo": same}
                columns |= {"sha256": facts.column("sha256")} if verify else {}
                yield pa.RecordBatch.from_pydict(columns)

        return hashes

    monkeypatch.setattr(exact, "_Hashes", collide)
    rows = [("a", "x"), ("b", "y"), ("c", "x"), ("d", "Y")]
    docs = spark.createDataFrame(rows, "doc_id string, text string")
    by_case = {"normalize": "whitespace_lower"}
    assert found(DedupExact(**by_case), docs) == {"b": "a", "c": "a", "d": "a"}
    assert found(DedupExact(**by_case, verify=True), docs) == {"c": "a", "d": "b"}


def test_a_text_is_read_once(spark, tmp_path, capsys):
    rows = [(str(i), f"text {i % 3}") for i in range(9)]
    spark.createDataFrame(rows, "doc_id string, text string").write.parquet(str(tmp_path / "docs"))
    docs = spark.read.parquet(str(tmp_path / "docs"))
    removed = DedupExact(normalize="nfc", verify=True).apply(docs, Context(spark))
    assert len(removed.collect()) == 6
    capsys.readouterr()
    removed.explain()
    final = capsys.readouterr().out.split("== Initial Plan ==")[0]
    assert "ReusedExchange" in final
    assert final.count("FileScan") == 1


def test_null_texts_are_nobodys_duplicates(spark):
    docs = spark.createDataFrame([("a", None), ("b", None), ("c", ""), ("d", "")], "doc_id string, text string")
    for form in text_forms.FORMS:
        assert found(DedupExact(normalize=form), docs) == {"d": "c"}


def test_a_frame_that_lacks_what_the_settings_need_is_refused(spark):
    docs = spark.createDataFrame([("a", "x", "2024-01-01")], "doc_id string, text string, date string")
    with pytest.raises(UsageError, match="dedup.exact needs the column date as timestamp, it is string; cast it"):
        DedupExact(survivor=["newest"])(docs)
    with pytest.raises(UsageError, match="source is missing, there are doc_id, text, date"):
        DedupExact(survivor=["priority"], priority={"a": 1})(docs)
    with pytest.raises(UsageError, match="text is missing"):
        DedupExact()(docs.drop("text"))
