"""A run's stored rows as a report asks them: by segment, by where each record ended, and a chosen few in full."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import reduce
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from spark_llmdata.store import Store
from spark_llmdata.store.ledger import RunRecord

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

#: Bytes up to which a text is read to show an excerpt of it.
MAX_TEXT_BYTES = 500_000
#: Keys up to which the smaller side of a join is sent to every task.
BROADCAST_ROWS = 1_000_000
#: What the names of score columns begin with in `Records.ended`.
SCORE = "score:"
#: Why a record is no document: it was set aside before anything was judged.
ASIDE = ("read.not_content", "read.not_sampled")

_COPIES = "read"  # whose table of verdicts holds copies of records


class Place(NamedTuple):
    """A stored row: the number of its segment, the part, and the row's number in it."""

    segment: int
    part: str
    ordinal: int


class Records:
    """What a run has stored. Nothing is computed again, and texts are read of chosen rows only."""

    def __init__(self, store: Store, record: RunRecord) -> None:
        self.store, self.record = store, record
        self.segments: list[dict[str, Any]] = record.manifest["segments"]
        self.comparisons: list[dict[str, Any]] = record.manifest["verdicts"]
        self._pins: DataFrame | None = None

    def fates(self) -> DataFrame:
        """What became of every record."""
        from pyspark.sql import functions as F

        return self.store.fates.read().where(F.col("run") == self.record.run)

    def segment_of(self, stage: str) -> int | None:
        """The number of the segment that holds what a stage saw; None for the reader's verdicts."""
        for number, segment in enumerate(self.segments):
            if stage in segment["stages"]:
                return number
        for comparison in self.comparisons:
            if comparison["stage"] == stage and stage != _COPIES:
                return int(comparison["behind"])
        return None

    def rows(self, number: int) -> DataFrame:
        """The rows of a segment, without those of files that are not the run's."""
        from pyspark.sql import functions as F

        segment = self.segments[number]
        rows = self.store.spark.read.format("delta").load(f"{self.store.root}/{segment['table']}")
        rows = rows.where("split IS NULL").where(F.col("part").isin(list(segment["parts"])))
        return rows.join(F.broadcast(self._pinned()), ["part", "file"], "left_semi")

    def shown(self, number: int) -> DataFrame:
        """The rows of a segment without copies of other records."""
        rows = self.rows(number)
        for comparison in self.comparisons:
            if comparison["stage"] == _COPIES and comparison["rows"]:
                rows = rows.join(self._verdicts(comparison, "part", "ordinal"), ["part", "ordinal"], "left_anti")
        return rows

    def ended(self, *, copies: bool = False) -> DataFrame:
        """Every record once, as it was stored where it ended, without copies of records unless asked for; no text.

        Columns: segment, doc_id, url, source, lang, license, part, ordinal, kept, rejected, stage, reason, words,
        bytes, and each score of the run under its name behind `SCORE`.
        """
        return reduce(lambda a, b: a.unionByName(b), [self._ended(n, copies) for n in range(len(self.segments))])

    def score_names(self) -> list[str]:
        """All score columns of the run, in the order of its stages."""
        return [name for segment in self.segments for names in segment["scores"].values() for name in names]

    def _ended(self, number: int, copies: bool) -> DataFrame:
        from pyspark.sql import functions as F

        with_copies = copies and number == 0  # behind it there are none
        rows = (self.rows(number) if with_copies else self.shown(number)).withColumn("by", F.lit(None).cast("string"))
        for comparison in self.comparisons:
            if (
                comparison["behind"] == number
                and comparison["rows"]
                and (with_copies or comparison["stage"] != _COPIES)
            ):
                rows = self._attach(rows, comparison)
        own = F.col("verdict.reason")
        stage = F.coalesce(F.col("verdict.stage"), F.split_part("by", F.lit("\n"), F.lit(1)))
        reason = F.coalesce(own, F.split_part("by", F.lit("\n"), F.lit(2)))
        there = {name for s in self.segments[: number + 1] for names in s["scores"].values() for name in names}
        scores = [_score(name, name in there).alias(f"{SCORE}{name}") for name in self.score_names()]
        plain = ("doc_id", "url", "source", "lang", "part", "ordinal", "rejected", "words", "bytes")
        told = [stage.alias("stage"), reason.alias("reason"), stage.isNull().alias("kept"), _license()]
        found = rows.select(F.lit(number).cast("long").alias("segment"), *plain, *told, *scores)
        return found if number == len(self.segments) - 1 else found.where("NOT kept")

    def _attach(self, rows: DataFrame, comparison: dict[str, Any]) -> DataFrame:
        """The rows with a comparison's stage and reason (`by`, parted by a line feed) where they have none yet."""
        from pyspark.sql import functions as F

        stage = comparison["stage"]
        noun = stage.rpartition(".")[2]
        given = F.concat(F.lit(f"{stage}\n{noun}."), F.col("reason")).alias("given")
        key = ["part", "ordinal"] if stage == _COPIES else ["doc_id"]  # which copies share
        joined = rows.join(self._verdicts(comparison, *key, given), key, "left")
        return joined.withColumn("by", F.coalesce("by", "given")).drop("given")

    def _verdicts(self, comparison: dict[str, Any], *columns: str | Column) -> DataFrame:
        from pyspark.sql import functions as F

        rows = self.store.spark.read.format("delta").load(f"{self.store.root}/{comparison['table']}").select(*columns)
        return F.broadcast(rows) if comparison["rows"] <= BROADCAST_ROWS else rows

    def _pinned(self) -> DataFrame:
        """The files of the run and the parts that hold them, asked for once."""
        if self._pins is None:
            found = self.fates().select("part", "file").distinct().collect()
            self._pins = self.store.spark.createDataFrame([(r.part, r.file) for r in found], "part string, file string")
        return self._pins

    def fetch(self, places: Collection[Place]) -> dict[Place, pa.RecordBatch]:
        """Stored rows in full, one batch of one row each; the text of more than `MAX_TEXT_BYTES` is left out."""
        from pyspark.sql import functions as F

        found: dict[Place, pa.RecordBatch] = {}
        for number in sorted({place.segment for place in places}):
            rows = self.store.spark.read.format("delta").load(f"{self.store.root}/{self.segments[number]['table']}")
            text = F.when(F.col("bytes") <= MAX_TEXT_BYTES, F.col("text"))
            rows = rows.where("split IS NULL").where(_chosen(p for p in places if p.segment == number))
            for batch in rows.withColumn("text", text).toArrow().combine_chunks().to_batches(max_chunksize=1):
                found[Place(number, batch.column("part")[0].as_py(), batch.column("ordinal")[0].as_py())] = batch
        return found


def _chosen(places: Iterable[Place]) -> Column:
    from pyspark.sql import functions as F

    by_part: dict[str, list[int]] = {}
    for place in sorted(places):
        by_part.setdefault(place.part, []).append(place.ordinal)
    each = [(F.col("part") == part) & F.col("ordinal").isin(numbers) for part, numbers in by_part.items()]
    return reduce(lambda a, b: a | b, each)


def _score(name: str, is_there: bool) -> Column:
    from pyspark.sql import functions as F

    return F.col("scores").getField(name) if is_there else F.lit(None).cast("double")


def _license() -> Column:
    """The license a document brought along, under either spelling."""
    from pyspark.sql import functions as F

    return F.coalesce(F.col("meta")["license"], F.col("meta")["licence"]).alias("license")


def is_document() -> Column:
    """Whether a row of `Records.ended` is a document, and not a request in an archive, say, or in no sample."""
    from pyspark.sql import functions as F

    return ~F.coalesce(F.col("reason"), F.lit("")).isin(*ASIDE)
