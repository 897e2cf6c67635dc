"""Rows that raise, panic, run out of memory or kill their process: found, rejected, and the others judged as ever."""

from __future__ import annotations

import ctypes
import faulthandler
import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spark_llmdata.batch import Batch
from spark_llmdata.errors import EnvironmentProblem, MissingExtra
from spark_llmdata.isolation import judge_safely
from spark_llmdata.kernels import words
from spark_llmdata.segment import Segment
from spark_llmdata.stage import RowStage
from spark_llmdata.stages.extract.html import ExtractHtml
from spark_llmdata.stages.filter.gopher_quality import GopherQuality
from spark_llmdata.verdict import Judgement
from tests.test_segment import Upper, judged, records

TESTS = os.getpid()


class Lying:
    """Text by its schema, booleans by its buffers: what the native module's Arrow import asserts not to meet."""

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        return pa.array(["a"]).__arrow_c_array__()[0], pa.array([True]).__arrow_c_array__()[1]


def panic() -> None:
    words.split(Lying())  # type: ignore[arg-type]


def fail() -> None:
    raise ValueError("cannot take\nthis one")


def run_out_of_memory() -> None:
    raise MemoryError("unable to allocate 3 GiB")


def die_by(number: int) -> None:
    assert os.getpid() != TESTS, "a row that kills is to be judged in a child"
    faulthandler.disable()  # what it would print is meant to happen
    os.kill(os.getpid(), number)


def leave(status: int) -> None:
    assert os.getpid() != TESTS
    os._exit(status)


def crash() -> None:
    assert os.getpid() != TESTS
    faulthandler.disable()
    ctypes.string_at(0)


POISONS: dict[str, tuple[Callable[[], None], str, str]] = {
    "fail": (fail, "failed", "ValueError: cannot take this one"),
    "sys.exit": (lambda: sys.exit(3), "failed", "SystemExit: 3"),
    "panic": (panic, "failed", "PanicException: "),
    "memory": (run_out_of_memory, "out_of_memory", "MemoryError: unable to allocate 3 GiB"),
    "kill": (
        lambda: die_by(signal.SIGKILL),
        "killed",
        "the process judging it was killed by signal 9 (SIGKILL), twice",
    ),
    "abort": (
        lambda: die_by(signal.SIGABRT),
        "killed",
        "the process judging it was killed by signal 6 (SIGABRT), twice",
    ),
    "crash": (crash, "killed", "the process judging it was killed by signal 11 (SIGSEGV), twice"),
    "exit": (lambda: leave(3), "killed", "the process judging it was ended by itself with exit status 3, twice"),
    "leave": (lambda: leave(0), "killed", "the process judging it was ended by itself with exit status 0, twice"),
}
RAISING = [name for name, (_, reason, _) in POISONS.items() if reason != "killed"]


class Poisoned(RowStage):
    """Takes the poison that a text names; removes what is boring, measures the others."""

    reasons: ClassVar = {"boring": "says boring"}
    scores: ClassVar = {"length": "characters"}

    def judge(self, docs: Batch) -> Judgement:
        texts = docs.text.to_pylist()
        for text in texts:
            if text in POISONS:
                POISONS[text][0]()
        judgement = Judgement.remove_where(np.array([t == "boring" for t in texts]), "boring")
        judgement.scores["length"] = pa.array([t and len(t) for t in texts], pa.float64())
        return judgement


class Does(Poisoned):
    """Does what the test says; keeps everything if that comes back."""

    does: ClassVar[Callable[[Batch], object]]

    def judge(self, docs: Batch) -> Judgement:
        type(self).does(docs)
        return Judgement.keep_all(len(docs))


def doing(what: Callable[[Batch], object], **declared: Any) -> RowStage:
    return type("Does", (Does,), {"does": staticmethod(what), "__module__": __name__} | declared)()


def batch(*texts: str) -> Batch:
    return Batch({"text": pa.array(texts, pa.string())})


def rows_of(stage: RowStage, texts: list[str], isolated: bool) -> list[dict[str, Any]]:
    given = records(*({"text": t} for t in texts))
    return [row for out in Segment((stage,), True).judge(given, "p", isolated=isolated) for row in out.to_pylist()]


@pytest.mark.parametrize(("poison", "isolated"), [*((p, True) for p in POISONS), *((p, False) for p in RAISING)])
def test_a_poison_row_is_found_and_the_others_are_judged(poison, isolated):
    texts = [f"text {i}" for i in range(37)]
    healthy = rows_of(Poisoned(), ["boring" if i == 5 else t for i, t in enumerate(texts)], False)
    texts[5], texts[20], texts[36] = "boring", poison, poison
    rows = rows_of(Poisoned(), texts, isolated)
    _, reason, words = POISONS[poison]
    for i in (20, 36):
        assert (rows[i]["kept"], rows[i]["rejected"]) == (False, True)
        assert rows[i]["verdict"]["reason"] == f"poisoned.{reason}"
        error = json.loads(rows[i]["verdict"]["evidence"])["error"]
        assert error == words or (words.endswith(": ") and error.startswith(words))
        assert rows[i]["text"] == poison
    for i in set(range(37)) - {20, 36}:
        for name in ("kept", "rejected", "verdict", "text", "scores"):
            assert rows[i][name] == healthy[i][name]


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(["fine", "boring", *POISONS]), min_size=1, max_size=12))
def test_any_mixture_is_taken_apart(texts):
    rows = rows_of(Poisoned(), texts, True)
    wanted = {"fine": None, "boring": "poisoned.boring"} | {k: f"poisoned.{v[1]}" for k, v in POISONS.items()}
    assert [r["verdict"] and r["verdict"]["reason"] for r in rows] == [wanted[t] for t in texts]


def test_healthy_rows_are_the_same_from_children():
    """Edits, scores, extraction, and a judgement far larger than a pipe holds."""
    given = records(
        {"text": "the cat and the dog " * 200_000},
        {"html": b"<p>the cat and the dog</p>" * 500},
        {"html": b"<script></script>"},
        {"text": ""},
        {"text": "short é 日本"},
        {"url": "nothing"},
        {"defect": "bad_json", "rejected": True, "evidence": "{}"},
    )
    whole = Segment((ExtractHtml(), Upper(), GopherQuality(min_stop_words=0)), True)
    here, there = (list(whole.judge(given, "p", isolated=isolated)) for isolated in (False, True))
    assert len(here) == len(there) == 1
    assert here[0].equals(there[0], check_metadata=True)


@pytest.mark.parametrize("isolated", [False, True])
def test_a_batch_too_large_for_memory_is_halved(isolated):
    def need_memory(docs: Batch) -> None:
        if docs.alive.sum() > 2:
            raise MemoryError

    assert judge_safely(doing(need_memory), batch(*"abcdefghi"), isolated=isolated).keep.all()


@pytest.mark.parametrize("isolated", [False, True])
@pytest.mark.parametrize(
    "failure",
    [
        ImportError("no module"),
        OSError(28, "disk full"),
        ConnectionError("no model there"),
        EnvironmentProblem("too old"),
        KeyboardInterrupt("stop"),
    ],
    ids=lambda f: type(f).__name__,
)
def test_what_is_not_the_rows_fault_is_raised(failure, isolated):
    """A reject would be stored and reused, and would outlive the cause."""

    def fail(docs: Batch) -> None:
        raise failure

    with pytest.raises(type(failure), match=re.escape(failure.args[-1])):
        judge_safely(doing(fail), batch("a", "b"), isolated=isolated)


@pytest.mark.parametrize("isolated", [False, True])
def test_an_error_of_a_library_that_could_not_read_the_data_is_the_rows(isolated):
    def unpack(docs: Batch) -> None:
        if "bad" in docs.text.to_pylist():
            raise gzip.BadGzipFile("not a gzipped file")

    found = judge_safely(doing(unpack), batch("a", "bad", "c"), isolated=isolated)
    assert found.keep.tolist() == [True, False, True]
    assert found.reason[1] == "failed"
    assert "BadGzipFile: not a gzipped file" in found.evidence[1]


def test_an_error_of_a_more_special_type_keeps_its_name():
    def fail(docs: Batch) -> None:
        raise MissingExtra("no torch") if docs.text[0].as_py() == "a" else FileNotFoundError(2, "gone", "model.bin")

    with pytest.raises(EnvironmentProblem, match="MissingExtra: no torch"):
        judge_safely(doing(fail), batch("a"), isolated=True)
    with pytest.raises(OSError, match="FileNotFoundError: .*model.bin"):
        judge_safely(doing(fail), batch("b"), isolated=True)


def test_an_interrupt_is_no_row_failure():
    def interrupt(docs: Batch) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        judged([doing(interrupt)], {"text": "t"})


def test_a_child_that_dies_once_is_asked_again(tmp_path):
    """The kernel may have killed it for another process's memory."""

    def die_once(docs: Batch) -> None:
        with (tmp_path / "tries").open("a") as tries:
            tries.write("x")
        if (tmp_path / "tries").stat().st_size == 1:
            die_by(signal.SIGKILL)

    assert judge_safely(doing(die_once), batch("alone"), isolated=True).keep.all()
    assert (tmp_path / "tries").read_text() == "xx"


def test_a_library_that_cannot_live_in_a_child_is_no_reject():
    def need_own_process(docs: Batch) -> None:
        if os.getpid() != TESTS:
            raise RuntimeError("cannot initialize the device again")

    assert judge_safely(doing(need_own_process), batch("a", "b", "c"), isolated=True).keep.all()


@pytest.mark.parametrize(("forkable", "fork", "here"), [(True, True, False), (False, True, True), (True, False, True)])
def test_who_judges(forkable, fork, here, tmp_path, monkeypatch):
    """A child, unless the stage says no or the platform has no fork."""
    if not fork:
        monkeypatch.delattr(os, "fork")

    def note(docs: Batch) -> None:
        with (tmp_path / "judged").open("a") as judged:
            judged.write(f"{len(docs)} by {os.getpid()}")

    judge_safely(doing(note, forkable=forkable), batch("a", "b"), isolated=True)
    assert ((tmp_path / "judged").read_text() == f"2 by {TESTS}") is here


def test_a_judgement_that_does_not_travel_is_the_stages_defect():
    class Odd(Poisoned):
        def judge(self, docs: Batch) -> Judgement:
            return Judgement.keep_all(len(docs), evidence=np.array([lambda: None] * len(docs), dtype=object))

    assert judge_safely(Odd(), batch("a")).keep.all()
    with pytest.raises(EnvironmentProblem, match=r"odd gave a judgement that cannot be sent.*forkable = False"):
        judge_safely(Odd(), batch("a", "b"), isolated=True)


def test_a_judgement_too_large_to_be_sent_is_halved():
    class Huge:
        def __reduce__(self) -> str:
            raise MemoryError

    class Large(Poisoned):
        def judge(self, docs: Batch) -> Judgement:
            evidence = [Huge()] if len(docs) > 1 else ["small"]
            return Judgement.keep_all(len(docs), evidence=np.array(evidence * len(docs), dtype=object))

    assert judge_safely(Large(), batch("a", "b", "c"), isolated=True).evidence.tolist() == ["small"] * 3


def test_a_child_that_is_told_to_stop_says_nothing_of_its_rows():
    with pytest.raises(EnvironmentProblem, match="ended by SIGTERM"):
        judge_safely(doing(lambda docs: die_by(signal.SIGTERM)), batch("a", "b"), isolated=True)


def test_a_child_does_not_run_the_parents_signal_handlers(tmp_path):
    before = signal.signal(signal.SIGUSR1, lambda *_: (tmp_path / "ran").touch())
    try:
        found = judge_safely(doing(lambda docs: die_by(signal.SIGUSR1)), batch("a"), isolated=True)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert "SIGUSR1" in found.evidence[0]
    assert not (tmp_path / "ran").exists()


def test_nothing_is_left_behind():
    """No zombie, no open pipe: a batch may take thousands of children."""
    before, others = open_pipes(), children()  # others: the JVM of the suite's session
    rows_of(Poisoned(), ["fine", "kill", "fail", "exit", "memory"], True)

    def fail(docs: Batch) -> None:
        raise OSError(28, "disk full")

    with pytest.raises(OSError, match="disk full"):
        judge_safely(doing(fail), batch("a"), isolated=True)
    assert children() <= others
    assert open_pipes() <= before


def children() -> set[int]:
    """Processes of which this one is the parent, ended ones that nobody waited for among them."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has gone meanwhile
            if int(status.read_text().rsplit(")", 1)[1].split()[1]) == os.getpid():  # its parent
                found.add(int(status.parent.name))
    return found


def open_pipes() -> set[str]:
    """By the kernel's names: numbers are given again, and the collector may close earlier tests' files at any time."""
    found = set()
    for file in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # closed meanwhile, the listing's own for one
            found.add(str(file.readlink()))
    return {name for name in found if name.startswith("pipe:")}


SCRIPT = """
import os, sys, time
from pathlib import Path
import pyarrow as pa
from spark_llmdata.batch import Batch
from spark_llmdata.isolation import judge_safely
from spark_llmdata.stage import RowStage
from spark_llmdata.verdict import Judgement

class Speaks(RowStage):
    def judge(self, docs):
        print("judging")
        if len(sys.argv) > 1:
            Path(sys.argv[1]).write_text(str(os.getpid()))
            time.sleep(60)
        return Judgement.keep_all(len(docs))

print("before")
assert judge_safely(Speaks(), Batch({"text": pa.array(["a"])}), isolated=True).keep.all()
print("after")
"""


def test_what_is_printed_is_printed_once():
    buffered = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    command = [sys.executable, "-c", SCRIPT]
    ran = subprocess.run(command, env=buffered, capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.splitlines() == ["before", "judging", "after"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent has died")
def test_a_child_does_not_outlive_its_worker(tmp_path):
    """Spark ends workers by SIGKILL; a child that hangs would stay forever, with the worker's sockets."""
    note = tmp_path / "pid"
    with subprocess.Popen([sys.executable, "-c", SCRIPT, str(note)], stdout=subprocess.DEVNULL) as parent:
        wait_for(lambda: note.exists() and note.read_text() != "")
        parent.kill()
    wait_for(lambda: not is_running(int(note.read_text())))


def wait_for(true: Callable[[], bool]) -> None:
    for _ in range(300):
        if true():
            return
        time.sleep(0.1)
    pytest.fail("waited 30 s in vain")


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"
