"""A document judged again, stage by stage: what each saw, and what it changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from spark_llmdata.batch import Batch
from spark_llmdata.errors import LlmdataError
from spark_llmdata.isolation import judge_safely
from spark_llmdata.kernels.changes import Change
from spark_llmdata.languages.stage import LanguageStage
from spark_llmdata.spans import Span
from spark_llmdata.stage import RowStage
from spark_llmdata.verdict import Judgement

#: The columns and the scores of one document, as a batch has them.
Facts = tuple[Mapping[str, pa.Array], Mapping[str, pa.Array]]


@dataclass(frozen=True)
class Step:
    """What a stage made of a document: its text before and after, where they differ, and whether it stayed.

    `seen` and `left` are all its columns and scores, before and after. `spans` are the places in the text before that
    count for the reason of a removal. Without a stage it was only read.
    """

    stage: RowStage | None
    seen: Facts
    left: Facts
    changes: tuple[Change, ...] = ()
    reason: str | None = None
    spans: tuple[Span, ...] = ()

    @property
    def before(self) -> str | None:
        """The text that the stage saw."""
        return _text_of(self.seen)

    @property
    def after(self) -> str | None:
        """The text that it left."""
        return _text_of(self.left)


def replay(
    stages: Iterable[RowStage], columns: Mapping[str, pa.Array], scores: Mapping[str, pa.Array] | None = None
) -> list[Step]:
    """Let stages judge the one document of `columns` (as a batch has them), until one removes it."""
    facts: Facts = (columns, scores or {})
    steps: list[Step] = []
    for stage in stages:
        if "text" in stage.requires and _text_of(facts) is None:
            break  # the segment rejects it here
        steps.append(_look(stage, facts, judge_safely(stage, _batch(facts))))
        facts = steps[-1].left
        if steps[-1].reason is not None:
            break
    return steps


def _batch(facts: Facts) -> Batch:
    return Batch(facts[0], scores=facts[1])


def _text_of(facts: Facts) -> str | None:
    text: str | None = facts[0]["text"][0].as_py()
    return text


def _look(stage: RowStage, seen: Facts, judgement: Judgement) -> Step:
    columns, scores = {**seen[0], **judgement.columns}, dict(seen[1])
    if judgement.text is not None and judgement.text[0].is_valid:
        columns["text"] = judgement.text.cast(pa.string())
    for name, values in judgement.scores.items():
        scores[f"{stage.noun}_{name}"] = values.cast(pa.float64())
    left = (columns, scores)
    before, after = _text_of(seen), _text_of(left)
    changes: tuple[Change, ...] = ()
    if before is not None and after is not None and before != after:
        told = None if judgement.changes is None else judgement.changes[0].as_py()
        changes = tuple(Change(**change) for change in told) if told else (compare(before, after),)
    if judgement.keep[0]:
        return Step(stage, seen, left, changes)
    reason = "removed" if judgement.reason is None else str(judgement.reason[0])
    return Step(stage, seen, left, changes, reason, _find_spans(stage, _batch(seen), reason))


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


def find_private(stages: Iterable[RowStage], facts: Facts) -> list[Span] | None:
    """What private stages would take out of the text of a document, in order; a place may meet an earlier one.

    None where a stage cannot say it: it fails on the document as it is, or needs what was not measured of it.
    """
    spans: list[Span] = []
    for stage in stages:
        try:
            judgement = judge_safely(stage, _batch(facts))
        except (LlmdataError, ImportError, OSError):
            return None
        if judgement.rejected is not None and judgement.rejected[0]:
            return None
        spans += [Span(change.kind, change.begin, change.end) for change in _look(stage, facts, judgement).changes]
    return spans
