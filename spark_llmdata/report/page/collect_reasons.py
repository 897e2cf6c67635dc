"""Why documents went, with examples of each reason, and how many words and bytes went with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spark_llmdata.report.page.choice import choose
from spark_llmdata.report.page.examples import Examples
from spark_llmdata.report.page.model import FunnelStep, ReasonGroup
from spark_llmdata.report.page.records import ASIDE, Place, Records
from spark_llmdata.report.page.screen import Screen

_BY = ("outcome", "stage", "reason")
_TOLD = ("doc_id", "id", "url", "source", "file", "offset", "part", "ordinal", "words", "score", "threshold")

#: What the reader says; stages say themselves what their reasons mean.
_READ = {
    "read.duplicate_record": "the same record was there before",
    "read.no_text": "the record has no text",
    "read.not_content": "no document, such as a request in an archive",
    "read.not_sampled": "not in the sample: not looked at",
    "read.not_extracted": "the record holds HTML, or text to be decoded, and the recipe has no stage for it",
}


@dataclass(frozen=True)
class Counted:
    """Records of one outcome and reason: how many, what they hold, the fates of a few. Those kept have no reason."""

    outcome: str
    stage: str | None
    reason: str | None
    documents: int
    words: int
    bytes: int
    examples: tuple[Any, ...] = ()

    @property
    def is_aside(self) -> bool:
        """Whether these records are no documents."""
        return self.reason in ASIDE


def count_reasons(records: Records, shown: int) -> list[Counted]:
    """Count records by outcome, stage and reason, with `shown` examples of each: two passes over the fates."""
    from pyspark.sql import functions as F

    fates = records.fates()
    words, size = (F.coalesce(F.sum(c), F.lit(0)).alias(c) for c in ("words", "bytes"))
    sums = fates.groupBy("outcome", "stage", "reason").agg(F.count("*").alias("documents"), words, size).collect()
    name = F.xxhash64(F.coalesce("doc_id", F.concat("file", F.lit(":"), "offset")))
    named = fates.where(F.col("reason").isNotNull()).select(*_BY, "evidence", *_TOLD, name.alias("hash"))
    examples: dict[tuple[str, ...], list[Any]] = {}
    for one in choose(named, _BY, ("hash", "file", "offset", "part", "ordinal"), shown).collect():
        examples.setdefault((one.outcome, one.stage, one.reason), []).append(one)
    found = [
        Counted(r.outcome, r.stage, r.reason, r.documents, r.words, r.bytes, tuple(examples.get(tuple(r)[:3], ())))
        for r in sums
    ]
    return sorted(found, key=lambda c: (c.outcome, -c.documents, c.stage or "", c.reason or ""))


def list_places(records: Records, found: Sequence[Counted]) -> dict[tuple[str, int], Place]:
    """Where the examples are stored as what removed them saw them, by part and number."""
    places: dict[tuple[str, int], Place] = {}
    for group in found:
        number = None if group.stage is None else records.segment_of(group.stage)
        if number is not None:
            places |= {(one.part, one.ordinal): Place(number, one.part, one.ordinal) for one in group.examples}
    return places


def make_reasons(
    found: Sequence[Counted], places: Mapping[tuple[str, int], Place], examples: Examples, meanings: Mapping[str, str]
) -> tuple[ReasonGroup, ...]:
    """The reasons, removals before rejections before what is set aside, each by documents; `meanings` by reason."""
    groups = []
    for group in found:
        if group.stage is None or group.reason is None:
            continue
        told = [examples.of_fate(one, places.get((one.part, one.ordinal))) for one in group.examples]
        outcome = "aside" if group.is_aside else group.outcome
        groups.append(
            ReasonGroup(
                group.stage,
                group.reason,
                meanings.get(group.reason),
                "rejected" if outcome == "rejected" else "aside" if outcome == "aside" else "removed",
                group.documents,
                group.words,
                group.bytes,
                tuple(told),
            )
        )
    order = ("removed", "rejected", "aside")
    return tuple(sorted(groups, key=lambda g: (order.index(g.outcome), -g.documents, g.stage, g.reason)))


def list_meanings(screen: Screen, recipe: Mapping[str, Any]) -> dict[str, str]:
    """What reasons mean, as the stages of a recipe describe them."""
    from spark_llmdata.stages import BUILTIN

    meanings = dict(_READ)
    for entry in recipe["stages"]:
        name = entry.get("id") or entry["kind"]
        own = screen.stages.get(name) or BUILTIN.get(entry["kind"])
        noun = name.rpartition(".")[2]
        meanings |= {f"{noun}.{reason}": text for reason, text in (own.reasons if own else {}).items()}
    return meanings


def make_funnel(by_stage: Sequence[Mapping[str, Any]], found: Sequence[Counted]) -> tuple[FunnelStep, ...]:
    """The stages in order with the documents, words and bytes that went at each, and those left behind it.

    Words and bytes are of each document's text as it was stored where the document ended, so that they add up. What is
    set aside never comes in: the first stage is shown the documents.
    """
    went: dict[tuple[str | None, str], list[int]] = {}
    aside = sum(group.documents for group in found if group.is_aside)
    for group in found:
        if not group.is_aside:
            sums = went.setdefault((group.stage, group.outcome), [0, 0])
            sums[0] += group.words
            sums[1] += group.bytes
    left = [sum(sums[i] for sums in went.values()) for i in (0, 1)]
    steps = []
    for count in by_stage:
        removed = went.get((count["stage"], "removed"), [0, 0])
        rejected = went.get((count["stage"], "rejected"), [0, 0])
        left = [n - gone - lost for n, gone, lost in zip(left, removed, rejected, strict=True)]
        none = aside if count["stage"] == "read" else 0
        numbers = (count["in"] - none, count["removed"] - none, count["rejected"], count["kept"])
        steps.append(FunnelStep(count["stage"], *numbers, *removed, *left))
    return tuple(steps)
