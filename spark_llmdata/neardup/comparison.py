"""What is compared by what: the settings of near-duplicate detection that every engine shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from spark_llmdata import survivor
from spark_llmdata.kernels.near import Candidates

if TYPE_CHECKING:
    from pyspark.sql import Column

Similarity = Literal["jaccard", "containment"]
Clusters = Literal["greedy", "components"]

#: What every engine finds: removed documents, for whom, the similarity of the two and the counts it comes from (null
#: where both sets are equal).
FOUND = "doc_id string, survivor string, similarity double, shared long, shingles long, survivor_shingles long"


@dataclass(frozen=True)
class Comparison:
    """Who is a candidate, how candidates are measured, and who stays of those that are similar."""

    candidates: Candidates
    similarity: Similarity = "jaccard"
    clusters: Clusters = "greedy"
    threshold: float = 0.8
    survivor: tuple[str, ...] = ("longest",)
    priority: Mapping[str, float] = field(default_factory=dict)
    max_block: int = 10_000

    def fraction(self) -> tuple[int, int]:
        """The threshold as it is written, 0.8 = 4/5: comparing counts with it involves no rounding."""
        exact = Fraction(repr(self.threshold)).limit_denominator(1_000_000)
        return exact.numerator, exact.denominator

    def size(self) -> str:
        """What shared shingles are divided by, in SQL over the columns of `FOUND`."""
        if self.similarity == "jaccard":
            return "shingles + survivor_shingles - shared"
        return "least(shingles, survivor_shingles)"

    def order(self) -> Column:
        """A struct whose smallest survives; its last field is doc_id, the others are numbers."""
        return survivor.order(self.survivor, self.priority)
