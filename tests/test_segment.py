"""Segments on plain Arrow: fusing, edits, rejects, poison rows, bounded batches. No Spark."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from spark_llmdata import schema, segment
from spark_llmdata.batch import Batch, mask
from spark_llmdata.errors import EnvironmentProblem
from spark_llmdata.kernels import hashing
from spark_llmdata.report.changes import locate
from spark_llmdata.segment import Segment
from spark_llmdata.stage import RowStage
from spark_llmdata.stages.clean.pii import Pii
from spark_llmdata.stages.extract.html import ExtractHtml
from spark_llmdata.stages.filter.fineweb import FineWeb
from spark_llmdata.stages.filter.gopher_quality import GopherQuality
from spark_llmdata.verdict import Judgement


def records(*rows: dict[str, Any]) -> pa.RecordBatch:
    """A reader's batch; raw hashes are those of the rows' own words."""
    full = []
    for i, row in enumerate(rows):
        base = {"file": "f", "offset": i * 10, "ordinal": i, "source": "s", "rejected": False}
        full.append({"raw_hash": hashing.hash_bytes(pa.array([json.dumps(row, default=str)]))[0].as_py()} | base | row)
    return pa.RecordBatch.from_pylist(full, schema=schema.RECORD)


def judged(stages: list[RowStage], *rows: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    batches = Segment(tuple(stages), True, **options).judge(records(*rows), "p")
    return [row for batch in batches for row in batch.to_pylist()]


class Upper(RowStage):
    """Writes in capitals, counts what it changed, tells a score."""

    reasons = {"empty": "nothing there"}
    scores = {"length": "characters"}

    def judge(self, docs: Batch) -> Judgement:
        texts = docs.text.to_pylist()
        upper = [t and t.upper() for t in texts]
        return Judgement(
            keep=np.array([t != "" for t in texts]),
            reason=np.array([None if t != "" else "empty" for t in texts], dtype=object),
            text=pa.array(upper, pa.string()),
            edits=np.array([sum(c.upper() != c for c in t or "") for t in texts]),
            scores={"length": pa.array([t and len(t) for t in texts], pa.float64())},
        )


class Poisoned(RowStage):
    """Fails on texts with the word poison, like a library that cannot take a certain document."""

    reasons = {"boring": "says boring"}

    def judge(self, docs: Batch) -> Judgement:
        texts = docs.text.to_pylist()
        if any(t and "poison" in t for t in texts):
            raise ValueError("cannot take\nthis one")
        return Judgement.remove_where(np.array([bool(t and "boring" in t) for t in texts]), "boring")


def test_a_removed_row_is_not_shown_to_later_stages():
    seen: list[list[str | None]] = []

    class Look(Poisoned):
        def judge(self, docs: Batch) -> Judgement:
            seen.append(docs.text.to_pylist())
            return Judgement.keep_all(len(docs))

    rows = judged([Poisoned(), Look(id="look")], {"text": "boring"}, {"text": "fine"})
    assert seen == [[None, "fine"]]
    assert [r["kept"] for r in rows] == [False, True]
    assert rows[0]["verdict"]["reason"] == "poisoned.boring"
    assert rows[0]["text"] == "boring"
    assert rows[1]["verdict"] is None


def test_edits_scores_and_facts_describe_the_final_text():
    row = judged([Upper()], {"text": "one Two"})[0]
    assert row["text"] == "ONE TWO"
    assert row["edits"] == [("upper", 5)]
    assert row["scores"] == {"upper_length": 7.0}
    assert (row["bytes"], row["words"]) == (7, 2)
    facts = hashing.text_facts(pa.array(["ONE TWO"])).to_pylist()[0]
    assert (row["text_hi"], row["text_lo"]) == (facts["hi"], facts["lo"])


def test_changes_say_where_and_never_what():
    tags = Pii(mode="tag", types=("email", "ipv4"))
    again = Pii(id="clean.again", replacements={"ipv6": ["six"]})
    written = {"text": "é jo@acme.de 8.8.8.8 2606:4700::1111"}
    rows = judged([tags, again, Poisoned()], {"text": "nothing"}, written, {"text": "boring a@acme.de"})
    assert [row["changes"] is None for row in rows] == [True, False, False]
    first, second, third = rows[1]["changes"]
    assert first == {"stage": "clean.pii", "kind": "email", "begin": 3, "end": 13, "length": 7}
    assert second == {"stage": "clean.pii", "kind": "ipv4", "begin": 14, "end": 21, "length": 4}
    assert third == {"stage": "clean.again", "kind": "ipv6", "begin": 16, "end": 31, "length": 3}
    assert rows[1]["text"] == "é [EMAIL] [IP] six"
    marks = locate(rows[1]["changes"])
    assert [rows[1]["text"].encode()[m.begin : m.end] for m in marks] == [b"[EMAIL]", b"[IP]", b"six"]
    assert rows[2]["text"] == "boring [EMAIL]"
    assert not any(value in str(rows) for value in ("acme", "8.8.8.8", "2606"))


def test_words_are_those_of_the_edited_text():
    rows = judged([Upper(), GopherQuality(min_words=2, min_stop_words=0)], {"text": "one two"}, {"text": "one"})
    assert [r["kept"] for r in rows] == [True, False]
    docs = Batch({"text": pa.array(["a b"])})
    assert docs.words().counts().to_pylist() == [2]
    docs.replace("text", pa.array(["a b c"]))
    assert docs.words().counts().to_pylist() == [3]


def test_unreadable_records_end_at_the_reader():
    rows = judged(
        [Upper()],
        {"defect": "bad_json", "rejected": True, "evidence": '{"error": "x"}', "payload": b"{"},
        {"defect": "not_content", "text": "t"},
        {"defect": "truncated", "rejected": True, "raw_hash": None},
    )
    assert [(r["kept"], r["rejected"], r["verdict"]["reason"]) for r in rows] == [
        (False, True, "read.bad_json"),
        (False, False, "read.not_content"),
        (False, True, "read.truncated"),
    ]
    assert rows[0]["payload"] == b"{"
    assert rows[0]["doc_id"]
    assert rows[2]["doc_id"] is None


def test_records_without_text_are_rejected_with_the_remedy():
    rows = judged([GopherQuality()], {"html": b"<p>x"}, {"url": "u"})
    assert [(r["rejected"], r["verdict"]["reason"]) for r in rows] == [
        (True, "read.not_extracted"),
        (True, "read.no_text"),
    ]
    assert "extract.html" in rows[0]["verdict"]["evidence"]
    assert rows[0]["payload"] == b"<p>x"
    assert judged([], {"url": "u"})[0]["verdict"]["reason"] == "read.no_text"


def test_a_poison_row_is_found_and_the_others_are_judged():
    texts = [f"text {i}" for i in range(37)]
    texts[5], texts[20], texts[36] = "boring", "poison", "more poison"
    rows = judged([Poisoned()], *({"text": t} for t in texts))
    gone = {i: (r["rejected"], r["verdict"]["reason"]) for i, r in enumerate(rows) if not r["kept"]}
    assert gone == {
        5: (False, "poisoned.boring"),
        20: (True, "poisoned.failed"),
        36: (True, "poisoned.failed"),
    }
    assert json.loads(rows[20]["verdict"]["evidence"]) == {"error": "ValueError: cannot take this one"}


@pytest.mark.parametrize(
    ("judgement", "words"),
    [
        (Judgement.keep_all(1), "gave 1 values of keep for a batch of 2 rows"),
        (Judgement.remove_where(np.array([True, False]), "other"), "gives other"),
        (Judgement.keep_all(2, scores={"unheard": pa.array([1.0, 2.0])}), "gives unheard"),
        (Judgement(keep=np.array([True, False])), "removed a document without a reason"),
        (Judgement.keep_all(2, columns={"id": pa.array(["a", "b"])}), "replaces id; a stage may replace date"),
        (Judgement.keep_all(2, edits=np.array([1])), "gave 1 values of edits"),
    ],
)
def test_a_stage_that_breaks_its_contract_is_named(judgement, words):
    class Careless(Poisoned):
        def judge(self, docs: Batch) -> Judgement:
            return judgement

    with pytest.raises(EnvironmentProblem, match=words):
        judged([Careless()], {"text": "a"}, {"text": "b"})


def test_a_second_segment_goes_on_from_the_first():
    first = Segment((Upper(),), True)
    second = Segment((GopherQuality(min_words=1, min_stop_words=0),), False, first.score_names)
    whole = Segment((*first.stages, *second.stages), True)
    rows = records({"text": "one"}, {"text": "two words"}, {"text": "123 456"})
    one_pass = next(whole.judge(rows, "p"))
    two_passes = next(second.judge(next(first.judge(rows, "p"))))
    assert two_passes.to_pylist() == one_pass.to_pylist()


def test_row_hash_covers_what_the_corpus_holds_and_nothing_else():
    base = {"text": "a", "url": "u", "raw_hash": b"0" * 16}
    rows = judged(
        [],
        base,
        base | {"file": "other", "offset": 7, "ordinal": 9},
        base | {"text": "b"},
        base | {"meta": [("k", "v")]},
        base | {"lang": "en"},
    )
    hashes = [(r["row_hi"], r["row_lo"]) for r in rows]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 4


@pytest.mark.parametrize(("policy", "texts"), [("all", 400), ("none", 0), ("sample", 25)])
def test_text_of_removed_rows_by_policy(policy, texts):
    rows = judged([GopherQuality()], *({"text": f"short {i}"} for i in range(400)), removed_text=policy)
    held = sum(r["text"] is not None for r in rows)
    assert held == texts if policy != "sample" else 10 <= held <= 45
    assert all(r["bytes"] for r in rows)


def test_batches_are_cut_by_rows_and_bytes(monkeypatch):
    monkeypatch.setattr(segment, "BATCH_ROWS", 4)
    monkeypatch.setattr(segment, "BATCH_BYTES", 10)
    rows = records(*({"text": t} for t in ["a"] * 6 + ["b" * 30, "c" * 6, "d" * 6, "e"]))
    batches = list(Segment((), True).judge(rows, "p"))
    assert [b.num_rows for b in batches] == [4, 2, 1, 1, 2]
    assert [r["ordinal"] for b in batches for r in b.to_pylist()] == list(range(10))


def test_evidence_stays_short_and_json():
    class Wordy(Poisoned):
        def judge(self, docs: Batch) -> Judgement:
            evidence = np.array([json.dumps({"text": '"é' * 500})], dtype=object)
            return Judgement.remove_where(np.array([True]), "boring", evidence=evidence)

    evidence = judged([Wordy()], {"text": "t"})[0]["verdict"]["evidence"]
    assert len(evidence) <= segment.MAX_EVIDENCE
    json.loads(evidence)


def test_evidence_quotes_no_text_where_none_of_removed_rows_is_kept():
    line = "This line is long enough to be no short line."
    segment_of = {policy: Segment((FineWeb(),), True, removed_text=policy) for policy in ("all", "none")}
    rows = records({"text": f"{line}\n{line}"}, {"text": f"{line}\nAnother line that is long enough and ends."})
    for policy, made in segment_of.items():
        removed, kept = pa.Table.from_batches(made.judge(rows)).to_pylist()
        assert (removed["kept"], kept["kept"]) == (False, True)
        assert (line in json.dumps(removed["verdict"])) == (policy == "all")
        assert json.loads(removed["verdict"]["evidence"])["at"] == [0, len(line)]


def test_long_evidence_quotes_no_text_either():
    class Wordy(Poisoned):
        def judge(self, docs: Batch) -> Judgement:
            said = [json.dumps({"text": "a secret " * 50, "n": 1}), "a secret " * 50, json.dumps(["a secret"] * 50)]
            return Judgement.remove_where(np.ones(3, dtype=bool), "boring", evidence=np.array(said, dtype=object))

    rows = judged([Wordy()], {"text": "t"}, {"text": "u"}, {"text": "v"}, removed_text="none")
    found = [json.loads(row["verdict"]["evidence"]) for row in rows]
    assert found[:2] == [{"n": 1, "characters": 450}, {"characters": 450}]
    assert "secret" not in json.dumps(found)


def test_extraction_rejects_keep_the_page(monkeypatch):
    from resiliparse.extract import html2text

    def fail(page: str, **_: object) -> str:
        raise ValueError("no parse")

    monkeypatch.setattr(html2text, "extract_plain_text", fail)
    row = judged([ExtractHtml()], {"html": b"<p>a"})[0]
    assert (row["rejected"], row["verdict"]["reason"], row["payload"]) == (True, "html.not_parsed", b"<p>a")


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.binary(), pa.int64(), pa.map_(pa.string(), pa.string())]
)
def test_mask_shows_only_the_living(kind):
    values = {"a": [("k", "v")], "b": None, "c": []} if pa.types.is_map(kind) else {"a": "1", "b": None, "c": "3"}
    given = [int(v) if pa.types.is_integer(kind) and v else v for v in values.values()]
    column = pa.array([None, *given, None], kind).slice(1, 3)
    assert mask(column, np.array([True, True, True])).equals(column)
    assert mask(column, np.array([False, True, True])).to_pylist() == [None, *column.to_pylist()[1:]]
    assert mask(column, np.array([True, False, False])).to_pylist() == [column[0].as_py(), None, None]


class Undeclared(Upper):
    """Says that it changes nothing, and writes in capitals."""

    edits = frozenset()


class Relabel(RowStage):
    """Says that it changes the text, and changes the language."""

    edits = frozenset({"text"})
    reasons = {"never": "never"}

    def judge(self, docs: Batch) -> Judgement:
        return Judgement.keep_all(len(docs), columns={"lang": pa.array(["en"] * len(docs))})


@pytest.mark.parametrize(("stage", "column"), [(Undeclared(), "text"), (Relabel(), "lang")])
def test_a_change_that_a_class_does_not_name_is_refused(stage, column):
    with pytest.raises(EnvironmentProblem, match=f"changes {column}, which its class names neither in `edits`"):
        judged([stage], {"text": "some text"})


def test_a_class_that_names_nothing_may_change_what_it_likes():
    assert Upper.changed_columns() is None
    assert judged([Upper()], {"text": "some text"})[0]["text"] == "SOME TEXT"


def test_mask_of_lists_shows_only_the_living():
    change = {"kind": "k", "begin": 1, "end": 2, "length": 3}
    column = pa.array([None, [change], None, [change, change], []], pa.list_(schema.CHANGE)).slice(1)
    found = mask(column, np.array([False, True, True, True]))
    assert found.to_pylist() == [None, None, [change, change], []]
    assert found.type == column.type
