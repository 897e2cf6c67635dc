"""Loss gates: what stops a run that would lose most of a corpus by mistake."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from spark_llmdata.recipe import Gates
from spark_llmdata.runner.counting import StageCount

#: A share of fewer documents than this says nothing about a recipe.
GATE_ROWS = 1_000


@dataclass(frozen=True)
class Breach:
    """A gate that a stage's counts exceed: its name, what was found, and the setting that would allow it."""

    gate: str
    stage: str
    found: str
    remedy: str

    def sentence(self, look: str) -> str:
        """What is wrong, where to look, what to do."""
        return f"{self.found}. The corpus is as it was; {look}. If this is what you want: {self.remedy}"


def breaches(entry: StageCount, gates: Gates) -> Iterator[Breach]:
    """The gates that a stage's counts exceed, strictly."""
    name = entry.stage
    removed = (entry.removed - entry.not_sampled, "removed", entry.judged)
    yield from _share("max_removed", name, f".{name}", removed, "documents", gates.max_removed_of(name))
    for source, counted in entry.sources.items():
        its = (counted.removed, "removed", counted.shown)
        bound = gates.max_removed_of_source(source, name)
        yield from _share("max_removed_by_source", name, f".{source}.{name}", its, f"documents of {source}", bound)
    rejected = (entry.rejected, "rejected", entry.judged)
    yield from _share("max_rejected", name, f".{name}", rejected, "documents", gates.max_rejected_of(name))
    duplicates = (entry.duplicates, "removed as duplicates", entry.judged)
    yield from _share("max_duplicate_share", name, "", duplicates, "documents", gates.max_duplicate_share)
    if entry.kept < gates.min_kept:
        found = f"behind {name} {entry.kept:,} documents are left; gates.min_kept asks for {gates.min_kept:,}"
        yield Breach("min_kept", name, found, f"--set gates.min_kept={entry.kept} or --override-gate min_kept")


def _share(gate: str, stage: str, path: str, lost: tuple[int, str, int], what: str, bound: float) -> Iterator[Breach]:
    """A breach where more than the bound is lost of as many documents as can be judged."""
    count, verb, shown = lost
    if shown < GATE_ROWS or count / shown <= bound:
        return
    share = count / shown
    found = f"{stage} {verb} {count:,} of {shown:,} {what} ({share:.2%}); gates.{gate} allows {bound:.2%}"
    allowed = min(1.0, round(share + 0.005, 2))
    yield Breach(gate, stage, found, f"--set gates.{gate}{path}={allowed} or --override-gate {gate}")
