"""Documents on both sides of a changed threshold, the nearest first: plain Arrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from spark_llmdata.batch import Batch
from spark_llmdata.languages.judging import rows_by_label
from spark_llmdata.languages.stage import LanguageStage
from spark_llmdata.retuning.change import Change
from spark_llmdata.retuning.walk import COPY, Walk, Way
from spark_llmdata.stage import RowStage
from spark_llmdata.verdict import BoolArray, FloatArray, Judgement, Rule, as_float

#: How many documents are told on each side of a threshold.
SHOWN = 20


@dataclass(frozen=True)
class Side:
    """The rows on one side of a changed rule, nearest first; `removes` says whether the rule removes there.

    `distance` is relative to the threshold, the new one if the rule is still asked, and absolute where that is 0.
    """

    change: int
    reason: str
    removes: bool
    rows: npt.NDArray[np.int64]
    distance: FloatArray
    score: FloatArray
    threshold: FloatArray
    threshold_was: FloatArray


def find_sides(
    walk: Walk, changes: Sequence[Change], way: Way, docs: Batch, doc_id: pa.Array, then_reason: pa.Array
) -> Iterator[Side]:
    """Of a batch the `SHOWN` nearest documents on each side of each changed rule; ties by doc_id, copies left out."""
    single = np.array([reason != COPY for reason in then_reason.to_pylist()], dtype=bool)
    ids = np.array(doc_id.to_pylist(), dtype=object)
    for number, change in enumerate(changes):
        place = next(i for i, step in enumerate(walk.steps) if step.name == change.stage and step.was is not None)
        if place not in way.reached:
            continue
        was, now = walk.steps[place].was, walk.steps[place].now
        assert isinstance(was, RowStage)
        assert isinstance(now, RowStage)
        found: dict[tuple[str, bool], list[Side]] = {}
        for old, new, rows in _by_language(was, now, docs, change.language):
            alone = old.model_copy(update={change.setting: getattr(new, change.setting)})
            eligible = way.reached[place] & single & rows
            for reason, before, after in _differing(old.list_rules(docs), alone.list_rules(docs)):
                for side in _nearest(number, f"{was.noun}.{reason}", before, after, eligible, ids):
                    found.setdefault((side.reason, side.removes), []).append(side)
        yield from (_merge(sides, ids) for sides in found.values())


def _by_language(
    was: RowStage, now: RowStage, docs: Batch, language: str | None
) -> Iterator[tuple[RowStage, RowStage, BoolArray]]:
    """The two stages with the settings of a language, of one or of each, and the rows that are judged by them.

    Labels of one language go together; rows that the stages do not judge are in none.
    """
    if not isinstance(was, LanguageStage) or not isinstance(now, LanguageStage):
        yield was, now, np.ones(len(docs), dtype=bool)
        return
    rows_of = rows_by_label(docs)
    groups: dict[tuple[int, int], tuple[LanguageStage, LanguageStage, list[npt.NDArray[np.int64]]]] = {}
    for label, rows in rows_of.items():
        old, new = was.variant(label), now.variant(label)
        if old is not None and new is not None and (language is None or new is now.variant(language)):
            groups.setdefault((id(old), id(new)), (old, new, []))[2].append(rows)
    for old, new, parts in groups.values():
        chosen = np.zeros(len(docs), dtype=bool)
        chosen[np.concatenate(parts)] = True
        yield old, new, chosen


def _merge(sides: Sequence[Side], ids: npt.NDArray[np.object_]) -> Side:
    """The nearest rows of a side of a rule, of all languages."""
    first, *others = sides
    if not others:
        return first
    names = ("rows", "distance", "score", "threshold", "threshold_was")
    rows, distance, *rest = (np.concatenate([getattr(side, name) for side in sides]) for name in names)
    order = np.lexsort((ids[rows].astype(str), distance))[:SHOWN]
    return Side(first.change, first.reason, first.removes, *(values[order] for values in (rows, distance, *rest)))


def _differing(was: dict[str, Rule], now: dict[str, Rule]) -> Iterator[tuple[str, Rule | None, Rule | None]]:
    """The rules that are not the same, each as it was and as it is; None where it was or is not asked."""
    for reason in {**was, **now}:
        before, after = was.get(reason), now.get(reason)
        if before is None or after is None or not _same(before, after):
            yield reason, before, after


def _same(one: Rule, other: Rule) -> bool:
    mine, its = (np.asarray(rule[2], dtype=np.float64) for rule in (one, other))
    return one[1] == other[1] and np.array_equal(mine, its, equal_nan=True)


def _nearest(
    number: int, reason: str, before: Rule | None, after: Rule | None, eligible: BoolArray, ids: npt.NDArray[np.object_]
) -> Iterator[Side]:
    n = len(ids)
    was, now = _bounds(before, n), _bounds(after, n)
    asked = np.isfinite(now)
    rule = after if after is not None and asked.any() else before
    assert rule is not None
    bound = np.where(asked, now, was)
    score = as_float(rule[0])
    changes = ~((was == now) | (np.isnan(was) & np.isnan(now)))
    with np.errstate(invalid="ignore", divide="ignore"):
        distance = np.abs(score - bound) / np.where(bound == 0, 1, np.abs(bound))
    removes = ~Judgement.first_failing(rule=(rule[0], rule[1], bound)).keep
    known = eligible & np.isfinite(distance) & (changes | (before is None or after is None or before[1] != after[1]))
    for which in (False, True):
        rows = np.flatnonzero(known & (removes == which))
        rows = rows[np.lexsort((ids[rows].astype(str), distance[rows]))]
        if len(rows):
            first = np.append(True, ids[rows][1:] != ids[rows][:-1])  # of a record and its copies, which stand together
            rows = rows[first][:SHOWN]
            yield Side(number, reason, which, rows, distance[rows], score[rows], bound[rows], was[rows])


def _bounds(rule: Rule | None, n: int) -> FloatArray:
    """Each row's threshold; NaN where there is none."""
    if rule is None:
        return np.full(n, np.nan)
    return np.broadcast_to(np.asarray(rule[2], dtype=np.float64), (n,))
