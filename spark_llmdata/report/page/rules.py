"""The comparisons of a run's stages with thresholds, asked of stored scores: plain Arrow, on driver and executors."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from spark_llmdata.batch import Batch
from spark_llmdata.languages.judging import rows_by_label
from spark_llmdata.languages.stage import LanguageStage
from spark_llmdata.report.page.records import SCORE
from spark_llmdata.stage import RowStage
from spark_llmdata.verdict import FloatArray, as_float

#: By the operator of a rule, which of the measured values it removes.
REMOVES: Mapping[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class RuleKey(NamedTuple):
    """A rule of a stage with one of its thresholds; languages may have different ones."""

    stage: str
    reason: str
    op: str
    bound: float


class Measured(NamedTuple):
    """The rows of a batch that have a score under a rule, and their values."""

    key: RuleKey
    rows: npt.NDArray[np.int64]
    values: FloatArray


def read_scores(rows: pa.RecordBatch) -> Batch:
    """What decides about stored rows: their scores and `lang`."""
    scores = {name.removeprefix(SCORE): rows.column(name) for name in rows.schema.names if name.startswith(SCORE)}
    return Batch({"lang": rows.column("lang")}, scores=scores)


def measure(stages: Sequence[RowStage], docs: Batch) -> Iterator[Measured]:
    """What the rules of stages have measured of the documents of a batch, rule by rule and threshold by threshold."""
    for stage in stages:
        for variant, rows in _by_settings(stage, docs):
            for reason, (values, op, threshold) in variant.list_rules(docs).items():
                measured = as_float(values)
                bounds = np.broadcast_to(np.asarray(threshold, dtype=np.float64), measured.shape)
                known = rows[np.isfinite(measured[rows]) & np.isfinite(bounds[rows])]
                for bound in np.unique(bounds[known]):
                    chosen = known[bounds[known] == bound]
                    yield Measured(RuleKey(stage.name, reason, op, float(bound)), chosen, measured[chosen])


def _by_settings(stage: RowStage, docs: Batch) -> Iterator[tuple[RowStage, npt.NDArray[np.int64]]]:
    """A stage with the settings of each language there is, and the rows these are for."""
    if not isinstance(stage, LanguageStage) or not stage.languages():
        yield stage, np.arange(len(docs))
        return
    groups: dict[int, tuple[LanguageStage, list[npt.NDArray[np.int64]]]] = {}
    for label, rows in rows_by_label(docs).items():
        variant = stage.variant(label)
        if variant is not None:
            groups.setdefault(id(variant), (variant, []))[1].append(rows)
    for variant, parts in groups.values():
        yield variant, np.sort(np.concatenate(parts))


def name_score(stage: RowStage, reason: str) -> str:
    """What a rule measures, as the stage describes it; the reason where it combines several scores."""
    described = list(zip(stage.score_columns(), stage.scores.values(), strict=True))
    names = [name for name, _ in described] + sorted(stage.needed_scores() - {name for name, _ in described})
    # A value of its own for each column tells which one the rule hands on.
    probe = {name: pa.array([number + 0.5]) for number, name in enumerate(names)}
    rule = stage.list_rules(Batch({"lang": pa.nulls(1, pa.string())}, scores=probe)).get(reason)
    number = as_float(rule[0])[0] - 0.5 if rule is not None else -1.0
    if number not in range(len(names)):
        return reason
    name = names[int(number)]
    return dict(described).get(name) or name


def name_setting(stage: RowStage, reason: str) -> str | None:
    """The setting that a rule's threshold is, found by giving it another value; None where none alone is."""
    probe = {name: pa.array([0.5]) for name in {*stage.score_columns(), *stage.needed_scores()}}
    docs = Batch({"lang": pa.nulls(1, pa.string())}, scores=probe)

    def bound(one: RowStage) -> float | None:
        rule = one.list_rules(docs).get(reason)
        return None if rule is None else float(np.broadcast_to(np.asarray(rule[2], dtype=np.float64), (1,))[0])

    was = bound(stage)
    for name in sorted(stage.retunable):
        value = getattr(stage, name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            changed = stage.model_copy(update={name: value * 2 + 1})
            if bound(changed) != was:
                return f"{stage.name}.{name}"
    return None
