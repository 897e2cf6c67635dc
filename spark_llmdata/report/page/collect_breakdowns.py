"""Documents by language, host, source, license and length: what was read of each, and what is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from spark_llmdata.report.page.model import Breakdown, Share
from spark_llmdata.report.page.records import Records, is_document

if TYPE_CHECKING:
    from pyspark.sql import Column

#: Lines of a breakdown; the others are summed up.
MAX_SHARES = 30

#: Words from which on a document is of the next length.
LENGTHS = (0, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)

By = Literal["language", "host", "source", "license", "length"]
_ORDER: tuple[By, ...] = ("language", "host", "source", "license", "length")

_NONE = {"language": "unknown", "host": "no address", "source": "none", "license": "none", "length": "no text"}
_HOST = r"(?i)^[a-z][a-z0-9+.-]*://(?:[^/?#@]*@)?([^/?#:]+)"


def count_shares(records: Records) -> list[Any]:
    """Count documents in one pass over where each ended, the `MAX_SHARES` largest of each breakdown and the rest.

    All documents are counted, copies of records too: what was read adds up to the documents of the run.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    host = F.lower(F.regexp_extract("url", _HOST, 1))
    labels: dict[By, Column] = {
        "language": F.col("lang"),
        "host": F.when(host != "", host),
        "source": F.col("source"),
        "license": F.col("license"),
        "length": _length().cast("string"),
    }
    pairs = F.array(*(F.struct(F.lit(by).alias("by"), label.alias("label")) for by, label in labels.items()))
    words, size = (F.when(F.col("kept"), F.col(c)).otherwise(0) for c in ("words", "bytes"))
    each = (
        records.ended(copies=True)
        .where(is_document())
        .select(F.explode(pairs).alias("share"), "kept", words.alias("words"), size.alias("bytes"))
        .groupBy("share.by", "share.label")
        .agg(F.count("*").alias("read"), F.count_if("kept").alias("kept"), F.sum("words"), F.sum("bytes"))
        .toDF("by", "label", "read", "kept", "words", "bytes")
    )
    largest = Window.partitionBy("by").orderBy(F.col("read").desc(), F.col("label").asc_nulls_last())
    is_rest = F.row_number().over(largest) > MAX_SHARES
    listed = each.withColumn("rest", is_rest)
    label = F.when(~F.col("rest"), F.col("label")).alias("label")
    sums = (F.sum(c).alias(c) for c in ("read", "kept", "words", "bytes"))
    return list(listed.groupBy("by", "rest", label).agg(*sums, F.count("*").alias("labels")).collect())


def _length() -> Column:
    """The length from which on a document is in its class; null where it has no text."""
    from pyspark.sql import functions as F

    words = F.col("words")
    return F.when(words.isNotNull(), F.greatest(*(F.when(words >= n, F.lit(n)) for n in LENGTHS)))


def make_breakdowns(found: Sequence[Any], tokens: Mapping[str, int] | None) -> tuple[Breakdown, ...]:
    """The breakdowns in their order, the largest share first, lengths from short to long; none where nothing differs.

    `tokens` of kept documents by source, where they were counted.
    """
    breakdowns = []
    for by in _ORDER:
        rows = [row for row in found if row.by == by]
        listed = [row for row in rows if not row.rest]
        if by == "length":
            listed.sort(key=lambda row: (row.label is None, int(row.label or 0)))
        else:
            listed.sort(key=lambda row: (-row.read, row.label is None, row.label or ""))
        if by == "license" and all(row.label is None for row in rows):
            continue
        known = tokens if by == "source" else None
        shares = tuple(
            _share(_name(by, row.label), row, None if known is None else known.get(row.label, 0)) for row in listed
        )
        rest = [_share(f"{row.labels:,} others", row, _left(known, shares)) for row in rows if row.rest]
        if shares:
            breakdowns.append(Breakdown(by, shares, rest[0] if rest else None))
    return tuple(breakdowns)


def _share(label: str, row: Any, tokens: int | None) -> Share:
    return Share(label, row.read, row.kept, row.words, row.bytes, tokens)


def _left(tokens: Mapping[str, int] | None, shares: Sequence[Share]) -> int | None:
    return None if tokens is None else sum(tokens.values()) - sum(share.tokens or 0 for share in shares)


def _name(by: By, label: str | None) -> str:
    """The label as it is told."""
    if label is None:
        return _NONE[by]
    if by != "length":
        return label
    begin = int(label)
    at = LENGTHS.index(begin) + 1
    return f"{begin:,} to {LENGTHS[at] - 1:,} words" if at < len(LENGTHS) else f"{begin:,} words and more"
