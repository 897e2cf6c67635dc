"""Clusters of duplicates among the kept documents of a run: what a split must not divide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spark_llmdata import graph, neardup
from spark_llmdata.errors import NotFound
from spark_llmdata.stage import Context
from spark_llmdata.stages.dedup.minhash import DedupMinhash
from spark_llmdata.stages.filter.expr import FilterExpr
from spark_llmdata.store import Store
from spark_llmdata.store.ledger import RunRecord

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True)
class Clusters:
    """The clusters with two or more kept documents.

    `members` has `doc_id` and `first`, the smallest doc_id kept of its cluster; `told` are sentences on what could not
    be compared.
    """

    members: DataFrame
    count: int
    documents: int
    largest: int
    told: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        """For the manifest of an export; sizes in documents."""
        return {
            "count": self.count,
            "documents": self.documents,
            "largest": self.largest,
            "told": list(self.told),
        }


def find_clusters(store: Store, record: RunRecord, kept: DataFrame) -> Clusters | None:
    """Find which kept documents (`kept` has their `doc_id`) belong together; null where the run compared nothing.

    Documents are connected by every verdict that names a survivor, and by all pairs that a `dedup.minhash` compared and
    that are similar by its threshold: two kept documents belong together where a chain of removed ones leads from one
    to the other. Candidates that turn out not to be similar connect nothing. Texts are read where a verdict leaves a
    doubt: of removed documents that more than one that stays may resemble, and of these.

    Raises:
        NotFound: what a comparison settled is not there any more.
    """
    from pyspark.sql import functions as F

    compared = [v for v in record.manifest["verdicts"] if _compares(record, v)]
    if not compared:
        return None
    of_run = store.fates.read().where(F.col("run") == record.run)
    edges = of_run.where("survivor IS NOT NULL AND survivor != doc_id").selectExpr("doc_id AS a", "survivor AS b")
    told = _list_told(record, compared)
    for verdicts in compared:
        similar, doubts = _find_similar(store, record, verdicts)
        edges = edges if similar is None else edges.unionByName(similar)
        told += doubts
    ctx = Context(store.spark)
    labels = ctx.settle(graph.components(edges, ctx), "clusters").rows.withColumnRenamed("node", "doc_id")
    members = labels.join(kept.select("doc_id"), "doc_id")
    firsts = members.groupBy("component").agg(F.min("doc_id").alias("first"), F.count("*").alias("n")).where("n > 1")
    joined = ctx.settle(members.join(firsts, "component").select("doc_id", "first", "n"), "members").rows
    count, documents, largest = joined.where("doc_id = first").agg(F.count("*"), F.sum("n"), F.max("n")).collect()[0]
    return Clusters(joined.select("doc_id", "first"), int(count), int(documents or 0), int(largest or 0), told)


def _compares(record: RunRecord, verdicts: Mapping[str, Any]) -> bool:
    """Whether verdicts come of a comparison of documents, and not of a condition on each, nor of reading."""
    stages = record.manifest["recipe"]["stages"]
    conditions = {facts["id"] for facts in stages if facts["kind"] == FilterExpr.kind}  # also in older manifests
    return verdicts["stage"] not in {"read", *conditions} and not verdicts.get("by_condition")


def _list_told(record: RunRecord, compared: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the comparisons had to tell when they were made: what they missed, no export finds."""
    stages = {verdicts["stage"] for verdicts in compared}
    counts = [entry for entry in record.manifest["by_stage"] if entry["stage"] in stages]
    return [f"{entry['stage']}: {sentence}" for entry in counts for sentence in entry.get("told", ())]


def _leave_out_copies(store: Store, record: RunRecord, rows: DataFrame) -> DataFrame:
    """The rows without copies of identical records, which have the same doc_id; no comparison saw them."""
    for verdicts in record.manifest["verdicts"]:
        if verdicts["stage"] == "read" and verdicts["rows"]:
            copies = store.verdicts(verdicts["table"].removeprefix("verdicts/")).read().select("part", "ordinal")
            rows = rows.join(copies, ["part", "ordinal"], "left_anti")
    return rows


def _find_similar(store: Store, record: RunRecord, verdicts: Mapping[str, Any]) -> tuple[DataFrame | None, list[str]]:
    """The pairs (`a`, `b`) of similar documents that a comparison's verdicts do not name, and what it has to tell."""
    stage = _near_duplicates(record, verdicts["stage"])
    # Where nobody went no two are similar; where one of each component stays, verdicts connect it.
    if stage is None or stage.clusters == "components" or not verdicts["rows"]:
        return None, []
    name = verdicts["table"].removeprefix("verdicts/")
    if stage.engine != "native":
        pairs = _read_settled(store, name, "pairs", stage, record)
        return pairs.selectExpr("first.doc_id AS a", "second.doc_id AS b"), []
    _read_settled(store, name, "links", stage, record)

    def keep(rows: DataFrame, settled: str) -> DataFrame:
        """What the stage settled is read; the rest stays with the executors: an export writes nothing to a store."""
        table = store.settled(name, settled)
        return table.read() if table.exists() else rows.localCheckpoint()

    ctx = Context(store.spark, keep)
    segment = record.manifest["segments"][verdicts["behind"]]
    rows = store.spark.read.format("delta").load(f"{store.root}/{segment['table']}")
    # Rows of other runs' files among them have no links: what was linked are the documents that this run compared.
    kept = rows.where("split IS NULL AND kept").where(rows["part"].isin(segment["parts"]))
    docs = _leave_out_copies(store, record, kept)
    removed = store.verdicts(name).read().select("doc_id")
    similar = neardup.connect(docs.select(*stage.compared_columns()), removed, ctx, stage.comparison())
    return similar, [f"{stage.name}: {sentence}" for sentence in ctx.told]


def _near_duplicates(record: RunRecord, name: str) -> DedupMinhash | None:
    """The stage of that name, where it is a `dedup.minhash`; its settings are those that the manifest spells out."""
    for facts in record.manifest["recipe"]["stages"]:
        if facts["id"] == name and facts["kind"] == DedupMinhash.kind:
            return DedupMinhash(**{key: value for key, value in facts.items() if key != "kind"})
    return None


def _read_settled(store: Store, verdicts: str, name: str, stage: DedupMinhash, record: RunRecord) -> DataFrame:
    table = store.settled(verdicts, name)
    if not table.exists():
        raise NotFound(
            f"{table.path} is not there any more; {stage.name} of run {record.run} left in it which documents it "
            f"compared, without which a split could divide duplicates. Export without --split; or move away "
            f"{store.verdicts(verdicts).path} and what is left of {store.settled(verdicts, '').path.rstrip('/')}, run "
            "the same command again, which compares anew, and export that run"
        )
    return table.read()
