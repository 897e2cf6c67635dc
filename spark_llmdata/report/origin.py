"""Where the text of a document comes from: the rows its run stored, and the record read again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from spark_llmdata.errors import LlmdataError
from spark_llmdata.kernels import hashing
from spark_llmdata.recipe import Recipe
from spark_llmdata.recipe.loading import rebuild_recipe
from spark_llmdata.schema import CORPUS
from spark_llmdata.sources import tables
from spark_llmdata.sources.inputs import find_files
from spark_llmdata.sources.places import find_records
from spark_llmdata.spark_settings import run_settings
from spark_llmdata.store import Store
from spark_llmdata.store.ledger import RunRecord

if TYPE_CHECKING:
    from pyspark.sql import Row

#: What stages may read of a document, but for what only the first segment has.
_COLUMNS = [name for name in CORPUS.names if name != "scores"]


class Lost(Exception):
    """The text before a change cannot be had; the message says why, as the rest of a sentence."""


def rebuild(record: RunRecord) -> Recipe:
    """The recipe of a run, from its manifest.

    Raises:
        Lost: a stage is not there any more, or a file that one names.
    """
    try:
        return rebuild_recipe(record.manifest["recipe"], record.manifest["recipe_folder"])
    except (LlmdataError, OSError) as problem:
        raise Lost(f"the run's recipe cannot be built any more: {str(problem).splitlines()[0]}") from problem


def find_row(store: Store, table: str, fate: Row) -> pa.RecordBatch | None:
    """The row of a record in a segment's table; None where it did not come so far."""
    from pyspark.sql import functions as F

    rows = store.spark.read.format("delta").load(f"{store.root}/{table}")
    same = F.col("split").isNull() & (F.col("part") == fate.part) & (F.col("ordinal") == fate.ordinal)
    batches = rows.where(same).limit(1).toArrow().combine_chunks().to_batches()
    return batches[0] if batches and batches[0].num_rows else None


def from_row(row: pa.RecordBatch) -> tuple[dict[str, pa.Array], dict[str, pa.Array]]:
    """The columns and the scores of a stored row as the next segment's stages see them."""
    columns = {name: row.column(name).cast(CORPUS.field(name).type) for name in _COLUMNS}
    if "scores" not in row.schema.names:
        return columns, {}
    struct = row.column("scores")
    return columns, {field.name: pc.struct_field(struct, field.name) for field in struct.type}


def read_again(store: Store, record: RunRecord, recipe: Recipe, fate: Row) -> dict[str, pa.Array]:
    """The columns of a record as the first stage sees them, read from the input again; its doc_id proves it the same.

    Raises:
        Lost: the input is gone, cannot be read, or holds another record there.
    """
    named = [f for f in record.manifest["inputs"] if f["url"] == fate.file]
    source = named[0]["source"] if named else fate.source
    try:
        (named_file,) = find_files([f"{source}={fate.file}"], noted=True).files
        file = tables.locate(named_file, store.copies)
        read = recipe.read
        with run_settings(store.spark):
            rows = find_records(store.spark, file, fate.offset, read.sources(), read.max_record_bytes)
    except (LlmdataError, OSError) as problem:
        raise Lost(f"the input cannot be read any more: {str(problem).splitlines()[0]}") from problem
    for batch in rows.combine_chunks().to_batches():
        column = {name: batch.column(name) for name in batch.schema.names}
        column["doc_id"] = hashing.doc_ids(*(column[c] for c in ("source", "id", "url", "date", "raw_hash")))
        found = [i for i, name in enumerate(column["doc_id"].to_pylist()) if name is not None and name == fate.doc_id]
        if found:
            names = [*_COLUMNS, "html", "content_type"]
            return {name: column[name].slice(found[0], 1) for name in names}
    raise Lost(f"{fate.file} has another record at {fate.offset} than when the run read it")


def stored(row: pa.RecordBatch, name: str) -> Any:
    """A value of a stored row."""
    return row.column(name)[0].as_py()


def is_proven(row: pa.RecordBatch, text: str | None) -> bool:
    """Whether a text is the one that a row had, by its hash; the row need not hold it."""
    facts = hashing.text_facts(pa.array([text], pa.string()))
    made = [facts.column(name)[0].as_py() for name in ("hi", "lo")]
    return made == [stored(row, name) for name in ("text_hi", "text_lo")]


def quote_of(evidence: Mapping[str, Any] | str | None) -> str | None:
    """The piece of the text that a verdict's evidence quotes."""
    quoted = evidence.get("text") if isinstance(evidence, Mapping) else None
    return quoted.strip("…") or None if isinstance(quoted, str) else None
