"""Deduplication by address: documents that were taken from the same page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import pyarrow as pa
from pydantic import Field

from spark_llmdata import survivor
from spark_llmdata.kernels import urls
from spark_llmdata.stage import Context, CorpusStage

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_KEYS: Mapping[str, tuple[str, ...]] = {"first": (), "latest": ("newest",), "longest": ("longest",)}
MAX_SHOWN = 120  # characters of an address in the evidence


class DedupUrl(CorpusStage):
    """Keep one of the documents whose addresses are the same once they are brought to one form.

    `mode: c4` is the rule of C4 (Raffel et al. 2020): delete `http://` and `https://` with a `www.` behind them, cut
    from the first `?utm_`, `?ref` or `?feed` on (whatever follows: `?reference=7` is cut too), take slashes off the
    end; case is kept. `strict` reads addresses as browsers do (WHATWG URL, IDNA) and leaves out what does not tell
    pages apart: case of the host, default port, fragment, user, `www.` and `m.` in front, needless escapes, dot
    segments, slashes at the path's end, tracking parameters and the order of the query; `http` and `https` stay
    different. `surt` is the same without the scheme: `com,example)/path?query`.

    A document without url, or of whose url the form leaves nothing, is nobody's duplicate. What is no address stays as
    it is under `strict` and `surt`, and equals only the very same text: a word such as `unknown` in place of a url
    makes its documents each other's duplicates, so clear it in the input first.

    `prefer: first` keeps the smallest doc_id, `latest` the newest date, `longest` the most bytes of text; ties go to
    the smallest doc_id. Texts are neither compared nor moved.
    """

    kind = "dedup.url"
    kernels = (urls,)
    groups = True
    requires = frozenset({"url"})
    reasons: ClassVar[Mapping[str, str]] = {"same_url": "another document that stays has the same address"}

    mode: Literal["c4", "strict", "surt"] = Field(default="strict", description="the form in which addresses are equal")
    prefer: Literal["first", "latest", "longest"] = Field(
        default="first", description="who stays: smallest doc_id, newest date (none comes last), most bytes of text"
    )

    def needed_columns(self) -> frozenset[str]:
        return self.requires | survivor.columns(_KEYS[self.prefer])

    def apply(self, docs: DataFrame, ctx: Context) -> DataFrame:
        """Group the forms, join the groups of two and more back to their members."""
        from pyspark.sql import functions as F
        from pyspark.sql.types import StringType, StructField, StructType

        place = survivor.order(_KEYS[self.prefer])
        given = docs.where("url IS NOT NULL").select(place.alias("place"), "url")
        result = StructType([given.schema["place"], StructField("page", StringType())])
        pages = given.mapInArrow(_Pages(self.mode), result).where("page != ''")
        groups = (
            pages.groupBy("page").agg(F.min("place").alias("first"), F.count("*").alias("members")).where("members > 1")
        )
        removed = pages.join(groups, "page").where("place.doc_id != first.doc_id")
        shown = F.substring("page", 1, MAX_SHOWN).alias("url")
        return removed.select(
            F.col("place.doc_id").alias("doc_id"),
            F.lit("same_url").alias("reason"),
            F.lit(None).cast("double").alias("score"),
            F.lit(None).cast("double").alias("threshold"),
            F.to_json(F.struct(F.col("members").alias("documents_with_this_url"), shown)).alias("evidence"),
            F.col("first.doc_id").alias("survivor"),
            F.lit(None).cast("double").alias("similarity"),
        )


@dataclass(frozen=True)
class _Pages:
    """Replaces each batch's addresses by their forms."""

    mode: str

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            pages = urls.normalize(batch.column("url"), self.mode).cast(pa.string())
            yield pa.RecordBatch.from_arrays([batch.column("place"), pages], names=["place", "page"])
