"""What all measurements are given: the corpus, the sizes, a place to work, a Spark session that is warm or fresh."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.corpus import Corpus, TextSet
from benchmarks.process_tree import Usage, measure
from spark_llmdata.segment import BATCH_ROWS
from spark_llmdata.session import local_session

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

REPOSITORY = Path(__file__).resolve().parents[1]
RECIPES = Path(__file__).resolve().parent / "recipes"

#: What a run sets by itself, and a phase that is cut out of a run has to be given.
RUN_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.maxRecordsPerBatch": str(BATCH_ROWS),
}


@dataclass(frozen=True)
class Conditions:
    """The choices of one call of the benchmarks; slopes go from the set `small` to the set `large`."""

    corpus: Corpus
    small: TextSet
    large: TextSet
    repeat: int
    cores: int
    work: Path  # emptied before and after each measurement
    build: Path  # what is kept: environments of peers, a made corpus, results

    @property
    def more_mb(self) -> float:
        """MB of text that the large set has more than the small one."""
        return self.large.megabytes - self.small.megabytes


class Scratch:
    """Fresh folders below the place to work; at most one a name is kept, so that repeats do not fill the disk."""

    def __init__(self, work: Path) -> None:
        self._work, self._numbers = work, count()
        self._last: dict[str, Path] = {}

    def fresh(self, name: str) -> Path:
        """A folder that does not exist yet; the one given before under that name is removed."""
        if name in self._last:
            shutil.rmtree(self._last[name], ignore_errors=True)
        self._last[name] = self._work / f"{name}-{next(self._numbers)}"
        return self._last[name]


def start_session(cores: int) -> tuple[SparkSession, Usage]:
    """A local session, and what its start cost."""
    sessions: list[SparkSession] = []
    usage = measure(lambda: sessions.append(local_session(f"local[{cores}]", RUN_SETTINGS)))
    return sessions[0], usage


def child_environment() -> dict[str, str]:
    """The environment for a Python process that imports the benchmarks from this checkout."""
    paths = [str(REPOSITORY), os.environ.get("PYTHONPATH", "")]
    return os.environ | {"PYTHONPATH": os.pathsep.join(p for p in paths if p), "PYSPARK_PYTHON": sys.executable}
