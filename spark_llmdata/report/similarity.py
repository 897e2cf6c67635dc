"""How alike one text and every document of a run are: exactly, without sketches, in one pass over the stored texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from spark_llmdata.kernels import shingles, text_forms, urls
from spark_llmdata.stages.dedup.exact import DedupExact
from spark_llmdata.stages.dedup.minhash import DedupMinhash
from spark_llmdata.stages.dedup.url import DedupUrl
from spark_llmdata.store import Store
from spark_llmdata.store.ledger import RunRecord

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row


@dataclass(frozen=True)
class Settings:
    """What the run's comparisons go by: those of its recipe where it has the stage, else the stage's defaults."""

    words: str
    ngram: int
    similarity: str  # jaccard or containment: which of the two is held against a threshold
    url_form: str
    text_form: str
    has_minhash: bool

    @classmethod
    def of(cls, record: RunRecord) -> Settings:
        """The settings of a run; of several stages of a kind the first one's."""
        stages = record.manifest["recipe"]["stages"]
        given: dict[str, Mapping[str, Any]] = {}
        for stage in stages:
            given.setdefault(stage["kind"], stage)
        near = given.get(DedupMinhash.kind, {})
        default = DedupMinhash()
        return cls(
            near.get("words", default.words),
            near.get("ngram", default.ngram),
            near.get("similarity", default.similarity),
            given.get(DedupUrl.kind, {}).get("mode", DedupUrl().mode),
            given.get(DedupExact.kind, {}).get("normalize", DedupExact().normalize),
            bool(near),
        )

    def has_words(self, text: str) -> bool:
        """Whether a text has a shingle; one that has none resembles nothing."""
        found = shingles.sets(pa.array([text], pa.large_string()), self.words, self.ngram)
        return bool(len(found[0].values))

    def page(self, url: str | None) -> str | None:
        """The form of an address in which equal ones are one page; None where nothing is left of it."""
        return urls.normalize(pa.array([url], pa.string()), self.url_form)[0].as_py() or None


@dataclass(frozen=True)
class Measure:
    """Compares each row of batches (part, ordinal, level, url, text) with one document, as `COLUMNS`.

    jaccard and containment are null where the row has no text.
    """

    text: str
    page: str | None
    settings: Settings

    COLUMNS = (
        "part string, ordinal long, level int, jaccard double, containment double, same_text boolean, same_url boolean"
    )

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Compare the rows of each batch."""
        its = self.settings
        own = text_forms.hash_forms(pa.array([self.text], pa.large_string()), its.text_form)
        for batch in batches:
            text = batch.column("text")
            near = shingles.similarities(text, self.text, its.words, its.ngram)
            hashes = text_forms.hash_forms(text, its.text_form)
            same_text = pc.and_(*(pc.equal(hashes.column(c), own.column(c)[0]) for c in ("hi", "lo")))
            pages = urls.normalize(batch.column("url"), its.url_form).cast(pa.string())
            same_url = pc.equal(pages, pa.scalar(self.page, pa.string()))
            arrays = [
                *(batch.column(c) for c in ("part", "ordinal", "level")),
                *(near.column(c) for c in ("jaccard", "containment")),
                *(pc.fill_null(a, False) for a in (same_text, same_url)),
            ]
            names = ["part", "ordinal", "level", "jaccard", "containment", "same_text", "same_url"]
            yield pa.RecordBatch.from_arrays(arrays, names=names)


def measure_pair(first: str, second: str, settings: Settings) -> tuple[float, float]:
    """Jaccard similarity and containment of two texts."""
    found = shingles.similarities(pa.array([first], pa.large_string()), second, settings.words, settings.ngram)
    return float(found.column("jaccard")[0].as_py()), float(found.column("containment")[0].as_py())


def measure_all(store: Store, record: RunRecord, measure: Measure) -> DataFrame:
    """Compare every row of a run's segments: one row for each (part, ordinal), `Measure.COLUMNS` but for the level.

    A document is compared as the last segment that holds its text has it.
    """
    from pyspark.sql import functions as F

    wanted = ("part", "ordinal", "level", "url", "text")
    levels = [
        _rows(store, segment).withColumn("level", F.lit(level)).select(*wanted)
        for level, segment in enumerate(record.manifest["segments"])
    ]
    rows = reduce(lambda a, b: a.unionByName(b), levels)
    found = rows.mapInArrow(measure, Measure.COLUMNS)
    facts = F.struct("jaccard", "containment", "same_text", "same_url")
    latest = F.struct(F.col("jaccard").isNotNull(), "level")
    last = found.groupBy("part", "ordinal").agg(F.max_by(facts, latest).alias("facts"))
    return last.select("part", "ordinal", "facts.*")


def find_text(store: Store, record: RunRecord, fate: Row) -> str | None:
    """The text of a record as the last segment that holds it has it; None where none does."""
    from pyspark.sql import functions as F

    same = (F.col("part") == fate.part) & (F.col("ordinal") == fate.ordinal) & F.col("text").isNotNull()
    for segment in reversed(record.manifest["segments"]):
        found = _rows(store, segment).where(same).select("text").limit(1).collect()
        if found:
            return str(found[0].text)
    return None


def _rows(store: Store, segment: Mapping[str, Any]) -> DataFrame:
    """A segment's rows; the parts may hold files that are not the run's, which its fates leave out."""
    from pyspark.sql import functions as F

    rows = store.spark.read.format("delta").load(f"{store.root}/{segment['table']}")
    return rows.where("split IS NULL").where(F.col("part").isin(segment["parts"]))
