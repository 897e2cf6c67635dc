"""A row that kills its worker, in a real run: the run ends well, that row is rejected, the others are as ever."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark import TaskContext

from spark_llmdata.batch import Batch
from spark_llmdata.recipe import Read
from spark_llmdata.runner.tasks import JudgeRows, ReadRows, ReadSplits, is_retried
from spark_llmdata.segment import Segment
from spark_llmdata.sources import parquet
from spark_llmdata.stage import RowStage
from spark_llmdata.verdict import Judgement
from tests.runner.corpora import documents, good_text, write_jsonl
from tests.sources.reading import splits_of
from tests.test_segment import records

ROOT = Path(__file__).resolve().parents[2]
TESTS = os.getpid()

RULES = '''
import os
import signal
from ctypes import PyDLL

import pyarrow as pa
from spark_llmdata import Judgement, RowStage, watch
from spark_llmdata.kernels import words


class Lying:
    def __arrow_c_array__(self, requested_schema=None):
        return pa.array(["a"]).__arrow_c_array__()[0], pa.array([True]).__arrow_c_array__()[1]


class Fragile(RowStage):
    """Is killed by one text, panics at another, finds no memory for a third, is never done with others."""

    log: str

    def judge(self, docs):
        for text in docs.text.to_pylist():
            if text and text.startswith("deadly"):
                with open(self.log, "a") as log:
                    print(os.getpid(), os.getppid(), file=log)
                os.kill(os.getpid(), signal.SIGKILL)
            elif text and text.startswith("panic"):
                words.split(Lying())
            elif text and text.startswith("too large"):
                raise MemoryError("unable to allocate")
        for i, text in enumerate(docs.text.to_pylist()):
            with watch.row(i, 1.0, 0.5):
                while text and text.startswith("endless"):
                    pass
                if text and text.startswith("asleep"):
                    PyDLL(None).sleep(600)  # as a library that waits in C, and lets nobody else in
        return Judgement.keep_all(len(docs))
'''

RECIPE = """
name: fragile
stages:
  - rules.Fragile: {log: LOG}
"""

SCRIPT = """
import json, sys
import spark_llmdata as sl
from spark_llmdata.session import BRIEF_SETTINGS, local_session
from tests.spark_settings import CHEAP

small = CHEAP | BRIEF_SETTINGS | {"spark.driver.memory": "1g"}
spark = local_session(settings=small)
told = {}
for name in ("poisoned", "endless", "asleep", "healthy"):
    run = sl.run("r.yaml", input=f"{name}.jsonl", store=name, spark=spark)
    columns = ("id", "outcome", "stage", "reason", "evidence", "words", "survivor")
    fates = [row.asDict() for row in run.fates.select(*columns).collect()]
    told[name] = run.as_json() | {"fates": fates}
    if name == "poisoned":
        told["deaths"] = [line.split() for line in open("log")]
        # In a session of the user's own, which tries a task once.
        spark.stop()
        spark = local_session("local[2]", small)
        once = sl.run("r.yaml", input="poisoned.jsonl", store="once", spark=spark)
        told["once"] = once.as_json() | {"fates": [row.asDict() for row in once.fates.select(*columns).collect()]}
        spark.stop()
        spark = local_session(settings=small)
json.dump(told, open("told.json", "w"))
"""

POISON = {"deadly": "fragile.killed", "panic": "fragile.failed", "too large": "fragile.out_of_memory"}


class Deadly(RowStage):
    """Ends the process that judges one text."""

    def judge(self, docs: Batch) -> Judgement:
        if "deadly" in docs.text.to_pylist():
            assert os.getpid() != TESTS, "a retried task judges in children"
            os._exit(1)
        return Judgement.keep_all(len(docs))


def become_attempt(monkeypatch, number: int) -> None:
    """Let tasks believe that this is a task's attempt of that number."""
    context = type("Attempt", (), {"attemptNumber": lambda self: number})()
    monkeypatch.setattr(TaskContext, "get", classmethod(lambda cls: context))


def test_outside_of_a_task_nothing_is_retried():
    assert not is_retried()


@pytest.mark.parametrize(("attempt", "retried"), [(0, False), (1, True), (3, True)])
def test_a_second_attempt_is_a_retry(attempt, retried, monkeypatch):
    become_attempt(monkeypatch, attempt)
    assert is_retried() is retried


@pytest.mark.parametrize(("attempt", "once"), [(1, False), (0, True)])
@pytest.mark.parametrize("task", ["ReadSplits", "ReadRows", "JudgeRows"])
def test_every_kind_of_task_judges_in_children_when_retried_or_tried_once(task, attempt, once, tmp_path, monkeypatch):
    become_attempt(monkeypatch, attempt)
    rows = records({"text": "a"}, {"text": "deadly"}, {"text": "b"})
    first = Segment((Deadly(),), True)
    if task == "ReadSplits":
        splits = splits_of(tmp_path / "a.jsonl", b'{"text": "a"}\n{"text": "deadly"}\n{"text": "b"}\n')
        batches = ReadSplits([splits], first, "p", Read(), once)([pa.record_batch({"id": [0]})])
    elif task == "ReadRows":
        monkeypatch.setattr(parquet, "read_rows", lambda batches, known: batches)
        batches = ReadRows({}, first, "p", once)([rows])
    else:
        batches = JudgeRows(Segment((Deadly(),), False), once)(Segment((), True).judge(rows, "p"))
    judged = [row for batch in batches for row in batch.to_pylist() if row["split"] is None]
    assert [r["verdict"] and r["verdict"]["reason"] for r in judged] == [None, "deadly.killed", None]


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What a run with poison in it told, and one without; in a process of its own, with the session users get."""
    folder = tmp_path_factory.mktemp("poison")
    rows = documents(400)
    (folder / "rules.py").write_text(RULES)
    (folder / "r.yaml").write_text(RECIPE.replace("LOG", str(folder / "log")))
    write_jsonl(folder / "healthy.jsonl", rows)
    for word in ("endless", "asleep"):
        write_jsonl(folder / f"{word}.jsonl", [*rows[:9], {"id": word, "text": word}, *rows[9:]])
    for i, text in enumerate(POISON):
        rows.insert(100 * (i + 1), {"id": text, "text": f"{text} {good_text(5_000 + i)}"})
    write_jsonl(folder / "poisoned.jsonl", rows)
    command = [sys.executable, "-c", SCRIPT]
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    options = {"cwd": folder, "env": os.environ | {"PYTHONPATH": path}, "capture_output": True, "text": True}
    ran = subprocess.run(command, timeout=300, check=False, **options)
    assert ran.returncode == 0, ran.stderr
    return json.loads((folder / "told.json").read_text())


@pytest.mark.spark
def test_exactly_the_poison_is_rejected(told):
    rejected = {f["id"]: f["reason"] for f in told["poisoned"]["fates"] if f["outcome"] == "rejected"}
    assert rejected == POISON
    evidence = {f["id"]: json.loads(f["evidence"])["error"] for f in told["poisoned"]["fates"] if f["id"] in POISON}
    assert evidence["deadly"] == "the process judging it was killed by signal 9 (SIGKILL), twice"
    assert evidence["panic"].startswith("PanicException: ")
    assert evidence["too large"] == "MemoryError: unable to allocate"


@pytest.mark.spark
def test_a_session_that_tries_a_task_once_finds_it_too(told):
    def key(fate):
        return fate["id"]

    assert sorted(told["once"]["fates"], key=key) == sorted(told["poisoned"]["fates"], key=key)


@pytest.mark.spark
def test_the_others_are_as_without_poison(told):
    rest = [f for f in told["poisoned"]["fates"] if f["id"] not in POISON]
    assert sorted(rest, key=lambda f: f["id"]) == sorted(told["healthy"]["fates"], key=lambda f: f["id"])
    assert told["poisoned"]["corpus"]["content_hash"] == told["healthy"]["corpus"]["content_hash"]
    assert told["healthy"]["counts"]["rejected"] == 0


@pytest.mark.spark
@pytest.mark.parametrize(("word", "why"), [("endless", "took more CPU seconds"), ("asleep", "used no CPU time")])
def test_a_row_that_never_ends_costs_its_first_task_and_then_itself(told, word, why):
    [rejected] = [f for f in told[word]["fates"] if f["outcome"] == "rejected"]
    assert (rejected["id"], rejected["reason"]) == (word, "fragile.timed_out")
    assert why in rejected["evidence"]
    assert told[word]["reproducible"] is False
    assert told[word]["corpus"]["content_hash"] == told["healthy"]["corpus"]["content_hash"]


@pytest.mark.spark
def test_one_worker_died_and_then_children_of_one(told):
    """The first death is that of a worker of Spark's daemon; behind it only children of a retried worker die."""
    worker, *children = deaths = told["deaths"]
    assert len(children) >= 3, "the batch, then its halves, then the row alone, twice"
    parents = {parent for _, parent in children}
    assert len(parents) == 1
    assert parents.isdisjoint(worker)
    assert len({pid for pid, _ in deaths}) == len(deaths)


@pytest.mark.spark
def test_a_run_that_depends_on_the_machine_says_so(told):
    assert told["poisoned"]["reproducible"] is False
    assert told["healthy"]["reproducible"] is True
