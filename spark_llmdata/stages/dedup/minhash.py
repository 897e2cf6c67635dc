"""Near-duplicate removal: MinHash-LSH proposes (Broder 1997), the true similarity of shingle sets decides."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import pyarrow as pa
from pydantic import Field, model_validator

from spark_llmdata import extras, neardup
from spark_llmdata.kernels import minhash, near, shingles, words
from spark_llmdata.stage import Context, CorpusStage
from spark_llmdata.survivor import Keys, Priority, columns, scores

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Share = Annotated[float, Field(gt=0, le=1)]

#: A run says what it misses where bands of the user's, or of a preset, propose less of the pairs at the threshold.
TOLD_BELOW = 0.99

#: Published choices of (bands, rows).
PRESETS: Mapping[str, tuple[int, int]] = {"fineweb": (14, 8), "refinedweb": (450, 20), "dclm": (93, 15)}


class DedupMinhash(CorpusStage):
    """Keep one of the documents that are nearly the same, and prove it for each that goes.

    Documents are compared as sets of shingles (`ngram` consecutive words in lower case); one with fewer words is one
    shingle, one without words is never a duplicate. Two documents are candidates where their MinHash signatures agree
    in a whole band; then their true similarity is computed. In the order of `survivor`, a document is removed when it
    is similar to one that stays; so of a chain A-B-C, where A and C are not similar, A and C stay. Documents with
    equal sets are the same to this stage, whatever their order of words.

    Every removed document has a partner that stays (`clusters: greedy`) with its true similarity. No two that stay and
    share a band are similar, except in a band that compares one with more than `max_block` others: those behind are
    not compared by it, and the run says so. Other engines than `native` differ only in who is a candidate.
    """

    kind = "dedup.minhash"
    kernels = (near, minhash, shingles, words)
    requires = frozenset({"text"})
    reasons: ClassVar[Mapping[str, str]] = {
        "near_duplicate": "a document that stays is similar by `threshold` or more, or by way of others (`clusters`)"
    }

    ngram: Annotated[int, Field(ge=1, le=1 << 16)] = Field(default=5, description="words in a shingle")
    words: Literal["runs", "mixed", "uax29", "whitespace"] = Field(
        default="runs",
        description="what a word is: `runs` of letters, digits and _ (Python's \\w+); `mixed`, the same, but a "
        "character where a script has no spaces (Chinese, Japanese, Thai); `uax29`; `whitespace`",
    )
    similarity: Literal["jaccard", "containment"] = Field(
        default="jaccard", description="shared shingles of all shingles, or of those of the smaller document"
    )
    threshold: Share = Field(default=0.8, description="similarity from which on documents are duplicates")
    recall: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.9999, description="probability that a pair at the threshold is compared; chooses bands and rows"
    )
    num_hashes: Annotated[int, Field(ge=1, le=1 << 16)] = Field(
        default=112, description="minimum values per document, at most"
    )
    preset: Literal["fineweb", "refinedweb", "dclm"] | None = Field(
        default=None, description="published bands and rows: fineweb 14 x 8, refinedweb 450 x 20, dclm 93 x 15"
    )
    bands: Annotated[int, Field(ge=1, le=1 << 16)] | None = Field(
        default=None, description="bands of a signature; with `rows`, instead of `recall`"
    )
    rows: Annotated[int, Field(ge=1, le=1 << 16)] | None = Field(default=None, description="minimum values in a band")
    clusters: Literal["greedy", "components"] = Field(
        default="greedy",
        description="`components` keeps the first of each connected component of similar documents, as tools without "
        "a check do; its removed documents need not be similar to the one that stays",
    )
    max_block: Annotated[int, Field(ge=1, le=1 << 31)] = Field(
        default=10_000,
        description="how many others with the same band a document is compared with; `spark_ml` only tells of more, "
        "`datasketch` has no such bound",
    )
    engine: Literal["native", "spark_ml", "datasketch"] = Field(
        default="native",
        description="what finds candidates: `native`, for any size; `spark_ml`, MinHashLSH of pyspark.ml; "
        f"`datasketch`, that package, in one task, up to {neardup.MAX_DOCUMENTS:,} documents",
    )
    survivor: Keys = ("longest",)
    priority: Priority = {}

    @model_validator(mode="after")
    def _check(self) -> DedupMinhash:
        if (self.bands is None) != (self.rows is None):
            raise ValueError("bands and rows go together; give both, or neither and let `recall` choose")
        given, unused = None, {"recall", "num_hashes"}
        if self.preset:
            given, unused = f"preset {self.preset}", unused | {"bands", "rows"}
        elif self.bands:
            given = f"bands {self.bands}, rows {self.rows}"
        # By value: a manifest spells every setting out, and a run is built again from it.
        fields = type(self).model_fields
        rivals = {name for name in unused if getattr(self, name) != fields[name].default}
        if given and rivals:
            raise ValueError(f"{given} says how signatures are cut; take out {', '.join(sorted(rivals))}")
        bands, rows = self.cut()
        minhash.band_keys(pa.nulls(0, pa.string()), self.words, self.ngram, bands, rows)  # refuses what is too much
        if Fraction(repr(self.threshold)) != Fraction(repr(self.threshold)).limit_denominator(10**6):
            raise ValueError(f"threshold {self.threshold}; expected six decimals at most")
        if self.engine == "datasketch" and bands < 2:
            raise ValueError(f"engine datasketch needs 2 bands or more, there is {bands}; give bands and rows")
        return self

    def cut(self) -> tuple[int, int]:
        """How signatures are cut up: (bands, rows).

        Raises:
            ValueError: `num_hashes` are too few for `recall` at the threshold.
        """
        if self.preset:
            return PRESETS[self.preset]
        if self.bands and self.rows:
            return self.bands, self.rows
        return minhash.choose_bands(self.num_hashes, self.threshold, self.recall)

    def share_found(self) -> float:
        """The share of pairs exactly at the threshold that share a band; of more similar ones it is larger."""
        bands, rows = self.cut()
        return 1 - (1 - self.threshold**rows) ** bands

    def fingerprint(self) -> dict[str, Any]:
        """As of every stage; who is a candidate depends on the version of datasketch where that finds them."""
        facts = super().fingerprint()
        if self.engine == "datasketch":
            facts["libraries"] = {"datasketch": extras.version("datasketch", needed_by=self.name)}
        return facts

    def needed_columns(self) -> frozenset[str]:
        return self.requires | columns(self.survivor)

    def needed_scores(self) -> frozenset[str]:
        return scores(self.survivor)

    def compared_columns(self) -> list[str]:
        """The columns of a segment that engines look at, doc_id first."""
        return ["doc_id", *sorted(self.needed_columns() - {"doc_id"})]

    def comparison(self) -> neardup.Comparison:
        """What engines compare by."""
        return neardup.Comparison(
            near.Candidates(self.words, self.ngram, *self.cut()),
            self.similarity,
            self.clusters,
            self.threshold,
            self.survivor,
            self.priority,
            self.max_block,
        )

    def apply(self, docs: DataFrame, ctx: Context) -> DataFrame:
        """Compare, and word what was found as verdicts."""
        from pyspark.sql import functions as F

        if self.engine != "spark_ml" and self.share_found() < TOLD_BELOW:  # whose tables are as many as it takes
            bands, rows = self.cut()
            ctx.told.append(
                f"{bands} bands of {rows} rows propose {self.share_found():.1%} of the pairs at the threshold "
                f"{self.threshold:g}; pairs that are more similar are proposed more often"
            )
        find = neardup.ENGINES[self.engine]
        found = find(docs.select(*self.compared_columns()), ctx, self.comparison())
        counts = F.to_json(F.struct("shared", "shingles", "survivor_shingles"))
        evidence = F.when(F.col("shared").isNull(), F.lit('{"same_shingles":true}')).otherwise(counts)
        return found.select(
            "doc_id",
            F.lit("near_duplicate").alias("reason"),
            F.col("similarity").alias("score"),
            F.lit(self.threshold).alias("threshold"),
            evidence.alias("evidence"),
            "survivor",
            "similarity",
        )
