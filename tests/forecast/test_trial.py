"""A pass tried on a sample: what it keeps, and that no document and no stage can end the process that tries."""

from __future__ import annotations

import os
import signal

import pyarrow as pa
import pytest

from spark_llmdata.batch import Batch
from spark_llmdata.errors import EnvironmentProblem
from spark_llmdata.forecast.samples import look
from spark_llmdata.forecast.trial import try_pass
from spark_llmdata.recipe import Read
from spark_llmdata.segment import Segment
from spark_llmdata.sources.inputs import find_files
from spark_llmdata.stage import RowStage
from spark_llmdata.stages.filter.gopher_quality import GopherQuality
from spark_llmdata.verdict import Judgement
from tests.runner.corpora import documents, good_text, write_jsonl


@pytest.fixture
def rows(tmp_path) -> list[pa.RecordBatch]:
    write_jsonl(tmp_path / "a.jsonl", documents(140))
    return list(look(find_files([str(tmp_path)]).files, Read()).batches)


class Deadly(RowStage):
    """Kills the process that judges a document which is too short."""

    edits = frozenset()
    reasons = {"none": "never"}

    def judge(self, docs: Batch) -> Judgement:
        if any(text == "too short" for text in docs.text.to_pylist()):
            os.kill(os.getpid(), signal.SIGKILL)
        return Judgement.keep_all(len(docs))


class Lacking(RowStage):
    """Wants what this machine has not."""

    edits = frozenset()
    reasons = {"none": "never"}

    def judge(self, docs: Batch) -> Judgement:
        raise EnvironmentProblem("no such model here; fetch it")


def test_what_a_pass_keeps_and_gives(rows):
    trial, kept = try_pass(Segment((GopherQuality(),), True), rows)
    assert (trial.rows, trial.kept, trial.removed) == (140, 120, {"filter.gopher_quality": 20})
    assert sum(b.num_rows for b in kept) == 120
    assert trial.text_bytes == pytest.approx(len(good_text(0)), rel=0.05)
    assert trial.arrow_bytes > trial.text_bytes / 2
    assert 0 < trial.cpu_s < 0.1


def test_only_as_many_documents_as_there_is_time_for(rows):
    trial, _ = try_pass(Segment((GopherQuality(),), True), rows, trial_s=1e-9)
    assert trial.rows == 1
    assert try_pass(Segment((GopherQuality(),), True), rows, trial_s=None)[0].rows == 140


def test_documents_that_kill_are_rejected_here_as_in_a_run(rows):
    trial, kept = try_pass(Segment((Deadly(id="filter.deadly"),), True), rows)
    assert (trial.rows, trial.kept, trial.removed) == (140, 120, {"filter.deadly": 20})
    assert trial.grown_bytes is None
    assert sum(b.num_rows for b in kept) == 120


def test_what_would_stop_a_run_stops_this(rows):
    with pytest.raises(EnvironmentProblem, match="no such model here"):
        try_pass(Segment((Lacking(id="filter.lacking"),), True), rows)


def test_nothing_to_try():
    trial, kept = try_pass(Segment((GopherQuality(),), False), [])
    assert (trial.rows, trial.kept, kept) == (0, 0, [])
