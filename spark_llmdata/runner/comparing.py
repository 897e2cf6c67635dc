"""Corpus stages in a run: identical records, then the recipe's own comparisons; verdicts are written once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from spark_llmdata import schema
from spark_llmdata.errors import ProofFailed
from spark_llmdata.plan import DUPLICATES_REVISION, digest
from spark_llmdata.runner.funnel import ROW_KEY, Funnel
from spark_llmdata.stage import Context, CorpusStage
from spark_llmdata.store import Store

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def remove_identical_records(store: Store, funnel: Funnel, rows: str) -> bool:
    """Keep one of the records with the same doc_id, from here on unique. Returns whether an earlier run's was used.

    `rows` names the rows that are compared, by place and content: verdicts on others are not taken for theirs.
    """
    from pyspark.sql import functions as F

    fingerprint = digest(["duplicate_record", DUPLICATES_REVISION, funnel.segments[0][0].fingerprint, rows])
    records = funnel.segments[0][1].rows().where("kept")
    # Identical records differ in nothing but their place (and a table's `meta`): contents first, so that the choice
    # does not depend on how files are called.
    place = F.struct("row_hi", "row_lo", "file", "offset", *ROW_KEY)
    keys = records.select("doc_id", *ROW_KEY, place.alias("place"))
    first = keys.groupBy("doc_id").agg(F.min("place").alias("first"), F.count("*").alias("copies")).where("copies > 1")
    removed = keys.join(first, "doc_id").where("place != first")
    found = removed.select(
        "doc_id",
        F.lit("duplicate_record").alias("reason"),
        F.lit(None).cast("double").alias("score"),
        F.lit(None).cast("double").alias("threshold"),
        F.to_json(F.struct(F.col("first.file").alias("kept_file"), F.col("first.offset").alias("kept_offset"))).alias(
            "evidence"
        ),
        F.col("doc_id").alias("survivor"),
        F.lit(1.0).alias("similarity"),
        *ROW_KEY,
    )
    name = f"duplicate_record-{fingerprint}"
    verdicts, reused, _ = _write_once(store, name, fingerprint, lambda: (found, []))
    funnel.remove("read", name, verdicts, tuple(ROW_KEY))
    return reused


def compare(store: Store, funnel: Funnel, stage: CorpusStage, rows: str) -> tuple[bool, list[str]]:
    """Apply a corpus stage to what is alive. Returns whether an earlier run's verdicts were used, and what it told."""
    from pyspark.sql import functions as F

    upstream = [node.fingerprint for node, _ in funnel.segments] + [r.table for r in funnel.removals]
    fingerprint = digest(["corpus", stage.fingerprint(), upstream, rows])
    name = f"{stage.noun}-{fingerprint}"

    def keep(rows: DataFrame, settled: str) -> DataFrame:
        table = store.settled(name, settled)
        table.append_once(rows, settled, {})
        return table.read()

    def find() -> tuple[DataFrame, list[str]]:
        ctx = Context(store.spark, keep, store.settled(name, "").path.rstrip("/"))
        found = stage.apply(funnel.alive(), ctx)
        missing = {f.name for f in schema.VERDICTS} - {*found.columns, *ROW_KEY}
        if missing:
            raise ProofFailed(f"{stage.name}.apply gives no column {', '.join(sorted(missing))}; see schema.VERDICTS")
        none = {"part": "string", "ordinal": "bigint"}
        return found.withColumns({c: F.lit(None).cast(t) for c, t in none.items()}), ctx.told

    verdicts, reused, told = _write_once(store, name, fingerprint, find)
    funnel.remove(stage.name, name, verdicts, keeps=stage.condition())
    return reused, told


def _write_once(
    store: Store, name: str, key: str, find: Callable[[], tuple[DataFrame, list[str]]]
) -> tuple[DataFrame, bool, list[str]]:
    """A table of verdicts is one commit: where it exists, it is complete. Returns it, whether it was there, its notes.

    Only where it is not there are the verdicts found, which may settle tables on the way.
    """
    table = store.verdicts(name)
    reused = table.exists()
    if reused:
        told: list[str] = next((note["told"] for note in table.notes() if "told" in note), [])
    else:
        found, told = find()
        table.append_once(found.select(*(f.name for f in schema.VERDICTS)), key, {"told": told})
    return table.read(), reused, told
