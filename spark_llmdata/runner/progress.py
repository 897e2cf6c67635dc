"""How far a run is: its step, the share of it that is done, rows and bytes, their rates, the time left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from threading import RLock
from typing import Any

from spark_llmdata.runner.tasks_done import Stages
from spark_llmdata.runner.written import WrittenRows

#: Gives pieces of work one by one to who does them, and may be told what they weigh.
Each = Callable[[Sequence[Any], Callable[[Any], int] | None], Iterator[Any]]

#: A time left that is told from less than this would be a guess.
MIN_SHARE, MIN_SECONDS = 0.02, 2.0


@dataclass(frozen=True)
class Snapshot:
    """How far a step is. Rows and bytes are pairs of how many are done and of how many, as far as that is known."""

    doing: str
    seconds: float  # since the step began, or of it until its last task had finished
    share: float | None = None
    tasks: tuple[int, int] | None = None
    bytes: tuple[int, int] | None = None
    rows: tuple[int | None, int | None] = (None, None)
    left_s: float | None = None

    def tell(self) -> str:
        """The same in words: `45 %, 1.2 of 2.7 GB, 38 MB/s, 5,000 rows, 160 rows/s, 1 min 40 s left`."""
        told = []
        if self.share is not None:
            told.append(f"{self.share:.0%}".replace("%", " %"))
        if self.bytes is not None and self.bytes[1]:
            done, total = self.bytes
            told.append(f"{_bytes(done, total)} of {_bytes(total, total, unit=True)}")
            if done:
                told.append(f"{_bytes(done / self.seconds, unit=True)}/s")
        told += self._tell_rows()
        if self.share is not None and self.share >= 1:
            told.append("now counting and committing")
        if self.share is None and self.tasks is not None and self.tasks[1] > 1:
            told.append(f"{self.tasks[0]:,} of {self.tasks[1]:,} tasks")
        if self.left_s is not None:
            told.append(f"{tell_time(self.left_s)} left")
        return ", ".join(told)

    def _tell_rows(self) -> list[str]:
        done, total = self.rows
        if not done:
            return [f"{total:,} rows"] if total else []
        of = "" if total is None else f" of {total:,}"
        return [f"{done:,}{of} rows", f"{done / self.seconds:,.0f} rows/s"]


def _bytes(count: float, like: float | None = None, *, unit: bool = False) -> str:
    """Bytes in the unit that fits `like`."""
    size, name = next((s, n) for s, n in ((1e9, "GB"), (1e6, "MB"), (0, "kB")) if (like or count) >= s)
    size = size or 1e3
    value = count / size
    return f"{value:,.0f}" * (value >= 100) + f"{value:,.1f}" * (value < 100) + (f" {name}" if unit else "")


def tell_time(seconds: float) -> str:
    """Seconds as a person says them."""
    whole = max(1, round(seconds))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    if minutes:
        return f"{minutes} min {rest} s" if minutes < 10 else f"{minutes} min"
    return f"{rest} s"


def unwatched(pieces: Sequence[Any], weigh: Callable[[Any], int] | None) -> Iterator[Any]:
    """The pieces, where nobody looks on."""
    return iter(pieces)


class Watch:
    """What the runner says of its steps, put together with what `look` says of Spark's tasks.

    The runner's thread tells, another one asks. A step's work may come in pieces, one behind the other, of known
    weight; within a piece the stage with most tasks stands for all of it, since the others only prepare or commit.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = RLock()
        self.begin("preparing")

    def begin(self, doing: str, *, rows: int | None = None, folder: str | None = None, counts: bool = False) -> None:
        """Go on to a step. `rows` go in, and come out again where the rows written to `folder` are to be counted.

        With `counts` the finished tasks of the largest stage are the step's share; else its end is not known.
        """
        with self._lock:
            self._doing, self._rows, self._counts, self._began = doing, rows, counts, self._clock()
            self._written = None if folder is None else WrittenRows(folder)
            self._weights: list[int] = [1]
            self._are_bytes = False
            self._piece = 0
            self._moved = (0.0, 0.0)  # the share when it last grew, and the seconds until then
            self._best: tuple[int, int, int] | None = None  # number, done and all tasks of the largest stage

    def each(self, pieces: Sequence[Any], weigh: Callable[[Any], int] | None) -> Iterator[Any]:
        """Give the pieces of this step's work one by one; `weigh` says their bytes, without it they weigh the same."""
        with self._lock:
            self._weights = [1 if weigh is None else weigh(piece) for piece in pieces]
            self._are_bytes = weigh is not None and any(self._weights)
            if not any(self._weights):  # data frames and empty files: their bytes are not known, or none
                self._weights = [1] * len(self._weights)
        for number, piece in enumerate(pieces):
            with self._lock:
                self._piece, self._best = number, None
            yield piece
        with self._lock:
            self._piece = len(pieces)

    def snapshot(self, stages: Stages) -> Snapshot:
        """How far the step is, by the stages that are at work now."""
        with self._lock:
            self._follow(stages)
            seconds = max(self._clock() - self._began, 1e-3)
            total = sum(self._weights)
            written = None if self._written is None else self._written.count()
            share = self._share() if self._counts else None
            if share == 1 and total and written == 0:
                share = 0.0  # what has finished only prepared the work
            if share is not None and share != self._moved[0]:
                self._moved = (share, seconds)
            if written is not None and self._rows is not None:
                written = min(written, self._rows)
            return Snapshot(
                self._doing,
                self._moved[1] if share == 1 else seconds,
                share,
                None if self._best is None else self._best[1:],
                (int((share or 0.0) * total), total) if self._are_bytes and share is not None else None,
                (written, self._rows),
                None if share is None else self._left(seconds),
            )

    def _left(self, seconds: float) -> float | None:
        """By the pace until the share last grew; nothing where that is too short to tell, or already overdue."""
        share, moved = self._moved
        if share < MIN_SHARE or share >= 1 or seconds < MIN_SECONDS:
            return None
        left = moved / share - seconds
        return left if left > 0 else None

    def _follow(self, stages: Stages) -> None:
        """Keep the largest stage in sight; one that is not at work any more has finished."""
        if self._best is not None:
            number, _, total = self._best
            done = stages[number][0] if number in stages else total
            self._best = (number, done, total)
        for number, (done, total) in sorted(stages.items()):
            if self._best is None or total > self._best[2]:
                self._best = (number, done, total)

    def _share(self) -> float:
        total = sum(self._weights)
        if not total or self._piece == len(self._weights):
            return 1.0
        within = 0.0 if self._best is None else self._best[1] / self._best[2]
        return (sum(self._weights[: self._piece]) + within * self._weights[self._piece]) / total
