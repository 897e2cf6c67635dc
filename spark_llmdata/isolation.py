"""Rows that make a stage fail: narrowed down one by one, in a child process where such a row has killed a worker."""

from __future__ import annotations

import ctypes
import json
import os
import pickle
import select
import signal
import sys
from contextlib import suppress
from itertools import pairwise
from mmap import mmap
from pathlib import Path
from typing import IO, NoReturn

import numpy as np
import numpy.typing as npt

from spark_llmdata import watch
from spark_llmdata.batch import Batch
from spark_llmdata.errors import EnvironmentProblem, UsageError
from spark_llmdata.languages.judging import judge_by_language
from spark_llmdata.stage import RowStage
from spark_llmdata.verdict import Judgement, concat

#: Not the row's fault: raised, and the task fails.
_ENVIRONMENT = (EnvironmentProblem, UsageError, ImportError, ConnectionError, TimeoutError)
#: What a child's exception is raised as in here; others become `ChildFailed`.
_RAISED_AS = (MemoryError, *_ENVIRONMENT, KeyboardInterrupt)
#: Signals by which somebody ends a process on purpose: no word about a row.
_STOPPING = (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM))
_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of Linux
_LOOK_MS = 200  # after which a child is looked after
_PIECE = 1 << 20


class ChildFailed(Exception):
    """An exception that a stage raised in a child process, as its type and message."""


class ChildDied(Exception):
    """A child process ended without a judgement; the message says how, as in "killed by signal 11 (SIGSEGV)".

    `row` is the one it was judging, if the stage watches its rows.
    """

    def __init__(self, how: str, row: int | None = None) -> None:
        super().__init__(how)
        self.row = row


class ChildTimedOut(ChildDied):
    """A child was ended because a row took more CPU time than its stage allows, or stood still for too long."""


def judge_safely(stage: RowStage, docs: Batch, *, isolated: bool = False) -> Judgement:
    """Let the stage judge; a row that makes it fail is narrowed down and rejected, the others are judged.

    A batch that needs too much memory is halved in the same way. With `isolated` the stage judges in forked children,
    so that a row which kills its process, or is stopped for its time, is found too; where processes cannot fork, or the
    stage's library cannot live in a child (`forkable`), it makes no difference. Rejects have the reasons `failed`,
    `out_of_memory`, `killed`, `timed_out`.

    Raises:
        EnvironmentProblem, UsageError, ImportError, OSError: a missing package, a file that is no model, a full disk:
            not the row's fault. A reject would be stored, and would outlive the cause.
    """
    isolated = isolated and stage.forkable and hasattr(os, "fork")
    try:
        return _judge_in_child(stage, docs) if isolated else _judge(stage, docs)
    except BaseException as failure:
        if not _is_row_failure(failure):
            raise
        alive = np.flatnonzero(docs.alive)
        if len(alive) <= 1:
            if isolated and not isinstance(failure, (ChildDied, MemoryError)):
                # It killed nothing, so it can be judged here; what only a child cannot do is no fault of the row.
                return judge_safely(stage, docs)
            return _reject(docs, failure)
        parts = _part(docs, alive, failure)
    return concat([judge_safely(stage, part, isolated=isolated) for part in parts])


def _part(docs: Batch, alive: npt.NDArray[np.int64], failure: BaseException) -> list[Batch]:
    """Halves of a batch; where the row that failed is known, what is before it, the row alone, what is behind it."""
    row = failure.row if isinstance(failure, ChildDied) else None
    cuts = [int(alive[len(alive) // 2])] if row is None else [row, row + 1]
    ends = [0, *cuts, len(docs)]
    return [docs.slice(begin, end) for begin, end in pairwise(ends) if begin < end]


def _judge(stage: RowStage, docs: Batch) -> Judgement:
    return judge_by_language(stage, docs, lambda variant, part: variant.judge(part))


def _is_row_failure(failure: BaseException) -> bool:
    """Whether a row may be to blame: not for an interruption, a missing package, a lost connection, a full disk.

    A native panic and `sys.exit` are no ordinary exceptions, but the row's doing. An OSError without a number comes
    from a library that could not make sense of the data (`gzip.BadGzipFile`); one with a number from the system.
    """
    if isinstance(failure, OSError) and failure.errno is not None:
        return False
    return not isinstance(failure, (*_ENVIRONMENT, KeyboardInterrupt, GeneratorExit))


def _reject(docs: Batch, failure: BaseException) -> Judgement:
    if isinstance(failure, ChildTimedOut):
        reason, words = "timed_out", str(failure)
    elif isinstance(failure, ChildDied):
        reason, words = "killed", f"the process judging it was {failure}, twice"
    elif isinstance(failure, MemoryError):
        reason, words = "out_of_memory", describe(failure)
    else:
        reason, words = "failed", describe(failure)
    evidence = json.dumps({"error": words[:160]}, ensure_ascii=False)
    return Judgement.remove_where(
        np.ones(len(docs), dtype=bool),
        reason,
        rejected=docs.alive.copy(),
        evidence=np.full(len(docs), evidence, dtype=object),
    )


def describe(failure: BaseException) -> str:
    """An exception as one line: its type and message."""
    words = " ".join(str(failure).split()) or "no message"
    return words if isinstance(failure, ChildFailed) else f"{type(failure).__name__}: {words}"


def _judge_in_child(stage: RowStage, docs: Batch) -> Judgement:
    """Let a forked child judge; a row alone has two tries, since the machine may have killed the first at random."""
    try:
        return _ask_child(stage, docs)
    except ChildDied as death:
        if docs.alive.sum() > 1 or isinstance(death, ChildTimedOut):
            raise
    return _ask_child(stage, docs)


def _ask_child(stage: RowStage, docs: Batch) -> Judgement:
    """Fork, let the child judge, take its judgement or raise what it raised."""
    _flush()  # what is still in these buffers would be printed by the child as well
    receive, send = os.pipe()
    note = watch.new_note()
    try:
        child = os.fork()
    except OSError:
        os.close(receive)
        os.close(send)
        raise
    if child == 0:
        os.close(receive)
        _answer(stage, docs, send, note)
    os.close(send)
    try:
        with os.fdopen(receive, "rb") as pipe:
            answer = _listen(pipe, watch.Standstill(child, note))
        if answer is None:
            os.kill(child, signal.SIGKILL)
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    told = watch.read_note(note)
    if answer is None:
        words = f"judging it used no CPU time for {told.stalled_s:g} seconds, more than `stalled_s` allows"
        raise ChildTimedOut(words, told.row)
    if status != 0 or not answer:
        raise _death(status, told.row)
    found = pickle.loads(answer)
    if isinstance(found, Judgement):
        return found
    kind, facts = found
    raise kind(*facts)


def _listen(pipe: IO[bytes], standstill: watch.Standstill) -> bytes | None:
    """What a child writes to its end; None if it stands still before."""
    ready = select.poll()
    ready.register(pipe)
    pieces: list[bytes] = []
    while not standstill.is_over():
        if ready.poll(_LOOK_MS):
            pieces.append(os.read(pipe.fileno(), _PIECE))
            if not pieces[-1]:
                return b"".join(pieces)
    return None


def _death(status: int, row: int | None) -> ChildDied | EnvironmentProblem:
    if status >= 0:
        return ChildDied(f"ended by itself with exit status {status}", row)
    if -status == watch.SIGNAL:
        return ChildTimedOut("judging it took more CPU seconds than `timeout_s` allows", row)
    name = signal.Signals(-status).name if -status in set(signal.Signals) else "unnamed"
    if -status in _STOPPING:
        return EnvironmentProblem(
            f"the process judging a batch was ended by {name}; somebody is stopping this run. Start it again"
        )
    return ChildDied(f"killed by signal {-status} ({name})", row)


def _answer(stage: RowStage, docs: Batch, send: int, note: mmap) -> NoReturn:
    """What the child does. It never returns: behind it is the parent's own work, Spark's worker with its sockets."""
    status = 1
    try:
        _become_a_child()
        with watch.ending(note):
            answer = _judge_to_bytes(stage, docs)
        with os.fdopen(send, "wb") as pipe:
            pipe.write(answer)
        _flush()
        status = 0
    finally:
        os._exit(status)


def _become_a_child() -> None:
    """Forget the parent's signal handlers, die with it, and be the one the kernel kills when memory runs out."""
    for number in signal.valid_signals():
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)
        with suppress(OSError):  # a container may forbid it; the kernel then chooses by size alone
            Path("/proc/self/oom_score_adj").write_text("1000", "ascii")


def _judge_to_bytes(stage: RowStage, docs: Batch) -> bytes:
    """The pickled judgement, or of an exception the type it is raised as and its message."""
    try:
        judgement = _judge(stage, docs)
    except BaseException as failure:  # noqa: BLE001 - the parent raises it
        return _raised(failure)
    try:
        return pickle.dumps(judgement, protocol=5)
    except MemoryError as failure:
        return _raised(failure)
    except Exception as failure:  # noqa: BLE001 - pickling runs the code of whatever the stage put in
        words = f"{stage.name} gave a judgement that cannot be sent between processes ({describe(failure)}); "
        return _raised(EnvironmentProblem(f"{words}use numpy and Arrow arrays, or declare `forkable = False`"))


def _raised(failure: BaseException) -> bytes:
    if isinstance(failure, OSError) and failure.errno is not None:
        return pickle.dumps((OSError, (failure.errno, describe(failure))))
    kind = next((k for k in _RAISED_AS if isinstance(failure, k)), ChildFailed)
    return pickle.dumps((kind, (str(failure) if type(failure) is kind else describe(failure),)))


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
