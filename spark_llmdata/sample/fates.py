"""What a run's store says of the records that labels name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from spark_llmdata.sample.comparison import Fate, Place
from spark_llmdata.sample.labels import Label

if TYPE_CHECKING:
    from spark_llmdata.runner import RunResult


def collect_fates(run: RunResult, labels: Iterable[Label]) -> dict[Place, Fate]:
    """The fate of each record that a run read, by the name of its file (without folder) and its offset.

    Texts are collected of the documents whose labels speak of their text. For samples: all of it is in memory.
    """
    from pyspark.sql import functions as F

    fields = ("doc_id", "file", "offset", "outcome", "reason", "similarity")
    rows = run.fates.where("reason IS NULL OR reason != 'read.not_content'").select(*fields).collect()
    named = {(row.file.rpartition("/")[2], row.offset): row for row in rows}
    edited = {(label.file, label.offset) for label in labels if label.outcome == "edited"}
    wanted = sorted({named[place].doc_id for place in edited if place in named and named[place].outcome == "kept"})
    found = run.corpus.where(F.col("doc_id").isin(wanted)).select("doc_id", "text").collect() if wanted else []
    texts = {row.doc_id: row.text for row in found}
    return {
        place: Fate(row.outcome, row.reason, row.similarity, texts.get(row.doc_id) if place in edited else None)
        for place, row in named.items()
    }
