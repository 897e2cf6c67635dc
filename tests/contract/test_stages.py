"""What every stage must do, whoever wrote it: its cases, its declarations, and independence of the batch."""

from __future__ import annotations

import hashlib
import json
import pickle
import re

import numpy as np
import pyarrow as pa
import pytest
import yaml

from spark_llmdata.batch import Batch
from spark_llmdata.interop.frames import GIVEN
from spark_llmdata.isolation import judge_safely
from spark_llmdata.kernels import reference_changes
from spark_llmdata.kernels.changes import Change
from spark_llmdata.segment import REPLACEABLE
from spark_llmdata.stage import RowStage
from spark_llmdata.stages import BUILTIN
from spark_llmdata.verdict import concat
from tests.contract.cases import (
    CORPUS_COLUMNS,
    batch_of,
    case_file,
    cases,
    corpus_cases,
    corpus_rows,
    row_cases,
    stage_of,
    usual,
)

ROW_KINDS = [k for k, s in BUILTIN.items() if issubclass(s, RowStage)]


@pytest.mark.parametrize(("kind", "case"), row_cases(), ids=lambda v: v if isinstance(v, str) else v["name"])
def test_row_cases(kind, case):
    stage = stage_of(kind, case)
    found = judge_safely(stage, batch_of([case["given"]]))
    assert bool(found.keep[0]) == case.get("keep", False), found.reason
    if not case.get("keep", False):
        assert found.reason[0] == case["reason"]
    for name in ("score", "threshold"):
        if name in case:
            assert getattr(found, name)[0] == pytest.approx(case[name], abs=1e-12)
    for name, value in case.get("scores", {}).items():
        assert found.scores[name][0].as_py() == pytest.approx(value, abs=1e-12)
    for name, value in case.get("columns", {}).items():
        said = found.columns[name][0].as_py()
        assert (said if name != "meta" else [list(pair) for pair in said]) == value
    if {"text", "contains", "lacks"} & set(case):
        text = found.text[0].as_py() if found.text is not None and found.text[0].is_valid else case["given"].get("text")
        assert text == case.get("text", text)
        assert all(part in text for part in case.get("contains", ()))
        assert not any(part in text for part in case.get("lacks", ()))


@pytest.mark.spark
@pytest.mark.parametrize(("kind", "case"), corpus_cases(), ids=lambda v: v if isinstance(v, str) else v["name"])
def test_corpus_cases(kind, case, spark):
    stage = stage_of(kind, case)
    docs = spark.createDataFrame(corpus_rows(case), CORPUS_COLUMNS)
    rows = stage(docs).where("NOT kept").select("doc_id", "verdict").collect()
    assert {r.doc_id: r.verdict.survivor for r in rows} == case["removed"]
    assert {r.verdict.reason for r in rows} <= {f"{stage.noun}.{case.get('reason')}"}


@pytest.mark.parametrize("kind", BUILTIN)
def test_declarations(kind):
    stage = BUILTIN[kind]
    assert stage.kind == kind
    assert stage.__module__ == f"spark_llmdata.stages.{kind}"
    assert stage.__doc__
    assert stage.reasons or stage.scores
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", r) for r in [*stage.reasons, *stage.scores])
    for name, field in stage.model_fields.items():
        assert field.description, f"setting {name} needs a description with its unit"
    json.dumps(usual(kind).fingerprint())


@pytest.mark.parametrize("kind", BUILTIN)
def test_every_reason_has_a_case(kind):
    unreachable = {"extract.html": {"not_parsed"}}  # the parser has not been seen to fail on any input
    covered = {c["reason"] for c in cases(kind) if "reason" in c}
    assert covered == set(BUILTIN[kind].reasons) - unreachable.get(kind, set()), case_file(kind)


@pytest.mark.parametrize("kind", ROW_KINDS)
def test_judges_a_document_by_itself(kind):
    """The whole batch, single rows and any cut between give the same judgement."""
    stage = BUILTIN[kind]()
    batch = batch_of([c["given"] for c in cases(kind)])
    whole = stage.judge(batch)
    n = len(batch)
    for cut in (1, n // 2, n - 1):
        parts = concat([stage.judge(batch.slice(0, cut)), stage.judge(batch.slice(cut, n))])
        assert parts.keep.tolist() == whole.keep.tolist()
        if whole.reason is not None:
            assert parts.reason.tolist() == whole.reason.tolist()
        for name, values in whole.scores.items():
            assert parts.scores[name].to_pylist() == values.to_pylist()
        if whole.text is not None:
            assert parts.text.to_pylist() == whole.text.to_pylist()
        if whole.changes is not None:
            assert parts.changes.to_pylist() == whole.changes.to_pylist()


@pytest.mark.parametrize("kind", [k for k in ROW_KINDS if BUILTIN[k].changes])
def test_changes_lead_from_the_text_before_to_the_text_after(kind):
    """Of every case; a stage that edits says where."""
    seen = set()
    for case in cases(kind):
        docs = batch_of([case["given"]])
        found = stage_of(kind, case).judge(docs)
        before = case_text = docs.text[0].as_py()
        if found.text is not None and found.text[0].is_valid:
            case_text = found.text[0].as_py()
        told = None if found.changes is None else found.changes[0].as_py()
        changes = [Change(**change) for change in told or ()]
        assert told != []
        assert reference_changes.apply(before or "", case_text or "", changes) == (case_text or "")
        seen |= {change.kind for change in changes}
    assert seen
    assert seen <= set(BUILTIN[kind].changes)


@pytest.mark.parametrize("kind", ROW_KINDS)
def test_places_that_count_are_in_the_text(kind):
    for case in cases(kind):
        docs = batch_of([case["given"]])
        text = docs.text[0].as_py()
        if "reason" in case and text is not None:
            data = text.encode()
            for span in stage_of(kind, case).find_spans(docs, case["reason"]):
                assert 0 <= span.begin < span.end <= len(data), case["name"]
                assert data[span.begin : span.end].decode()


@pytest.mark.parametrize("kind", ROW_KINDS)
def test_removed_rows_do_not_matter(kind):
    stage = BUILTIN[kind]()
    batch = batch_of([c["given"] for c in cases(kind)])
    whole = stage.judge(batch)
    gone = np.arange(len(batch)) % 2 == 0
    batch.remove(gone)
    rest = stage.judge(batch)
    assert rest.keep[~gone].tolist() == whole.keep[~gone].tolist()


class Watched(Batch):
    """Notes which columns are asked for, in any way."""

    asked = frozenset()

    def __getitem__(self, name):
        self.asked |= {name}
        return super().__getitem__(name)

    def raw(self, name):
        self.asked |= {name}
        return super().raw(name)

    def words(self, rule="uax29"):
        self.asked |= {"text"}
        return super().words(rule)


@pytest.mark.parametrize("kind", ROW_KINDS)
def test_says_what_it_reads_and_changes(kind):
    """Orders are chosen by it: a column that changes without a word would let stages pass that must not."""
    for case in cases(kind):
        stage = stage_of(kind, case)
        given = batch_of([case["given"]])
        batch = Watched(
            {name: given.raw(name) for name in GIVEN},
            scores={n: pa.array([case["given"].get("scores", {}).get(n)], pa.float64()) for n in stage.needed_scores()},
        )
        found = judge_safely(stage, batch)
        changed = set(found.columns) | ({"text"} if found.text is not None and found.text[0].is_valid else set())
        assert changed <= stage.changed_columns()
        assert batch.asked & (REPLACEABLE | {"text"}) <= stage.requires | stage.reads | stage.changed_columns()


@pytest.mark.parametrize("kind", ROW_KINDS)
def test_nothing_in_nothing_out(kind):
    stage = BUILTIN[kind]()
    assert len(stage.judge(batch_of([], stage.needed_scores()))) == 0


@pytest.mark.parametrize("kind", BUILTIN)
def test_travels_to_executors(kind):
    stage = usual(kind)
    assert pickle.loads(pickle.dumps(stage)) == stage


@pytest.mark.parametrize("kind", ROW_KINDS)
def test_a_changed_result_raises_the_revision(kind):
    """Stored results are reused by revision: who changes what a stage says of its cases must raise it.

    Then put the line the test asks for into the case file.
    """
    stage = BUILTIN[kind]()
    found = stage.judge(batch_of([c["given"] for c in cases(kind)]))
    said = {
        "keep": found.keep.tolist(),
        "reason": None if found.reason is None else found.reason.tolist(),
        "scores": {name: [repr(v) for v in values.to_pylist()] for name, values in found.scores.items()},
        "text": None if found.text is None else found.text.to_pylist(),
    }
    if found.columns:
        said["columns"] = {name: values.to_pylist() for name, values in found.columns.items()}
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]
    revisions = [stage.revision, *(k.REVISION for k in stage.kernels)]
    line = f"{digest} at revisions {revisions}"
    file = case_file(kind)
    golden = yaml.safe_load(file.read_text("utf-8")).get("golden")
    assert golden == line, f"if the change is meant, raise `revision` and write in {file.name}:\ngolden: {line}"


def test_stage_on_plain_arrow_and_pandas():
    table = pa.table({"text": ["short", "with the cat " * 30], "extra": [1, 2]})
    judged = BUILTIN["filter.gopher_quality"]()(table)
    assert judged.column("kept").to_pylist() == [False, True]
    assert judged.column("verdict")[0].as_py()["reason"] == "gopher_quality.too_few_words"
    assert judged.column("extra").to_pylist() == [1, 2]
    assert judged.column("scores")[1].as_py()["gopher_quality_n_words"] == 90
    frame = BUILTIN["filter.gopher_quality"]()(table.to_pandas())
    assert frame["kept"].tolist() == [False, True]
