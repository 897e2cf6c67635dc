"""A watch over rows that may never end: it ends the process judging one, where somebody is there to take it up again.

A library that loops in C cannot be interrupted, and one that is interrupted may be left in any state. So it is the
process that ends, by the signal that the system sends when its CPU time is used up. In a task of Spark that costs the
attempt: the next one judges in children, finds the row, and rejects it. CPU time is counted and not the clock, so that
a busy machine ends nothing; a row that waits for something is not noticed.
"""

from __future__ import annotations

import signal
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from mmap import mmap

#: What the system sends when the time is over; a process that has no handler for it ends.
SIGNAL = signal.SIGPROF
_NUMBER = struct.Struct("<q")


@dataclass
class _State:
    may_end: bool = False
    note: mmap | None = None


_state = _State()


@contextmanager
def ending(note: mmap | None = None) -> Iterator[None]:
    """Within it a row that takes too long ends this process; the row being judged is written to `note`."""
    before = _state.may_end, _state.note
    _state.may_end, _state.note = True, note
    try:
        yield
    finally:
        _state.may_end, _state.note = before


@contextmanager
def row(number: int, timeout_s: float | None) -> Iterator[None]:
    """Judge one row of a batch: more than `timeout_s` CPU seconds of this process and it ends, if it may."""
    if not _state.may_end:
        yield
        return
    if _state.note is not None:
        _state.note[: _NUMBER.size] = _NUMBER.pack(number)
    if timeout_s is None:
        yield
        return
    signal.setitimer(signal.ITIMER_PROF, timeout_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def new_note() -> mmap:
    """Memory that a forked child shares, with no row in it."""
    note = mmap(-1, _NUMBER.size)
    note[:] = _NUMBER.pack(-1)
    return note


def read_note(note: mmap) -> int | None:
    """The row that was being judged, or none if the stage watches no rows."""
    number: int = _NUMBER.unpack(note[:])[0]
    return None if number < 0 else number
