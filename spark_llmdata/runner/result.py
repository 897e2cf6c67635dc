"""What a run gives back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spark_llmdata import markup
from spark_llmdata.errors import NotFound
from spark_llmdata.portion import Portion
from spark_llmdata.runner.counting import StageCount
from spark_llmdata.store import Store
from spark_llmdata.store.delta import CORPUS
from spark_llmdata.store.ledger import RunRecord

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True, repr=False)
class RunResult:
    """A finished run: its counts, its corpus and ways to ask further. Printed, and in a notebook, it tells of itself.

    `counts` are records by outcome, `by_stage` what each stage was shown, removed and rejected, `reasons` why documents
    are not kept, with an example each. `corpus` and `fates` are Spark data frames.
    """

    run: str
    recipe: str
    counts: dict[str, int]
    by_stage: list[StageCount]
    reasons: list[dict[str, Any]]  # why documents are not kept: reason, outcome, documents, a location as example
    corpus_version: int
    content_hash: str
    seconds: float
    skipped: tuple[str, ...]
    store: Store = field(repr=False)
    # False where a document was rejected because of the machine (memory, a killed worker), or a limit cut the input
    reproducible: bool = True
    overridden: Sequence[Mapping[str, Any]] = ()  # gates that would have stopped the run
    optimized: Mapping[str, Any] | None = None  # the order of stages that was chosen, and what was measured
    predicted: Sequence[Mapping[str, Any]] | None = None  # by pass, what was expected before the run
    measured: Sequence[Mapping[str, Any]] = ()  # by pass, what it took; as in the manifest
    portion: Portion = None  # the part of the input that was looked at; None: all of it
    found: bool = False  # it was done before, and nothing was run again
    table: str = CORPUS  # the table of the store that has the build

    @property
    def corpus(self) -> DataFrame:
        """The kept documents of this build (`schema.CORPUS`)."""
        return self.store.builds(self.table).read(self.corpus_version)

    @property
    def fates(self) -> DataFrame:
        """One row (`schema.FATES`) for every record this run read."""
        from pyspark.sql import functions as F

        return self.store.fates.read().where(F.col("run") == self.run)

    def report(self, output: str | Path, **options: Any) -> Path:
        """Write this run's report as an HTML page (`options` as those of `write_report`), and return its path."""
        from spark_llmdata.report.page.api import write_report

        return write_report(self.run, store=self.store.root, output=output, spark=self.store.spark, **options).output

    def _head(self) -> str:
        counts = ", ".join(f"{name} {n:,}" for name, n in self.counts.items() if n or name != "created")
        return f"run {self.run} of recipe {self.recipe}: {counts}"

    def _tail(self) -> str:
        path = self.store.builds(self.table).path
        place = f"corpus {path} version {self.corpus_version}, content {self.content_hash}"
        time = "done before, not run again" if self.found else f"{self.seconds:.1f} s"
        return f"{place}, {time}" + ("" if self.reproducible else "; not reproducible: see the reasons")

    def __repr__(self) -> str:
        stages = [f"  {c.stage}: {c.shown:,} in, {c.shown - c.kept:,} out, {c.kept:,} kept" for c in self.by_stage]
        return "\n".join([self._head(), *stages, self._tail()])

    def _repr_html_(self) -> str:
        stages = [(c.stage, c.shown, c.removed, c.rejected, c.kept, round(c.seconds, 1)) for c in self.by_stage]
        reasons = [(r["reason"], r["documents"], r["example"]) for r in self.reasons]
        return markup.block(
            self._head(),
            markup.table(("stage", "in", "removed", "rejected", "kept", "seconds"), stages, limit=len(stages)),
            markup.table(("reason", "documents", "such as"), reasons),
            markup.note(self._tail()),
        )

    @classmethod
    def of(cls, record: RunRecord, store: Store) -> RunResult:
        """The result of a run that is done, from its manifest."""
        facts = record.manifest
        if record.version is None:
            raise NotFound(f"run {record.run} is {record.state} and has no result")
        return cls(
            record.run,
            record.recipe,
            facts["counts"],
            [StageCount.from_json(entry) for entry in facts["by_stage"]],
            facts["reasons"],
            record.version,
            facts["content_hash"],
            (record.changed - record.started).total_seconds(),
            tuple(facts["skipped"]),
            store,
            facts["reproducible"],
            facts["overridden"],
            facts.get("optimized"),
            facts.get("predicted"),
            facts.get("measured", ()),
            facts.get("portion"),
            found=True,
            table=record.table,
        )

    def as_json(self) -> dict[str, Any]:
        """The object that `llmdata run --json` prints."""
        path = self.store.builds(self.table).path
        corpus = {"path": path, "version": self.corpus_version, "content_hash": self.content_hash}
        return {
            "run": self.run,
            "state": "done",
            "recipe": self.recipe,
            "counts": self.counts,
            "by_stage": [s.as_json() for s in self.by_stage],
            "reasons": self.reasons,
            "corpus": corpus,
            "reproducible": self.reproducible,
            "portion": None if self.portion is None else dict(self.portion),
            "overridden": list(self.overridden),
            "optimized": None if self.optimized is None else dict(self.optimized),
            "predicted": None if self.predicted is None else list(self.predicted),
            "measured": list(self.measured),
            "skipped": list(self.skipped),
            "seconds": round(self.seconds, 3),
        }
