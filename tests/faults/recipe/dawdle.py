"""A stage that takes its time and leaves a mark while it works, so that a worker can be hit in the middle of it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
from pyspark import TaskContext

from spark_llmdata import Judgement, RowStage


class Dawdle(RowStage):
    """Remove documents whose text ends in `ending`, slowly."""

    reasons = {"ending": "the text ends in `ending`"}

    ending: str = "lamp"
    marks: str = ""  # a folder; a process has a file NOUN-PID in it while it judges
    ms_per_document: int = 2
    straggle_s: int = (
        0  # how much longer the first attempt of a segment's first task takes; later attempts leave a mark
    )

    def judge(self, docs):
        mark = Path(self.marks) / f"{self.noun}-{os.getpid()}"
        if self.marks:
            mark.touch()
        time.sleep(len(docs) * self.ms_per_document / 1000 + self.straggle())
        if self.marks:
            mark.unlink()
        return Judgement.remove_where(
            np.array([(t or "").endswith(self.ending) for t in docs.text.to_pylist()]), "ending"
        )

    def straggle(self):
        task = TaskContext.get()
        if task is None or not self.straggle_s:
            return 0
        if task.attemptNumber():
            (Path(self.marks) / "again").touch()
            return 0
        return self.straggle_s if task.partitionId() == 0 else 0
