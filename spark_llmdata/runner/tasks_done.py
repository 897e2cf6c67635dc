"""How many of Spark's tasks have finished: the one place that asks the classic side of a session, and only to look."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: Stages by their number, with how many of how many tasks have finished; a stage without tasks is left out.
Stages = Mapping[int, tuple[int, int]]


@contextmanager
def looking(spark: SparkSession) -> Iterator[Callable[[], Stages]]:
    """Give a function that says which stages are at work now; of other users of the application too.

    On Spark Connect it tells what the server reported last; where a session offers neither, it tells of no stage.
    """
    if not type(spark).__module__.startswith("pyspark.sql.connect"):
        yield _classic(spark)
        return
    reported: dict[int, tuple[int, int]] = {}

    def note(stages: Iterable[Any] | None, inflight_tasks: int, operation_id: str | None, done: bool) -> None:
        found = {s.stage_id: (s.num_completed_tasks, s.num_tasks) for s in stages or () if not s.done and s.num_tasks}
        reported.clear()
        reported.update(found)

    spark.registerProgressHandler(note)
    try:
        yield lambda: dict(reported)
    finally:
        spark.removeProgressHandler(note)


def _classic(spark: SparkSession) -> Callable[[], Stages]:
    """By the status tracker, Spark's own interface for this; see docs/adr/0009."""
    tracker = spark.sparkContext.statusTracker()

    def look() -> Stages:
        found = ((number, tracker.getStageInfo(number)) for number in tracker.getActiveStageIds())
        return {n: (info.numCompletedTasks, info.numTasks) for n, info in found if info is not None and info.numTasks}

    return look
