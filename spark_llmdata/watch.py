"""A watch over rows that may never end: it ends the process judging one, where somebody is there to take it up again.

A library that loops in C cannot be interrupted, and one that is interrupted may be left in any state. So it is the
process that ends, by a signal that the system sends. In a task of Spark that costs the attempt: the next one judges in
children, finds the row, and rejects it.

What counts is CPU time and not the clock, so that a busy machine ends nothing. A row that waits for something uses
none: of a child the parent sees that its CPU time stands still. Nobody sees that of a task's first attempt, so there
the clock counts, generously; a row that was only slow is judged by the next attempt.
"""

from __future__ import annotations

import signal
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from mmap import mmap
from typing import NamedTuple

#: What the system sends when the time is over; a process that has no handler for it ends.
SIGNAL = signal.SIGPROF

#: Seconds by the clock that a row may be busy in a task's first attempt, where its CPU time has no bound.
UNLIMITED_S = 300.0

#: CPU time stands still where it is less than this share of the clock's.
_STANDSTILL = 0.001
_NOTE = struct.Struct("<qd")


class Note(NamedTuple):
    """What a child wrote down: the row it judges, and the seconds its CPU time may stand still at it (0: any)."""

    row: int | None
    stalled_s: float


@dataclass
class _State:
    may_end: bool = False
    note: mmap | None = None


_state = _State()


@contextmanager
def ending(note: mmap | None = None) -> Iterator[None]:
    """Within it a row that takes too long ends this process; a child of one that looks after it writes to `note`."""
    before = _state.may_end, _state.note
    _state.may_end, _state.note = True, note
    try:
        yield
    finally:
        _state.may_end, _state.note = before


@contextmanager
def row(number: int, timeout_s: float | None, stalled_s: float | None = None) -> Iterator[None]:
    """Judge one row of a batch: this process ends after `timeout_s` CPU seconds, or `stalled_s` without any, if it may.

    Without `timeout_s` the row may be busy for as long as it likes, without `stalled_s` it may wait so. Where nobody
    looks on, a row that may be busy and not wait ends a task's first attempt after `stalled_s` and five minutes.
    """
    if not _state.may_end:
        yield
        return
    if _state.note is not None:
        _state.note[:] = _NOTE.pack(number, stalled_s or 0)
    timers = {signal.ITIMER_PROF: timeout_s}
    if _state.note is None and stalled_s is not None:
        timers[signal.ITIMER_REAL] = stalled_s + (UNLIMITED_S if timeout_s is None else timeout_s)
    started = {timer: seconds for timer, seconds in timers.items() if seconds is not None}
    for timer, seconds in started.items():
        signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        for timer in started:
            signal.setitimer(timer, 0)


def new_note() -> mmap:
    """Memory that a forked child shares, with no row in it."""
    note = mmap(-1, _NOTE.size)
    note[:] = _NOTE.pack(-1, 0)
    return note


def read_note(note: mmap) -> Note:
    """What the child judges; no row if its stage watches none."""
    number, stalled_s = _NOTE.unpack(note[:])
    return Note(None if number < 0 else number, stalled_s)


class Standstill:
    """Looks from time to time whether the CPU time of a child stands still at one row, as its note allows or not."""

    def __init__(self, child: int, note: mmap) -> None:
        self._child, self._note = child, note
        self._begin()

    def is_over(self) -> bool:
        """Whether it stood still for longer than allowed; never where the system does not tell another's CPU time."""
        now, told, used = time.monotonic(), read_note(self._note), _cpu_seconds(self._child)
        if (
            used is None
            or told != self._told
            or used - self._used > _STANDSTILL * max(told.stalled_s, now - self._since)
        ):
            self._begin()
            return False
        return 0 < told.stalled_s < now - self._since

    def _begin(self) -> None:
        self._since, self._told = time.monotonic(), read_note(self._note)
        self._used = _cpu_seconds(self._child) or 0.0


def _cpu_seconds(process: int) -> float | None:
    if sys.platform != "linux":
        return None
    try:
        return time.clock_gettime(~process << 3 | 2)  # the clock of another process, as clock_getcpuclockid makes it
    except OSError:
        return None
