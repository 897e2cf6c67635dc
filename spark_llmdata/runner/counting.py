"""Counts by stage, and the gates that compare them with what a recipe allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from spark_llmdata.errors import GateStopped, RunFailed, StageFailed
from spark_llmdata.recipe import Gates

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

#: A share of fewer documents than this says nothing about a recipe.
GATE_ROWS = 1_000


@dataclass
class StageCount:
    """What a stage saw and did. `seconds` is the time of its whole segment, shared by the stages fused into it."""

    stage: str
    shown: int
    removed: int = 0
    rejected: int = 0
    failed: int = 0
    seconds: float = 0.0
    reused: bool = False

    @property
    def kept(self) -> int:
        """What went on to the next stage."""
        return self.shown - self.removed - self.rejected

    def as_json(self) -> dict[str, Any]:
        """The entry of `by_stage`."""
        facts = asdict(self)
        del facts["failed"]
        return {"stage": facts.pop("stage"), "in": facts.pop("shown"), "kept": self.kept} | facts


def count_segment(
    rows: DataFrame, stages: Sequence[str], copies: int, seconds: float, reused: bool
) -> tuple[int, list[StageCount]]:
    """Count a segment's verdicts by stage, in the order of its stages; returns the rows and the stages' counts.

    `copies` of the rows are kept ones that the first of the stages (`read`) answers for: copies of other records.
    """
    from pyspark.sql import functions as F

    failed = F.col("verdict.reason").endswith(".failed").alias("failed")
    found = rows.groupBy("kept", "rejected", "verdict.stage", failed).count().collect()
    total = held = sum(row["count"] for row in found)
    gone = [row for row in found if not row.kept]
    strangers = {row.stage for row in gone} - set(stages)
    if strangers:
        raise RunFailed(f"a segment holds verdicts of {', '.join(map(str, strangers))}, stages it does not have")
    counts: list[StageCount] = []
    for name in stages:
        own = [row for row in gone if row.stage == name]
        entry = StageCount(
            name,
            total,
            removed=sum(row["count"] for row in own if not row.rejected) + (0 if counts else copies),
            rejected=sum(row["count"] for row in own if row.rejected),
            failed=sum(row["count"] for row in own if row.rejected and row.failed),
            seconds=round(seconds, 3),
            reused=reused,
        )
        counts.append(entry)
        total = entry.kept
    return held, counts


def check_stage(entry: StageCount, gates: Gates, look: str) -> None:
    """Stop the run where a stage failed on all it saw, or removed more than its gate allows; `look` says where."""
    if entry.failed and entry.failed == entry.shown:
        raise StageFailed(
            f"{entry.stage} failed on every one of the {entry.shown:,} documents it saw, so the fault is not theirs; "
            f"{look}"
        )
    bound = gates.max_removed_of(entry.stage)
    if entry.shown >= GATE_ROWS and entry.removed / entry.shown > bound:
        share = entry.removed / entry.shown
        raise GateStopped(
            f"{entry.stage} removed {entry.removed:,} of {entry.shown:,} documents ({share:.2%}); "
            f"gates.max_removed allows {bound:.2%}. The corpus is as it was; {look}. If this is what you want: "
            f"--set gates.max_removed.{entry.stage}={min(1.0, round(share + 0.005, 2))}"
        )
