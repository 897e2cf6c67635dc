"""A recipe with the stages of each pass in the order that costs least, and the measurements that say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from spark_llmdata.errors import UsageError
from spark_llmdata.ordering.choice import MIN_GAIN, Measured, Progress, choose_order, cost_of
from spark_llmdata.ordering.commuting import Needs, find_predecessors, needs_of
from spark_llmdata.ordering.measurement import measure
from spark_llmdata.ordering.sample import SAMPLE_ROWS, Sample, take_sample
from spark_llmdata.plan import SegmentNode, digest, make_plan
from spark_llmdata.recipe import Recipe
from spark_llmdata.segment import Segment
from spark_llmdata.sources.split import InputFile
from spark_llmdata.stage import CorpusStage, RowStage

_JUDGE_ALL = "with `judge: all` every stage judges every document of its pass: no order costs less"


@dataclass(frozen=True)
class Place:
    """A stage in its pass: places are counted from 1 within the pass, costs are microseconds of processor time.

    `cost_us` is its own work for a document of the sample, `split_us` the splitting into words it needs (which another
    stage may have done before it); `alone` and `here` are the shares of all documents, and of those that reach its new
    place, that it removes. `behind` says which stages it has to follow, and why.
    """

    stage: str
    cost_us: float
    split_us: float
    alone: float
    here: float
    old: int
    new: int
    behind: Mapping[str, str]


@dataclass(frozen=True)
class Pass:
    """One pass in its new order; `before_us` and `after_us` are the expected costs of a document that enters it."""

    places: tuple[Place, ...]
    documents: int
    before_us: float
    after_us: float


@dataclass(frozen=True)
class Arrangement:
    """The recipe as it shall run, and why: the passes that leave a choice, and of the others what holds the stages.

    `of` identifies the recipe before, `why` says what keeps its order where nothing was measured for another reason.
    """

    recipe: Recipe
    of: str
    was: tuple[str, ...]
    passes: tuple[Pass, ...]
    held: tuple[Mapping[str, str], ...]
    sample: Mapping[str, int]
    why: str | None = None

    @property
    def order(self) -> tuple[str, ...]:
        """The stages' names in their order."""
        return tuple(s.name for s in self.recipe.stages)

    def as_json(self) -> dict[str, Any]:
        """What a manifest records of it and `llmdata plan --json` prints."""
        passes = [
            {
                "documents": p.documents,
                "before_us": round(p.before_us, 1),
                "after_us": round(p.after_us, 1),
                "stages": [_place_as_json(place) for place in p.places],
            }
            for p in self.passes
        ]
        return {
            "of": self.of,
            "was": list(self.was),
            "order": list(self.order),
            "sample": dict(self.sample),
            "min_gain": MIN_GAIN,
            "passes": passes,
            "held": [dict(h) for h in self.held],
            "why": self.why,
        }


def identify(recipe: Recipe) -> str:
    """What an order is found again by: the recipe, its stages' revisions and what they declare, without the inputs."""
    needs = [needs_of(s) for s in recipe.stages if isinstance(s, RowStage)]
    declared = [[sorted(n.reads), sorted(n.changes), n.fence] for n in needs]
    return digest([recipe.as_dict(), [s.fingerprint() for s in recipe.stages], declared])


def rearrange(recipe: Recipe, order: Sequence[str]) -> Recipe:
    """The recipe with its stages in that order of names."""
    by_name = {s.name: s for s in recipe.stages}
    if sorted(order) != sorted(by_name):
        raise UsageError(f"the order {', '.join(order)} does not name the stages {', '.join(by_name)}; name each once")
    place_of = dict(zip(by_name, recipe.places, strict=False))  # there are none where it comes from no file
    return replace(
        recipe,
        stages=tuple(by_name[name] for name in order),
        places=tuple(place_of[name] for name in order if name in place_of),
    )


def arrange(recipe: Recipe, files: Sequence[InputFile], rows: int = SAMPLE_ROWS) -> Arrangement:
    """Measure a recipe's stages on a sample of the files and put those that commute in the order that costs least.

    Stages stay in their passes. Comparisons remove nothing of the sample: what a pass behind one costs is told for
    documents that are still there. A pass keeps its order where another one would save less than `MIN_GAIN`. With
    `judge: all` nothing is measured.

    Raises:
        UsageError, InputError: no sample can be taken.
    """
    was = tuple(s.name for s in recipe.stages)
    if recipe.judge == "all":
        counts = {"asked": rows, "records": 0, "files": 0, "of_files": len(files)}
        return Arrangement(recipe, identify(recipe), was, (), (), counts, why=_JUDGE_ALL)
    nodes = [n for n in make_plan(recipe).nodes if isinstance(n, SegmentNode)]
    needs = [tuple(needs_of(s) for s in n.segment.stages) for n in nodes]
    free = [_leaves_a_choice(n) for n in needs]
    sample = take_sample(files, recipe.read, rows) if any(free) else Sample((), 0)
    passes: list[Pass] = []
    held: list[Mapping[str, str]] = []
    order: list[str] = []
    docs = list(sample.batches)
    for i, node in enumerate(nodes):
        names = [s.name for s in node.segment.stages]
        found = _arrange_pass(node.segment, docs) if free[i] else None
        if found is not None:
            passes.append(found)
            names = [place.stage for place in found.places]
        elif free[i]:
            held.append({"stage": names[0], "why": "no document of the sample comes so far; its pass stays as it is"})
        else:
            held += [{"stage": n.name, "why": n.fence} for n in needs[i] if n.fence is not None]
        order += names
        if any(free[i + 1 :]):
            docs = _keep(node.segment, docs)
    moved = rearrange(recipe, _with_comparisons(recipe, order))
    make_plan(moved)
    counts = {"asked": rows, "records": sample.records, "files": sample.files, "of_files": len(files)}
    return Arrangement(moved, identify(recipe), was, tuple(passes), tuple(held), counts)


def _leaves_a_choice(needs: Sequence[Needs]) -> bool:
    """Whether there is more than one order: two neighbors that may change places."""
    return any(i not in found for i, found in enumerate(find_predecessors(needs)[1:]))


def _arrange_pass(segment: Segment, docs: Sequence[pa.RecordBatch]) -> Pass | None:
    """The pass in its new order; None where no document of the sample reaches it."""
    found = measure(segment, docs)
    if not found.documents:
        return None
    order = choose_order(found.measured)
    return Pass(
        tuple(_places(found.measured, found.needs, order)),
        found.documents,
        cost_of(found.measured, range(len(order))) / found.documents * 1e6,
        cost_of(found.measured, order) / found.documents * 1e6,
    )


def _places(measured: Measured, needs: Sequence[Needs], order: Sequence[int]) -> list[Place]:
    why = find_predecessors(needs)
    here, places = Progress(measured), []
    n = measured.removes.shape[1]
    for new, s in enumerate(order, 1):
        there = here.after([s])
        shown, left = int(here.alive.sum()), int(there.alive.sum())
        split = sum(float(measured.split_cost[key].sum()) for key in measured.splits[s])
        places.append(
            Place(
                stage=needs[s].name,
                cost_us=float(measured.cost[s].sum()) / n * 1e6,
                split_us=split / n * 1e6,
                alone=float(measured.removes[s].mean()),
                here=(shown - left) / shown if shown else 0.0,
                old=s + 1,
                new=new,
                behind={needs[i].name: sentence for i, sentence in why[s].items()},
            )
        )
        here = there
    return places


def _keep(segment: Segment, docs: Sequence[pa.RecordBatch]) -> list[pa.RecordBatch]:
    """What the next pass gets of the sample: the documents this one keeps."""
    judged = [rows for batch in docs for rows in segment.judge(batch, "", isolated=True)]
    return [kept for rows in judged if (kept := rows.filter(pc.fill_null(rows.column("kept"), False))).num_rows]


def _with_comparisons(recipe: Recipe, order: Sequence[str]) -> list[str]:
    """The row stages in their new order, the comparisons where they were."""
    rest = iter(order)
    return [s.name if isinstance(s, CorpusStage) else next(rest) for s in recipe.stages]


def _place_as_json(place: Place) -> dict[str, Any]:
    return {
        "stage": place.stage,
        "cost_us": round(place.cost_us, 1),
        "split_us": round(place.split_us, 1),
        "removed_alone": round(place.alone, 4),
        "removed_here": round(place.here, 4),
        "old": place.old,
        "new": place.new,
        "behind": dict(place.behind),
    }
