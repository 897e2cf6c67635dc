"""What each pass of a run took: rows, bytes of text, seconds, and the memory of Python workers where it can be had."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spark_llmdata.runner.counting import StageCount


@dataclass
class Metered:
    """A pass as it was: rows that came in and went out, seconds of the clock, the peak of a Python worker in bytes."""

    step: str
    stages: tuple[str, ...]
    rows: int
    rows_out: int
    seconds: float
    memory_bytes: int | None = None
    reused: float = 0.0


@dataclass
class Meter:
    """Follows a run from pass to pass; `lap` ends one and begins the next. `stored_bytes` are of the inputs."""

    stored_bytes: int
    passes: list[Metered] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)
    _bytes: dict[str | None, int] | None = None

    def lap(self, step: str, counts: Sequence[StageCount] = (), reused: bool = False, rows: int = 0) -> None:
        """Note the pass that ends here, which counted these stages, or so many rows."""
        now = time.monotonic()
        names = tuple(c.stage for c in counts if c.stage != "read")
        came, went = (counts[0].shown, counts[-1].kept) if counts else (rows, rows)
        memory = measure_workers() if counts else None
        self.passes.append(Metered(step, names, came, went, round(now - self._began, 3), memory, float(reused)))
        self._began = now

    def note_bytes(self, fates: Sequence[Any]) -> None:
        """Take in bytes of text by `stage` that took documents out, None: kept; as the documents ended."""
        self._bytes = defaultdict(int)
        for row in fates:
            self._bytes[row.stage] += row.bytes or 0

    def as_json(self) -> list[dict[str, Any]]:
        """The entries of a manifest's `measured`, as `forecast.PassForecast.as_json` has those that were predicted.

        Bytes of text are null until the fates have told them.
        """
        gone = self._bytes
        left = None if gone is None else sum(gone.values()) - gone.get("read", 0)
        entries = []
        for p in self.passes:
            came = self.stored_bytes if p.step == "read" else left
            if left is not None and gone is not None:
                left -= sum(gone.get(stage, 0) for stage in p.stages)
            went = left
            if p.step in ("start", "fates"):
                came = went = 0
            entries.append(
                {
                    "step": p.step,
                    "stages": list(p.stages),
                    "rows": p.rows,
                    "rows_out": p.rows_out,
                    "bytes": came,
                    "bytes_out": went,
                    "shuffle_bytes": None,
                    "memory_bytes": p.memory_bytes if not p.reused else None,
                    "seconds": p.seconds,
                    "reused": p.reused,
                }
            )
        return entries


def measure_workers(below: int | None = None) -> int | None:
    """The largest peak of memory (bytes) of Spark's Python workers below a process (this one) since this was asked.

    None where they run on other machines, or the system does not tell: only Linux does.
    """
    peaks = []
    for pid in _find_workers(below or os.getpid()):
        try:
            status = Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines()
            peaks += [int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:")]
            Path(f"/proc/{pid}/clear_refs").write_text("5")  # the next peak begins anew
        except OSError:  # it ended meanwhile
            continue
    return max(peaks, default=None)


def _find_workers(root: int) -> list[int]:
    """The processes of Spark's Python daemon below a process, itself left out."""
    parents: dict[int, int] = {}
    try:
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                stat = _read(f"{entry}/stat").rpartition(")")[2].split()
                if stat:
                    parents[int(entry.name)] = int(stat[1])
    except OSError:
        return []
    found = [root]
    for pid in found:  # grows while it is walked
        found += [child for child, parent in parents.items() if parent == pid]
    daemons = [pid for pid in found if "pyspark.daemon" in _read(f"/proc/{pid}/cmdline")]
    return [pid for pid in daemons if parents[pid] in daemons]


def _read(path: str) -> str:
    try:
        return Path(path).read_text("utf-8", "replace")
    except OSError:
        return ""
