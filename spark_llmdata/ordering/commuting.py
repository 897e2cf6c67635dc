"""Which stages of a segment may change places without a change of the corpus, and what holds the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from spark_llmdata.stage import RowStage


@dataclass(frozen=True)
class Needs:
    """What a stage reads and changes, as names of columns and scores; `fence` says why nothing may pass it, if so."""

    name: str
    reads: frozenset[str]
    changes: frozenset[str]
    fence: str | None = None


def score_key(name: str) -> str:
    """How a score column is named among what is read and changed: it is no document column of that name."""
    return f"the score {name}"


def needs_of(stage: RowStage, seen: frozenset[str] = frozenset()) -> Needs:
    """What a stage says it reads and changes, and what it was `seen` to read (scores by `score_key`)."""
    scores = frozenset(map(score_key, stage.score_columns()))
    asked = frozenset(map(score_key, stage.needed_scores()))
    return Needs(
        stage.name,
        stage.requires | stage.reads | asked | seen,
        (stage.changed_columns() or frozenset()) | scores,
        find_fence(stage),
    )


def find_fence(stage: RowStage) -> str | None:
    """Why nothing may pass the stage, or None.

    What is removed in front of a private stage is stored with what that stage would have taken out. What a user's own
    stage changes is known only where its class says it.
    """
    if stage.changed_columns() is None:
        return "your own stage, whose class does not say what it changes: give it `edits`, as in `edits = frozenset()`"
    if stage.private:
        return "private: a document that is removed in front of it is stored with what it takes out"
    if "html" in stage.requires:
        return "extracts: what is behind it judges its text"
    if stage.ends_segment:
        return "ends a pass: what is behind it can be run again without it"
    return None


def find_conflict(first: Needs, second: Needs) -> str | None:
    """Why `second` has to stay behind `first`, or None where the two may change places."""
    for stage in (first, second):
        if stage.fence is not None:
            return f"{stage.name}: {stage.fence}"
    made, lost = sorted(first.changes & second.reads), sorted(second.changes & first.reads)
    both = sorted(first.changes & second.changes)
    if made:
        return f"{second.name} reads {', '.join(made)}, which {first.name} makes"
    if lost:
        return f"{first.name} reads {', '.join(lost)}, which {second.name} changes"
    return f"both change {', '.join(both)}" if both else None


def find_predecessors(stages: Sequence[Needs]) -> tuple[Mapping[int, str], ...]:
    """By stage of a segment those that have to stay in front of it, by their places, with the reason for each."""
    return tuple(
        {i: why for i in range(j) if (why := find_conflict(stages[i], stages[j])) is not None}
        for j in range(len(stages))
    )
