"""What runs on executors to count scores around thresholds, as a callable for `mapInArrow`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from spark_llmdata.report.page.histogram import Axis
from spark_llmdata.report.page.rules import REMOVES, Measured, RuleKey, measure, read_scores
from spark_llmdata.stage import RowStage
from spark_llmdata.verdict import BoolArray, FloatArray

#: What a slot counts: a bar, what another threshold keeps, documents near to the threshold (slot 0 kept, 1 removed).
BAR, KEEPS, NEAR = "bar", "keeps", "near"

#: One line for each slot of a rule, and one for each document near to its threshold.
COUNTED = pa.schema(
    [
        pa.field("rule", pa.int64()),
        pa.field("kind", pa.string()),
        pa.field("slot", pa.int64()),
        pa.field("kept", pa.int64()),
        pa.field("removed", pa.int64()),
        pa.field("words", pa.int64()),
        pa.field("low", pa.float64()),
        pa.field("high", pa.float64()),
        pa.field("distance", pa.float64()),
        pa.field("doc_id", pa.string()),
        pa.field("score", pa.float64()),
        pa.field("segment", pa.int64()),
        pa.field("part", pa.string()),
        pa.field("ordinal", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Rule:
    """A rule to count by: its threshold, its bars and other thresholds to try."""

    key: RuleKey
    axis: Axis
    thresholds: tuple[float, ...]


@dataclass(frozen=True)
class CountScores:
    """Counts the rows of a partition by rule, and gives `COUNTED` once at its end; `shown` documents on each side."""

    stages: Sequence[RowStage]
    rules: tuple[Rule, ...]
    shown: int

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Take batches of `Records.ended`."""
        number_of = {rule.key: number for number, rule in enumerate(self.rules)}
        counts = [_Counts(rule, self.shown) for rule in self.rules]
        for rows in batches:
            words = np.asarray(rows.column("words").fill_null(0), dtype=np.int64)
            for measured in measure(self.stages, read_scores(rows)):
                number = number_of.get(measured.key)
                if number is not None and len(measured.rows):
                    counts[number].add(measured, words[measured.rows], rows)
        lines = [line for number, found in enumerate(counts) for line in found.lines(number)]
        yield pa.RecordBatch.from_pylist(lines, COUNTED)


class _Counts:
    """What has been counted for one rule so far."""

    def __init__(self, rule: Rule, shown: int) -> None:
        self.rule, self.shown = rule, shown
        n = len(rule.axis.edges) + 1
        self.bars = np.zeros((2, n), dtype=np.int64)
        self.low, self.high = np.full(n, np.inf), np.full(n, -np.inf)
        self.keeps = np.zeros((2, len(rule.thresholds)), dtype=np.int64)
        self.near: dict[bool, list[dict[str, Any]]] = {False: [], True: []}

    def add(self, found: Measured, words: Any, rows: pa.RecordBatch) -> None:
        """Take the rows of a batch in that have a value."""
        remove = REMOVES[self.rule.key.op]
        goes: BoolArray = remove(found.values, self.rule.key.bound)
        bar = np.searchsorted(np.asarray(self.rule.axis.edges), found.values, side="right")
        for side, which in enumerate((~goes, goes)):
            self.bars[side] += np.bincount(bar[which], minlength=self.bars.shape[1])
        np.minimum.at(self.low, bar, found.values)
        np.maximum.at(self.high, bar, found.values)
        for number, threshold in enumerate(self.rule.thresholds):
            stays = ~remove(found.values, threshold)
            self.keeps[:, number] += int(stays.sum()), int(words[stays].sum())
        self._look_near(found, goes, rows)

    def _look_near(self, found: Measured, goes: BoolArray, rows: pa.RecordBatch) -> None:
        distance: FloatArray = np.abs(found.values - self.rule.key.bound)
        for side in (False, True):
            there = np.flatnonzero(goes == side)
            if len(there) > self.shown:  # ties stay in: which of them are shown is decided by doc_id
                bound = np.partition(distance[there], self.shown - 1)[self.shown - 1]
                there = there[distance[there] <= bound]
            names = rows.column("doc_id").take(pa.array(found.rows[there])).to_pylist()
            order = sorted(range(len(there)), key=lambda i: (distance[there[i]], names[i]))[: self.shown]
            for i in order:
                row = int(found.rows[there[i]])
                place = {name: rows.column(name)[row].as_py() for name in ("segment", "part", "ordinal")}
                value = float(found.values[there[i]])
                facts = {"distance": float(distance[there[i]]), "doc_id": names[i], "score": value}
                self.near[side].append(facts | place)
            self.near[side].sort(key=lambda facts: (facts["distance"], facts["doc_id"]))
            del self.near[side][self.shown :]

    def lines(self, number: int) -> Iterator[dict[str, Any]]:
        """`COUNTED`, without slots that are empty."""
        for slot in np.flatnonzero(self.bars.sum(axis=0)).tolist():
            kept, removed = (int(n) for n in self.bars[:, slot])
            reach = {"low": float(self.low[slot]), "high": float(self.high[slot])}
            yield {"rule": number, "kind": BAR, "slot": slot, "kept": kept, "removed": removed} | reach
        for slot in range(self.keeps.shape[1]):
            kept, words = (int(n) for n in self.keeps[:, slot])
            yield {"rule": number, "kind": KEEPS, "slot": slot, "kept": kept, "words": words}
        for side, documents in self.near.items():
            for facts in documents:
                yield {"rule": number, "kind": NEAR, "slot": int(side)} | facts
