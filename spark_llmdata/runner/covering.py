"""Which parts of a segment's table cover a run's files: found again where they are, written where they are not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spark_llmdata.errors import ProofFailed
from spark_llmdata.plan import SegmentNode
from spark_llmdata.recipe import Read
from spark_llmdata.runner.tasks import JudgeRows, ReadRows, ReadSplits
from spark_llmdata.sources import parquet
from spark_llmdata.sources.inputs import plan_splits
from spark_llmdata.sources.split import InputFile, Split
from spark_llmdata.store import Store, Table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

#: Bytes of input (as stored) whose rows are committed together: what a killed run loses at most.
PART_BYTES = 64 << 30
#: And how many files at most, since every task carries the list of its part's splits.
PART_FILES = 10_000
#: Bytes of input a task reads, unless one file is larger: small enough to balance, large enough to pay for a task.
TASK_BYTES = (1 << 20, 64 << 20)


@dataclass(frozen=True)
class Coverage:
    """A segment's rows for a run: the pinned (part, file) pairs; `mixed` where the parts hold other files as well."""

    table: Table
    parts: tuple[str, ...]
    pins: tuple[tuple[str, str], ...]
    mixed: bool
    written: tuple[str, ...] = ()  # parts that this run had to compute

    def rows(self) -> DataFrame:
        """The rows, control rows left out."""
        from pyspark.sql import functions as F

        rows = self.table.read().where("split IS NULL").where(F.col("part").isin(list(self.parts)))
        if self.mixed:
            pins = self.table.spark.createDataFrame(list(self.pins), "part string, file string")
            rows = rows.join(F.broadcast(pins), ["part", "file"], "left_semi")
        return rows


def cover_reading(store: Store, node: SegmentNode, files: Sequence[InputFile], read: Read) -> Coverage:
    """Find or write the parts of the first segment that hold these files, and prove that they hold all of them.

    A part whose account of a file does not add up is not taken for that file: it is read again, into another part.
    """
    table = store.segment(node.table, node.segment.schema)
    found, broken = _look_up(table, files)
    written = []
    for batch in _batches([f for f in files if f.digest not in found]):
        part = _part_name([f.digest for f in batch], broken)
        _write_part(table, node, batch, part, read)
        written.append(part)
    if written:
        found, broken = _look_up(table, files)
    lost = [broken[f.digest] for f in files if f.digest not in found]
    if lost:
        raise ProofFailed("\n".join(lost))
    pins = tuple(sorted((found[f.digest], f.url) for f in files))
    parts = tuple(sorted({part for part, _ in pins}))
    return Coverage(table, parts, pins, _holds_more(table, parts, len(pins)), tuple(written))


def cover_judging(store: Store, node: SegmentNode, before: Coverage, rows: DataFrame, files: str) -> Coverage:
    """Find or write the parts of a later segment: one for each part before it, or one for this set of files."""
    table = store.segment(node.table + (f"-{files}" if node.per_run else ""), node.segment.schema)
    there = {note["part"] for note in table.notes() if "part" in note}
    judge = JudgeRows(node.segment)
    keys: dict[str, DataFrame] = {}
    if node.per_run:
        keys[files] = rows
    else:
        for part in before.parts:
            keys[part] = before.table.read().where("split IS NULL AND kept").where(_is_in("part", [part]))
    missing = [key for key in keys if key not in there]
    for key in missing:
        table.append_once(_map(keys[key], judge, table), key, {"part": key})
    return Coverage(table, before.parts, before.pins, before.mixed, tuple(missing))


def _look_up(table: Table, files: Sequence[InputFile]) -> tuple[dict[str, str], dict[str, str]]:
    """The part that holds a file, by the file's digest; and for files that only broken parts hold, what is wrong.

    Where several parts hold a file, the one with the smallest name does.
    """
    from pyspark.sql import functions as F

    if not table.exists():
        return {}, {}
    wanted = F.broadcast(table.spark.createDataFrame([(f.digest,) for f in files], "digest string"))
    control = table.read().where("split IS NOT NULL").select("part", "split.*").join(wanted, "digest", "left_semi")
    accounts: dict[tuple[str, str], list[Any]] = {}
    for row in control.collect():
        accounts.setdefault((row.digest, row.part), []).append(row)
    parts = sorted({part for _, part in accounts})
    rows = table.read().where("split IS NULL").where(F.col("part").isin(parts)).groupBy("part", "file").count()
    held = {(row.part, row.file): int(row["count"]) for row in rows.collect()} if parts else {}
    by_digest = {f.digest: f for f in files}
    found: dict[str, str] = {}
    broken: dict[str, str] = {}
    for (digest, part), splits in sorted(accounts.items(), reverse=True):
        file = by_digest[digest]
        problem = check_account(file, splits, held.get((part, file.url), 0))
        if problem is None:
            found[digest] = part
        else:
            broken[digest] = problem
    return found, {f.digest: broken.get(f.digest, f"{f.url}: no split of it was read") for f in files}


def check_account(file: InputFile, splits: Sequence[Any], held: int) -> str | None:
    """What is wrong with a reader's account of a file; None where its splits tile it and each record has its row."""
    at = 0
    for split in sorted(splits, key=lambda s: (s.begin, s.end)):
        if split.begin != at:
            return f"{file.url}: bytes {at} to {split.begin} were read by no split or by two"
        at = split.end
    if at != file.size:
        return f"{file.url}: {at} of {file.size} bytes are accounted for; was it changed while it was read?"
    records = sum(s.records for s in splits)
    if records != held:
        return f"{file.url}: {records} records were read, {held} rows were written"
    return None


def _holds_more(table: Table, parts: Sequence[str], pinned: int) -> bool:
    """Whether the parts hold files that the run does not cover, or covers from another part."""
    from pyspark.sql import functions as F

    control = table.read().where("split IS NOT NULL").where(_is_in("part", parts))
    return int(control.select(F.countDistinct("part", "split.file")).collect()[0][0]) != pinned


def _batches(files: Sequence[InputFile]) -> Iterator[list[InputFile]]:
    """Files in groups of at most PART_BYTES (or one file) and PART_FILES."""
    batch: list[InputFile] = []
    held = 0
    for file in files:
        if batch and (held + file.size > PART_BYTES or len(batch) == PART_FILES):
            yield batch
            batch, held = [], 0
        batch.append(file)
        held += file.size
    if batch:
        yield batch


def _part_name(digests: Sequence[str], broken: Mapping[str, str]) -> str:
    """A part's name; one that replaces broken parts must not have theirs, which would count as written already."""
    known = sorted(digests) + sorted(broken.get(d, "") for d in digests)
    return hashlib.sha256(" ".join(known).encode()).hexdigest()[:16]


def _write_part(table: Table, node: SegmentNode, files: Sequence[InputFile], part: str, read: Read) -> None:
    """Read files, judge their records and commit the rows together with the splits' accounts."""
    splits = plan_splits(files)
    numbered = max((s.number for s in splits), default=-1) + 1
    tables = {numbered + i: f for i, f in enumerate(f for f in files if f.format == "parquet")}
    splits += [Split(f, number, 0, f.size) for number, f in tables.items()]
    tasks = tuple(_pack(splits))
    numbers = table.spark.range(0, len(tasks), 1, len(tasks))
    rows = _map(numbers, ReadSplits(tasks, node.segment, part, read), table)
    columns = read.sources()
    for group in parquet.group_by_schema(list(tables.values()), columns):
        known = parquet.places({n: f for n, f in tables.items() if f in group})
        scanned = parquet.scan(table.spark, group, columns)
        rows = rows.unionByName(_map(scanned, ReadRows(known, node.segment, part), table))
    table.append_once(rows, part, {"part": part, "files": len(files)})


def _pack(splits: Sequence[Split]) -> Iterator[tuple[Split, ...]]:
    """Splits in tasks of a sensible number of bytes, in order."""
    total = sum(s.end - s.begin for s in splits)
    low, high = TASK_BYTES
    target = min(max(total // 64, low), high)
    task: list[Split] = []
    held = 0
    for split in splits:
        if task and (held + split.end - split.begin > target or len(task) == 1000):
            yield tuple(task)
            task, held = [], 0
        task.append(split)
        held += split.end - split.begin
    if task:
        yield tuple(task)


def _map(rows: DataFrame, task: Any, table: Table) -> DataFrame:
    return rows.mapInArrow(task, table.spark_schema())


def _is_in(column: str, values: Sequence[str]) -> Any:
    from pyspark.sql import functions as F

    return F.col(column).isin(list(values))
