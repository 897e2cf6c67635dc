"""Exact deduplication: documents whose texts are equal, as they are or up to their spelling, by a 128-bit hash."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import pyarrow as pa
from pydantic import Field

from spark_llmdata.kernels import text_forms
from spark_llmdata.stage import Context, CorpusStage
from spark_llmdata.survivor import Keys, Priority, columns, order, scores

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


class DedupExact(CorpusStage):
    """Keep one of the documents that have the same text: by default the one with the smallest doc_id.

    Texts are compared by xxh3_128 of their UTF-8 bytes, which the segment before has stored: at 10^10 documents the
    chance of any wrong removal is about 1.5e-19, and no text is read or moved. A doc_id is itself a hash, so who
    survives depends on neither order nor place.

    `normalize` compares texts up to their spelling; each value forgets more than the one before. `nfc`: composed and
    combined characters are alike. `whitespace_lower`: that in lower case, with one space for every run of white space
    and none at the ends. `alphanumeric`: only letters and numbers count, with the marks behind them, of the NFKC in
    lower case; texts without any, such as `!!!` and `???`, are compared as under `whitespace_lower`. Empty texts are
    equal texts, and under `whitespace_lower` so are blank ones. Only the comparison uses the form: the survivor's text
    stays as it is.

    `verify` guards against texts that were made to collide: they also have to agree in SHA-256. It and `normalize`
    read every text once, and move hashes only.
    """

    kind = "dedup.exact"
    kernels = (text_forms,)
    groups = True
    requires = frozenset({"text"})
    reasons: ClassVar[Mapping[str, str]] = {
        "same_text": "another document that stays has the same text, up to `normalize`"
    }

    normalize: Literal["none", "nfc", "whitespace_lower", "alphanumeric"] = Field(
        default="none", description="the form in which texts are equal"
    )
    verify: bool = Field(default=False, description="whether texts also have to agree in SHA-256")
    survivor: Keys = ()
    priority: Priority = {}

    def needed_columns(self) -> frozenset[str]:
        return self.requires | columns(self.survivor)

    def needed_scores(self) -> frozenset[str]:
        return scores(self.survivor)

    def apply(self, docs: DataFrame, ctx: Context) -> DataFrame:
        """Group the hashes, join the groups of two and more back to their members."""
        from pyspark.sql import functions as F

        place = order(self.survivor, self.priority).alias("place")
        hashes = ["text_hi", "text_lo", *(["sha256"] if self.verify else [])]
        if self.normalize == "none" and not self.verify:
            keys = docs.select(place, *hashes)
        else:
            # Both branches below want this shuffle: made by name it is made once, and each text is read once.
            keys = _hash(docs.select(place, "text"), self.normalize, self.verify).repartition(*hashes)
        groups = (
            keys.groupBy(*hashes).agg(F.min("place").alias("first"), F.count("*").alias("members")).where("members > 1")
        )
        # `<=>` rather than `!=`, of which Spark infers a filter in one branch, so that the two would share nothing.
        removed = keys.join(groups, hashes).where("NOT (place.doc_id <=> first.doc_id)")
        return removed.select(
            F.col("place.doc_id").alias("doc_id"),
            F.lit("same_text").alias("reason"),
            F.lit(None).cast("double").alias("score"),
            F.lit(None).cast("double").alias("threshold"),
            F.to_json(F.struct(F.col("members").alias("documents_with_this_text"))).alias("evidence"),
            F.col("first.doc_id").alias("survivor"),
            F.lit(1.0).alias("similarity"),
        )


def _hash(texts: DataFrame, form: str, verify: bool) -> DataFrame:
    """The column `place` with the hashes of the column `text` in a form; null texts are left out, being no one's."""
    from pyspark.sql.types import BinaryType, LongType, StructField, StructType

    added = [StructField("text_hi", LongType()), StructField("text_lo", LongType())]
    if verify:
        added.append(StructField("sha256", BinaryType()))
    result = StructType([texts.schema["place"], *added])
    return texts.where("text IS NOT NULL").mapInArrow(_Hashes(form, verify), result)


@dataclass(frozen=True)
class _Hashes:
    """Replaces each batch's texts by the hashes of their forms."""

    form: str
    verify: bool

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            found = text_forms.hash_forms(batch.column("text"), self.form, with_sha256=self.verify)
            names = ["place", "text_hi", "text_lo", *(["sha256"] if self.verify else [])]
            yield pa.RecordBatch.from_arrays([batch.column("place"), *found.columns], names=names)
