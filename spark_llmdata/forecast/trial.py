"""A pass tried on a sample: what it keeps, what it gives, what it costs a process like Spark's Python workers."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from spark_llmdata import watch
from spark_llmdata.forecast.samples import count_content
from spark_llmdata.segment import BATCH_ROWS, Segment, slices

#: So many seconds a pass may judge: of a slow one (extraction in Python) fewer documents are tried.
TRIAL_S = 5.0
#: Documents that are judged first, so that models are loaded and it is known how long the others take.
_WARM, _TIMED = 20, 60


@dataclass(frozen=True)
class Trial:
    """One pass over a sample: rows in and out, and for one row that comes in CPU seconds and bytes.

    `text_bytes` are of the text of a row that stays, `arrow_bytes` what the pass gives for a row that comes in,
    `grown_bytes` by how much the process grew beyond what it was, where the system tells.
    """

    rows: int
    kept: int
    removed: dict[str, int]
    cpu_s: float
    text_bytes: float
    arrow_bytes: float
    grown_bytes: int | None
    content_bytes: float = 0.0  # of text and HTML of a row that comes in

    def weigh(self, weight: float) -> Trial:
        """The same for rows that are larger by that factor."""
        return replace(
            self,
            cpu_s=self.cpu_s * weight,
            text_bytes=self.text_bytes * weight,
            arrow_bytes=self.arrow_bytes * weight,
        )


def try_pass(
    segment: Segment, batches: Sequence[pa.RecordBatch], trial_s: float | None = TRIAL_S
) -> tuple[Trial, list[pa.RecordBatch]]:
    """Judge a sample in a child process, as much of it as takes no longer than `trial_s`; gives the kept rows too.

    A document that ends its process, or keeps it busy for too long, is found and rejected as in a run.

    Raises:
        LlmdataError: what a run would be stopped by (a missing package, a model that is none).
    """
    if hasattr(os, "fork") and all(stage.forkable for stage in segment.stages):
        told = _ask_child(segment, batches, trial_s)
        if isinstance(told, Exception):
            raise told
        if told is not None:
            return told
    return _try(segment, batches, trial_s, isolated=True)


def _ask_child(
    segment: Segment, batches: Sequence[pa.RecordBatch], trial_s: float | None
) -> tuple[Trial, list[pa.RecordBatch]] | Exception | None:
    """What a child finds out; None where it ended without a word."""
    fork = multiprocessing.get_context("fork")
    ours, its = fork.Pipe(duplex=False)
    child = fork.Process(target=_tell, args=(its, segment, batches, trial_s), daemon=True)
    child.start()
    its.close()
    try:
        found: tuple[Trial, list[pa.RecordBatch]] | Exception = ours.recv()
        return found
    except EOFError:
        return None
    finally:
        child.kill()  # where this process was interrupted; else it has said all and is about to end
        child.join()


def _tell(parent: Connection, segment: Segment, batches: Sequence[pa.RecordBatch], trial_s: float | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted too, and ends this process
    with closing(parent):
        try:
            with watch.ending():
                found: Any = _try(segment, batches, trial_s)
        except Exception as error:  # noqa: BLE001 - whatever it is, the parent raises it
            found = error
        parent.send(found)


def _try(
    segment: Segment, batches: Sequence[pa.RecordBatch], trial_s: float | None, *, isolated: bool = False
) -> tuple[Trial, list[pa.RecordBatch]]:
    rows = _choose(segment, batches, trial_s, isolated)
    before = _reset_peak()
    begun = _cpu_s()
    judged = [found for batch in rows for found in segment.judge(batch, "", isolated=isolated)]
    spent = _cpu_s() - begun
    peak = _read_status("VmHWM")
    kept = [k for found in judged if (k := found.filter(pc.fill_null(found.column("kept"), False))).num_rows]
    n, n_kept = sum(b.num_rows for b in judged), sum(b.num_rows for b in kept)
    text = sum(pc.sum(b.column("bytes")).as_py() or 0 for b in kept)
    removed: dict[str, int] = {}
    for batch in judged:
        stages = pc.struct_field(batch.column("verdict"), "stage").drop_null()
        for entry in stages.value_counts().to_pylist():
            removed[entry["values"]] = removed.get(entry["values"], 0) + entry["counts"]
    # What the sample gives is held here all at once, in a worker only a batch of it.
    held = sum(b.nbytes for b in judged) - max((b.nbytes for b in judged), default=0)
    grown = None if before is None or peak is None or isolated else max(0, peak - before - held)
    trial = Trial(
        n,
        n_kept,
        removed,
        spent / max(1, n),
        text / max(1, n_kept),
        sum(b.nbytes for b in judged) / max(1, n),
        grown,
        sum(map(count_content, rows)) / max(1, n),
    )
    return trial, kept


def _choose(
    segment: Segment, batches: Sequence[pa.RecordBatch], trial_s: float | None, isolated: bool
) -> list[pa.RecordBatch]:
    """As many documents as can be judged in the time, evenly out of all, in batches as a run has them."""
    if not batches:
        return []
    table = pa.Table.from_batches(list(batches))
    if trial_s is not None:
        _spend(segment, _pick(table, _WARM), isolated)
        pilot = _pick(table, _TIMED)
        seconds = _spend(segment, pilot, isolated) / max(1, sum(b.num_rows for b in pilot))
        table = pa.Table.from_batches(_pick(table, int(trial_s / max(seconds, 1e-9))), schema=table.schema)
    return [part for batch in _whole(table) for part in slices(batch)]


def _pick(table: pa.Table, rows: int) -> list[pa.RecordBatch]:
    rows = min(max(1, rows), table.num_rows)
    return _whole(table.take(pa.array([i * table.num_rows // rows for i in range(rows)], pa.int64())))


def _whole(table: pa.Table) -> list[pa.RecordBatch]:
    return list(table.combine_chunks().to_batches(max_chunksize=BATCH_ROWS))


def _spend(segment: Segment, batches: Sequence[pa.RecordBatch], isolated: bool) -> float:
    begun = _cpu_s()
    for batch in batches:
        for _ in segment.judge(batch, "", isolated=isolated):
            pass
    return _cpu_s() - begun


def _cpu_s() -> float:
    """Processor time of this process and of children that have ended."""
    used = os.times()
    return time.process_time() + used.children_user + used.children_system


def _reset_peak() -> int | None:
    """Let this process' peak of memory begin anew; gives what it takes now, None where the system does not tell."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return None
    return _read_status("VmRSS")


def _read_status(name: str) -> int | None:
    """A line of what Linux tells of this process, in bytes."""
    try:
        lines: Iterator[str] = iter(Path("/proc/self/status").read_text("ascii", "replace").splitlines())
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:")), None)
