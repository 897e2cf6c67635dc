"""What of a run's documents may be shown: personal data by its kind alone, evidence only where it stands in view."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from spark_llmdata.errors import LlmdataError
from spark_llmdata.report.marked_text import MarkedText
from spark_llmdata.report.origin import Lost, from_row, is_proven, quote_of, rebuild, stored
from spark_llmdata.report.page.excerpt import describe_evidence
from spark_llmdata.report.replay import Facts, find_counting, find_private, replay
from spark_llmdata.report.show import keep_visible
from spark_llmdata.spans import Span
from spark_llmdata.stage import RowStage
from spark_llmdata.stages import BUILTIN
from spark_llmdata.store.ledger import RunRecord


class Screen:
    """Shows texts of a run as its recipe allows; with `private` as they are.

    Where the recipe cannot be built any more (`lost` says why) and a stage of it may have been private, no text is
    shown, and no evidence.
    """

    def __init__(self, record: RunRecord, *, private: bool) -> None:
        self.private = private
        self.lost: str | None = None
        self.stages: dict[str, RowStage] = {}
        try:
            stages = rebuild(record).stages
        except Lost as why:
            self.lost = str(why)
            told = record.manifest["recipe"]["stages"]
            self._is_blind = not private and any(_may_hide(entry["kind"]) for entry in told)
        else:
            self.stages = {stage.name: stage for stage in stages if isinstance(stage, RowStage)}
            self._is_blind = False
        self._private = [] if private else [stage for stage in self.stages.values() if stage.private]

    @property
    def is_blind(self) -> bool:
        """Whether nothing can be shown."""
        return self._is_blind

    def look(self, row: pa.RecordBatch) -> MarkedText | None:
        """The text of a stored row with what is private hidden; None where there is none or that cannot be told."""
        text = stored(row, "text")
        if text is None or self._is_blind:
            return None
        return self.look_at(MarkedText(text), row)

    def look_at(self, marked: MarkedText, row: pa.RecordBatch) -> MarkedText | None:
        """The same of the stored text with marks, of which it shows as many characters."""
        if self._is_blind:
            return None
        columns, scores = from_row(row)
        return marked if self._hide(marked, (columns, _measured(scores))) else None

    def condemn(self, marked: MarkedText, row: pa.RecordBatch, stage: str, reason: str, evidence: Any) -> None:
        """Mark what counts for the reason of a removal: as the stage tells, else what the evidence quotes."""
        own = self.stages.get(stage)
        spans: Sequence[Span] = ()
        if own is not None and not own.private:
            try:
                spans = find_counting(own, from_row(row)[0], reason)
            except (LlmdataError, ImportError, OSError):
                spans = ()  # what it needs is not here; the quotation is left
        quoted = quote_of(evidence)
        at = marked.current.find(quoted.encode()) if quoted and not spans else -1
        noun, _, defect = reason.rpartition(".")
        if quoted and at >= 0:
            spans = (Span(defect, at, at + len(quoted.encode())),)
        marked.mark(noun, spans)

    def tell(self, marked: MarkedText | None) -> list[dict[str, Any]]:
        """The pieces of a text."""
        return [] if marked is None else marked.tell(private=self.private, context=None)

    def tell_evidence(self, said: str | None, stage: str | None, marked: MarkedText | None, url: str | None) -> Any:
        """Evidence as facts; where the run has private stages only what stands in the text that is shown.

        What could not be read has no text to quote, and is told as it is.
        """
        facts = parse_evidence(said)
        if facts is None or self.private or stage == "read":
            return facts
        if self._is_blind or self._private:
            return keep_visible(facts, f"{marked.visible() if marked else ''}\n{url or ''}")
        return facts

    def quote(self, said: str | None, stage: str | None, marked: MarkedText | None, url: str | None) -> str | None:
        """The same in words."""
        return describe_evidence(self.tell_evidence(said, stage, marked, url))

    def plain(self, row: pa.RecordBatch) -> str | None:
        """The stored text as it may be shown, with the kinds of secrets in their places."""
        marked = self.look(row)
        if marked is None:
            return None
        return "".join(piece["text"] or f"<{piece['secret']}>" for piece in self.tell(marked))

    def edit(self, names: Sequence[str], wanted: str, seen: Facts, row: pa.RecordBatch) -> MarkedText | None:
        """What one stage of a segment did to a text, judged again from what the segment was given.

        None where that does not lead to the stored text, as its hash says, or where what is private cannot be told.
        """
        try:
            steps = replay([self.stages[name] for name in names], *seen)
        except (KeyError, LlmdataError, ImportError, OSError):
            return None
        step = next((step for step in steps if step.stage is not None and step.stage.name == wanted), None)
        if step is None or step.before is None or not is_proven(row, steps[-1].after):
            return None
        marked = MarkedText(step.before)
        if not self._hide(marked, step.seen):
            return None
        assert step.stage is not None
        marked.change(step.stage.noun, step.changes, (step.after or "").encode())
        return marked if self._hide(marked, step.left) else None

    def _hide(self, marked: MarkedText, facts: Facts) -> bool:
        """Hide what private stages would take out of a text; False where one cannot say it."""
        spans = find_private(self._private, facts)
        if spans is None:
            return False
        marked.hide(spans)
        return True


def parse_evidence(said: str | None) -> Any:
    """Evidence as it was said: JSON, or a text as it is."""
    try:
        return json.loads(said) if said else None
    except ValueError:
        return said


def _measured(scores: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
    return {name: values for name, values in scores.items() if values[0].is_valid}


def _may_hide(kind: str) -> bool:
    return kind not in BUILTIN or bool(getattr(BUILTIN[kind], "private", False))
