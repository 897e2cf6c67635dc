"""Which parts of a segment's table cover a run's files: found again where they are, written where they are not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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
#: Bytes of input a task reads, unless one file is larger: small enough to balance, large enough to pay for a task.
TASK_BYTES = (1 << 20, 64 << 20)


@dataclass(frozen=True)
class Coverage:
    """A segment's rows for a run: `parts` of its table, and of these only `files` where parts hold others as well."""

    table: Table
    parts: tuple[str, ...]
    files: tuple[tuple[str, str], ...] | None = None  # (part, file)
    written: tuple[str, ...] = field(default=(), compare=False)  # parts that this run had to compute

    def rows(self) -> DataFrame:
        """The rows, control rows left out."""
        from pyspark.sql import functions as F

        rows = self.table.read().where("split IS NULL").where(F.col("part").isin(list(self.parts)))
        if self.files is not None:
            pins = self.table.spark.createDataFrame(list(self.files), "part string, file string")
            rows = rows.join(F.broadcast(pins), ["part", "file"], "left_semi")
        return rows


def cover_reading(store: Store, node: SegmentNode, files: Sequence[InputFile], read: Read) -> Coverage:
    """Find or write the parts of the first segment that hold these files, and prove that they hold all of them."""
    table = store.segment(node.table, node.segment.schema)
    accounts = _accounts(table)
    found = _choose(accounts, files)
    written = []
    for batch in _batches([f for f in files if f.digest not in found]):
        part = _part_name(f.digest for f in batch)
        _write_part(table, node, batch, part, read)
        written.append(part)
    if written:
        accounts = _accounts(table)
        found = _choose(accounts, files)
    pins = tuple(sorted((found[f.digest], f.url) for f in files if f.digest in found))
    parts = tuple(sorted({part for part, _ in pins}))
    held = {(part, split.file) for (part, _), splits in accounts.items() if part in parts for split in splits}
    coverage = Coverage(table, parts, None if held == set(pins) else pins, tuple(written))
    prove(coverage, files, {f.digest: accounts.get((found.get(f.digest, ""), f.digest), []) for f in files})
    return coverage


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
    return Coverage(table, before.parts, before.files, tuple(missing))


def prove(coverage: Coverage, files: Sequence[InputFile], accounts: Mapping[str, Sequence[Any]]) -> None:
    """Check that the splits tile every file, and that for each record read there is exactly one row.

    `accounts` are the control rows of a file, by its digest.
    """
    rows = {r.file: r["count"] for r in coverage.rows().groupBy("file").count().collect()}
    for file in files:
        splits = sorted(accounts[file.digest], key=lambda s: (s.begin, s.end))
        at = 0
        for split in splits:
            if split.begin != at:
                raise ProofFailed(f"{file.url}: bytes {at} to {split.begin} were read by no split or by two")
            at = split.end
        if at != file.size or not splits:
            raise ProofFailed(
                f"{file.url}: {at} of {file.size} bytes are accounted for; was it changed while it was read?"
            )
        records, held = sum(s.records for s in splits), rows.get(file.url, 0)
        if records != held:
            raise ProofFailed(f"{file.url}: {records} records were read, {held} rows are in {coverage.table.path}")


def _accounts(table: Table) -> dict[tuple[str, str], list[Any]]:
    """The control rows of a table by part and file digest."""
    accounts: dict[tuple[str, str], list[Any]] = {}
    if table.exists():
        for row in table.read().where("split IS NOT NULL").select("part", "split.*").collect():
            accounts.setdefault((row.part, row.digest), []).append(row)
    return accounts


def _choose(accounts: Mapping[tuple[str, str], object], files: Sequence[InputFile]) -> dict[str, str]:
    """The part that holds a file, by the file's digest; the smallest name where several do."""
    wanted = {f.digest for f in files}
    found: dict[str, str] = {}
    for part, digest in sorted(accounts, reverse=True):
        if digest in wanted:
            found[digest] = part
    return found


def _batches(files: Sequence[InputFile]) -> Iterator[list[InputFile]]:
    """Files in groups of at most PART_BYTES (or one file)."""
    batch: list[InputFile] = []
    held = 0
    for file in files:
        if batch and held + file.size > PART_BYTES:
            yield batch
            batch, held = [], 0
        batch.append(file)
        held += file.size
    if batch:
        yield batch


def _part_name(digests: Iterable[str]) -> str:
    return hashlib.sha256(" ".join(sorted(digests)).encode()).hexdigest()[:16]


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
