"""What a run gives back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from spark_llmdata.errors import NotFound
from spark_llmdata.runner.counting import StageCount
from spark_llmdata.store import Store
from spark_llmdata.store.ledger import RunRecord

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True)
class RunResult:
    """A finished run: its counts, its corpus and ways to ask further."""

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
    reproducible: bool = True  # False where a document was rejected because of the machine (memory, a killed worker)
    overridden: Sequence[Mapping[str, Any]] = ()  # gates that would have stopped the run
    optimized: Mapping[str, Any] | None = None  # the order of stages that was chosen, and what was measured
    found: bool = False  # it was done before, and nothing was run again

    @property
    def corpus(self) -> DataFrame:
        """The kept documents of this build (`schema.CORPUS`)."""
        return self.store.corpus.read(self.corpus_version)

    @property
    def fates(self) -> DataFrame:
        """One row (`schema.FATES`) for every record this run read."""
        from pyspark.sql import functions as F

        return self.store.fates.read().where(F.col("run") == self.run)

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
            found=True,
        )

    def as_json(self) -> dict[str, Any]:
        """The object that `llmdata run --json` prints."""
        corpus = {"path": self.store.corpus.path, "version": self.corpus_version, "content_hash": self.content_hash}
        return {
            "run": self.run,
            "state": "done",
            "recipe": self.recipe,
            "counts": self.counts,
            "by_stage": [s.as_json() for s in self.by_stage],
            "reasons": self.reasons,
            "corpus": corpus,
            "reproducible": self.reproducible,
            "overridden": list(self.overridden),
            "optimized": None if self.optimized is None else dict(self.optimized),
            "skipped": list(self.skipped),
            "seconds": round(self.seconds, 3),
        }
