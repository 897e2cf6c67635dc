"""What stages cost and whom they remove, measured where every stage sees every document of a sample."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from spark_llmdata.batch import Batch
from spark_llmdata.isolation import judge_safely
from spark_llmdata.kernels.words import Words
from spark_llmdata.ordering.choice import Measured
from spark_llmdata.ordering.commuting import Needs, find_predecessors, needs_of, score_key
from spark_llmdata.segment import Segment, slices
from spark_llmdata.stage import RowStage
from spark_llmdata.verdict import MACHINE_REASONS, BoolArray, FloatArray, Judgement

#: How often stages are timed, after a first time that fills caches and loads models.
REPEATS = 3

#: A splitting of the text: by which rule, of which edition of the text (how many stages have edited it), and of which
#: part of the documents, where it is not all of them. The empty rule is the taking of the part.
Split = tuple[str, int, Hashable]


@dataclass
class _Clocked:
    """What one pass over the sample showed: seconds by stage and by splitting, and what each stage asked for."""

    own: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    split: dict[Split, float] = field(default_factory=lambda: defaultdict(float))
    used: dict[str, set[Split]] = field(default_factory=lambda: defaultdict(set))
    seen: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


@dataclass
class _Notes:
    """What a stage reads, the splittings it uses, and the time of those made for it."""

    edition: int = 0
    seen: set[str] = field(default_factory=set)
    used: set[Split] = field(default_factory=set)
    spent: dict[Split, float] = field(default_factory=dict)


class _Watched(Batch):
    """A batch that notes what is read of it and of its parts, and the time that splitting into words takes."""

    def __init__(
        self,
        columns: Mapping[str, pa.Array],
        alive: BoolArray,
        scores: Mapping[str, pa.Array] | None = None,
        notes: _Notes | None = None,
        name: Hashable = None,
    ) -> None:
        super().__init__(columns, alive, scores)
        self.notes = _Notes() if notes is None else notes
        self.name = name  # of a part

    def begin(self) -> None:
        """Note anew, for the next stage."""
        self.notes.seen, self.notes.used, self.notes.spent = set(), set(), {}

    def __getitem__(self, name: str) -> pa.Array:
        self.notes.seen.add(name)
        return super().__getitem__(name)

    def raw(self, name: str) -> pa.Array:
        self.notes.seen.add(name)
        return super().raw(name)

    def words(self, rule: str = "uax29") -> Words:
        self.notes.seen.add("text")
        with self._timed((rule, self.notes.edition, self.name), rule not in self._words):
            return super().words(rule)

    def part(self, name: Hashable, rows: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], Batch]:
        """Note it like a splitting: stages with the same part share it."""
        with self._timed(("", self.notes.edition, name), name not in self._parts):
            return super().part(name, rows)

    def _make_part(self, name: Hashable, columns: Mapping[str, pa.Array], alive: BoolArray) -> Batch:
        return _Watched(columns, alive, None, self.notes, name)

    @contextmanager
    def _timed(self, key: Split, is_new: bool) -> Iterator[None]:
        """Note that something is used, and what it takes where it is made now."""
        self.notes.used.add(key)
        begun = time.process_time()
        yield
        if is_new:
            self.notes.spent[key] = time.process_time() - begun

    def score(self, name: str) -> pa.Array:
        self.notes.seen.add(score_key(name))
        return super().score(name)

    def take(self, stage: RowStage, judgement: Judgement) -> None:
        """Go on with what the stage made of the documents, those it would remove too."""
        alive = pa.array(self.alive)
        for name in stage.scores:
            measured = judgement.scores.get(name, pa.nulls(len(self), pa.float64()))
            self._scores[f"{stage.noun}_{name}"] = measured.cast(pa.float64())  # type: ignore[index]
        if judgement.text is not None:
            changed = pc.and_(alive, judgement.text.is_valid())
            self.replace("text", pc.if_else(changed, judgement.text, self.raw("text")))
            self.notes.edition += 1
        for name, values in judgement.columns.items():
            self.replace(name, pc.if_else(alive, values, self.raw(name)))


@dataclass(frozen=True)
class SegmentSample:
    """A segment's stages as measured, with what each needs, and how many documents judged them."""

    measured: Measured
    needs: tuple[Needs, ...]
    documents: int


def measure(segment: Segment, rows: Iterable[pa.RecordBatch], repeats: int = REPEATS) -> SegmentSample:
    """Let every stage of a segment judge every document of a sample, and time it.

    `rows` are what the segment takes. Seconds are of the processor (this process, all its threads), the median of the
    repeats; a stage that reads the text costs by its bytes, another one the same for each document.
    """
    batches = [_begin(segment, part) for batch in rows for part in slices(batch)]
    first = _Clocked()
    removes = [_judge(segment.stages, docs, alive, first) for docs, alive in batches]
    passes = []
    for _ in range(repeats):
        clocked = _Clocked()
        for docs, alive in batches:
            _judge(segment.stages, docs, alive, clocked)
        passes.append(clocked)
    names = [s.name for s in segment.stages]
    needs = tuple(needs_of(s, frozenset(first.seen[s.name])) for s in segment.stages)
    by_bytes, by_document = _shares(batches)
    cost = [
        median(p.own[n] for p in passes) * (by_bytes if "text" in need.reads else by_document)
        for n, need in zip(names, needs, strict=True)
    ]
    split_cost: dict[Hashable, FloatArray] = {
        key: median(p.split[key] for p in passes) * by_bytes for key in first.split
    }
    measured = Measured(
        np.concatenate(removes, axis=1) if removes else np.zeros((len(names), 0), dtype=bool),
        np.array(cost),
        tuple(frozenset(first.used[n]) for n in names),
        split_cost,
        tuple(frozenset(found) for found in find_predecessors(needs)),
    )
    return SegmentSample(measured, needs, len(by_document))


def _begin(segment: Segment, rows: pa.RecordBatch) -> tuple[Batch, BoolArray]:
    """The documents, and which of them stages can judge: those that were read and, where it matters, have a text."""
    docs = segment.documents(rows)
    wants_text = any("text" in s.requires for s in segment.stages)
    alive = docs.alive & np.asarray(docs.raw("text").is_valid()) if wants_text else docs.alive
    return docs, alive & _find_harmless(segment.stages, docs, alive)


def _find_harmless(stages: Sequence[RowStage], docs: Batch, alive: BoolArray) -> BoolArray:
    """Which documents end no process: each stage judges in children, as what it judges here might end this one."""
    batch = _Watched(docs._columns, alive, dict(docs._scores))
    for stage in stages:
        judgement = judge_safely(stage, batch, isolated=True)
        if judgement.rejected is not None and judgement.reason is not None:
            batch.remove(judgement.rejected & np.isin(judgement.reason.astype(str), MACHINE_REASONS))
        batch.take(stage, judgement)
    return batch.alive


def _judge(stages: Sequence[RowStage], docs: Batch, alive: BoolArray, clocked: _Clocked) -> BoolArray:
    """Let each stage judge all of them, in the recipe's order; gives whom each would remove: (stages, alive)."""
    batch = _Watched(docs._columns, alive, dict(docs._scores))
    removes = np.zeros((len(stages), int(alive.sum())), dtype=bool)
    for i, stage in enumerate(stages):
        batch.begin()
        begun = time.process_time()
        judgement = judge_safely(stage, batch)
        spent = time.process_time() - begun
        notes = batch.notes
        clocked.own[stage.name] += max(0.0, spent - sum(notes.spent.values()))
        for key, seconds in notes.spent.items():
            clocked.split[key] += seconds
        clocked.used[stage.name] |= notes.used
        clocked.seen[stage.name] |= notes.seen
        removes[i] = ~judgement.keep[alive]
        batch.take(stage, judgement)
    return removes


def _shares(batches: Sequence[tuple[Batch, BoolArray]]) -> tuple[FloatArray, FloatArray]:
    """Each document's share of the bytes of text, and of the number of documents."""
    sizes = [np.asarray(pc.fill_null(pc.binary_length(docs.raw("text")), 0))[alive] for docs, alive in batches]
    size = np.concatenate(sizes).astype(np.float64) if sizes else np.zeros(0)
    even = np.full(len(size), 1 / max(1, len(size)))
    return (size / size.sum() if size.sum() else even), even
