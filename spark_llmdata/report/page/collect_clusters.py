"""Documents that went for another one, with what differs between the two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

from spark_llmdata.report.cluster import COPY
from spark_llmdata.report.page.examples import Examples
from spark_llmdata.report.page.excerpt import make_difference
from spark_llmdata.report.page.model import Cluster, Member, Piece
from spark_llmdata.report.page.records import Place, Records
from spark_llmdata.report.word_diff import diff

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

#: Clusters that are told: the largest, and those with the least alike member.
LARGEST, LEAST_ALIKE = 8, 8
#: Words of each text that are compared.
COMPARED_WORDS = 3_000


@dataclass(frozen=True)
class Chosen:
    """A cluster that is told: its size, the fates of some members, least alike first, and where it is stored."""

    stage: str
    survivor: str
    size: int
    members: tuple[Any, ...]
    survivor_place: Place | None
    places: tuple[Place, ...]


def count_clusters(records: Records) -> dict[int, int]:
    """How many clusters there are of each size, survivors counted in, over all stages that compare."""
    from pyspark.sql import functions as F

    sizes = _grouped(records).groupBy((F.col("members") + 1).alias("size")).count()
    return {int(row["size"]): int(row["count"]) for row in sizes.orderBy("size").collect()}


def choose_clusters(records: Records, shown: int) -> list[Chosen]:
    """Choose the largest clusters and those with the least alike members, with up to `shown` members of each."""
    from pyspark.sql import functions as F

    groups = _grouped(records)
    largest = groups.orderBy(F.col("members").desc(), "survivor", "stage").limit(LARGEST)
    measured = groups.where(F.col("similarity").isNotNull())
    least = measured.orderBy("similarity", "survivor", "stage").limit(LEAST_ALIKE)
    found = {(row.stage, row.survivor): row for row in [*largest.collect(), *least.collect()]}
    if not found:
        return []
    members = _members(records, [*found], shown)
    homes = _find_survivors(records, [survivor for _, survivor in found])
    chosen = []
    for (stage, survivor), row in found.items():
        number = records.segment_of(stage)
        own = tuple(m for m in members if (m.stage, m.survivor) == (stage, survivor))
        if number is None:
            continue
        home = homes.get(survivor)
        places = tuple(Place(number, m.part, m.ordinal) for m in own)
        chosen.append(Chosen(stage, survivor, row.members + 1, own, home and Place(number, *home), places))
    return chosen


def _grouped(records: Records) -> DataFrame:
    from pyspark.sql import functions as F

    sums = F.count("*").alias("members"), F.min("similarity").alias("similarity")
    return _links(records).groupBy("stage", "survivor").agg(*sums)


def _links(records: Records) -> DataFrame:
    """Fates of documents that went for another one; copies of a record are no documents of their own."""
    from pyspark.sql import functions as F

    return records.fates().where(F.col("survivor").isNotNull() & ~F.col("reason").eqNullSafe(COPY))


def _members(records: Records, clusters: Sequence[tuple[str, str]], shown: int) -> list[Any]:
    """Up to `shown` members of each cluster: the least alike first, else by a hash of their ids."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    by_stage: dict[str, list[str]] = {}
    for stage, survivor in clusters:
        by_stage.setdefault(stage, []).append(survivor)
    each: list[Column] = [(F.col("stage") == s) & F.col("survivor").isin(ids) for s, ids in by_stage.items()]
    own = _links(records).where(reduce(lambda a, b: a | b, each))
    order = Window.partitionBy("stage", "survivor").orderBy(
        F.col("similarity").asc_nulls_last(), F.xxhash64("doc_id"), "doc_id", "part", "ordinal"
    )
    ranked = own.withColumn("rank", F.row_number().over(order)).where(F.col("rank") <= shown)
    return list(ranked.orderBy("stage", "survivor", "rank").collect())


def _find_survivors(records: Records, doc_ids: Sequence[str]) -> dict[str, tuple[str, int]]:
    from pyspark.sql import functions as F

    rows = records.fates().where(F.col("doc_id").isin(list(doc_ids)) & ~F.col("reason").eqNullSafe(COPY))
    return {row.doc_id: (row.part, row.ordinal) for row in rows.select("doc_id", "part", "ordinal").collect()}


def list_places(chosen: Sequence[Chosen]) -> set[Place]:
    """Where the texts of chosen clusters are stored, as they were when they were compared."""
    homes = {cluster.survivor_place for cluster in chosen if cluster.survivor_place is not None}
    return homes | {place for cluster in chosen for place in cluster.places}


def make_clusters(chosen: Sequence[Chosen], examples: Examples) -> tuple[Cluster, ...]:
    """Tell the chosen clusters, the largest first."""
    clusters = []
    for cluster in sorted(chosen, key=lambda c: (-c.size, c.stage, c.survivor)):
        survivor = None if cluster.survivor_place is None else examples.of_place(cluster.survivor_place)
        if survivor is None:
            continue
        members = tuple(
            Member(examples.of_fate(fate, place), fate.reason, fate.similarity, _differ(cluster, place, examples))
            for fate, place in zip(cluster.members, cluster.places, strict=True)
        )
        clusters.append(Cluster(cluster.stage, cluster.size, survivor, members))
    return tuple(clusters)


def _differ(cluster: Chosen, place: Place, examples: Examples) -> tuple[Piece, ...]:
    """What a member has and its survivor has not, and the other way round; secrets are replaced in both first."""
    assert cluster.survivor_place is not None
    texts = []
    for one in (cluster.survivor_place, place):
        row = examples.row(one)
        text = None if row is None else examples.screen.plain(row)
        if text is None:
            return ()
        texts.append(" ".join(text.split()[:COMPARED_WORDS]))
    return make_difference(diff(*texts))
