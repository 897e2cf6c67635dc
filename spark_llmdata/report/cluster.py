"""Who stays for whom: from removed documents to the one that is left of them, and back to all that went for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row

COPY = "read.duplicate_record"


def follow_survivors(fates: DataFrame, doc_ids: Collection[str]) -> dict[str, Row]:
    """The fates of these documents and of all they were removed for, by doc_id; `fates` are those of one run.

    A survivor may have been removed for another one by a later stage, so this takes as many queries as there are
    comparisons, and one more. Copies of a record are left out: the record itself has the same doc_id.
    """
    from pyspark.sql import functions as F

    documents = fates.where(~F.col("reason").eqNullSafe(COPY))
    known: dict[str, Row] = {}
    wanted = set(doc_ids)
    while wanted:
        found = documents.where(F.col("doc_id").isin(sorted(wanted))).orderBy("file", "offset", "ordinal").collect()
        for row in found:
            known.setdefault(row.doc_id, row)
        wanted = {row.survivor for row in found if row.survivor is not None} - set(known)
    return known


def last_survivor(known: Mapping[str, Row], doc_id: str) -> Row:
    """The one at the end of a chain of survivors: it stays, or went for a reason of its own."""
    fate = known[doc_id]
    while fate.survivor is not None:
        fate = known[fate.survivor]
    return fate


def count_members(fates: DataFrame, doc_id: str, comparisons: int) -> dict[str, int]:
    """How many records each stage removed for this document, or for one that was removed for it, and so on.

    `comparisons` is how many stages compared documents; a chain of survivors has no more links, since who survives a
    stage can only go by a later one. Copies of the document and of the others count under `read`.
    """
    from pyspark.sql import functions as F

    is_copy = F.col("reason").eqNullSafe(COPY)
    links = fates.where(F.col("survivor").isNotNull() & ~is_copy).select("doc_id", "survivor", "stage")
    newest = links.where(F.col("survivor") == doc_id).select("doc_id", "stage")
    members = newest
    for _ in range(comparisons - 1):
        newest = links.join(newest.select(F.col("doc_id").alias("survivor")), "survivor").select("doc_id", "stage")
        members = members.unionByName(newest)
    everyone = members.select("doc_id").unionByName(fates.sparkSession.createDataFrame([(doc_id,)], "doc_id string"))
    copies = fates.where(is_copy).join(everyone, "doc_id", "left_semi").select("doc_id", "stage")
    rows: list[Any] = members.unionByName(copies).groupBy("stage").count().collect()
    return {row.stage: int(row["count"]) for row in rows}
