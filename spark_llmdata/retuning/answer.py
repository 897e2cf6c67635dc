"""The answer: what would be kept and why not, whether that is exact, and who stands at the border."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from spark_llmdata.errors import ProofFailed
from spark_llmdata.retuning.change import Change, Changes
from spark_llmdata.retuning.page import describe_page
from spark_llmdata.retuning.rows import Rows
from spark_llmdata.retuning.walk import COPY, KEPT, READER, WAITS, Step, Walk
from spark_llmdata.stage import CorpusStage
from spark_llmdata.store.ledger import RunRecord


@dataclass(frozen=True)
class Total:
    """Documents, and the words of their texts as they are stored."""

    documents: int
    words: int


@dataclass(frozen=True)
class ReasonCount:
    """How many records a stage removed or rejected for a reason, then and now."""

    stage: str
    reason: str
    then: int
    now: int


@dataclass(frozen=True)
class Comparison:
    """A comparison behind what is changed: what would reach it no more, and what it would see for the first time.

    `removed` it removed then; `kept` of the `leaving` and `removed_for_leaving` of the others would be judged anew.
    """

    stage: str
    removed: int
    leaving: int
    leaving_kept: int
    removed_for_leaving: int
    coming: int
    exact: bool


@dataclass(frozen=True, repr=False)
class Retuned:
    """What a run would have kept with other thresholds.

    `exact` says that running it gives these very counts by reason; otherwise `because` says what is not known, and
    `waiting` how many records, copies among them, each stage would have to judge that has not seen them (`read`: that
    have no text, for which a run rejects them): those are in no other number.
    """

    run: str
    recipe: str
    judge: str
    changes: tuple[Change, ...]
    exact: bool
    because: tuple[str, ...]
    kept_then: Total
    kept_now: Total
    returning: int  # kept now and not then; their words are those of the stored texts, which later edits may shorten
    waiting: dict[str, int]
    reasons: tuple[ReasonCount, ...]
    comparisons: tuple[Comparison, ...]
    borders: tuple[dict[str, Any], ...]
    command: str

    def as_json(self) -> dict[str, Any]:
        """The object that `llmdata retune --json` prints."""
        return asdict(self)

    def __repr__(self) -> str:
        changes = ", ".join(f"{c.path} {json.dumps(c.was)} -> {json.dumps(c.now)}" for c in self.changes)
        then, now = self.kept_then.documents, self.kept_now.documents
        exact = "exact" if self.exact else "not exact: " + "; ".join(self.because)
        return f"run {self.run} with {changes}: {then:,} documents kept then, {now:,} now ({exact})"

    def _repr_html_(self) -> str:
        return describe_page(self)


def make_answer(record: RunRecord, changes: Changes, walk: Walk, rows: Rows) -> Retuned:
    """Ask the rows, check that they tell of the run what its manifest does, and put the answer together."""
    groups = rows.groups()
    check_groups(record, groups)
    waiting: dict[str, int] = {}
    for group in groups:
        if group.outcome == WAITS:
            waiting[group.now_stage] = waiting.get(group.now_stage, 0) + group.documents
    counted = _count_reasons(walk, groups)
    kept_now = _total(group for group in groups if group.outcome == KEPT)
    returning = sum(g.documents for g in groups if g.outcome == KEPT and g.then_stage is not None)
    if returning and _copies_can_return(walk):
        copies, words = rows.copies()
        kept_now, returning = Total(kept_now.documents - copies, kept_now.words - words), returning - copies
        then, now = counted.get(("read", COPY), (0, 0))
        if copies:
            counted["read", COPY] = (then, now + copies)
    comparisons = tuple(_compare(walk, groups, rows))
    because = [*_say_waiting(waiting), *(s for c in comparisons if (s := _say_comparison(c)))]
    return Retuned(
        record.run,
        record.recipe,
        walk.judged,
        changes.changed,
        not because,
        tuple(because),
        _total(group for group in groups if group.then_stage is None),
        kept_now,
        returning,
        waiting,
        tuple(ReasonCount(*key, *counts) for key, counts in counted.items()),
        comparisons,
        tuple(_describe_borders(changes.changed, rows.borders())),
        changes.command,
    )


def check_groups(record: RunRecord, groups: Sequence[Any]) -> None:
    """Refuse rows that are not those the run counted, and scores that do not give the verdicts they gave.

    Raises:
        ProofFailed: documents are missing or too many, or stored scores decide otherwise than the documents did.
    """
    counts = record.manifest["counts"]
    found = {
        "read": sum(g.documents for g in groups),
        "kept": sum(g.documents for g in groups if g.then_stage is None),
        "rejected": sum(g.documents for g in groups if g.then_rejected),
    }
    told = {name: counts[name] for name in found}
    if found != told:
        raise ProofFailed(
            f"the store's rows of run {record.run} are {found}, its manifest says {told}; `llmdata fsck` says what is "
            "damaged"
        )
    doubtful = sum(g.doubtful for g in groups)
    if doubtful:
        example = min(g.example for g in groups if g.example)
        raise ProofFailed(
            f"stored scores do not give the verdicts of {doubtful:,} documents, such as {example}: the changed stage "
            "decided by something that is not stored (a `lang` that a later stage has replaced, or a `list_rules` of "
            "your own that reads more than scores and `lang`); run the recipe with the new setting instead"
        )


def _total(groups: Any) -> Total:
    chosen = list(groups)
    return Total(sum(g.documents for g in chosen), sum(g.words for g in chosen))


def _count_reasons(walk: Walk, groups: Sequence[Any]) -> dict[tuple[str, str], tuple[int, int]]:
    """Then and now, in the order of the stages and of their reasons."""
    counted: dict[tuple[str, str], tuple[int, int]] = {}
    for group in groups:
        if group.then_stage is not None:
            key = (group.then_stage, group.then_reason)
            then, now = counted.get(key, (0, 0))
            counted[key] = (then + group.documents, now)
        if group.outcome not in (KEPT, WAITS):
            key = (group.now_stage, group.now_reason)
            then, now = counted.get(key, (0, 0))
            counted[key] = (then, now + group.documents)
    order = {step.name: (i, _reasons(step)) for i, step in enumerate(walk.steps) if step.was is not None}

    def place(key: tuple[str, str]) -> tuple[int, int, str]:
        at, reasons = order.get(key[0], (-1, []))
        return at, reasons.index(key[1]) if key[1] in reasons else len(reasons), key[1]

    return {key: counted[key] for key in sorted(counted, key=place)}


def _reasons(step: Step) -> list[str]:
    return [] if step.was is None else [f"{step.was.noun}.{reason}" for reason in step.was.reasons]


def _copies_can_return(walk: Walk) -> bool:
    """Whether the pass that reads is the last: then nothing has looked for copies among those that come back."""
    return all(step.segment == 0 for step in walk.steps) and not any(isinstance(s.was, CorpusStage) for s in walk.steps)


def _compare(walk: Walk, groups: Sequence[Any], rows: Rows) -> Any:
    """What each comparison behind the first change would not see any more, or for the first time."""
    for number, step in enumerate(walk.steps):
        if not isinstance(step.was, CorpusStage) or not any(s.changed for s in walk.steps[:number]):
            continue
        left = [g for g in groups if g.then_at >= number and g.now_at < number and g.outcome != WAITS]
        leaving = sum(g.documents for g in left)
        coming = sum(g.documents for g in groups if g.then_at < number and g.outcome == WAITS)
        stranded = rows.stranded(number) if leaving else 0
        yield Comparison(
            step.name,
            sum(g.documents for g in groups if g.then_stage == step.name),
            leaving,
            sum(g.documents for g in left if g.then_at > number),
            stranded,
            coming,
            not coming and (not leaving or (step.was.groups and not stranded)),
        )


def _say_waiting(waiting: Mapping[str, int]) -> list[str]:
    said = {READER: "have no text, for which a run rejects them"}
    return [
        f"{n:,} records would come back, and {said.get(stage, f'{stage} has not judged them')}"
        for stage, n in waiting.items()
    ]


def _say_comparison(found: Comparison) -> str | None:
    if found.exact or (not found.leaving and not found.removed_for_leaving):
        return None  # those that come are told by the stage they wait for
    return (
        f"{found.stage} would have to compare again: {found.leaving:,} documents would not reach it any more, of which "
        f"it kept {found.leaving_kept:,}, and it removed {found.removed_for_leaving:,} others for one of them"
    )


def _describe_borders(changes: Sequence[Change], found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The documents by threshold and side."""
    borders: list[dict[str, Any]] = []
    for row in found:
        change = changes[row["change"]]
        head = {
            "setting": change.path,
            "rule": row["rule"],
            "side": "removed" if row["removes"] else "kept",
        }
        if not borders or {k: borders[-1][k] for k in head} != head:
            borders.append({**head, "documents": []})
        then, now = row["then_reason"] or KEPT, row["now_reason"] or row["outcome"]
        facts = {k: row[k] for k in ("doc_id", "url", "score", "threshold", "threshold_was", "text")}
        borders[-1]["documents"].append({**facts, "then": then, "now": now, "changes": then != now})
    return borders
