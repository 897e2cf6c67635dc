"""The columns of each export format, and a document's size in it."""

from __future__ import annotations

from datetime import timezone
from typing import TYPE_CHECKING

from spark_llmdata.sinks.layout import Format
from spark_llmdata.store.ledger import RunRecord

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

COLUMNS = ("doc_id", "id", "url", "text", "lang", "date", "source", "meta", "scores")

#: How JSON is written: null fields left out, dates as RFC 3339 in UTC.
JSON = {"ignoreNullFields": "true", "timestampFormat": "yyyy-MM-dd'T'HH:mm:ss[.SSSSSS]XXX", "timeZone": "UTC"}

#: What Dolma and datatrove have no field for stands in `metadata`, beside what the input's own `meta` holds.
_OWN = {"jsonl-dolma": ("id", "url", "lang"), "jsonl-datatrove": ("id", "url", "lang", "date", "source")}


def choose_fields(kind: Format, record: RunRecord) -> dict[str, Column]:
    """The fields of a format, from the columns of the corpus.

    Of the two foreign ones `id` is the doc_id, which is there and unique for every document; the input's own id is
    `metadata.id`. Dolma's `added` is when the run began: the same export has the same bytes.
    """
    from pyspark.sql import functions as F

    if kind in ("parquet", "jsonl"):
        return {name: F.col(name) for name in COLUMNS}
    metadata = _metadata(_OWN[kind])
    if kind == "jsonl-dolma":
        return {
            "id": F.col("doc_id"),
            "text": F.col("text"),
            "source": F.col("source"),
            "added": F.lit(f"{record.started.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%S}.000Z"),
            "created": F.col("date"),
            "metadata": metadata,
            "scores": F.col("scores"),
        }
    return {"text": F.col("text"), "id": F.col("doc_id"), "metadata": metadata, "scores": F.col("scores")}


def _metadata(names: tuple[str, ...]) -> Column:
    """The input's own metadata and these columns, which win where both have a name; one map of strings."""
    from pyspark.sql import functions as F

    empty = F.create_map().cast("map<string,string>")
    pairs = [item for name in names for item in (F.lit(name), _as_text(name))]
    own = F.map_filter(F.create_map(*pairs), lambda _, value: value.isNotNull())
    rest = F.map_filter(F.coalesce("meta", empty), lambda key, _: ~key.isin(list(names)))
    return F.map_concat(rest, own)


def _as_text(name: str) -> Column:
    from pyspark.sql import functions as F

    if name == "date":
        return F.get_json_object(F.to_json(F.struct("date"), JSON), "$.date")
    return F.col(name)


def measure_json(docs: DataFrame, fields: dict[str, Column]) -> Column:
    """The bytes of a document as a JSON line, its end included: exact for JSON lines, near for Parquet."""
    from pyspark.sql import functions as F

    one = F.struct(*(value.alias(name) for name, value in fields.items()))
    return (F.octet_length(F.to_json(one, JSON)) + 1).cast("long")
