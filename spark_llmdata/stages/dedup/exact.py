"""Exact deduplication: documents whose texts are equal, by a 128-bit hash."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from spark_llmdata.stage import Context, CorpusStage

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


class DedupExact(CorpusStage):
    """Keep one of the documents that have the same text: the one with the smallest doc_id.

    Texts are compared by xxh3_128 of their UTF-8 bytes, which the segment before has stored: at 10^10 documents the
    chance of any wrong removal is about 1.5e-19, and no text is read or moved. A doc_id is itself a hash, so who
    survives depends on neither order nor place.
    """

    kind = "dedup.exact"
    requires = frozenset({"text"})
    reasons: ClassVar[Mapping[str, str]] = {"same_text": "another document that stays has exactly the same text"}

    def apply(self, docs: DataFrame, ctx: Context) -> DataFrame:
        """Group the hashes, join the groups of two and more back to their members."""
        from pyspark.sql import functions as F

        keys = docs.select("doc_id", "text_hi", "text_lo")
        groups = (
            keys.groupBy("text_hi", "text_lo")
            .agg(F.min("doc_id").alias("survivor"), F.count("*").alias("members"))
            .where("members > 1")
        )
        removed = keys.join(groups, ["text_hi", "text_lo"]).where("doc_id != survivor")
        return removed.select(
            "doc_id",
            F.lit("same_text").alias("reason"),
            F.lit(None).cast("double").alias("score"),
            F.lit(None).cast("double").alias("threshold"),
            F.to_json(F.struct(F.col("members").alias("documents_with_this_text"))).alias("evidence"),
            "survivor",
            F.lit(1.0).alias("similarity"),
        )
