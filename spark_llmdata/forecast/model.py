"""What a forecast says: a line for each pass of a run, in order, from what it reads to what it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

#: `start` records that a run begins, `read` and `judge` are passes over documents, `compare` is a comparison of them,
#: `fates` and `corpus` write what became of every record and the documents that are kept.
Step = Literal["start", "read", "judge", "compare", "fates", "corpus"]


@dataclass(frozen=True)
class PassForecast:
    """A pass of a run. Rows and bytes are those that come in and go out; None where nobody can tell.

    `bytes` are of text in UTF-8, but what `read` takes in are the inputs as stored. `shuffle_bytes` travel between
    tasks, `memory_bytes` is the peak of a Python worker, of which each core has one, `jvm_bytes` what a task needs of
    the JVM beside its fixed needs. `reused` is the share of the work that the store holds.
    """

    step: Step
    stages: tuple[str, ...] = ()
    rows: int = 0
    rows_out: int = 0
    bytes: int = 0
    bytes_out: int = 0
    shuffle_bytes: int | None = 0
    memory_bytes: int | None = None
    jvm_bytes: int | None = None
    seconds: float = 0.0
    cpu_seconds: float | None = None
    tasks: int | None = None
    reused: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """The entry of a manifest's `predicted`, and of `llmdata plan --json`."""
        facts = {name: getattr(self, name) for name in self.__dataclass_fields__}
        facts["stages"] = list(self.stages)
        for name in ("seconds", "cpu_seconds", "reused"):
            facts[name] = None if facts[name] is None else round(facts[name], 3)
        return facts


@dataclass(frozen=True)
class Forecast:
    """The passes of a run, what they are predicted from, and what the figures leave out, as sentences.

    `spark_s` is what starting Spark takes before, in a process of its own.
    """

    passes: tuple[PassForecast, ...]
    by: Mapping[str, Any]
    remarks: tuple[str, ...] = ()
    spark_s: float = 0.0
    removed: Mapping[str, float] = field(default_factory=dict)  # by stage: the share of what it is shown

    @property
    def seconds(self) -> float:
        """Of the whole run, without Spark's start."""
        return sum(p.seconds for p in self.passes)

    def as_json(self) -> dict[str, Any]:
        """What `llmdata plan --json` prints of it as `estimated`."""
        return {
            "by": dict(self.by),
            "passes": [p.as_json() for p in self.passes],
            "removed": {stage: round(share, 4) for stage, share in self.removed.items()},
            "seconds": round(self.seconds, 1),
            "spark_start_seconds": round(self.spark_s, 1),
            "remarks": list(self.remarks),
        }
