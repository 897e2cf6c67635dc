"""What stages changed in texts: how often by kind, with excerpts before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from spark_llmdata.report.changes import locate
from spark_llmdata.report.marked_text import MarkedText
from spark_llmdata.report.origin import Lost, from_row, read_again, rebuild, stored
from spark_llmdata.report.page.choice import choose
from spark_llmdata.report.page.examples import Examples
from spark_llmdata.report.page.model import EditGroup, Example
from spark_llmdata.report.page.records import MAX_TEXT_BYTES, Place, Records
from spark_llmdata.report.replay import Facts

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

#: Bytes of an input file that may have to be read to show one example; JSON lines that are not compressed are not
#: read from their begin.
MAX_READ_BYTES = 32 << 20

_TOLD = ("segment", "doc_id", "source", "part", "ordinal", "file", "offset")


@dataclass(frozen=True)
class Counted:
    """What a stage changed: documents, changes, changes by kind, and a few of the documents."""

    stage: str
    documents: int
    changes: int
    kinds: Mapping[str, int]
    examples: tuple[Any, ...]


def count_edits(records: Records, shown: int) -> list[Counted]:
    """Count changes by stage and kind in each segment, with `shown` documents of each stage, in the stages' order."""
    from pyspark.sql import functions as F

    names = [name for segment in records.segments for name in segment["stages"]]
    if not names:
        return []
    rows = [_edited(records, n) for n, segment in enumerate(records.segments) if segment["stages"]]
    edited = reduce(lambda a, b: a.unionByName(b), rows)
    change = F.explode("changes").alias("change")
    kinds = edited.select(change).groupBy("change.stage", "change.kind").count().collect()
    each = edited.select(F.explode(_count_by_stage()).alias("stage", "n"), *_TOLD)
    sums = each.groupBy("stage").agg(F.count("*").alias("documents"), F.sum("n").alias("n")).collect()
    named = each.withColumn("hash", F.xxhash64("doc_id"))
    chosen = choose(named, ["stage"], ("hash", "doc_id", "segment", "part", "ordinal"), shown).collect()
    found = []
    for row in sorted(sums, key=lambda row: names.index(row.stage)):
        own = {one.kind: int(one["count"]) for one in kinds if one.stage == row.stage}
        told = sum(own.values()) or int(row.n)  # not every stage says of what kind
        examples = tuple(one for one in chosen if one.stage == row.stage)
        found.append(Counted(row.stage, int(row.documents), told, own, examples))
    return found


def _edited(records: Records, number: int) -> DataFrame:
    """The rows of a segment that its stages have changed."""
    from pyspark.sql import functions as F

    rows = records.shown(number).where(F.col("edits").isNotNull())
    own = F.lit(records.segments[number]["stages"]).alias("own")
    return rows.select(F.lit(number).cast("long").alias("segment"), own, "edits", "changes", *_TOLD[1:])


def _count_by_stage() -> Any:
    """How often each stage of a segment changed a row, of those that did: a map."""
    from pyspark.sql import functions as F

    return F.map_filter("edits", lambda stage, n: F.array_contains("own", stage) & (n > 0))


def list_places(found: Sequence[Counted]) -> set[Place]:
    """Where the examples are stored, and where they were stored before the pass that changed them."""
    places = {Place(one.segment, one.part, one.ordinal) for group in found for one in group.examples}
    return places | {place._replace(segment=place.segment - 1) for place in places if place.segment}


def make_edits(found: Sequence[Counted], records: Records, examples: Examples) -> tuple[EditGroup, ...]:
    """The edits of each stage, their kinds by number."""
    groups = []
    for group in found:
        told = [_exemplify(one, group.stage, records, examples) for one in group.examples]
        kinds = dict(sorted(group.kinds.items(), key=lambda item: (-item[1], item[0])))
        shown = tuple(example for example in told if example is not None)
        groups.append(EditGroup(group.stage, group.documents, group.changes, kinds, shown))
    return tuple(groups)


def _exemplify(one: Any, stage: str, records: Records, examples: Examples) -> Example | None:
    place = Place(one.segment, one.part, one.ordinal)
    row = examples.row(place)
    if row is None:
        return None
    seen = _seen(one, place, row, records, examples)
    names = records.segments[place.segment]["stages"]
    marked = None if seen is None else examples.screen.edit(names, stage, seen, row)
    if marked is None and stored(row, "text") is not None:
        marked = _mark_stored(examples, row, stage)
    return examples.of_text(row, marked, stage=stage)


def _seen(one: Any, place: Place, row: pa.RecordBatch, records: Records, examples: Examples) -> Facts | None:
    """A document as the stages of its segment saw it: from the segment before, else read from the input again."""
    if examples.screen.is_blind or examples.screen.lost is not None:
        return None
    if place.segment:
        before = examples.row(place._replace(segment=place.segment - 1))
        return None if before is None or stored(before, "text") is None else from_row(before)
    if not _is_near(one.file, records) or (stored(row, "bytes") or 0) > MAX_TEXT_BYTES:
        return None
    try:
        return read_again(records.store, records.record, rebuild(records.record), one), {}
    except Lost:
        return None


def _is_near(url: str, records: Records) -> bool:
    """Whether a record of a file is read again in little time."""
    size = next((f["size"] for f in records.record.manifest.get("inputs", ()) if f["url"] == url), MAX_READ_BYTES + 1)
    return size <= MAX_READ_BYTES or url.endswith((".jsonl", ".ndjson"))


def _mark_stored(examples: Examples, row: pa.RecordBatch, stage: str) -> MarkedText | None:
    """The stored text with the places of a stage's changes; an ellipsis stands for what was taken out."""
    marks = [mark for mark in locate(stored(row, "changes") or []) if mark.stage == stage]
    return examples.screen.look_at(MarkedText.of_marks(stored(row, "text"), marks), row)
