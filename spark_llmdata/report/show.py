"""The text of a document with what each stage took out and put in, and what counted against it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from spark_llmdata.complaints import suggest
from spark_llmdata.errors import LlmdataError, UsageError
from spark_llmdata.kernels.changes import Change
from spark_llmdata.recipe import Recipe
from spark_llmdata.report.changes import locate
from spark_llmdata.report.marked_text import MarkedText
from spark_llmdata.report.origin import Lost, find_row, from_row, is_proven, quote_of, read_again, rebuild, stored
from spark_llmdata.report.replay import Facts, Step, find_counting, find_private, replay
from spark_llmdata.report.why import describe, find_records
from spark_llmdata.spans import Span
from spark_llmdata.stage import RowStage
from spark_llmdata.stages import BUILTIN
from spark_llmdata.store import Store
from spark_llmdata.store.ledger import Ledger, RunRecord

if TYPE_CHECKING:
    from pyspark.sql import Row

#: Characters up to which a text is shown in full, and those shown beside marks of a longer one.
FULL_CHARS = 20_000
CONTEXT_CHARS = 200

_UNTOLD = "what is private in its text cannot be told; --private shows it as it is"


def show(
    store: Store,
    question: str,
    *,
    run: str | None = None,
    stage: str | None = None,
    private: bool = False,
    context: int | None = None,
) -> dict[str, Any]:
    """Show a document (`question`, as in `why`): what `why` says of it, and under `shown` its text as pieces in order.

    A piece has `text` and, where it applies, `taken` and `put` (stage and kind of the change that took it out or put it
    in), `counts` (what it counts for in the reason of the removal) and `secret` (a kind of personal data: then `text`
    is null unless `private`). With `context`, or in texts of more than 20,000 characters, only so many characters
    beside marks are there, and `left_out` counts the others. With `stage` the text is shown as that stage saw it, with
    what it alone did. `proven` says whether the text before the changes was read or made again and led to the stored
    text, by its hash; where not, the stored text is shown with the places of its changes, and `notes` say why.

    Raises:
        NotFound: no such run or document.
        UsageError: no such stage judged documents of the run, or the context is negative.
    """
    if context is not None and context < 0:
        raise UsageError(f"--context {context}: expected a number of characters, 0 or more")
    record = Ledger(store).find(run)
    names = [name for segment in record.manifest["segments"] for name in segment["stages"]]
    if stage is not None and stage not in names:
        has = any(one["id"] == stage for one in record.manifest["recipe"]["stages"])
        why = "compares documents and has no text of one to show" if has else f"is no stage of run {record.run}"
        raise UsageError(f"--stage {stage}: {why}{suggest(stage, names)}; expected one of {', '.join(names)}")
    fate, *others = find_records(store, record, question)
    facts = describe(store, record, fate, others)
    view = _View(store, record, fate, stage, private)
    view.look(quote_of(facts["evidence"]))
    pieces = [] if view.text is None else _tell(view.text, private, context)
    if fate.stage != "read" and not view.may_quote():  # what could not be read has no text to quote
        facts["evidence"] = keep_visible(facts["evidence"], f"{view.visible()}\n{fate.url or ''}")
    edits = {name: dict(counts) for name, counts in view.edits.items()}
    shown = {"stage": stage, "proven": view.proven, "edits": edits, "notes": view.notes, "pieces": pieces}
    return facts | {"shown": shown}


def _tell(text: MarkedText, private: bool, context: int | None) -> list[dict[str, Any]]:
    if context is None and len(b"".join(piece.data for piece in text.pieces).decode(errors="replace")) > FULL_CHARS:
        context = CONTEXT_CHARS
    return text.tell(private=private, context=context)


class _View:
    """What is to be shown of a document, as it grows from segment to segment."""

    def __init__(self, store: Store, record: RunRecord, fate: Row, stage: str | None, private: bool) -> None:
        self.store, self.record, self.fate, self.wanted, self.private = store, record, fate, stage, private
        self.text: MarkedText | None = None
        self.edits: dict[str, Counter[str]] = {}
        self.proven = True
        self.notes: list[str] = []
        self._stages: list[RowStage] = []  # of the whole run, in order
        self._scores: dict[str, pa.Array] = {}  # what the segment looked at has stored of them
        self._has_private = False
        self._is_done = False
        self._is_marked = False

    def may_quote(self) -> bool:
        """Whether all is to be shown, or the text that was judged is proven to hold nothing that is not."""
        if self.private or not self._has_private:
            return True
        return self.text is not None and self.proven and not self._is_done and not self.text.has_secrets()

    def visible(self) -> str:
        """The text that is shown, with what was taken out."""
        return "" if self.text is None else self.text.visible()

    def look(self, quoted: str | None) -> None:
        """Go through the segments that hold the document."""
        try:
            recipe = rebuild(self.record)
        except Lost as why:
            self._lose(str(why))
            self._has_private = any(s["kind"] not in BUILTIN or _hides(s["kind"]) for s in self._recipe_stages())
            if self._has_private and not self.private:
                self.notes.append(_UNTOLD)
                return
            recipe = None
        self._stages = [s for s in recipe.stages if isinstance(s, RowStage)] if recipe else []
        self._has_private |= any(s.private for s in self._stages)
        by_name = {s.name: s for s in self._stages}
        given: pa.RecordBatch | None = None
        for segment in self.record.manifest["segments"]:
            row = find_row(self.store, segment["table"], self.fate)
            if row is None or self._is_done:
                break
            self._scores = {name: values for name, values in from_row(row)[1].items() if values[0].is_valid}
            try:
                if recipe is None:
                    raise Lost("")
                columns, scores = self._read(recipe) if given is None else from_row(given)
                stages = [by_name[name] for name in segment["stages"]]
                self._follow(self._judge_again(stages, columns, scores, row))
            except Lost as why:
                self._lose(str(why))
                self._take_stored(row, segment["stages"])
            given = row
        self._finish(quoted)

    def _read(self, recipe: Recipe) -> tuple[dict[str, pa.Array], dict[str, pa.Array]]:
        return read_again(self.store, self.record, recipe, self.fate), {}

    def _recipe_stages(self) -> list[dict[str, Any]]:
        return list(self.record.manifest["recipe"]["stages"])

    def _lose(self, why: str) -> None:
        self.proven = False
        if why and why not in self.notes:
            self.notes.append(why)

    def _judge_again(
        self, stages: list[RowStage], columns: dict[str, pa.Array], scores: dict[str, pa.Array], row: pa.RecordBatch
    ) -> list[Step]:
        verdict = stored(row, "verdict")
        if verdict and verdict["stage"] == "read":
            stages = []
        try:
            steps = replay(stages, columns, scores)
        except (LlmdataError, OSError) as problem:
            raise Lost(f"a stage cannot judge here: {str(problem).splitlines()[0]}") from problem
        steps = steps or [Step(None, (columns, scores), (columns, scores))]
        if not is_proven(row, steps[-1].after):
            raise Lost("the stages make another text of it now than the run stored; their code or libraries differ")
        return steps

    def _follow(self, steps: list[Step]) -> None:
        """Let the text go through stages again."""
        for step in steps:
            name = step.stage.name if step.stage else None
            is_wanted = self.wanted is not None and name == self.wanted
            if is_wanted:
                self.edits.clear()
            if self.text is None or is_wanted:
                self.text = None if step.before is None else MarkedText(step.before)
            self._hide(name, step.seen)
            if self.text is not None and step.stage is not None:
                self.text.mark(step.stage.noun, step.spans)
                self._is_marked |= bool(step.spans)
                self.text.change(step.stage.noun, step.changes, (step.after or "").encode())
            elif step.after is not None:
                self.text = MarkedText(step.after)
                self.notes.append(f"its text was made by {name}")
            if name is not None and step.changes:
                self.edits[name] = Counter(change.kind for change in step.changes)
            last = step
            if is_wanted:
                self._is_done = True
                break
        self._hide(last.stage.name if last.stage else None, last.left, behind=True)

    def _hide(self, name: str | None, facts: Facts, *, behind: bool = False) -> None:
        """Mark what the private stages from this one on (or `behind` it) take out of the text as it is now."""
        if self.private or self.text is None:
            return
        names = [s.name for s in self._stages]
        first = 0 if name is None else names.index(name) + behind
        columns, scores = facts
        private = [s for s in self._stages[first:] if s.private]
        spans = find_private(private, (columns, {**self._scores, **scores}))
        if spans is None:
            spans = [Span("private", 0, len(self.text.current))]
            if _UNTOLD not in self.notes:
                self.notes.append(_UNTOLD)
        self.text.hide(spans)

    def _take_stored(self, row: pa.RecordBatch, names: list[str]) -> None:
        """Show the text as the segment stored it; of what its stages took out only the places are known."""
        text, verdict = stored(row, "text"), stored(row, "verdict")
        changes = stored(row, "changes") or []
        if text is None:
            self.text = None
            self.notes.append("the segment holds no text of it")
            return
        if self.text is None or not self._change_alone(self.text, changes, text.encode()):
            self.text = MarkedText.of_marks(text, locate(changes))
            if changes:
                self.notes.append("what was taken out is not stored; an ellipsis stands for it")
        for change in changes:
            self.edits.setdefault(change["stage"], Counter())[change["kind"]] += 1
        last = verdict["stage"] if verdict else names[-1] if names else None
        by_name = {s.name: s for s in self._stages}
        if last in by_name and verdict and not by_name[last].private:
            spans = find_counting(by_name[last], from_row(row)[0], verdict["reason"])
            self.text.mark(by_name[last].noun, spans)
            self._is_marked |= bool(spans)
        self._hide(last if last in by_name else None, from_row(row), behind=True)

    @staticmethod
    def _change_alone(text: MarkedText, changes: list[dict[str, Any]], after: bytes) -> bool:
        """Make the changes in the text of the segment before, where one stage made all of them and they prove right."""
        names = {change["stage"] for change in changes}
        if len(names) > 1:
            return False
        places = [Change(c["kind"], c["begin"], c["end"], c["length"]) for c in changes]
        text.change("".join(names).rpartition(".")[2], places, after)
        return text.current == after

    def _finish(self, quoted: str | None) -> None:
        """Say what is missing; where no stage tells places, what the verdict quotes is marked."""
        if self.wanted is not None and not self._is_done:
            self.notes.append(f"{self.wanted} did not see it, or its text cannot be made again")
        if self.text is None:
            self.notes.append("there is no text to show")
            return
        if quoted and not self._is_marked and not self._is_done and self.fate.reason:
            at = self.text.current.find(quoted.encode())
            if at >= 0:
                noun, _, reason = self.fate.reason.rpartition(".")
                self.text.mark(noun, [Span(reason, at, at + len(quoted.encode()))])


def _hides(kind: str) -> bool:
    return bool(getattr(BUILTIN[kind], "private", False))


def keep_visible(evidence: Any, visible: str) -> Any:
    """Evidence with those of its strings alone that stand in a text; None where nothing is left."""
    if isinstance(evidence, str):
        return evidence if evidence.strip("…") in visible else None
    if isinstance(evidence, dict):
        found = {name: keep_visible(value, visible) for name, value in evidence.items()}
        return {name: value for name, value in found.items() if value is not None} or None
    if isinstance(evidence, list):
        return [value for value in (keep_visible(value, visible) for value in evidence) if value is not None] or None
    return evidence
