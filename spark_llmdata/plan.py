"""Planning: which stages share a segment, where documents are compared, what each part is called in the store."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from spark_llmdata.errors import RecipeError
from spark_llmdata.portion import Sampling
from spark_llmdata.recipe import Recipe
from spark_llmdata.schema import SEGMENT_REVISION
from spark_llmdata.segment import Segment
from spark_llmdata.sources.split import InputFile
from spark_llmdata.stage import CorpusStage, RowStage, Stage
from spark_llmdata.stages import BUILTIN
from spark_llmdata.verdict import RESERVED_REASONS

#: Raised by whoever changes what readers or the segment pass make of the same bytes.
READER_REVISION = 7
#: Raised by whoever changes which of several identical records stays.
DUPLICATES_REVISION = 1


@dataclass(frozen=True)
class SegmentNode:
    """A segment and its table's name.

    It covers files part by part; nothing of the inputs is in its fingerprint, unless a corpus stage stands before it
    (`per_run`): then it depends on which files the run covers.
    """

    segment: Segment
    fingerprint: str
    per_run: bool = False

    @property
    def table(self) -> str:
        """The table's name: what it does, and the fingerprint."""
        words = [s.noun for s in self.segment.stages] or ["read"]
        return f"{'-'.join(words)[:60]}-{self.fingerprint}"


@dataclass(frozen=True)
class CorpusNode:
    """A corpus stage; its verdicts' fingerprint adds the covered files, so it is made when those are known."""

    stage: CorpusStage


Node = SegmentNode | CorpusNode


@dataclass(frozen=True)
class Plan:
    """Nodes in order; the first is always a segment, the one that reads."""

    recipe: Recipe
    nodes: tuple[Node, ...]
    sampling: Sampling | None = None

    @property
    def segments(self) -> tuple[SegmentNode, ...]:
        """The segments in order."""
        return tuple(n for n in self.nodes if isinstance(n, SegmentNode))


def make_plan(recipe: Recipe, sampling: Sampling | None = None) -> Plan:
    """Fuse neighboring row stages into segments, of a sample of the documents if asked; refuse impossible orders."""
    check_order(recipe.stages, recipe.places)
    groups: list[list[RowStage] | CorpusStage] = [[]]
    for stage in recipe.stages:
        if isinstance(stage, CorpusStage):
            groups.append(stage)
            continue
        assert isinstance(stage, RowStage)
        last = groups[-1]
        if isinstance(last, list) and not (last and last[-1].ends_segment):
            last.append(stage)
        else:
            groups.append([stage])
    nodes: list[Node] = []
    upstream: Any = None
    scores: tuple[str, ...] = ()
    compared = False
    for group in groups:
        if isinstance(group, CorpusStage):
            nodes.append(CorpusNode(group))
            upstream = digest([upstream, group.fingerprint()])
            compared = True
            continue
        chosen = None if nodes else sampling
        segment = Segment(tuple(group), not nodes, scores, recipe.write.removed_text, recipe.judge, chosen)
        fingerprint = segment_fingerprint(segment, recipe, upstream)
        nodes.append(SegmentNode(segment, fingerprint, per_run=compared))
        upstream, scores = fingerprint, segment.score_names
    return Plan(recipe, tuple(nodes), sampling)


def segment_fingerprint(segment: Segment, recipe: Recipe, upstream: Any) -> str:
    """What decides about a segment's rows, given the same input: stages, settings, revisions, what came before."""
    facts: dict[str, Any] = {
        "stages": [s.fingerprint() for s in segment.stages],
        "removed_text": segment.removed_text,
        "upstream": upstream,
        "reader": READER_REVISION,
        "columns": SEGMENT_REVISION,
    }
    if segment.removed_text == "none":
        facts["evidence"] = "without text"
    if segment.judged == "all":
        facts["judged"] = segment.judged
    if segment.reads:
        facts["read"] = recipe.read.model_dump(mode="json")
    if segment.sampling is not None:
        facts["sample"] = segment.sampling.as_json()
    return digest(facts)


def request_digest(plan: Plan, files: Sequence[InputFile], limit: int | None = None) -> str:
    """What a run was asked for: recipe, code, inputs, the part of them to look at (`limit`: records).

    The same command asks for the same until one of them changes.
    """
    recipe = plan.recipe
    stages = [s.fingerprint() for s in recipe.stages]
    facts = [recipe.as_dict(), stages, READER_REVISION, DUPLICATES_REVISION, sorted(f.digest for f in files)]
    if plan.sampling is not None:
        facts.append(plan.sampling.as_json())
    if limit is not None:
        facts.append({"limit": limit})
    return digest(facts)


def stage_digest(stage: Stage) -> str:
    """What tells a stage with its settings and revisions from another, as manifests record it.

    Facts are spelled in one order, however deep: a manifest sorts what a recipe's file does not.
    """
    spelled = json.dumps(stage.fingerprint(), sort_keys=True, default=repr)
    return hashlib.sha256(spelled.encode()).hexdigest()[:16]


def digest(facts: Any) -> str:
    """16 hex digits of SHA-256 over canonical JSON."""
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def check_order(stages: Sequence[Stage], places: Sequence[str] = ()) -> None:
    """Refuse a stage that stands where what it needs is not there (any more); `places` say where each is written."""
    problems = []

    def complain(i: int, problem: str) -> None:
        problems.append(f"{places[i]}: {problem}" if places else problem)

    extractors = [i for i, s in enumerate(stages) if "html" in s.requires]
    for i in extractors:
        before = [s.name for s in stages[:i]]
        if any(isinstance(s, CorpusStage) or "text" in s.requires for s in stages[:i]):
            complain(
                i,
                f"{stages[i].name} stands behind {', '.join(before)}; it needs the HTML, which is there only at the "
                "beginning: put it first",
            )
    ends = [s.name for s in stages if isinstance(s, CorpusStage) or getattr(s, "ends_segment", False)]
    for i, stage in enumerate(stages):
        before = [s.name for s in stages[:i] if s.name in ends]
        if "content_type" in stage.requires and before:
            complain(
                i,
                f"{stage.name} stands behind {', '.join(before)}; it needs what the server said, which is there only "
                "where records are read: put it in front",
            )
    for i, problem in _misnamed(stages):
        complain(i, problem)
    if len(extractors) > 1:
        names = ", ".join(stages[i].name for i in extractors)
        complain(extractors[1], f"{names}: only one stage can extract text from HTML; take the others out")
    if problems:
        raise RecipeError(problems)


def _advise(score: str, behind: Sequence[str]) -> str:
    """Where a score is to come from: a stage that stands too late, else one of the package, else any."""
    if behind:
        return f"put {behind[0]}, which gives it, in front"
    for kind, stage in BUILTIN.items():
        if score in {f"{kind.rsplit('.', 1)[-1]}_{name}" for name in stage.scores}:
            return f"put {kind}, which gives it, in front"
    return "put a stage that gives it in front, or name another score (`llmdata stages` lists them)"


def _misnamed(stages: Sequence[Stage]) -> Iterator[tuple[int, str]]:
    """Scores that are wanted and not there, and reasons that mean something else; with the stage's place."""
    given: list[str] = []
    for i, stage in enumerate(stages):
        for name in sorted(stage.needed_scores() - set(given)):
            there = "are " + ", ".join(given) if given else "is none"
            advice = _advise(name, [s.name for s in stages[i + 1 :] if name in s.score_columns()])
            yield i, f"{stage.name} wants the score {name}, which no stage before it gives; there {there}: {advice}"
        given += stage.score_columns()
        taken = ", ".join(sorted(set(stage.reasons) & set(RESERVED_REASONS)))
        if taken:
            meant = "which is given where a stage fails on a row; name it otherwise"
            yield i, f"{stage.name} declares the reason {taken}, {meant}"
