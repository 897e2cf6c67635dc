"""Counts by stage: what each was shown, removed, rejected; of the sources that gates name apart."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import reduce
from operator import xor
from typing import TYPE_CHECKING, Any

from spark_llmdata.errors import RunFailed
from spark_llmdata.portion import NOT_SAMPLED
from spark_llmdata.verdict import MACHINE_REASONS, RESERVED_REASONS

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


@dataclass
class SourceCount:
    """What a stage was shown of one source, and how many of it it removed or rejected."""

    shown: int
    removed: int = 0
    rejected: int = 0

    @property
    def kept(self) -> int:
        """What went on to the next stage."""
        return self.shown - self.removed - self.rejected


@dataclass
class StageCount:
    """What a stage saw and did. `seconds` is the time of its whole segment, shared by the stages fused into it.

    `duplicates` are the removed that name a survivor, `failed` the rejects the stage's own failure made, `by_machine`
    those that depend on the machine (out of memory, killed). `not_sampled` of the removed are in no sample, which says
    nothing of them or of the stage. `told` is what a comparison had to say besides.
    """

    stage: str
    shown: int
    removed: int = 0
    rejected: int = 0
    duplicates: int = 0
    failed: int = 0
    by_machine: int = 0
    seconds: float = 0.0
    reused: bool = False
    sources: dict[str, SourceCount] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    not_sampled: int = 0

    @property
    def kept(self) -> int:
        """What went on to the next stage."""
        return self.shown - self.removed - self.rejected

    @property
    def judged(self) -> int:
        """What it had to judge: what it was shown, but for what is in no sample."""
        return self.shown - self.not_sampled

    def as_json(self) -> dict[str, Any]:
        """The entry of `by_stage`."""
        facts = asdict(self)
        for name in ("failed", "by_machine", "not_sampled", "duplicates", "sources", "told"):
            if not facts[name]:
                del facts[name]
        return {"stage": facts.pop("stage"), "in": facts.pop("shown"), "kept": self.kept} | facts

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> StageCount:
        """The same from the entry of `by_stage`."""
        known = {f.name for f in fields(cls)}
        given = {k: v for k, v in facts.items() if k in known} | {"shown": facts["in"]}
        given["sources"] = {name: SourceCount(**counts) for name, counts in facts.get("sources", {}).items()}
        return cls(**given)


def named_source(sources: Collection[str]) -> Column:
    """A row's source where gates name it, else null: what to group by without collecting every source there is."""
    from pyspark.sql import functions as F

    source = F.col("source")
    return (F.when(source.isin(list(sources)), source) if sources else F.lit(None).cast("string")).alias("of_source")


def tally(rows: DataFrame, sources: Collection[str], *by: str) -> list[Any]:
    """Count and hash a segment's rows by columns and by what decided about them: what `count_segment` takes."""
    from pyspark.sql import functions as F

    defect = F.regexp_extract("verdict.reason", rf"\.({'|'.join(RESERVED_REASONS)})$", 1).alias("defect")
    unsampled = F.coalesce(F.col("verdict.reason") == f"read.{NOT_SAMPLED}", F.lit(False)).alias("unsampled")
    groups = rows.groupBy(*by, "kept", "rejected", "verdict.stage", defect, unsampled, named_source(sources))
    hashes = F.bit_xor("row_hi").alias("hi"), F.bit_xor("row_lo").alias("lo")
    return groups.agg(F.count("*").alias("count"), *hashes).collect()


def kept_hash(found: Sequence[Any]) -> list[int]:
    """Two halves and a count that tell the kept rows of tallies from others, in whatever order."""
    kept = [row for row in found if row.kept]
    halves = [reduce(xor, (getattr(row, name) or 0 for row in kept), 0) for name in ("hi", "lo")]
    return [*halves, sum(row["count"] for row in kept)]


def count_segment(
    found: Sequence[Any], stages: Sequence[str], sources: Collection[str], copies: int, of_sources: Mapping[str, int]
) -> tuple[int, list[StageCount]]:
    """Make of a segment's tallies the counts by stage, in the order of its stages; returns the rows too.

    `copies` of the rows are kept ones that the first of the stages (`read`) answers for, copies of other records;
    `of_sources` are those of the sources counted apart.
    """
    shown = held = sum(row["count"] for row in found)
    there = {s: sum(r["count"] for r in found if r.of_source == s and not r.unsampled) for s in sorted(sources)}
    gone = [row for row in found if not row.kept]
    strangers = {row.stage for row in gone} - set(stages)
    if strangers:
        raise RunFailed(f"a segment holds verdicts of {', '.join(map(str, strangers))}, stages it does not have")
    counts: list[StageCount] = []
    for name in stages:
        own = [row for row in gone if row.stage == name]
        copied = 0 if counts else copies
        entry = StageCount(
            name,
            shown,
            removed=_sum(own, rejected=False) + copied,
            rejected=_sum(own, rejected=True),
            duplicates=copied,
            failed=sum(row["count"] for row in own if row.defect),
            by_machine=sum(row["count"] for row in own if row.defect in MACHINE_REASONS),
            not_sampled=sum(row["count"] for row in own if row.unsampled),
        )
        for source in there:
            its = [row for row in own if row.of_source == source and not row.unsampled]
            removed = _sum(its, rejected=False) + (0 if counts else of_sources.get(source, 0))
            entry.sources[source] = SourceCount(there[source], removed, _sum(its, rejected=True))
            there[source] = entry.sources[source].kept
        counts.append(entry)
        shown = entry.kept
    return held, counts


def _sum(rows: Sequence[Any], *, rejected: bool) -> int:
    return sum(int(row["count"]) for row in rows if bool(row.rejected) == rejected)


def count_comparison(
    stage: str, before: StageCount, removed: int, duplicates: int, of_sources: Mapping[str, int]
) -> StageCount:
    """The count of a corpus stage, which was shown what the stage before kept; `of_sources` it removed of each."""
    sources = {name: SourceCount(c.kept, of_sources.get(name, 0)) for name, c in before.sources.items()}
    return StageCount(stage, before.kept, removed, duplicates=duplicates, sources=sources)
