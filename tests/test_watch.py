"""Rows that never end: in a child they are found and rejected, in a task they end the attempt, elsewhere nothing."""

from __future__ import annotations

import json
import os
import signal
import time
from ctypes import PyDLL
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from spark_llmdata import watch
from spark_llmdata.batch import Batch
from spark_llmdata.extraction.resiliparse import Resiliparse
from spark_llmdata.isolation import judge_safely
from spark_llmdata.runner.counting import count_segment
from spark_llmdata.stage import RowStage
from spark_llmdata.stages.extract.html import ExtractHtml
from spark_llmdata.verdict import MACHINE_REASONS, Judgement
from tests.contract.cases import batch_of
from tests.test_isolation import crash, die_by


class Loops(RowStage):
    """Goes round in circles at one text, dies at another, sleeps at others; writes down how many rows it was given."""

    log: str
    timeout_s: float | None = 0.3
    stalled_s: float | None = 0.5

    def judge(self, docs: Batch) -> Judgement:
        with open(self.log, "a") as log:  # noqa: PTH123
            print(len(docs), file=log)
        for i, text in enumerate(docs.text.to_pylist()):
            with watch.row(i, self.timeout_s, self.stalled_s):
                while text == "loop":
                    pass
                if text == "sleep":
                    PyDLL(None).sleep(600)  # keeps the interpreter's lock, as a library may that waits in C
                if text == "nap":
                    time.sleep(1)
                begun = time.process_time()
                while text == "busy" and time.process_time() < begun + 1:
                    pass
                if text == "die":
                    die_by(signal.SIGKILL)
        return Judgement.keep_all(len(docs))


def batch(*texts: str) -> Batch:
    return Batch({"text": pa.array(texts, pa.string())})


def test_rows_that_loop_are_rejected_and_the_others_judged(tmp_path):
    texts = [f"text {i}" for i in range(40)]
    texts[7], texts[8], texts[39] = "loop", "die", "loop"
    found = judge_safely(Loops(log=str(tmp_path / "log")), batch(*texts), isolated=True)
    assert {i: found.reason[i] for i in (7, 8, 39)} == {7: "timed_out", 8: "killed", 39: "timed_out"}
    assert found.rejected.sum() == (~found.keep).sum() == 3
    assert json.loads(found.evidence[7]) == {"error": "judging it took more CPU seconds than `timeout_s` allows"}


def test_the_row_is_known_and_not_searched_for(tmp_path):
    judge_safely(Loops(log=str(tmp_path / "log")), batch(*["fine"] * 20, "loop", *["fine"] * 11), isolated=True)
    assert (tmp_path / "log").read_text().split() == ["32", "20", "1", "11"]


def test_rows_that_stand_still_are_rejected_and_the_others_judged(tmp_path):
    stage = Loops(log=str(tmp_path / "log"))
    found = judge_safely(stage, batch("a", "sleep", "b", "loop", "sleep", "c"), isolated=True)
    assert found.reason.tolist() == [None, "timed_out", None, "timed_out", "timed_out", None]
    evidence = {"error": "judging it used no CPU time for 0.5 seconds, more than `stalled_s` allows"}
    assert json.loads(found.evidence[1]) == evidence
    assert (tmp_path / "log").read_text().split() == ["6", "1", "1", "4", "1", "1", "2", "1", "1"]


def test_a_row_that_stands_still_for_as_long_as_allowed_is_judged(tmp_path):
    naps = batch("nap", "nap", "a")
    assert judge_safely(Loops(log=str(tmp_path / "log"), stalled_s=5), naps, isolated=True).keep.all()
    unlimited = Loops(log=str(tmp_path / "log"), stalled_s=None)
    assert judge_safely(unlimited, naps, isolated=True).keep.all()
    without_any = Loops(log=str(tmp_path / "log"), timeout_s=None, stalled_s=None)
    assert judge_safely(without_any, naps, isolated=True).keep.all()


def test_a_row_that_may_be_busy_for_ever_may_not_stand_still(tmp_path):
    stage = Loops(log=str(tmp_path / "log"), timeout_s=None)
    found = judge_safely(stage, batch("a", "sleep", "nap", "busy", "b"), isolated=True)
    assert found.reason.tolist() == [None, "timed_out", "timed_out", None, None]


def test_a_first_attempt_ends_at_a_row_without_a_bound_of_cpu_time(tmp_path, monkeypatch):
    monkeypatch.setattr(watch, "UNLIMITED_S", 0.5)
    child = os.fork()
    if child == 0:
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            with watch.ending():
                Loops(log=str(tmp_path / "log"), timeout_s=None).judge(batch("a", "sleep"))
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGALRM


def test_what_is_not_watched_may_wait(tmp_path):
    """Before its rows, and at every row again: a stage may wait for a machine that fetches something."""

    class Waits(RowStage):
        def judge(self, docs: Batch) -> Judgement:
            time.sleep(1)
            for i in range(len(docs)):
                with watch.row(i, 5, 0.8):
                    time.sleep(0.5)
            return Judgement.keep_all(len(docs))

    assert judge_safely(Waits(), batch("a", "b", "c"), isolated=True).keep.all()


@pytest.mark.parametrize(("text", "by"), [("sleep", signal.SIGALRM), ("loop", signal.SIGPROF)])
def test_in_the_first_attempt_of_a_task_the_process_ends(text, by, tmp_path):
    child = os.fork()
    if child == 0:
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)  # the test runner has a handler of its own
            with watch.ending():
                stage = Loops(log=str(tmp_path / "log"), stalled_s=0.5 if text == "sleep" else 100)
                stage.judge(batch("a", text))
        finally:
            os._exit(0)
    began = time.monotonic()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -by
    assert time.monotonic() - began < 60


def test_time_of_one_row_is_not_time_of_the_next():
    """Rows that take a while each are not taken for one that takes long."""

    class Slow(RowStage):
        def judge(self, docs: Batch) -> Judgement:
            for i in range(len(docs)):
                with watch.row(i, 0.3):
                    began = time.process_time()
                    while time.process_time() - began < 0.1:
                        pass
            return Judgement.keep_all(len(docs))

    assert judge_safely(Slow(), batch(*"abcdef"), isolated=True).keep.all()


def test_outside_of_tasks_and_children_nothing_ends():
    """A notebook judges in its own process."""
    with watch.row(0, 0.01):
        began = time.process_time()
        while time.process_time() - began < 0.1:
            pass
    with watch.ending(), watch.row(0, None):
        assert signal.getitimer(signal.ITIMER_PROF) == (0, 0)
    with watch.ending(), watch.row(0, 50):
        assert 49 < signal.getitimer(signal.ITIMER_PROF)[0] < 51
    assert signal.getitimer(signal.ITIMER_PROF) == (0, 0)
    with watch.ending(), watch.row(0, 50, 10):
        assert 59 < signal.getitimer(signal.ITIMER_REAL)[0] < 61
    with watch.ending(watch.new_note()), watch.row(0, 50, 10):
        assert signal.getitimer(signal.ITIMER_REAL) == (0, 0), "a child is looked after by its parent"
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_a_run_that_stopped_a_page_by_the_clock_is_not_reproducible():
    assert "timed_out" in MACHINE_REASONS

    class Row(SimpleNamespace):
        def __getitem__(self, name: str) -> int:
            return {"count": 2}[name]

    row = Row(kept=False, rejected=True, stage="s", defect="timed_out", of_source=None, unsampled=False)
    _, counts = count_segment([row], ["s"], (), 0, {})
    assert counts[0].by_machine == 2


#: Ten seconds of a real parser, each within the budgets that are lifted here.
HOSTILE = {"deep": "<div>" * 60_000 + "x", "attributes": f"<p {' '.join(f'a{i}=1' for i in range(200_000))}>x"}


@pytest.mark.parametrize("page", HOSTILE.values(), ids=HOSTILE)
def test_a_page_that_keeps_a_real_parser_busy_costs_one_reject(page):
    """The budgets are lifted, so that the parser sees it."""
    stage = ExtractHtml(timeout_s=0.5, max_depth=1 << 30, max_attributes=1 << 30)
    found = judge_safely(stage, batch_of([{"html": "<p>one"}, {"html": page}, {"html": "<p>two"}]), isolated=True)
    assert found.reason.tolist() == [None, "timed_out", None]
    assert found.text.to_pylist() == ["one", None, "two"]


def test_an_engine_that_crashes_costs_one_reject(monkeypatch):
    def load(self: Resiliparse, needed_by: str) -> Any:
        def extract(page: str) -> str:
            if "crash" in page:
                crash()
            return page

        return extract

    monkeypatch.setattr(Resiliparse, "load", load)
    pages = [{"html": word} for word in ("a", "crash", "b", "crash")]
    found = judge_safely(ExtractHtml(), batch_of(pages), isolated=True)
    assert found.reason.tolist() == [None, "killed", None, "killed"]
    assert "SIGSEGV" in found.evidence[1]
