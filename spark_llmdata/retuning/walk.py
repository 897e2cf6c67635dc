"""The way of documents through a run's stages, walked again with other thresholds: plain Arrow, no kernel, no Spark."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from spark_llmdata.batch import Batch
from spark_llmdata.languages.judging import judge_by_language
from spark_llmdata.languages.stage import LanguageStage
from spark_llmdata.plan import CorpusNode, Plan
from spark_llmdata.recipe.model import Judged
from spark_llmdata.stage import RowStage, Stage
from spark_llmdata.verdict import BoolArray, Judgement

COPY = "read.duplicate_record"
#: The reader's own verdicts that come when a stage asks for the text.
NO_TEXT = ("read.no_text", "read.not_extracted")
READER = "read"
KEPT, REMOVED, REJECTED, WAITS = "kept", "removed", "rejected", "waits"


@dataclass(frozen=True)
class Step:
    """A stage as the run had it and as it is asked about; the removal of copies of a record is a step without one."""

    name: str
    segment: int
    was: Stage | None = None
    now: Stage | None = None

    @property
    def changed(self) -> bool:
        """Whether a threshold is another one."""
        return self.was is not None and self.was != self.now

    @property
    def asks_text(self) -> bool:
        """Whether the reader rejects documents without a text in front of it: behind the pass that reads, all."""
        return self.was is None or "text" in self.was.requires

    def decider(self) -> RowStage | None:
        """The stage, if stored scores are enough for it."""
        return self.now if isinstance(self.now, RowStage) and self.now.retunable else None


def list_steps(was: Plan, now: Plan) -> tuple[Step, ...]:
    """What documents go through, in order; the two plans differ in thresholds only."""
    steps: list[Step] = []
    segment = -1
    for before, after in zip(was.nodes, now.nodes, strict=True):
        if isinstance(before, CorpusNode) or isinstance(after, CorpusNode):
            assert isinstance(before, CorpusNode)
            assert isinstance(after, CorpusNode)
            steps.append(Step(before.stage.name, segment, before.stage, after.stage))
            continue
        segment += 1
        pairs = zip(before.segment.stages, after.segment.stages, strict=True)
        steps += [Step(old.name, segment, old, new) for old, new in pairs]
        if segment == 0:
            steps.append(Step(READER, 0))
    return tuple(steps)


def list_replacing(stage: Stage, behind: Iterable[Stage | None]) -> list[str]:
    """Which of the stages behind one may have replaced the `lang` that it judged by; of those only one is stored.

    A user's own stage that does not say what it changes (`edits`) may have.
    """
    if "lang" not in stage.requires | stage.reads:
        return []
    changes = {other.name: other.changed_columns() for other in behind if isinstance(other, RowStage)}
    return [name for name, columns in changes.items() if columns is None or "lang" in columns]


def decide(stage: RowStage, docs: Batch) -> Judgement:
    """Ask a stage about stored scores, by the settings of each document's language."""
    return judge_by_language(stage, docs, lambda variant, part: variant.decide(part))


@dataclass
class Way:
    """Where n documents ended then and end now, as numbers of steps passed, and by which verdict.

    `outcome` is kept, removed, rejected or waits: for the stage `stage`, which has not seen the document. `doubtful`
    marks those of whom stored scores do not say what the run said; `reached` are the rows a changed step decided on.
    """

    then_at: npt.NDArray[np.int64]
    now_at: npt.NDArray[np.int64]
    outcome: npt.NDArray[np.object_]
    stage: npt.NDArray[np.object_]
    reason: npt.NDArray[np.object_]
    doubtful: BoolArray
    reached: dict[int, BoolArray]

    def end(
        self, rows: BoolArray, step: int, outcome: str, stage: str | None = None, reason: str | None = None
    ) -> None:
        """Let rows end before a step."""
        self.now_at[rows] = step
        self.outcome[rows], self.stage[rows], self.reason[rows] = outcome, stage, reason


@dataclass(frozen=True)
class Walk:
    """The steps of a run, and whether its stages were shown what others had removed."""

    steps: tuple[Step, ...]
    judged: Judged

    def columns(self, there: Sequence[str]) -> list[str]:
        """The score columns that are read, of those that are there."""
        wanted: set[str] = set()
        for step in self.steps:
            stage = step.decider() if self.judged == "all" or step.changed else None
            if isinstance(step.was, RowStage) and (stage or self.judged == "all"):
                wanted |= {*step.was.score_columns(), *step.was.needed_scores()}
            if stage:
                wanted |= stage.needed_scores()
        return [name for name in there if name in wanted]

    def follow(self, docs: Batch, stage: pa.Array, reason: pa.Array, rejected: pa.Array, words: pa.Array) -> Way:
        """Walk documents through, given their scores and `lang`, the verdicts they had and the words of their texts.

        Those without a text that come back wait for the reader, which rejects them where a text is asked for.
        """
        n = len(docs)
        names, reasons = (np.array(column.to_pylist(), dtype=object) for column in (stage, reason))
        lost = np.asarray(rejected.fill_null(False), dtype=bool)
        then_at = self._ends(names, reasons)
        stayed = np.asarray(stage.is_null(), dtype=bool)
        outcome = np.where(lost, REJECTED, np.where(stayed, KEPT, REMOVED)).astype(object)
        way = Way(then_at, then_at.copy(), outcome, names.copy(), reasons.copy(), np.zeros(n, dtype=bool), {})
        walking, back = np.ones(n, dtype=bool), np.full(n, -1)  # of those that come back: the segment that frees them
        for number, step in enumerate(self.steps):
            again = walking & (back >= 0)
            if step.asks_text:
                none = again & np.asarray(words.is_null(), dtype=bool)
                way.end(none, number, WAITS, READER)
                walking &= ~none
                again &= ~none
            if again.any():
                near = again & (back == step.segment)
                walking &= ~self._go_on(way, docs, number, near, again & ~near)
            if step.changed:
                known = walking & (back < 0)
                own = known & (then_at == number) & (names == step.name) & ~lost
                passed = known & (then_at > number)
                kept = self._decide_again(way, docs, number, passed, own, reasons)
                walking &= ~(passed & ~kept)
                back[own & kept] = step.segment
            walking &= (then_at != number) | (back >= 0)
        way.end(walking & (back >= 0), len(self.steps), KEPT)
        return way

    def _ends(self, names: npt.NDArray[np.object_], reasons: npt.NDArray[np.object_]) -> npt.NDArray[np.int64]:
        """How many steps each document passed."""
        asks = [i for i, step in enumerate(self.steps) if step.asks_text]
        number = {step.name: i for i, step in enumerate(self.steps) if step.was is not None}
        at = np.full(len(names), len(self.steps), dtype=np.int64)
        for i, (name, reason) in enumerate(zip(names, reasons, strict=True)):
            if name == READER:
                copies = next(j for j, step in enumerate(self.steps) if step.was is None)
                at[i] = copies if reason == COPY else asks[0] if reason in NO_TEXT else 0
            elif name is not None:
                at[i] = number[name]
        return at

    def _decide_again(
        self, way: Way, docs: Batch, number: int, passed: BoolArray, own: BoolArray, reasons: npt.NDArray[np.object_]
    ) -> BoolArray:
        """Ask a changed stage about those it passed then and those it removed itself; returns whom it keeps."""
        step = self.steps[number]
        asked = passed | own
        if not asked.any():
            return asked
        assert isinstance(step.was, RowStage)
        assert isinstance(step.now, RowStage)
        before, after = decide(step.was, docs), decide(step.now, docs)
        assert before.reason is not None
        same = np.array([f"{step.was.noun}.{reason}" for reason in before.reason], dtype=object) == reasons
        way.doubtful |= (passed & ~before.keep) | (own & (before.keep | ~same))
        way.reached[number] = asked
        self._remove(way, number, asked & ~after.keep, after)
        return after.keep

    def _remove(self, way: Way, number: int, gone: BoolArray, judgement: Judgement) -> None:
        step = self.steps[number]
        assert isinstance(step.now, RowStage)
        for reason in {judgement.reason[i] for i in np.flatnonzero(gone)} if judgement.reason is not None else ():
            way.end(gone & (judgement.reason == reason), number, REMOVED, step.name, f"{step.now.noun}.{reason}")

    def _go_on(self, way: Way, docs: Batch, number: int, near: BoolArray, far: BoolArray) -> BoolArray:
        """Lead those that come back past a step: `near` are in the pass that frees them, `far` behind it.

        Returns who ends here, removed or waiting.
        """
        step = self.steps[number]
        if step.was is None:
            return np.zeros(len(docs), dtype=bool)  # whoever comes back with its copies is counted elsewhere
        asked = np.zeros(len(docs), dtype=bool)
        if self.judged == "all" and near.any():
            asked = near & self._measured(number, docs)
        waits = (near | far) & ~asked
        way.end(waits, number, WAITS, step.name)
        stage = step.decider()
        if stage is None or not asked.any():
            return waits
        judgement = decide(stage, docs)
        self._remove(way, number, asked & ~judgement.keep, judgement)
        return waits | (asked & ~judgement.keep)

    def _measured(self, number: int, docs: Batch) -> BoolArray:
        """Whom the stage has judged with a result that is stored; a stage that could remove has to keep its scores."""
        step = self.steps[number]
        stage = step.was
        if not isinstance(stage, RowStage) or (stage.reasons and not stage.retunable):
            return np.zeros(len(docs), dtype=bool)
        if list_replacing(stage, [s.was for s in self.steps[number + 1 :] if s.segment == step.segment]):
            return np.zeros(len(docs), dtype=bool)  # what is stored is not the `lang` it judged by
        if not stage.scores:
            return np.ones(len(docs), dtype=bool)
        found = np.zeros(len(docs), dtype=bool)
        for values in stage.own_scores(docs).values():
            found |= np.asarray(values.is_valid(), dtype=bool)
        if isinstance(stage, LanguageStage):  # a language it has no settings for is passed on without scores
            found |= np.array([stage.variant(lang) is None for lang in docs.raw("lang").to_pylist()], dtype=bool)
        return found
