"""The stored rows of a run that is done, and what Spark makes of them: counts, comparisons, documents at the border."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from spark_llmdata.errors import UsageError
from spark_llmdata.plan import Plan
from spark_llmdata.report.marked_text import MarkedText
from spark_llmdata.report.origin import from_row, stored
from spark_llmdata.report.replay import find_private
from spark_llmdata.retuning.border import SHOWN
from spark_llmdata.retuning.change import Change
from spark_llmdata.retuning.tasks import BORDER, SCORE, WALKED, FindBorders, WalkAgain
from spark_llmdata.retuning.walk import KEPT, WAITS, Walk
from spark_llmdata.runner.covering import Coverage
from spark_llmdata.runner.funnel import ROW_KEY, Funnel, Removal
from spark_llmdata.stage import RowStage
from spark_llmdata.store import Store
from spark_llmdata.store.ledger import RunRecord

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

#: Characters of a text that are told.
SHOWN_CHARS = 100


def recorded_funnel(store: Store, record: RunRecord, plan: Plan) -> Funnel:
    """The rows of a run and its removals, as its manifest names them.

    Raises:
        UsageError: this version of a stage is not the one that judged them.
    """
    from pyspark.sql import functions as F

    segments, verdicts = record.manifest["segments"], record.manifest["verdicts"]
    fates = store.fates.read().where(F.col("run") == record.run)
    pins = tuple(sorted((row.part, row.file) for row in fates.select("part", "file").distinct().collect()))
    funnel = Funnel()
    for node, facts in zip(plan.segments, segments, strict=True):
        if node.fingerprint != facts["fingerprint"]:
            raise UsageError(
                f"run {record.run} judged {', '.join(facts['stages']) or 'nothing'} by other versions of these stages, "
                f"models or lists (fingerprint {facts['fingerprint']}, now {node.fingerprint}): their scores are not "
                "decided by this version; run the recipe again first"
            )
        table = store.segment(facts["table"].removeprefix("segments/"), node.segment.schema)
        funnel.add(node, Coverage(table, tuple(facts["parts"]), pins, True, table.version()))
    for facts in verdicts:
        name = facts["table"].removeprefix("verdicts/")
        key = tuple(ROW_KEY) if facts["stage"] == "read" else ("doc_id",)
        rows = store.verdicts(name).read()
        funnel.removals.append(Removal(facts["stage"], name, rows, facts["rows"], 0, facts["behind"], key))
    return funnel


class Rows:
    """Every record of a run once, with its scores; each question reads them once, and no text."""

    def __init__(self, funnel: Funnel, walk: Walk, changes: Sequence[Change]) -> None:
        self.funnel, self.walk, self.changes = funnel, walk, changes

    def _stored(self) -> list[tuple[int, DataFrame]]:
        from pyspark.sql import functions as F

        found = []
        for number, node, rows in self.funnel.ended():
            scores = [F.col(f"scores.{n}").alias(f"{SCORE}{n}") for n in self.walk.columns(node.segment.score_names)]
            plain = ("doc_id", "url", "part", "ordinal", "lang", "rejected", "words")
            verdict = [F.col(f"verdict.{name}").alias(name) for name in ("stage", "reason", "survivor")]
            found.append((number, rows.select(*plain, *verdict, *scores)))
        return found

    def walked(self) -> DataFrame:
        """`tasks.WALKED` of every record."""
        from pyspark.sql.pandas.types import from_arrow_schema

        kind = from_arrow_schema(WALKED)
        return _union([rows.mapInArrow(WalkAgain(self.walk), kind) for _, rows in self._stored()])

    def groups(self) -> list[Any]:
        """How many records took each way, with their words; `doubtful` of them, with one as an example."""
        from pyspark.sql import functions as F

        ways = ("then_at", "then_stage", "then_reason", "then_rejected", "now_at", "outcome", "now_stage", "now_reason")
        found = (
            self.walked()
            .groupBy(*ways)
            .agg(
                F.count("*").alias("documents"),
                F.coalesce(F.sum("words"), F.lit(0)).alias("words"),
                F.count_if("doubtful").alias("doubtful"),
                F.min(F.when(F.col("doubtful"), F.col("doc_id"))).alias("example"),
            )
        )
        return list(found.collect())

    def copies(self) -> tuple[int, int]:
        """Of records that come back how many are copies of others that do, and their words."""
        from pyspark.sql import functions as F

        back = self.walked().where((F.col("outcome") == KEPT) & F.col("then_stage").isNotNull())
        same = back.groupBy("doc_id").agg((F.count("*") - 1).alias("copies"), F.min("words").alias("words"))
        found = same.agg(F.sum("copies"), F.sum(F.col("copies") * F.col("words"))).collect()[0]
        return int(found[0] or 0), int(found[1] or 0)

    def stranded(self, step: int) -> int:
        """How many documents a comparison removed for one that would not reach it any more."""
        from pyspark.sql import functions as F

        rows = self.walked()
        leaving = (F.col("then_at") >= step) & (F.col("now_at") < step) & (F.col("outcome") != WAITS)
        gone = rows.where(leaving).select(F.col("doc_id").alias("survivor")).distinct()
        still = rows.where((F.col("then_at") == step) & (F.col("now_at") == step) & F.col("survivor").isNotNull())
        return int(still.join(gone, "survivor", "left_semi").count())

    def borders(self) -> list[Any]:
        """The documents nearest to each changed threshold, `SHOWN` on each side, with the beginning of their texts."""
        from pyspark.sql import Window
        from pyspark.sql import functions as F
        from pyspark.sql.pandas.types import from_arrow_schema

        kind = from_arrow_schema(BORDER)
        near = [rows.mapInArrow(FindBorders(self.walk, self.changes, n), kind) for n, rows in self._stored()]
        side = ("change", "rule", "removes")
        copies = F.row_number().over(Window.partitionBy(*side, "doc_id").orderBy(*ROW_KEY))
        single = _union(near).withColumn("copy", copies).where(F.col("copy") == 1)
        nearest = F.row_number().over(Window.partitionBy(*side).orderBy("distance", "doc_id"))
        ranked = single.withColumn("rank", nearest).where(F.col("rank") <= SHOWN)
        found = ranked.orderBy("change", "rule", "removes", "rank").collect()
        texts = self._texts({(row.segment, row.part, row.ordinal) for row in found})
        return [row.asDict() | {"text": texts.get((row.segment, row.part, row.ordinal))} for row in found]

    def _texts(self, places: set[tuple[int, str, int]]) -> dict[tuple[int, str, int], str | None]:
        from pyspark.sql import functions as F

        private = [s.was for s in self.walk.steps if isinstance(s.was, RowStage) and s.was.private]
        texts: dict[tuple[int, str, int], str | None] = {}
        for number in sorted({place[0] for place in places}):
            wanted: dict[str, list[int]] = {}
            for _, part, ordinal in sorted(p for p in places if p[0] == number):
                wanted.setdefault(part, []).append(ordinal)
            coverage = self.funnel.segments[number][1]
            for part, ordinals in wanted.items():
                rows = coverage.table.read(coverage.version).where("split IS NULL")
                chosen = rows.where((F.col("part") == part) & F.col("ordinal").isin(ordinals))
                for batch in chosen.toArrow().combine_chunks().to_batches(max_chunksize=1):
                    texts[number, part, stored(batch, "ordinal")] = begin(private, batch)
        return texts


def begin(private: Sequence[RowStage], row: pa.RecordBatch) -> str | None:
    """The beginning of a stored text; of what private stages take out the kind, nothing where they cannot say it."""
    text = stored(row, "text")
    if text is None:
        return None
    columns, scores = from_row(row)
    measured = {name: values for name, values in scores.items() if values[0].is_valid}
    spans = find_private(private, (columns, measured))
    if spans is None:
        return None
    marked = MarkedText(text)
    marked.hide(spans)
    pieces = marked.tell(private=False, context=None)
    return "".join(piece["text"] or f"<{piece['secret']}>" for piece in pieces)[:SHOWN_CHARS]


def _union(frames: Sequence[DataFrame]) -> DataFrame:
    first, *others = frames
    for other in others:
        first = first.unionByName(other)
    return first
