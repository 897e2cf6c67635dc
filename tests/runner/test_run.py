"""A run from end to end: what is in corpus, fates and runs, and what `why` and `export` say of it."""

from __future__ import annotations

import json

import pytest

import spark_llmdata as sl
from spark_llmdata.errors import NotFound, UsageError
from spark_llmdata.report.why import explain
from spark_llmdata.sinks.export import export
from spark_llmdata.store.ledger import Ledger
from tests.runner.corpora import documents, good_text, write_jsonl, write_warc

pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def built(spark, tmp_path_factory):
    """One run over a mixture: JSON lines with rejects and copies, an archive with a record twice."""
    folder = tmp_path_factory.mktemp("built")
    rows = [*documents(40), '{"cut', {"url": "https://a.example/none"}, {"text": 3}, documents(1)[0], ""]
    write_jsonl(folder / "in/a.jsonl", rows)
    write_jsonl(folder / "in/b.jsonl.gz", [{"id": "e1", "url": "https://a.example/e1", "text": good_text(900), "n": 1}])
    pages = [(f"https://w.example/{i}", good_text(100 + i)) for i in range(5)] + [("https://w.example/s", "short")]
    write_warc(folder / "in/c.warc.gz", pages, twice="https://w.example/2")
    (folder / "in/notes.doc").write_text("not for us")
    return sl.run("quickstart", input=folder / "in", store=folder / "store", spark=spark)


def test_counts_add_up(built):
    counts = built.counts
    # 40 documents, 3 that cannot be read, one again; 1; warcinfo, 6 requests, 6 responses and one again
    assert counts["read"] == 44 + 1 + 14
    assert counts["rejected"] == 3
    assert counts["read"] == counts["kept"] + counts["removed"] + counts["rejected"]
    by_stage = {c.stage: c for c in built.by_stage}
    assert by_stage["read"].removed == 7 + 2  # not content; copies of records
    assert by_stage["filter.gopher_quality"].removed == 6 + 1
    assert by_stage["dedup.exact"].removed == 3
    assert counts["kept"] == built.corpus.count() == 59 - 3 - 9 - 7 - 3


def test_every_reason_has_an_example_that_can_be_asked_for(built):
    examples = {reason["reason"]: reason["example"] for reason in built.reasons}
    assert len(examples) == 7
    assert examples["gopher_quality.too_few_words"].startswith("https://")
    assert ":" in examples["read.bad_json"]
    for reason, example in examples.items():
        found = explain(built.store, example)
        assert reason in [found["reason"], *(other["reason"] for other in found["others"])]


def test_fates_hold_every_record_once(built):
    fates = built.fates.collect()
    assert len(fates) == built.counts["read"]
    assert len({(f.part, f.ordinal) for f in fates}) == len(fates)
    reasons = {}
    for f in fates:
        reasons[f.reason] = reasons.get(f.reason, 0) + 1
    assert reasons == {
        None: built.counts["kept"],
        "read.not_content": 7,
        "read.duplicate_record": 2,
        "read.bad_json": 1,
        "read.no_text": 1,
        "read.bad_field": 1,
        "gopher_quality.too_few_words": 7,
        "exact.same_text": 3,
    }
    kept = {f.doc_id for f in fates if f.outcome == "kept"}
    assert kept == {r.doc_id for r in built.corpus.select("doc_id").collect()}
    for f in fates:
        if f.reason == "exact.same_text":
            assert f.survivor in kept
            assert f.similarity == 1.0


def test_corpus_rows(built):
    row = built.corpus.where("id = 'e1'").collect()[0]
    assert row.url == "https://a.example/e1"
    assert row.text == good_text(900)
    assert row.source == "default"
    assert row.meta == {"n": "1"}
    assert row.scores["gopher_quality_n_words"] == 80
    page = built.corpus.where("url = 'https://w.example/2'").collect()[0]
    assert page.text.strip().endswith(good_text(102))
    assert page.date.isoformat().startswith("2024-05-01T00:00")


def test_files_of_unknown_type_are_listed(built):
    assert [p.rsplit("/", 1)[-1] for p in built.skipped] == ["notes.doc"]


def test_why_says_who_decided(built):
    short = explain(built.store, "https://a.example/3")
    assert (short["outcome"], short["reason"]) == ("removed", "gopher_quality.too_few_words")
    assert (short["score"], short["threshold"]) == (2, 50)
    assert [(s["stage"], s["kept"]) for s in short["path"]] == [
        ("read", True),
        ("extract.html", True),
        ("filter.gopher_quality", False),
    ]
    copies = [explain(built.store, f"https://a.example/{i}") for i in (8, 9)]
    gone = next(c for c in copies if c["outcome"] == "removed")
    stays = next(c for c in copies if c["outcome"] == "kept")
    assert gone["survivor"] == {"doc_id": stays["doc_id"], "url": stays["url"], "similarity": 1.0}
    assert [s["kept"] for s in stays["path"]] == [True] * 4
    assert [s["kept"] for s in gone["path"]] == [True] * 3 + [False]


def test_why_finds_by_url_id_doc_id_and_place(built):
    kept = explain(built.store, "https://w.example/2")
    assert kept["outcome"] == "kept"
    assert {o["reason"] for o in kept["others"]} == {"read.duplicate_record", "read.not_content"}
    assert explain(built.store, kept["doc_id"])["url"] == "https://w.example/2"
    assert explain(built.store, "e1")["url"] == "https://a.example/e1"
    broken = built.fates.where("reason = 'read.bad_json'").collect()[0]
    found = explain(built.store, f"in/a.jsonl:{broken.offset}")
    assert found["outcome"] == "rejected"
    assert "error" in found["evidence"]
    with pytest.raises(NotFound, match="searched 59 fates"):
        explain(built.store, "https://nowhere.example/")


def test_rejects_keep_their_bytes(built):
    manifest = Ledger(built.store).find(built.run).manifest
    rows = built.store.spark.read.format("delta").load(f"{built.store.root}/{manifest['segments'][0]['table']}")
    assert bytes(rows.where("verdict.reason = 'read.bad_json'").collect()[0].payload) == b'{"cut'


def test_ledger_tells_the_run(built):
    record = Ledger(built.store).find(None)
    assert (record.run, record.state, record.version) == (built.run, "done", built.corpus_version)
    assert record.manifest["counts"] == built.counts
    assert len(record.manifest["inputs"]) == 3
    with pytest.raises(NotFound, match="no run 'x'"):
        Ledger(built.store).find("x")


def test_export_writes_what_was_kept(built, spark, tmp_path):
    facts = export(built.store, "jsonl", str(tmp_path / "j"))
    lines = [json.loads(x) for f in sorted((tmp_path / "j").glob("*.jsonl")) for x in f.read_text("utf-8").splitlines()]
    assert len(lines) == facts["documents"] == built.counts["kept"]
    assert {x["doc_id"] for x in lines} == {r.doc_id for r in built.corpus.select("doc_id").collect()}
    one = next(x for x in lines if x.get("id") == "e1")
    assert (one["text"], one["meta"]) == (good_text(900), {"n": "1"})
    export(built.store, "parquet", str(tmp_path / "p"))
    assert spark.read.parquet(str(tmp_path / "p")).count() == built.counts["kept"]
    with pytest.raises(UsageError, match="is not empty"):
        export(built.store, "parquet", str(tmp_path / "p"))


def test_no_text_in_the_logs(built):
    """Delta's statistics would keep the beginnings of texts, removed ones too."""
    from pathlib import Path

    for log in Path(built.store.root).rglob("_delta_log/*.json"):
        assert "too short" not in log.read_text("utf-8")
        assert good_text(900)[:20] not in log.read_text("utf-8")
