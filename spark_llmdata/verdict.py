"""Judgements: what a row stage says of a batch, as arrays as long as the batch."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from spark_llmdata.schema import CHANGE

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]

#: (measured values, comparison that removes, threshold): "remove where values < 50". A threshold of each row's own is
#: an array; a row where it is NaN passes.
Rule = tuple[pa.Array, str, float | FloatArray]

_COMPARE: Mapping[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

#: Rejects that depend on the machine a row was judged on, not on the row alone: a run with any is not reproducible.
MACHINE_REASONS = ("out_of_memory", "killed", "timed_out")

#: The longest evidence that is stored, in characters.
MAX_EVIDENCE = 200

#: Reasons that are given where a stage could not judge a row; a stage declares none of them itself.
RESERVED_REASONS = ("failed", *MACHINE_REASONS)


@dataclass
class Judgement:
    """What a stage says of n documents.

    `keep` (n,) says who stays. For the others `reason` names the defect as the stage declares it ("too_few_words"),
    `score` and `threshold` the comparison that decided, `evidence` a JSON text. `rejected` marks rows that could not be
    judged at all. `scores` are measured columns (kept rows too), by name as the stage declares it. `text` replaces the
    text where it is not null (`onward` is what later stages see of removed rows where a recipe shows them these;
    nothing is stored of it), `edits` counts the changes made, `changes` (`schema.CHANGE`, by `list_changes`) says
    where; `columns` replaces other document columns (lang, date).
    """

    keep: BoolArray
    reason: npt.NDArray[np.object_] | None = None
    score: FloatArray | None = None
    threshold: FloatArray | None = None
    evidence: npt.NDArray[np.object_] | None = None
    rejected: BoolArray | None = None
    scores: dict[str, pa.Array] = field(default_factory=dict)
    text: pa.Array | None = None
    onward: pa.Array | None = None
    edits: npt.NDArray[np.int64] | None = None
    changes: pa.Array | None = None
    columns: dict[str, pa.Array] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of documents judged."""
        return len(self.keep)

    @classmethod
    def keep_all(cls, n: int, **others: Any) -> Judgement:
        """Judge that all `n` documents stay; `others` are fields of the judgement (text, scores, ...)."""
        return cls(keep=np.ones(n, dtype=bool), **others)

    @classmethod
    def first_failing(cls, **rules: Rule) -> Judgement:
        """Remove a document by the first of the rules it fails, in the order given.

        Each rule is `reason=(values, op, threshold)` and removes where `values op threshold`; a null value passes.
        """
        if not rules:
            raise ValueError("first_failing needs at least one rule: reason=(values, '<', threshold)")
        n = len(next(iter(rules.values()))[0])
        keep = np.ones(n, dtype=bool)
        reason = np.full(n, None, dtype=object)
        score, bound = np.full(n, np.nan), np.full(n, np.nan)
        for name, (values, op, threshold) in rules.items():
            measured = as_float(values)
            with np.errstate(invalid="ignore"):
                failing = _COMPARE[op](measured, threshold) & keep
            keep[failing] = False
            reason[failing] = name
            score[failing] = measured[failing]
            bound[failing] = threshold[failing] if isinstance(threshold, np.ndarray) else threshold
        return cls(keep, reason, score, bound)

    def take(self, rows: npt.NDArray[np.int64]) -> Judgement:
        """Return the judgement of these rows, in this order."""

        def pick(values: Any) -> Any:
            return values if values is None else values.take(pa.array(rows) if isinstance(values, pa.Array) else rows)

        fields = {n: v for n, v in vars(self).items() if n not in ("scores", "columns")}
        return Judgement(
            **{name: pick(values) for name, values in fields.items()},
            scores={name: pick(values) for name, values in self.scores.items()},
            columns={name: pick(values) for name, values in self.columns.items()},
        )

    @classmethod
    def remove_where(cls, remove: BoolArray, reason: str, **others: Any) -> Judgement:
        """Remove the marked documents for one reason."""
        names = np.full(len(remove), None, dtype=object)
        names[remove] = reason
        return cls(keep=~remove, reason=names, **others)


def list_changes(
    n: int, row: npt.NDArray[np.int64], kind: pa.Array, begin: pa.Array, end: pa.Array, length: pa.Array
) -> pa.Array:
    """Changes as a judgement holds them, given one after another in the order of `row` and, within a row, of place.

    Returns a list of `schema.CHANGE` for each of the `n` rows, null where nothing changed.
    """
    return list_by_row(n, row, pa.StructArray.from_arrays([kind, begin, end, length], fields=list(CHANGE)))


def list_by_row(n: int, row: npt.NDArray[np.int64], values: pa.Array) -> pa.Array:
    """Put values, which stand in the order of their rows, into a list for each row; null where there are none."""
    counts = np.bincount(row, minlength=n)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    empty = np.append(counts == 0, False)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32(), mask=empty), values)


def as_float(values: pa.Array) -> FloatArray:
    """Values as float64, null as NaN."""
    return np.asarray(pc.cast(values, pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)


def concat(parts: Sequence[Judgement]) -> Judgement:
    """Join judgements of consecutive slices of one batch into that batch's judgement."""
    lengths = [len(p) for p in parts]

    def joined(name: str, empty: Callable[[int], Any]) -> Any:
        values = [getattr(p, name) for p in parts]
        if all(v is None for v in values):
            return None
        return np.concatenate([empty(n) if v is None else v for v, n in zip(values, lengths, strict=True)])

    def arrays(values: Sequence[pa.Array | None]) -> pa.Array:
        kind = next(v.type for v in values if v is not None)
        return pa.concat_arrays(
            [pa.nulls(n, kind) if v is None else v.cast(kind) for v, n in zip(values, lengths, strict=True)]
        )

    def mapped(dicts: Sequence[Mapping[str, pa.Array]]) -> dict[str, pa.Array]:
        names = {name: None for d in dicts for name in d}
        return {name: arrays([d.get(name) for d in dicts]) for name in names}

    def some(name: str) -> pa.Array | None:
        values = [getattr(p, name) for p in parts]
        return None if all(v is None for v in values) else arrays(values)

    return Judgement(
        keep=np.concatenate([p.keep for p in parts]),
        reason=joined("reason", lambda n: np.full(n, None, dtype=object)),
        score=joined("score", lambda n: np.full(n, np.nan)),
        threshold=joined("threshold", lambda n: np.full(n, np.nan)),
        evidence=joined("evidence", lambda n: np.full(n, None, dtype=object)),
        rejected=joined("rejected", lambda n: np.zeros(n, dtype=bool)),
        scores=mapped([p.scores for p in parts]),
        text=some("text"),
        onward=some("onward"),
        edits=joined("edits", lambda n: np.zeros(n, dtype=np.int64)),
        changes=some("changes"),
        columns=mapped([p.columns for p in parts]),
    )
