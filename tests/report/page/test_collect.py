"""A report's facts against queries on the fates of a small store, and what of it nobody is to see."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import asdict
from types import SimpleNamespace

import pytest

import spark_llmdata as sl
from spark_llmdata.cli import main
from spark_llmdata.errors import NotFound, UsageError
from spark_llmdata.report.page.collect import collect
from spark_llmdata.report.page.model import Example
from spark_llmdata.store import Store
from tests.runner.corpora import good_text, write_jsonl, write_warc

pytestmark = pytest.mark.spark

RECIPE = """
name: told
stages:
  - clean.unicode: {mojibake: false}
  - filter.c4: {min_sentences: 1, end_marks: '', language_data: {}}
  - filter.gopher_quality: {min_words: 30, min_stop_words: 1, language_data: {}}
  - dedup.exact
  - dedup.minhash: {words: mixed, threshold: 0.6}
  - clean.pii: {mode: tag}
"""

SECRET = "someone@acme.de"


def page(i: int) -> dict[str, str]:
    """A page of 12 to 92 words with an address in it; every tenth resembles the one before, every eleventh is it."""
    of = i - 1 if i % 10 == 9 or i % 11 == 5 else i
    text = f"{good_text(of, words=12 + 8 * (of % 11))}. Write to {SECRET} (page\u200b {of})."
    if i % 10 == 9:
        text += " And one more."
    if i % 13 == 4:
        text += f"\nA brace {{ by {SECRET} of all."
    lang = "de" if i % 3 else "en"
    return {
        "id": f"d{i}",
        "url": f"https://h{i % 40}.example/{i}",
        "lang": lang,
        "text": text,
        "license": f"cc-{i % 2}",
    }


@pytest.fixture(scope="module")
def built(spark, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    rows = [page(i) for i in range(100)]
    write_jsonl(folder / "in/a.jsonl", [*rows, rows[7], f'{{"text": "{SECRET}', {"id": "empty"}])
    write_jsonl(folder / "in/b.jsonl", [page(i) for i in range(100, 130)])
    (folder / "recipe.yaml").write_text(RECIPE, "utf-8")
    pages = [
        ("https://h1.example/page", "It is HTML and nobody extracts it."),
        ("https://h2.example/other", "Nor this."),
    ]
    write_warc(folder / "in/c.warc.gz", pages)
    inputs = [f"a={folder}/in/a.jsonl", f"b={folder}/in/b.jsonl", f"c={folder}/in/c.warc.gz"]
    return sl.run(folder / "recipe.yaml", input=inputs, store=folder / "store", spark=spark)


@pytest.fixture(scope="module")
def told(built):
    return collect(built.store)


def test_counts_are_those_of_the_fates(built, told) -> None:
    fates = built.fates.collect()
    by_reason = Counter((row.stage, row.reason) for row in fates if row.reason)
    assert {(g.stage, g.reason): g.documents for g in told.reasons} == by_reason
    assert all(len(g.examples) == min(g.documents, 3) for g in told.reasons)
    words = Counter()
    for row in fates:
        words[row.reason] += row.words or 0
    assert {g.reason: g.words for g in told.reasons} | {None: told.kept_words} == dict(words)
    last = told.funnel[-1]
    assert (last.kept, last.kept_words, last.kept_bytes) == (told.kept, told.kept_words, told.kept_bytes)
    for before, after in zip(told.funnel, told.funnel[1:], strict=False):
        assert before.kept == after.shown
        assert before.kept_words == after.removed_words + after.kept_words
    assert told.reasons[0].meaning


def test_records_and_documents_are_the_same_everywhere(built, told) -> None:
    fates = built.fates.collect()
    assert told.records == len(fates)
    aside = {g.reason: g.documents for g in told.reasons if g.outcome == "aside"}
    assert aside == {"read.not_content": 3}, "a header and two requests"
    assert told.documents == told.records - 3 == told.kept + told.removed + told.rejected
    for outcome in ("removed", "rejected"):
        total = getattr(told, outcome)
        assert sum(g.documents for g in told.reasons if g.outcome == outcome) == total
        assert sum(getattr(step, outcome) for step in told.funnel) == total
    assert told.funnel[0].shown == told.documents
    assert {sum(s.read for s in b.shares) + (b.rest.read if b.rest else 0) for b in told.breakdowns} == {told.documents}


def test_a_run_takes_as_long_as_its_passes(told) -> None:
    assert [cost.step for cost in told.costs] == ["start", "read", "compare", "compare", "judge", "fates"]
    assert told.seconds == sum(cost.seconds for cost in told.costs) > 0


def test_breakdowns_count_every_document_once(built, told) -> None:
    fates = [row for row in built.fates.collect() if row.reason != "read.not_content"]
    for breakdown in told.breakdowns:
        shares = [*breakdown.shares, *([breakdown.rest] if breakdown.rest else [])]
        assert sum(share.read for share in shares) == len(fates), breakdown.by
        assert sum(share.kept for share in shares) == told.kept
        assert sum(share.kept_words for share in shares) == told.kept_words
    by = {breakdown.by: breakdown for breakdown in told.breakdowns}
    assert {s.label: s.read for s in by["source"].shares} == Counter(row.source for row in fates)
    assert len(by["host"].shares) == 30
    assert by["host"].rest is not None
    assert by["host"].rest.label == "11 others"
    assert {share.label for share in by["license"].shares} == {"cc-0", "cc-1", "none"}
    assert [share.label for share in by["length"].shares][:2] == ["0 to 49 words", "50 to 99 words"]


def test_thresholds_count_what_the_stored_scores_say(built, told) -> None:
    (view,) = (v for v in told.thresholds if v.reason == "gopher_quality.too_few_words")
    name = "gopher_quality_n_words"
    rows = [row for row in built.fates.collect() if name in (row.scores or {}) and row.stage != "read"]
    assert view.documents == len(rows)
    assert view.setting == "filter.gopher_quality.min_words"
    assert view.score == "words"
    assert (view.removes, view.threshold) == ("below", 30)
    assert sum(b.removed for b in view.bins) == sum(row.scores[name] < 30 for row in rows) > 0
    for one in view.bins[:-1]:
        assert one.kept + one.removed == sum(one.begin <= row.scores[name] < one.end for row in rows)
    for kept in view.retention:
        stay = [row for row in rows if row.scores[name] >= kept.threshold]
        assert (kept.documents, kept.words) == (len(stay), sum(row.words for row in stay))
    assert 30 in [kept.threshold for kept in view.retention]
    nearest = sorted((30 - row.scores[name], row.doc_id) for row in rows if row.scores[name] < 30)[:3]
    assert [(30 - e.score, e.doc_id) for e in view.removed_examples] == nearest
    assert not view.exact  # filter.c4 stands in front of it
    assert all(e.pieces and e.threshold == 30 for e in (*view.kept_examples, *view.removed_examples))


def test_clusters_and_what_differs(built, told) -> None:
    pairs = Counter((r.stage, r.survivor) for r in built.fates.collect() if r.survivor and r.stage != "read")
    assert told.cluster_sizes == Counter(n + 1 for n in pairs.values())
    for cluster in told.clusters:
        assert cluster.size == pairs[cluster.stage, cluster.survivor.doc_id] + 1
    near = [m for c in told.clusters for m in c.members if c.stage == "dedup.minhash"]
    assert near
    assert all(m.similarity >= 0.6 for m in near)
    assert any("And one more." in p.text for m in near for p in m.difference if p.kind != "plain")
    assert all(
        not any(p.kind in ("added", "removed") for p in m.difference)
        for c in told.clusters
        if c.stage == "dedup.exact"
        for m in c.members
    )


def test_edits_are_shown_on_both_sides(built, told) -> None:
    unicode, pii = told.edits
    assert (unicode.stage, pii.stage) == ("clean.unicode", "clean.pii")
    assert unicode.documents == sum(
        row.outcome != "rejected" and row.reason not in ("read.duplicate_record", "read.not_content")
        for row in built.fates.collect()
    )
    assert pii.documents == told.kept
    assert pii.kinds["email"] == pii.changes >= told.kept
    assert len(unicode.examples) == len(pii.examples) == 3
    assert all("private" in kinds(e) and "added" in kinds(e) for e in pii.examples)
    assert all("removed" in kinds(e) for e in unicode.examples)  # read from the input again


def kinds(example: Example) -> set[str]:
    return {piece.kind for piece in example.pieces}


def test_what_is_private_is_nowhere(built, told) -> None:
    assert "acme" not in repr(told)
    assert "acme" not in json.dumps(asdict(told), default=str)
    shown = [e for g in told.reasons if g.outcome == "removed" for e in g.examples if e.pieces]
    assert any("private" in kinds(e) for e in shown)
    assert "acme" in repr(collect(built.store, private=True))


def test_evidence_is_marked_in_the_text(told) -> None:
    (braces,) = (g for g in told.reasons if g.reason == "c4.curly_bracket")
    assert all("condemned" in kinds(e) for e in braces.examples)


def test_examples_come_from_several_sources_and_are_the_same_again(built, told) -> None:
    few = next(g for g in told.reasons if g.reason == "gopher_quality.too_few_words")
    assert {e.source for e in few.examples} == {"a", "b"}
    assert collect(built.store) == told
    assert len(next(g for g in collect(built.store, examples=1).reasons if g.reason == few.reason).examples) == 1


def test_rejects_say_where_and_why(told) -> None:
    rejected = {g.reason: g.examples for g in told.reasons if g.outcome == "rejected"}
    (bad,) = rejected["read.bad_json"]
    assert "a.jsonl:" in bad.name
    assert bad.evidence
    assert bad.command.startswith("llmdata why ")
    assert len(rejected["read.not_extracted"]) == 2
    (empty,) = rejected["read.no_text"]
    assert "the record has no text" in empty.evidence


def test_tokens_by_source(built, tmp_path) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    words.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    words.enable_truncation(5)
    words.save(str(tmp_path / "tokenizer.json"))
    told = collect(built.store, tokenizer=str(tmp_path / "tokenizer.json"))
    source = next(b for b in told.breakdowns if b.by == "source")
    assert {s.label: s.tokens for s in source.shares} == {s.label: s.kept_words for s in source.shares}
    (tmp_path / "wrong.json").write_text("{}", "utf-8")
    with pytest.raises(UsageError, match=r"no tokenizer \(.*expected a tokenizer.json"):
        collect(built.store, tokenizer=str(tmp_path / "wrong.json"))


def test_a_page_is_written_from_the_result_and_by_the_command(built, tmp_path, monkeypatch, capsys) -> None:
    page = SimpleNamespace(render=lambda report: f"{report.run} kept {report.kept}")
    monkeypatch.setitem(sys.modules, "spark_llmdata.report.page.render", page)
    assert (
        built.report(tmp_path / "a.html", examples=1).read_text("utf-8") == f"{built.run} kept {built.counts['kept']}"
    )
    arguments = ["--store", built.store.root, "--run", built.run[:17], "--output", str(tmp_path / "b.html"), "--json"]
    assert main(["report", *arguments]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"run": built.run, "output": f"{tmp_path}/b.html", "bytes": len((tmp_path / "b.html").read_bytes())}


def test_a_run_that_is_not_done_has_no_report(built, spark) -> None:
    with pytest.raises(NotFound, match="no run 'nobody'"):
        collect(Store.open(spark, built.store.root), "nobody")
