"""CPU time and memory of this process and everything below it, daemons that nobody waits for included; Linux only."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_PR_SET_CHILD_SUBREAPER = 36
_PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


@dataclass(frozen=True)
class Usage:
    """Seconds of the clock and CPU-seconds (user and system) of a whole process tree."""

    wall_s: float
    cpu_s: float

    def __sub__(self, other: Usage) -> Usage:
        return Usage(self.wall_s - other.wall_s, self.cpu_s - other.cpu_s)

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.wall_s + other.wall_s, self.cpu_s + other.cpu_s)

    def per(self, amount: float) -> Usage:
        """The same divided by an amount of work."""
        return Usage(self.wall_s / amount, self.cpu_s / amount)


def adopt_orphans() -> None:
    """Become the parent of every process below this one whose own parent ends: its CPU time stays in the tree."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER) was refused; the benchmarks need Linux")


@dataclass(frozen=True)
class _Process:
    """A process at a moment. `key` tells it from a later one of the same number."""

    key: tuple[int, int]  # number, start
    parent: int
    ticks: int  # of its own and of all children it waited for
    forgets: bool  # it ignores the end of its children, so that theirs are added to nobody's


class CpuClock(threading.Thread):
    """Counts the CPU time of a process tree: user and system, of what runs and of what has ended.

    An ended process' time is in its parent's, with two exceptions. Orphans come to us (`adopt_orphans`). And Spark's
    Python daemon ignores the end of its workers: the system then drops their time, so this thread looks every second
    and remembers what a vanished child of such a parent had.
    """

    def __init__(self, root: int, interval_s: float = 1.0) -> None:
        super().__init__(daemon=True)
        self.root, self.interval_s = root, interval_s
        self._seen: dict[tuple[int, int], _Process] = {}
        self._forgotten = 0  # ticks
        self._lock = threading.Lock()

    def run(self) -> None:
        """Look again and again, as long as the process lives."""
        while True:
            time.sleep(self.interval_s)
            self.read()

    def read(self) -> float:
        """CPU-seconds of the tree since it began."""
        with self._lock:
            now = {p.key: p for p in snapshot(self.root)}
            by_number = {key[0]: p for key, p in self._seen.items()}
            for key, process in self._seen.items():
                parent = by_number.get(process.parent)
                if key not in now and parent is not None and parent.forgets:
                    self._forgotten += process.ticks
            self._seen = now
            return (sum(p.ticks for p in now.values()) + self._forgotten) / _TICK


def list_tree(root: int) -> list[int]:
    """The process ids of a tree, its root first."""
    children: dict[int, list[int]] = {}
    for pid in (int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit()):
        fields = _read_stat(pid)
        if fields is not None:
            children.setdefault(int(fields[1]), []).append(pid)
    found = [root]
    for pid in found:  # grows while it is walked: a breadth-first search
        found += children.get(pid, [])
    return found


def snapshot(root: int) -> list[_Process]:
    """All processes of a tree at one moment.

    Taken again when one began or ended meanwhile, since its time would be counted twice or not at all.
    """
    while True:
        before = list_tree(root)
        found = [_look(pid) for pid in before]
        if None not in found and list_tree(root) == before:
            return [p for p in found if p is not None]


def _look(pid: int) -> _Process | None:
    fields = _read_stat(pid)
    if fields is None:
        return None
    forgets = bool(int(fields[30]) >> (signal.SIGCHLD - 1) & 1)  # the mask of ignored signals
    return _Process((pid, int(fields[19])), int(fields[1]), sum(map(int, fields[11:15])), forgets)


def _read_stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat behind the name: state, parent, ...; None where the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None


@cache
def _clock() -> CpuClock:
    clock = CpuClock(os.getpid())
    clock.start()
    return clock


def cpu_seconds() -> float:
    """User and system time of this process and all below it since it began; from the first call on nothing is lost."""
    return _clock().read()


def measure(work: Callable[[], object]) -> Usage:
    """Do some work and say what it cost this process and all below it."""
    cpu, wall = cpu_seconds(), time.monotonic()
    work()
    return Usage(time.monotonic() - wall, cpu_seconds() - cpu)


class MemoryWatch(threading.Thread):
    """Follows the proportional set sizes of the tree below a process, by kind of process; bytes."""

    def __init__(self, root: int, interval_s: float = 0.2) -> None:
        super().__init__(daemon=True)
        self.root, self.interval_s = root, interval_s
        self.peaks: dict[str, int] = {}  # by kind, and "all"
        self._done = threading.Event()

    def run(self) -> None:
        """Look until told to stop; keep the largest sum of each kind."""
        while not self._done.wait(self.interval_s):
            sums: dict[str, int] = {}
            for pid in list_tree(self.root):
                size = _proportional_bytes(pid)
                for kind in (_kind(pid), "all"):
                    sums[kind] = sums.get(kind, 0) + size
            for kind, size in sums.items():
                self.peaks[kind] = max(self.peaks.get(kind, 0), size)

    def stop(self) -> dict[str, int]:
        """End the watch; gives the peaks."""
        self._done.set()
        self.join()
        return self.peaks


def _proportional_bytes(pid: int) -> int:
    try:
        found = _PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_text())
    except OSError:
        return 0  # it ended between the list and this look
    return int(found[1]) * 1024 if found else 0


def _kind(pid: int) -> str:
    """`jvm`, `workers` (Spark's Python daemon and what it forks) or `driver`."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        command = []
    if command and command[0].endswith(b"java"):
        return "jvm"
    return "workers" if any(part.startswith(b"pyspark.daemon") for part in command) else "driver"
