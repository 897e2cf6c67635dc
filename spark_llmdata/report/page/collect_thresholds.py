"""Scores around the thresholds of a run: histograms, what other thresholds would keep, the documents next to each."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from spark_llmdata.artifact import ship_code
from spark_llmdata.report.page.amounts import plural
from spark_llmdata.report.page.histogram import Axis, make_axis
from spark_llmdata.report.page.model import Bin, Example, Retention, ThresholdView
from spark_llmdata.report.page.records import SCORE, Place, Records
from spark_llmdata.report.page.rules import RuleKey, measure, name_score, name_setting, read_scores
from spark_llmdata.report.page.tally import BAR, COUNTED, KEEPS, NEAR, CountScores, Rule
from spark_llmdata.stage import RowStage
from spark_llmdata.verdict import FloatArray

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

#: Documents of which the scores decide where bars begin and end: as many that stayed as that went.
SAMPLE = 4_000
#: Thresholds that are told of one rule, those of most documents; languages may have one each.
MAX_BOUNDS = 3

#: Makes an example of the document at a place, given its score and the threshold.
Exemplify = Callable[[Place, float, float], Example | None]


@dataclass(frozen=True)
class Near:
    """A document next to a threshold."""

    place: Place
    score: float
    removed: bool


@dataclass(frozen=True)
class Counted:
    """A rule with all that was counted of it."""

    rule: Rule
    labels: tuple[str | None, ...] | None
    bars: Mapping[int, Any]
    keeps: Mapping[int, Any]
    near: tuple[Near, ...]

    @property
    def documents(self) -> int:
        """How many have the score."""
        return sum(row.kept + row.removed for row in self.bars.values())


def count_scores(records: Records, stages: Sequence[RowStage], shown: int) -> tuple[list[Counted], list[str]]:
    """Count the documents around every threshold of these stages, `shown` documents told on each side of it.

    The stored scores are read twice: some of them, to choose the bars, then all. Returns beside it what of which stage
    cannot be told, as sentences.
    """
    there = set(records.score_names())
    own = [stage for stage in stages if stage.retunable and _needs(stage) <= there]
    needed = {name for stage in own for name in _needs(stage)}
    names = [f"`{SCORE}{name}`" for name in records.score_names() if name in needed]
    rows = records.ended().select("doc_id", "segment", "part", "ordinal", "lang", "words", "kept", *names)
    sample = _sample(rows).combine_chunks().to_batches() if own else []
    problems = {stage.name: problem for stage in own if (problem := _try(stage, sample))}
    own = [stage for stage in own if stage.name not in problems]
    found = _choose_rules(own, sample)
    if not found:
        return [], list(problems.values())
    ship_code(own)
    counted = _count(rows.drop("kept"), CountScores(tuple(own), tuple(rule for rule, _ in found), shown))
    return [_gather(number, rule, labels, counted) for number, (rule, labels) in enumerate(found)], [*problems.values()]


def _needs(stage: RowStage) -> set[str]:
    return {*stage.score_columns(), *stage.needed_scores()}


def _try(stage: RowStage, sample: Sequence[pa.RecordBatch]) -> str | None:
    """What is wrong with asking a stage about stored scores."""
    try:
        for batch in sample:
            list(measure([stage], read_scores(batch)))
    except Exception as problem:  # noqa: BLE001 - a stage of the user's own may raise whatever it likes
        return f"thresholds of {stage.name} are missing, its rules cannot be asked: {type(problem).__name__}: {problem}"
    return None


def _sample(rows: DataFrame) -> pa.Table:
    """As many documents that stayed as that went, chosen by a hash of their ids."""
    from pyspark.sql import functions as F

    order = (F.xxhash64("doc_id"), "doc_id", "part", "ordinal")
    sides = [rows.where(side).orderBy(*order).limit(SAMPLE) for side in ("kept", "NOT kept")]
    return sides[0].unionByName(sides[1]).toArrow()


def _choose_rules(stages: Sequence[RowStage], sample: pa.Table) -> list[tuple[Rule, tuple[str | None, ...] | None]]:
    """The rules that documents of a sample have scores for, with their bars: in the order of the stages and reasons.

    The thresholds of one rule that languages have come one behind the other, the one of most documents first.
    """
    values: dict[RuleKey, list[FloatArray]] = {}
    labels: dict[RuleKey, dict[str | None, None]] = {}
    for batch in sample:
        for found in measure(stages, read_scores(batch)):
            values.setdefault(found.key, []).append(found.values)
            there = batch.column("lang").take(pa.array(found.rows)).unique().to_pylist()
            labels.setdefault(found.key, {}).update(dict.fromkeys(there))
    told: Counter[tuple[str, str]] = Counter()
    chosen: set[RuleKey] = set()
    for key in sorted(values, key=lambda k: (-sum(map(len, values[k])), k)):
        told[key.stage, key.reason] += 1
        if told[key.stage, key.reason] <= MAX_BOUNDS:
            chosen.add(key)
    reasons = [(stage.name, reason) for stage in stages for reason in stage.reasons]
    order = {name: number for number, name in enumerate(reasons)}
    rules = []
    for key in sorted(values, key=lambda k: (order.get(k[:2], len(order)), -sum(map(len, values[k])), k)):
        if key in chosen:
            axis = make_axis(np.concatenate(values[key]), key.bound)
            names = tuple(sorted(labels[key], key=lambda label: (label is None, label or "")))
            is_one_of_several = told[key.stage, key.reason] > 1
            rules.append((Rule(key, axis, axis.thresholds(key.bound)), names if is_one_of_several else None))
    return rules


def _count(rows: DataFrame, count: CountScores) -> list[Any]:
    """Add up what tasks counted, and choose the nearest documents of all."""
    from pyspark.sql import functions as F
    from pyspark.sql.pandas.types import from_arrow_schema

    lines = rows.mapInArrow(count, from_arrow_schema(COUNTED))
    near = F.when(F.col("doc_id").isNotNull(), F.struct("distance", "doc_id", "score", "segment", "part", "ordinal"))
    return list(
        lines.groupBy("rule", "kind", "slot")
        .agg(
            *(F.sum(name).alias(name) for name in ("kept", "removed", "words")),
            F.min("low").alias("low"),
            F.max("high").alias("high"),
            F.slice(F.sort_array(F.collect_list(near)), 1, count.shown).alias("near"),
        )
        .collect()
    )


def _gather(number: int, rule: Rule, labels: tuple[str | None, ...] | None, counted: Sequence[Any]) -> Counted:
    own = [row for row in counted if row.rule == number]
    near = tuple(
        Near(Place(one.segment, one.part, one.ordinal), one.score, bool(row.slot))
        for row in sorted((row for row in own if row.kind == NEAR), key=lambda row: int(row.slot))
        for one in row.near
    )
    bars, keeps = ({row.slot: row for row in own if row.kind == kind} for kind in (BAR, KEEPS))
    return Counted(rule, labels, bars, keeps, near)


def make_views(
    counted: Sequence[Counted], stages: Mapping[str, RowStage], lost_before: Mapping[str, int], example: Exemplify
) -> tuple[ThresholdView, ...]:
    """Tell what was counted; `lost_before` says of each stage how many documents had gone without a score of it."""
    return tuple(
        _make_view(found, stages[found.rule.key.stage], lost_before.get(found.rule.key.stage, 0), example)
        for found in counted
        if found.documents
    )


def _make_view(found: Counted, stage: RowStage, lost: int, example: Exemplify) -> ThresholdView:
    key = found.rule.key
    keeps = [
        Retention(threshold, int(found.keeps[slot].kept), int(found.keeps[slot].words))
        for slot, threshold in enumerate(found.rule.thresholds)
        if slot in found.keeps
    ]
    kept, removed = (
        tuple(e for near in found.near if near.removed == side and (e := example(near.place, near.score, key.bound)))
        for side in (False, True)
    )
    return ThresholdView(
        key.stage,
        f"{stage.noun}.{key.reason}",
        name_setting(stage, key.reason),
        name_score(stage, key.reason),
        "below" if key.op in ("<", "<=") else "above",
        key.bound,
        found.documents,
        lost == 0,
        f"{plural(lost, 'document')} went before this was measured" if lost else None,
        _make_bins(found.rule.axis, key.bound, found.bars),
        tuple(keeps),
        kept,
        removed,
        found.rule.axis.scale,
        _tell_languages(found.labels),
    )


def _make_bins(axis: Axis, threshold: float, bars: Mapping[int, Any]) -> tuple[Bin, ...]:
    """The bars from the lowest value or the threshold to the highest, empty ones between them too.

    The first and the last reach no farther than there are values, so that no share is below zero.
    """
    slots = sorted(
        {*bars, axis.edges.index(threshold), axis.edges.index(threshold) + 1} - {0, len(axis.edges)} | {*bars}
    )
    bins = []
    for slot in range(slots[0], slots[-1] + 1):
        bar = bars.get(slot)
        begin = axis.edges[slot - 1] if slot else -math.inf
        end = axis.edges[slot] if slot < len(axis.edges) else math.inf
        if bar and slot == slots[0]:
            begin = max(begin, float(bar.low))
        if bar and slot == slots[-1] and (float(bar.high) > begin or math.isinf(end)):
            end = min(end, float(bar.high))
        bins.append(Bin(begin, end, int(bar.kept) if bar else 0, int(bar.removed) if bar else 0))
    return tuple(bins)


def _tell_languages(labels: Sequence[str | None] | None) -> str | None:
    """The languages whose documents a threshold is for."""
    if labels is None:
        return None
    names = [label or "unknown" for label in labels]
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
