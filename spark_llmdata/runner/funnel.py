"""Follows a run's rows: which are alive, who removed the others, what became of every one of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from spark_llmdata import schema
from spark_llmdata.plan import SegmentNode
from spark_llmdata.runner.covering import Coverage

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

#: Below this many removed rows their keys are sent to every task, so that no text is shuffled to leave them out.
BROADCAST_ROWS = 1_000_000

ROW_KEY = ["part", "ordinal"]


@dataclass(frozen=True)
class Removal:
    """Rows that a comparison of documents removed: the table of verdicts, how many, and behind which segment."""

    stage: str
    table: str
    verdicts: DataFrame
    count: int
    behind: int
    key: tuple[str, ...] = ("doc_id",)

    def leave_out(self, rows: DataFrame) -> DataFrame:
        """The rows without the removed ones."""
        from pyspark.sql import functions as F

        if self.count == 0:
            return rows
        keys = self.verdicts.select(*self.key)
        if self.count <= BROADCAST_ROWS:
            keys = F.broadcast(keys)
        return rows.join(keys, list(self.key), "left_anti")


@dataclass
class Funnel:
    """The segments and removals of a run so far."""

    segments: list[tuple[SegmentNode, Coverage]] = field(default_factory=list)
    removals: list[Removal] = field(default_factory=list)

    def add(self, node: SegmentNode, coverage: Coverage) -> None:
        """Go on to a segment."""
        self.segments.append((node, coverage))

    def remove(
        self, stage: str, table: str, verdicts: DataFrame, count: int, key: tuple[str, ...] = ("doc_id",)
    ) -> None:
        """Take out rows behind the newest segment."""
        self.removals.append(Removal(stage, table, verdicts, count, len(self.segments) - 1, key))

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

    def fates(self, run: str, alive: str) -> DataFrame:
        """One row (`schema.FATES`) for every record; what is alive has the outcome `alive` (kept or pending)."""
        from pyspark.sql import functions as F

        outcome = F.when(F.col("rejected"), "rejected").otherwise("removed")
        rows = []
        last = len(self.segments) - 1
        for index in range(len(self.segments)):
            judged = self.shown(index).where("NOT kept")
            rows.append(self._fate(judged, index, run, outcome))
        for removal in self.removals:
            if removal.count:
                rows.append(self._removed(removal, run))
        none = F.lit(None).cast("string")
        ending = self.alive().withColumn("verdict", _verdict({"stage": none, "reason": none}))
        rows.append(self._fate(ending, last, run, F.lit(alive)))
        result = rows[0]
        for more in rows[1:]:
            result = result.unionByName(more)
        return result

    def _removed(self, removal: Removal, run: str) -> DataFrame:
        from pyspark.sql import functions as F

        base = self.segments[removal.behind][1].rows() if removal.key != ("doc_id",) else self.shown(removal.behind)
        noun = removal.stage.rsplit(".", 1)[-1]
        names = [f.name for f in schema.VERDICTS if f.name not in ("doc_id", "part", "ordinal")]
        verdicts = removal.verdicts.select(*removal.key, *(F.col(n).alias(f"v_{n}") for n in names))
        if removal.count <= BROADCAST_ROWS:
            verdicts = F.broadcast(verdicts)
        given: dict[str, Column] = {n: F.col(f"v_{n}") for n in names}
        given |= {"stage": F.lit(removal.stage), "reason": F.concat(F.lit(f"{noun}."), F.col("v_reason"))}
        joined = base.where("kept").join(verdicts, list(removal.key)).withColumn("verdict", _verdict(given))
        return self._fate(joined, removal.behind, run, F.lit("removed"))

    def _fate(self, rows: DataFrame, index: int, run: str, outcome: Column) -> DataFrame:
        from pyspark.sql import functions as F

        verdict = [f.name for f in schema.VERDICT]
        columns: dict[str, Column] = {n: F.col(f"verdict.{n}") for n in verdict}
        columns |= {"run": F.lit(run), "outcome": outcome, "scores": scores_map(self.segments[index][0])}
        return rows.select(*(columns.get(f.name, F.col(f.name)).alias(f.name) for f in schema.FATES))


def scores_map(node: SegmentNode) -> Column:
    """The segment's struct of scores as the map that corpus and fates hold; scores not measured are absent."""
    from pyspark.sql import functions as F

    names = node.segment.score_names
    if not names:
        return F.lit(None).cast("map<string,double>")
    pairs = [item for n in names for item in (F.lit(n), F.col(f"scores.{n}"))]
    return F.map_filter(F.create_map(*pairs), lambda _, value: value.isNotNull())


def _verdict(given: dict[str, Column]) -> Column:
    from pyspark.sql import functions as F

    types = {f.name: "double" if f.name in ("score", "threshold", "similarity") else "string" for f in schema.VERDICT}
    return F.struct(*(given.get(n, F.lit(None)).cast(t).alias(n) for n, t in types.items()))
