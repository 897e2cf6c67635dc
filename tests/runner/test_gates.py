"""Gates: a stage that removes nearly everything stops the run before the corpus."""

from __future__ import annotations

import re

import pytest

import spark_llmdata as sl
from spark_llmdata.errors import GateStopped, NotFound, StageFailed
from spark_llmdata.report.why import explain
from spark_llmdata.store import Store
from spark_llmdata.store.ledger import Ledger
from tests.runner.corpora import good_text, write_jsonl

pytestmark = pytest.mark.spark


def mixture(n: int, good: int) -> list[dict[str, object]]:
    return [{"id": i, "text": good_text(i) if i < good else f"short {i}"} for i in range(n)]


def test_a_stopped_run_leaves_the_corpus_and_says_where_to_look(spark, tmp_path):
    write_jsonl(tmp_path / "a.jsonl", mixture(1000, 100))
    first = sl.run("quickstart", input=tmp_path / "a.jsonl", store=tmp_path / "store", spark=spark)
    expected = (
        r"removed 900 of 1,000 documents \(90\.00%\).*allows 89\.00%.*its reasons: gopher_quality\.\w+ \(900\); "
        r"`llmdata why \w{32} --run \S+ --store \S+`"
    )
    with pytest.raises(GateStopped, match=expected) as told:
        sl.run(
            "quickstart",
            input=tmp_path / "a.jsonl",
            store=tmp_path / "store",
            spark=spark,
            set=["gates.max_removed.filter.gopher_quality=0.89", "name=second"],
        )
    store = Store.open(spark, str(tmp_path / "store"))
    stopped = Ledger(store).list()[-1]
    assert (stopped.state, stopped.recipe) == ("failed", "second")
    assert store.corpus.version() == first.corpus_version
    outcomes = store.fates.read().where(f"run = '{stopped.run}'").groupBy("outcome").count().collect()
    assert {r.outcome: r["count"] for r in outcomes} == {"pending": 100, "removed": 900}
    doc_id, run = re.search(r"why (\w+) --run (\S+)", str(told.value)).groups()
    assert explain(store, doc_id, run)["stage"] == "filter.gopher_quality"


def test_only_strictly_more_stops(spark, tmp_path):
    write_jsonl(tmp_path / "a.jsonl", mixture(1000, 20))
    run = sl.run("quickstart", input=tmp_path / "a.jsonl", store=tmp_path / "store", spark=spark)
    assert run.counts["kept"] == 20
    write_jsonl(tmp_path / "b.jsonl", mixture(1000, 19))
    with pytest.raises(GateStopped):
        sl.run("quickstart", input=tmp_path / "b.jsonl", store=tmp_path / "store", spark=spark)
    store = Store.open(spark, str(tmp_path / "store"))
    gone = store.fates.read().where(f"run = '{run.run}' AND id = '19'").collect()[0].doc_id
    with pytest.raises(NotFound, match=f"it is known to {run.run}: ask by --run"):
        explain(store, gone, Ledger(store).list()[-1].run)


def test_few_documents_are_not_judged(spark, tmp_path):
    write_jsonl(tmp_path / "a.jsonl", mixture(999, 0))
    asked = {"input": tmp_path / "a.jsonl", "store": tmp_path / "store", "spark": spark}
    run = sl.run("quickstart", **asked, set="gates.min_kept=0")
    assert run.counts["kept"] == 0
    assert run.content_hash.endswith("-0")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "behind read 0 documents are left; gates.min_kept asks for 1.*; 1 file held no record"),
        (mixture(3, 0), "behind filter.gopher_quality 0 documents are left; gates.min_kept asks for 1.*llmdata why"),
    ],
)
def test_a_run_that_keeps_nothing_is_no_new_corpus(spark, tmp_path, rows, said):
    write_jsonl(tmp_path / "good.jsonl", mixture(5, 5))
    write_jsonl(tmp_path / "none.jsonl", rows)
    asked = {"input": tmp_path / "none.jsonl", "store": tmp_path / "store", "spark": spark}
    first = sl.run("quickstart", **{**asked, "input": tmp_path / "good.jsonl"})
    with pytest.raises(GateStopped, match=f"{said}.*--set gates.min_kept=0"):
        sl.run("quickstart", **asked)
    assert first.store.corpus.version() == first.corpus_version
    assert first.store.corpus.read().count() == 5
    wanted = sl.run("quickstart", **asked, set="gates.min_kept=0")
    assert (wanted.counts["kept"], wanted.store.corpus.read().count()) == (0, 0)


def test_a_stage_that_fails_on_all_documents_is_no_data_problem(spark, tmp_path, monkeypatch):
    (tmp_path / "broken_rules.py").write_text(
        "from spark_llmdata import RowStage\n\n\n"
        "class Broken(RowStage):\n"
        '    """Fails."""\n\n'
        '    reasons = {"never": "never given"}\n\n'
        "    def judge(self, docs):\n"
        "        raise KeyError('no such thing')\n"
    )
    (tmp_path / "r.yaml").write_text("name: broken\nstages: [broken_rules.Broken]\n")
    write_jsonl(tmp_path / "a.jsonl", mixture(5, 5))
    with pytest.raises(StageFailed, match="broken failed on every one of the 5 documents.*KeyError"):
        sl.run(tmp_path / "r.yaml", input=tmp_path / "a.jsonl", store=tmp_path / "store", spark=spark)
    store = Store.open(spark, str(tmp_path / "store"))
    evidence = store.fates.read().collect()[0].evidence
    assert "KeyError" in evidence


def test_gates_by_source_and_their_overriding(spark, tmp_path):
    write_jsonl(tmp_path / "a.jsonl", mixture(1500, 1500))
    write_jsonl(tmp_path / "wiki.jsonl", [{"id": f"w{i}", "text": f"short {i // 2}"} for i in range(1000)])
    asked = {
        "input": [tmp_path / "a.jsonl", f"wiki={tmp_path / 'wiki.jsonl'}"],
        "store": tmp_path / "store",
        "spark": spark,
        "set": [
            "gates.max_removed_by_source.wiki=0.5",
            "gates.max_removed_by_source.absent=0.5",
            "gates.min_kept=1501",
        ],
    }
    said = []
    with pytest.raises(GateStopped, match=r"removed 1,000 of 1,000 documents of wiki \(100.00%\)") as stopped:
        sl.run("quickstart", **asked, progress=said.append)
    assert "gates.max_removed_by_source.wiki.filter.gopher_quality=1.0" in str(stopped.value)
    assert any("names 'absent', but no document of this source was read" in line for line in said)
    with pytest.raises(GateStopped, match="behind filter.gopher_quality 1,500 documents are left; gates.min_kept asks"):
        sl.run("quickstart", **asked, override_gates=["max_removed_by_source"])
    run = sl.run("quickstart", **asked, override_gates=["max_removed_by_source", "min_kept"])
    assert run.counts["kept"] == 1500
    manifest = Ledger(run.store).find(run.run).manifest
    assert manifest["overrides"] == ["max_removed_by_source", "min_kept"]
    assert {(o["gate"], o["stage"]) for o in manifest["overridden"]} == {
        ("max_removed_by_source", "filter.gopher_quality"),
        ("min_kept", "filter.gopher_quality"),
        ("min_kept", "dedup.exact"),
    }
