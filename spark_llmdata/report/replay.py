"""A document judged again, stage by stage: what each saw, and what it changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from spark_llmdata.batch import Batch
from spark_llmdata.isolation import judge_safely
from spark_llmdata.kernels.changes import Change
from spark_llmdata.languages.stage import LanguageStage
from spark_llmdata.spans import Span
from spark_llmdata.stage import RowStage
from spark_llmdata.verdict import Judgement


@dataclass(frozen=True)
class Step:
    """What a stage made of a document: its text before and after, where they differ, and whether it stayed.

    `spans` are the places in the text before that count for the reason of a removal. Without a stage it was only read.
    """

    stage: RowStage | None
    before: str | None
    after: str | None
    changes: tuple[Change, ...] = ()
    reason: str | None = None
    spans: tuple[Span, ...] = ()


def replay(
    stages: Iterable[RowStage], columns: Mapping[str, pa.Array], scores: Mapping[str, pa.Array] | None = None
) -> list[Step]:
    """Let stages judge the one document of `columns` (as a batch has them), until one removes it."""
    measured = dict(scores or {})
    docs = Batch(columns, scores=measured)
    steps = []
    for stage in stages:
        if "text" in stage.requires and docs.raw("text")[0].as_py() is None:
            break  # the segment rejects it here
        judgement = judge_safely(stage, docs)
        step = _look(stage, docs, judgement)
        steps.append(step)
        for name, values in judgement.scores.items():
            measured[f"{stage.noun}_{name}"] = values.cast(pa.float64())
        if step.after != step.before:
            docs.replace("text", pa.array([step.after], pa.string()))
        for name, values in judgement.columns.items():
            docs.replace(name, values)
        if step.reason is not None:
            break
    return steps


def _look(stage: RowStage, docs: Batch, judgement: Judgement) -> Step:
    before = after = docs.raw("text")[0].as_py()
    if judgement.text is not None and judgement.text[0].is_valid:
        after = judgement.text[0].as_py()
    changes: tuple[Change, ...] = ()
    if before is not None and after is not None and before != after:
        told = None if judgement.changes is None else judgement.changes[0].as_py()
        changes = tuple(Change(**change) for change in told) if told else (compare(before, after),)
    if judgement.keep[0]:
        return Step(stage, before, after, changes)
    reason = "removed" if judgement.reason is None else str(judgement.reason[0])
    return Step(stage, before, after, changes, reason, _find_spans(stage, docs, reason))


def find_counting(stage: RowStage, columns: Mapping[str, pa.Array], reason: str) -> tuple[Span, ...]:
    """The places that count for a reason, named as in verdicts, in the text of the one document of `columns`."""
    return _find_spans(stage, Batch(columns), reason.rpartition(".")[2])


def _find_spans(stage: RowStage, docs: Batch, reason: str) -> tuple[Span, ...]:
    if reason not in stage.reasons or not docs.raw("text")[0].is_valid:
        return ()
    judge: RowStage | None = stage
    if isinstance(stage, LanguageStage) and "lang" in docs:
        judge = stage.variant(docs.raw("lang")[0].as_py())
    return () if judge is None else tuple(judge.find_spans(docs, reason))


def compare(before: str, after: str) -> Change:
    """What lies between the ends two texts have in common, for a stage that does not say what it changed."""
    n = min(len(before), len(after))
    head = next((i for i in range(n) if before[i] != after[i]), n)
    tail = next((i for i in range(n - head) if before[-1 - i] != after[-1 - i]), n - head)
    begin, end = len(before[:head].encode()), len(before[: len(before) - tail].encode())
    return Change("edited", begin, end, len(after[head : len(after) - tail].encode()))


def find_private(stages: Sequence[RowStage], text: str, doc_id: str | None) -> list[Span]:
    """What private stages would take out of a text, in order; a place that meets an earlier one is left out."""
    spans: list[Span] = []
    for stage in stages:
        columns = {name: pa.nulls(1, pa.string()) for name in sorted({*stage.requires, "lang", "url", "id"})}
        columns |= {"text": pa.array([text], pa.string()), "doc_id": pa.array([doc_id], pa.string())}
        (step,) = replay([stage], columns)
        spans += [Span(change.kind, change.begin, change.end) for change in step.changes]
    return spans
