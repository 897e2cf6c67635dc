"""`llmdata duplicates` on a store: every kind of duplicate, chains of survivors, clusters, texts from elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import spark_llmdata as sl
from spark_llmdata.cli import main
from spark_llmdata.errors import NotFound, UsageError
from spark_llmdata.report import duplicates
from spark_llmdata.report.duplicates import compare_pair, find_duplicates
from spark_llmdata.report.similarity import Settings
from spark_llmdata.store import Store
from tests.runner.corpora import good_text, write_jsonl

RECIPE = """
name: near
stages:
  - filter.gopher_quality: {min_words: 5}
  - dedup.url: {prefer: longest}
  - dedup.minhash: {threshold: 0.7, ngram: 3}
  - spelling_of_duplicates.Respell
  - filter.gopher_quality: {id: late, min_words: 90}
write: {removed_text: none}
"""

#: Behind the comparisons, so that documents that stay have another text in the last segment.
RESPELL = '''"""A stage that edits."""

import numpy as np
import pyarrow as pa

from spark_llmdata import Judgement, RowStage


class Respell(RowStage):
    """Writes `altered` for `changed`."""

    def judge(self, docs):
        texts = [(t or "").replace("changed", "altered") for t in docs.text.to_pylist()]
        return Judgement.keep_all(len(texts), text=pa.array(texts), edits=np.ones(len(texts), dtype=int))
'''

PAGE = good_text(1, 100).split()


def changed(*places: int) -> str:
    return " ".join("changed" if i in places else word for i, word in enumerate(PAGE))


#: `old` shares its address with `near`, which is nearly `page`: a chain of survivors over two stages.
ROWS: list[dict[str, Any]] = [
    {"id": "page", "url": "https://a.example/page", "text": " ".join([*PAGE, "and", "more"])},
    {"id": "page", "url": "https://a.example/page", "text": " ".join([*PAGE, "and", "more"])},
    {"id": "mirror", "url": "https://b.example/page", "text": " ".join([*PAGE, "and", "more"])},
    {"id": "near", "url": "https://a.example/near", "text": changed(50)},
    {"id": "old", "url": "https://www.a.example/near/?utm_source=x", "text": good_text(2, 80)},
    {"id": "far", "url": "https://a.example/far", "text": changed(5, 15, 25, 35, 45, 55)},
    {"id": "brief", "url": "https://a.example/brief", "text": " ".join(PAGE[:60])},
    {"id": "other", "url": "https://a.example/other", "text": good_text(3, 100)},
    {"id": "short", "url": "https://a.example/short", "text": "too short"},
    {"id": "wordless", "url": "https://a.example/none", "text": "! " * 20},
]


@pytest.fixture(scope="module")
def built(spark, tmp_path_factory) -> SimpleNamespace:
    """A store with one run, and the doc_ids by id."""
    folder: Path = tmp_path_factory.mktemp("duplicates")
    write_jsonl(folder / "a.jsonl", [*ROWS, "{"])
    (folder / "near.yaml").write_text(RECIPE)
    (folder / "spelling_of_duplicates.py").write_text(RESPELL)
    run = sl.run(str(folder / "near.yaml"), input=str(folder / "a.jsonl"), store=str(folder / "s"), spark=spark)
    ids = {row.id: row.doc_id for row in run.fates.where("id IS NOT NULL").select("id", "doc_id").collect()}
    return SimpleNamespace(store=Store.open(spark, str(folder / "s")), root=str(folder / "s"), ids=ids, run=run.run)


def told(facts: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
    return {row["id"]: (row["how"], row["outcome"], row["stage"]) for row in facts["similar"]}


@pytest.mark.spark
def test_all_that_resembles_a_page(built):
    facts = find_duplicates(built.store, "https://a.example/page")
    own = facts["document"]["doc_id"]
    assert {own, *(r["doc_id"] for r in facts["similar"][:2])} == {built.ids["page"], built.ids["mirror"]}
    assert told(facts) == {
        "page": (["same_record"], "removed", "read"),
        "mirror": (["same_text"], *told(facts)["mirror"][1:]),
        "near": (["near_duplicate"], "removed", "dedup.minhash"),
        "far": (["near_duplicate"], "kept", None),
        "brief": (["near_duplicate"], "removed", "late"),
    }
    order = [(-row["jaccard"], row["doc_id"]) for row in facts["similar"]]
    assert order == sorted(order)
    assert facts["found"] == 5
    near = next(row for row in facts["similar"] if row["id"] == "near")
    words, others = [*PAGE, "and", "more"], changed(50).split()
    a, b = ({tuple(t[i : i + 3]) for i in range(len(t) - 2)} for t in (words, others))
    assert near["jaccard"] == pytest.approx(len(a & b) / len(a | b))
    assert near["containment"] == pytest.approx(len(a & b) / len(b))
    assert facts["searched"] == len(ROWS)
    assert facts["without_text"] == {"rejected": 1, "removed": 2}


@pytest.mark.spark
def test_chains_end_where_one_stays(built):
    """`old` went for `near`, which went for one that stays: both are of its cluster."""
    facts = find_duplicates(built.store, built.ids["near"], threshold=0.7)
    survivor = facts["cluster"]["survivor"]
    first = min(built.ids["page"], built.ids["mirror"])
    assert (survivor["doc_id"], survivor["outcome"]) == (first, "kept")
    assert facts["document"]["stays"]["doc_id"] == first
    assert facts["cluster"]["removed"] == {"read": 1, "dedup.url": 1, "dedup.minhash": 2}
    assert facts["cluster"]["records"] == 5
    assert told(facts)["old"][0] == ["same_url"]
    old = next(row for row in facts["similar"] if row["id"] == "old")
    assert old["stays"]["doc_id"] == survivor["doc_id"]
    assert old["survivor"] == built.ids["near"]


@pytest.mark.spark
def test_a_limit_and_a_threshold(built):
    facts = find_duplicates(built.store, built.ids["mirror"], threshold=0.7, limit=1)
    assert (len(facts["similar"]), facts["found"]) == (1, 3)
    strict = find_duplicates(built.store, built.ids["mirror"], threshold=1.0)
    assert {row["id"] for row in strict["similar"]} == {"page"}
    assert strict["found"] == 2


@pytest.mark.spark
def test_a_text_from_elsewhere(built, capsys, tmp_path):
    (tmp_path / "page.txt").write_text(changed(20, 21), encoding="utf-8")
    code = main(["duplicates", "--text", str(tmp_path / "page.txt"), "--store", built.root, "--json"])
    facts = json.loads(capsys.readouterr().out)
    assert (code, facts["document"], facts["cluster"]) == (0, None, None)
    assert set(told(facts)) == {"page", "mirror", "near", "far", "brief"}
    assert facts["found"] == 6
    assert [row["how"] for row in facts["similar"]] == [["near_duplicate"]] * 6


@pytest.mark.spark
def test_two_side_by_side(built, capsys):
    pair = compare_pair(built.store, built.ids["near"], "https://b.example/page")
    assert [p["text"] for p in pair["differences"] if p["kind"] == "removed"] == ["changed"]
    assert [p["text"] for p in pair["differences"] if p["kind"] == "added"] == [PAGE[50], "and more"]
    assert 0.8 < pair["jaccard"] < 1
    code = main(["duplicates", built.ids["near"], "--store", built.root, "--diff", "https://b.example/page"])
    out = capsys.readouterr().out
    assert code == 0
    assert f"[-changed-] {{+{PAGE[50]}+}}" in out
    assert "\x1b" not in out


@pytest.mark.spark
def test_a_text_is_the_one_of_the_last_segment_that_has_it(built):
    """`far` was edited there, `near` did not come so far, and of `brief` it holds no text."""
    pair = compare_pair(built.store, built.ids["far"], built.ids["near"])
    assert {p["text"] for p in pair["differences"] if p["kind"] == "removed"} == {"altered", PAGE[50]}
    brief = compare_pair(built.store, built.ids["brief"], "https://b.example/page")
    assert brief["containment"] == 1.0


@pytest.mark.spark
def test_what_cannot_be_asked(built):
    with pytest.raises(NotFound, match=r"no record of run .* has it as url"):
        find_duplicates(built.store, "https://a.example/nothing")
    with pytest.raises(
        NotFound, match=r"no text of it is stored .*too_few_words; write.removed_text: none.*--text FILE"
    ):
        find_duplicates(built.store, "https://a.example/short")
    with pytest.raises(UsageError, match="no words by the rule `runs`"):
        find_duplicates(built.store, text="?!")


@pytest.mark.spark
def test_why_tells_a_survivor_without_similarity(built, capsys):
    """Addresses are the same or not: such a verdict measures nothing."""
    assert main(["why", "https://www.a.example/near/?utm_source=x", "--store", built.root]) == 0
    assert f"  stays     {built.ids['near']} https://a.example/near\n" in capsys.readouterr().out


def ask(capsys, *arguments: str) -> tuple[int, str]:
    code = main(["duplicates", *arguments])
    return code, capsys.readouterr().err


def test_wrong_use_is_said_before_spark_starts(capsys, tmp_path):
    store = ["--store", str(tmp_path)]
    (tmp_path / "latin.txt").write_bytes("caf\xe9".encode("latin-1"))
    code, err = ask(capsys, *store)
    assert (code, "expected either DOC_ID|URL" in err) == (2, True)
    code, err = ask(capsys, "x", "--text", "-", *store)
    assert (code, "expected either DOC_ID|URL" in err) == (2, True)
    code, err = ask(capsys, "--text", str(tmp_path / "none.txt"), *store)
    assert (code, "No such file or directory" in err) == (2, True)
    code, err = ask(capsys, "--text", str(tmp_path / "latin.txt"), *store)
    assert (code, "byte 3 is not UTF-8" in err) == (2, True)
    code, err = ask(capsys, "x", "--threshold", "0", *store)
    assert (code, "--threshold 0: expected a similarity" in err) == (2, True)
    code, err = ask(capsys, "x", "--limit", "0", *store)
    assert (code, "--limit 0: expected a number from 1 to 10,000" in err) == (2, True)
    code, err = ask(capsys, "x", *store)
    assert (code, "holds no store" in err) == (2, True)


def test_a_stored_text_without_words_is_told(monkeypatch):
    fate = SimpleNamespace(doc_id="a", url=None)
    monkeypatch.setattr(duplicates, "find_records", lambda *_: [fate])
    settings = Settings("runs", 5, "jaccard", "strict", "none", True)
    for stored, problem in (("?! ...", "its text of 6 characters has no words by the rule `runs`"), ("a", None)):
        monkeypatch.setattr(duplicates, "find_text", lambda *_, stored=stored: stored)
        if problem is None:
            assert duplicates.find_subject(None, None, settings, "x") == duplicates.Subject("a", fate)
            continue
        with pytest.raises(NotFound, match=problem):
            duplicates.find_subject(None, None, settings, "x")
