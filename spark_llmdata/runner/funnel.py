"""Follows a run's rows: which are alive, who removed the others, what became of every one of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from spark_llmdata import schema
from spark_llmdata.plan import SegmentNode
from spark_llmdata.runner.counting import named_source
from spark_llmdata.runner.covering import Coverage

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, Row

#: Below this many removed rows their keys are sent to every task, so that no text is shuffled to leave them out.
BROADCAST_ROWS = 1_000_000

ROW_KEY = ["part", "ordinal"]


@dataclass(frozen=True)
class Removal:
    """Rows that a comparison of documents removed: the table of verdicts, how many, and behind which segment.

    `duplicates` of them name a survivor. `keeps` says the same as the verdicts, as a condition on a row, where there is
    one.
    """

    stage: str
    table: str
    verdicts: DataFrame
    count: int
    duplicates: int
    behind: int
    key: tuple[str, ...] = ("doc_id",)
    keeps: str | None = None

    def leave_out(self, rows: DataFrame) -> DataFrame:
        """The rows without the removed ones."""
        from pyspark.sql import functions as F

        if self.count == 0:
            return rows
        if self.keeps is not None and self.count > BROADCAST_ROWS:
            # So that no text is shuffled. What is not deterministic keeps Spark from asking it of rows removed before.
            return rows.withColumn("_stay", F.rand(0)).where(f"({self.keeps}) AND _stay < 2").drop("_stay")
        keys = self.verdicts.select(*self.key)
        if self.count <= BROADCAST_ROWS:
            keys = F.broadcast(keys)
        return rows.join(keys, list(self.key), "left_anti")

    def attach(self, rows: DataFrame) -> DataFrame:
        """The rows with this comparison's verdict where they have none yet."""
        from pyspark.sql import functions as F

        if self.count == 0:
            return rows
        noun = self.stage.rsplit(".", 1)[-1]
        given = {"stage": F.lit(self.stage), "reason": F.concat(F.lit(f"{noun}."), F.col("reason"))}
        found = F.struct(*(given.get(f.name, F.col(f.name)).alias(f.name) for f in schema.VERDICT))
        verdicts = self.verdicts.select(*self.key, found.alias("found"))
        if self.count <= BROADCAST_ROWS:
            verdicts = F.broadcast(verdicts)
        joined = rows.join(verdicts, list(self.key), "left")
        # A copy of a removed document has its doc_id, and has left before it.
        return joined.withColumn("verdict", F.coalesce("verdict", "found")).drop("found")


@dataclass
class Funnel:
    """The segments and removals of a run so far."""

    segments: list[tuple[SegmentNode, Coverage]] = field(default_factory=list)
    removals: list[Removal] = field(default_factory=list)

    def add(self, node: SegmentNode, coverage: Coverage) -> None:
        """Go on to a segment."""
        self.segments.append((node, coverage))

    def remove(
        self,
        stage: str,
        table: str,
        verdicts: DataFrame,
        key: tuple[str, ...] = ("doc_id",),
        keeps: str | None = None,
    ) -> None:
        """Take out rows behind the newest segment."""
        from pyspark.sql import functions as F

        count, duplicates = verdicts.agg(F.count("*"), F.count("survivor")).collect()[0]
        behind = len(self.segments) - 1
        self.removals.append(Removal(stage, table, verdicts, count, duplicates, behind, key, keeps))

    def removed_of(self, removal: Removal, sources: Collection[str]) -> dict[str, int]:
        """How many rows of each of these sources a comparison removed."""
        if not sources or not removal.count:
            return {}
        keys = removal.verdicts.select(*removal.key)
        rows = self._compared(removal).where("kept").join(keys, list(removal.key), "left_semi")
        found = rows.groupBy(named_source(sources)).count().collect()
        return {row.of_source: int(row["count"]) for row in found if row.of_source is not None}

    def _compared(self, removal: Removal) -> DataFrame:
        """The rows of the segment that a comparison stands behind, as it saw them."""
        return self.segments[removal.behind][1].rows() if removal.key != ("doc_id",) else self.shown(removal.behind)

    def shown(self, index: int) -> DataFrame:
        """The rows of a segment; copies of a record are left out everywhere but where the run counts them."""
        rows = self.segments[index][1].rows()
        for removal in self.removals:
            if removal.key != ("doc_id",):
                rows = removal.leave_out(rows)
        return rows

    def kept(self, index: int) -> DataFrame:
        """The rows of a segment that it kept and that no comparison right behind it removed."""
        rows = self.shown(index).where("kept")
        for removal in self.removals:
            if removal.behind == index and removal.key == ("doc_id",):
                rows = removal.leave_out(rows)
        return rows

    def alive(self) -> DataFrame:
        """The documents that nothing has removed so far."""
        return self.kept(len(self.segments) - 1)

    def ended(self) -> Iterator[tuple[int, SegmentNode, DataFrame]]:
        """Every record once, by the segment where it ends, with its number.

        Each segment is read once: a row ends where it has a verdict, its own or a comparison's, or at the last segment.
        """
        for index, (node, coverage) in enumerate(self.segments):
            rows = coverage.rows()
            for removal in self.removals:
                if removal.behind == index:
                    rows = removal.attach(rows)
                elif removal.key != ("doc_id",):
                    rows = removal.leave_out(rows)
            if index < len(self.segments) - 1:
                rows = rows.where("verdict IS NOT NULL")
            yield index, node, rows

    def fates(self, run: str, alive: str) -> DataFrame:
        """One row (`schema.FATES`) for every record; what is alive has the outcome `alive` (kept or pending)."""
        from pyspark.sql import functions as F

        result = None
        for _, node, rows in self.ended():
            outcome = (
                F.when(F.col("rejected"), "rejected").when(F.col("verdict").isNotNull(), "removed").otherwise(alive)
            )
            columns: dict[str, Column] = {f.name: F.col(f"verdict.{f.name}") for f in schema.VERDICT}
            columns |= {"run": F.lit(run), "outcome": outcome, "scores": scores_map(node)}
            branch = rows.select(*(columns.get(f.name, F.col(f.name)).alias(f.name) for f in schema.FATES))
            result = branch if result is None else result.unionByName(branch)
        assert result is not None
        return result

    def lost_at(self, stage: str) -> list[Row]:
        """Why a stage took documents out, the most frequent reason first: `reason`, `documents`, one as `example`."""
        from pyspark.sql import functions as F

        name = F.coalesce("doc_id", F.concat("file", F.lit(":"), "offset"))
        fates = self.fates("", "pending").where(F.col("stage") == stage)
        counted = fates.groupBy("reason").agg(F.count("*").alias("documents"), F.min(name).alias("example"))
        return sorted(counted.collect(), key=lambda row: (-row.documents, row.reason))


def scores_map(node: SegmentNode) -> Column:
    """The segment's struct of scores as the map that corpus and fates hold; scores not measured are absent."""
    from pyspark.sql import functions as F

    names = node.segment.score_names
    if not names:
        return F.lit(None).cast("map<string,double>")
    pairs = [item for n in names for item in (F.lit(n), F.col(f"scores.{n}"))]
    return F.map_filter(F.create_map(*pairs), lambda _, value: value.isNotNull())
