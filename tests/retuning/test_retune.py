"""Retuning a run in a store, against running the recipe with the new setting."""

from __future__ import annotations

import json

import pytest

import spark_llmdata as sl
from spark_llmdata.cli import main
from spark_llmdata.cli.console import table
from spark_llmdata.errors import NotFound, UsageError
from spark_llmdata.retuning.listing import describe
from spark_llmdata.stages.filter.gopher_quality import GopherQuality
from tests.runner.corpora import good_text, write_jsonl

pytestmark = pytest.mark.spark

#: Two passes over documents and two comparisons: one that reads alone, one by groups, one that is not.
RECIPE = """
name: retuned
stages:
  - filter.language: {keep: null, threshold: null, id: filter.first}
  - filter.gopher_quality: {min_words: 20, min_stop_words: 1, language_data: {}}
  - filter.fineweb: {max_short_line_ratio: null, min_punctuated_line_ratio: null, language_data: {}}
"""


BEHIND = """\
  - dedup.exact
  - filter.c4: {end_marks: '', min_sentences: 0, language_data: {}}
"""


def page(i: int) -> dict[str, str]:
    """Pages of 8 to 120 words; every ninth as a copy of the record, every tenth with the text of another."""
    text = good_text(i - 1 if i % 10 == 9 else i, words=8 + 4 * ((i - 1 if i % 10 == 9 else i) % 29))
    lines = text if i % 3 else "\n".join([text.replace(" ", "\n", 2)] * 2)
    return {"id": f"d{i}", "url": f"https://a.example/{i}", "lang": "de" if i % 4 else "en", "text": lines}


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("retuned")
    rows = [page(i) for i in range(90)]
    write_jsonl(folder / "in/a.jsonl", [*rows, *rows[::9]])
    write_jsonl(folder / "in/b.jsonl", [page(i) for i in range(90, 110)])
    return folder


def by_reason(result: sl.RunResult) -> dict[str, int]:
    return {row["reason"]: row["documents"] for row in result.reasons}


def words(result: sl.RunResult) -> int:
    return int(result.fates.where("outcome = 'kept'").agg({"words": "sum"}).collect()[0][0] or 0)


class Case:
    """A recipe that was run, to be asked and run again."""

    def __init__(self, spark, folder, name, text):
        self.spark, self.folder, self.store = spark, folder, folder / f"store-{name}"
        self.recipe = folder / f"{name}.yaml"
        self.recipe.write_text(text, "utf-8")
        self.first = self.run()

    def run(self, settings=(), files="in", **more):
        return sl.run(self.recipe, input=self.folder / files, store=self.store, spark=self.spark, set=settings, **more)

    def ask(self, *settings, run=None):
        return sl.retune(run or self.first.run, store=self.store, spark=self.spark, set=settings)

    def check(self, *settings):
        """Ask, run, compare; returns the answer."""
        found, really = self.ask(*settings), self.run(settings)
        assert found.kept_then.documents == self.first.counts["kept"]
        assert found.kept_then.words == words(self.first)
        assert {r.reason: r.then for r in found.reasons if r.then} == by_reason(self.first)
        now = {r.reason: r.now for r in found.reasons if r.now}
        if found.exact:
            assert not found.waiting
            assert now == by_reason(really)
            assert (found.kept_now.documents, found.kept_now.words) == (really.counts["kept"], words(really))
        total = found.kept_now.documents + sum(now.values()) + sum(found.waiting.values())
        assert total == really.counts["read"]
        return found, really


@pytest.fixture(scope="module")
def alone(spark, pages):
    return Case(spark, pages, "alone", RECIPE)


@pytest.fixture(scope="module")
def judged_all(spark, pages):
    return Case(spark, pages, "all", RECIPE + "judge: all\n")


@pytest.fixture(scope="module")
def compared(spark, pages):
    return Case(
        spark,
        pages,
        "compared",
        RECIPE + "  - dedup.exact\n  - filter.c4: {end_marks: '', min_sentences: 0, language_data: {}}\n",
    )


def test_stricter_is_exact(alone):
    found, really = alone.check(
        "filter.gopher_quality.min_words=60",
        "filter.gopher_quality.max_words=90",
        "filter.fineweb.max_dup_line_char_ratio=0.01",
    )
    assert found.exact
    assert len(found.changes) == 3
    assert 0 < found.kept_now.documents < found.kept_then.documents
    assert really.counts["removed"] == sum(r.now for r in found.reasons)


def test_looser_says_who_waits(alone):
    found, really = alone.check("filter.gopher_quality.min_words=10")
    assert not found.exact
    assert set(found.waiting) == {"filter.fineweb"}
    assert found.kept_now == found.kept_then
    freed = by_reason(alone.first)["gopher_quality.too_few_words"] - by_reason(really)["gopher_quality.too_few_words"]
    assert found.waiting["filter.fineweb"] == freed > 0
    assert found.because == (f"{freed:,} records would come back, and filter.fineweb has not judged them",)


def test_looser_in_the_last_stage_is_exact(alone):
    found, really = alone.check("filter.fineweb.max_dup_line_char_ratio=null")
    assert found.exact
    assert found.returning == really.counts["kept"] - alone.first.counts["kept"] > 0
    copies = [(r.then, r.now) for r in found.reasons if r.reason == "read.duplicate_record"]
    assert copies[0][1] > copies[0][0]  # copies of records that come back are copies again


def test_with_judge_all_looser_is_exact_too(judged_all, alone):
    assert judged_all.first.content_hash == alone.first.content_hash
    assert by_reason(judged_all.first) == by_reason(alone.first)
    for settings in (
        ["filter.gopher_quality.min_words=10", "filter.fineweb.max_dup_line_char_ratio=0.01"],
        ["filter.first.keep=[de]", "filter.gopher_quality.min_words=0"],
    ):
        found, _ = judged_all.check(*settings)
        assert found.exact
    assert found.returning > 0


def test_a_comparison_behind(compared):
    same, _ = compared.check("filter.gopher_quality.min_words=60", "filter.c4.max_chars=500")
    assert same.exact  # texts that are equal go together
    assert same.comparisons[0].leaving > 0
    stranded, really = compared.check("filter.first.keep=[de]")
    entry = stranded.comparisons[0]
    assert entry.stage == "dedup.exact"
    assert not stranded.exact
    assert entry.removed_for_leaving > 0
    assert f"it removed {entry.removed_for_leaving:,} others for one of them" in stranded.because[0]
    before = {r.reason: r.now for r in stranded.reasons}
    assert before["first.wrong_language"] == by_reason(really)["first.wrong_language"]
    freed = compared.ask("filter.fineweb.max_dup_line_char_ratio=null")
    assert not freed.exact
    assert set(freed.waiting) == {"dedup.exact"}
    assert freed.comparisons[0].coming == freed.waiting["dedup.exact"] > 0
    behind = compared.ask("filter.c4.max_chars=500")
    assert behind.exact
    assert behind.comparisons == ()


def test_documents_at_the_border(alone):
    found = alone.ask("filter.gopher_quality.min_words=60")
    assert [(b["setting"], b["rule"], b["side"]) for b in found.borders] == [
        ("filter.gopher_quality.min_words", "gopher_quality.too_few_words", side) for side in ("kept", "removed")
    ]
    fates = {row.doc_id: row for row in alone.first.fates.where("reason IS NULL OR reason NOT LIKE 'read.%'").collect()}
    assert any(document["changes"] for border in found.borders for document in border["documents"])
    for border in found.borders:
        removed = border["side"] == "removed"
        measured = {i: row.scores["gopher_quality_n_words"] for i, row in fates.items()}
        every = [i for i, n in measured.items() if (n < 60) == removed]
        nearest = sorted(every, key=lambda i: (abs(measured[i] - 60) / 60, i))[:20]
        assert [d["doc_id"] for d in border["documents"]] == nearest
        for document in border["documents"]:
            assert (document["threshold"], document["threshold_was"]) == (60, 20)
            now = "gopher_quality.too_few_words" if removed else fates[document["doc_id"]].reason
            assert document["changes"] == (fates[document["doc_id"]].reason != now)
            assert document["url"] == fates[document["doc_id"]].url
            whole = page(int(document["url"].rsplit("/", 1)[1]))["text"]
            assert document["text"] == whole[:100]
    text = describe(found, table)
    assert "filter.gopher_quality.min_words  20 -> 60" in text
    assert "exact: running it keeps and removes these documents, for these reasons" in text
    assert json.loads(json.dumps(found.as_json()))["kept_now"]["documents"] == found.kept_now.documents


def test_only_the_files_of_the_run_count(alone):
    """Parts may hold more files than a run covers."""
    some = alone.run(files="in/b.jsonl")
    found = alone.ask("filter.gopher_quality.min_words=60", run=some.run)
    assert found.kept_then.documents == some.counts["kept"]
    assert found.kept_now.documents + sum(r.now for r in found.reasons) == 20


def test_a_sample_is_asked_as_a_sample(alone):
    setting = "filter.gopher_quality.min_words=60"
    some = alone.run(sample=0.5, sample_seed=3)
    found, really = alone.ask(setting, run=some.run), alone.run([setting], sample=0.5, sample_seed=3)
    assert found.exact
    assert (found.kept_then.documents, found.kept_now.documents) == (some.counts["kept"], really.counts["kept"])
    assert {r.reason: r.now for r in found.reasons if r.now} == by_reason(really)
    assert found.command.endswith(f"--set {setting} --sample 0.5 --sample-seed 3")


def test_what_is_not_there(alone, monkeypatch):
    with pytest.raises(NotFound, match="no run 'nowhere'"):
        alone.ask("filter.gopher_quality.min_words=30", run="nowhere")
    monkeypatch.setattr(GopherQuality, "revision", GopherQuality.revision + 1)
    with pytest.raises(UsageError, match="by other versions of these stages"):
        alone.ask("filter.gopher_quality.min_words=30")


def test_the_command(alone, capsys):
    settings = ["--set", "filter.gopher_quality.min_words=60"]
    assert main(["retune", alone.first.run[:15], "--store", str(alone.store), *settings, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["exact"] is True
    told = {"stage": "filter.gopher_quality", "setting": "min_words", "was": 20, "now": 60, "language": None}
    assert facts["changes"] == [told]
    assert main(["retune", "--store", str(alone.store)]) == 2
    assert "expected at least one --set" in capsys.readouterr().err
