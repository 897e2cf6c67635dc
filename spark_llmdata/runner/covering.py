"""Which parts of a segment's table cover a run's files: found again where they are, written where they are not."""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spark_llmdata.errors import ProofFailed
from spark_llmdata.plan import SegmentNode
from spark_llmdata.recipe import Read
from spark_llmdata.runner.counting import tally
from spark_llmdata.runner.progress import Each, unwatched
from spark_llmdata.runner.tasks import JudgeRows, ReadRows, ReadSplits
from spark_llmdata.session import tries_once
from spark_llmdata.sources import parquet, tables
from spark_llmdata.sources.packing import cut, pack
from spark_llmdata.sources.split import InputFile, Split
from spark_llmdata.store import Store, Table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

#: Bytes of input (as stored) whose rows are committed together: what a killed run loses at most.
PART_BYTES = 64 << 30
#: And how many files at most, since every task carries the list of its part's splits.
PART_FILES = 10_000


@dataclass(frozen=True)
class Coverage:
    """A segment's rows for a run: the pinned (part, file) pairs; `mixed` where the parts hold other files as well."""

    table: Table
    parts: tuple[str, ...]
    pins: tuple[tuple[str, str], ...]
    mixed: bool
    version: int  # of the table, when it was found to be whole: what happens to it later concerns this run no more
    written: tuple[str, ...] = ()  # parts that this run had to compute
    files_read: int = 0  # of the reading segment: files that no part held yet
    tallies: tuple[Any, ...] = ()  # of the reading segment: its rows counted, as `counting.tally` does it

    def rows(self) -> DataFrame:
        """The rows, control rows left out."""
        rows = self.table.read(self.version).where("split IS NULL").where(_is_in("part", self.parts))
        if self.mixed:
            rows = rows.join(
                _broadcast(self.table, self.pins, "part string, file string"), ["part", "file"], "left_semi"
            )
        return rows


def cover_reading(
    store: Store,
    node: SegmentNode,
    files: Sequence[InputFile],
    read: Read,
    sources: Collection[str] = (),
    *,
    each: Each = unwatched,
) -> Coverage:
    """Find or write the parts of the first segment that hold these files, and prove that they hold all of them.

    A part whose account of a file does not add up is not taken for that file: it is read again, into another part.
    Rows of the `sources` are counted apart; `each` gives the batches one by one and sees how it goes on.
    """
    table = store.segment(node.table, node.segment.schema)
    found = _Found(table, files, sources)
    missing = [f for f in files if f.digest not in found.part]
    written = []
    if missing:
        removed = table.appended()[1]
        for batch in each(list(_batches(missing)), lambda batch: sum(f.size for f in batch)):
            part = _part_name([f.digest for f in batch], found.broken)
            rows = _read_part(table, node, batch, part, read)
            table.append_once(rows, part, {"files": len(batch)}, removed=removed[part])
            written.append(part)
        found = _Found(table, files, sources)
    lost = [found.broken[f.digest] for f in files if f.digest not in found.part]
    if lost:
        raise ProofFailed("\n".join(lost))
    pins = tuple(sorted((found.part[f.digest], f.url) for f in files))
    parts = tuple(sorted({part for part, _ in pins}))
    ours, pinned = set(parts), set(pins)
    mixed = any(row.part in ours and (row.part, row.file) not in pinned for row in found.tallies)
    tallies = tuple(row for row in found.tallies if (row.part, row.file) in pinned)
    return Coverage(table, parts, pins, mixed, found.version, tuple(written), len(missing), tallies)


def cover_judging(
    store: Store, node: SegmentNode, before: Coverage, rows: DataFrame, files: str, *, each: Each = unwatched
) -> Coverage:
    """Find or write the parts of a later segment: one for each part before it, or one for this set of files."""
    table = store.segment(node.table + (f"-{files}" if node.per_run else ""), node.segment.schema)
    there, removed = table.appended()
    judge = JudgeRows(node.segment, tries_once(store.spark))
    keys: dict[str, DataFrame] = {}
    if node.per_run:
        keys[files] = rows
    else:
        for part in before.parts:
            keys[part] = before.table.read(before.version).where("split IS NULL AND kept").where(_is_in("part", [part]))
    missing = [key for key in keys if key not in there]
    for key in each(missing, None):
        table.append_once(_map(keys[key], judge, table), key, {}, removed=removed[key])
    return Coverage(table, before.parts, before.pins, before.mixed, table.version(), tuple(missing))


class _Found:
    """The parts that hold files: `part` by the file's digest; for files that none holds, `broken` says what is wrong.

    Where several parts hold a file, the one with the smallest name does. `tallies` counts the rows of all these parts.
    """

    def __init__(self, table: Table, files: Sequence[InputFile], sources: Collection[str]) -> None:
        self.part: dict[str, str] = {}
        self.version = 0
        self.tallies: list[Any] = []
        problems: dict[str, str] = {}
        by_digest = {f.digest: f for f in files}
        accounts: dict[tuple[str, str], list[Any]] = {}
        if table.exists():
            self.version = table.version()
            wanted = _broadcast(table, [(digest,) for digest in by_digest], "digest string")
            control = table.read(self.version).where("split IS NOT NULL").select("part", "split.*")
            for row in control.join(wanted, "digest", "left_semi").collect():
                accounts.setdefault((row.digest, row.part), []).append(row)
        if accounts:
            parts = sorted({part for _, part in accounts})
            rows = table.read(self.version).where("split IS NULL").where(_is_in("part", parts))
            self.tallies = tally(rows, sources, "part", "file")
        held: Counter[tuple[str, str]] = Counter()
        for row in self.tallies:
            held[row.part, row.file] += row["count"]
        for (digest, part), splits in sorted(accounts.items(), reverse=True):
            file = by_digest[digest]
            problem = check_account(file, splits, held[part, file.url])
            if problem is None:
                self.part[digest] = part
            else:
                problems[digest] = problem
        self.broken = {f.digest: problems.get(f.digest, f"{f.url}: no split of it was read") for f in files}


def check_account(file: InputFile, splits: Sequence[Any], held: int) -> str | None:
    """What is wrong with a reader's account of a file; None where its splits tile it and each record has its row."""
    at = 0
    for split in sorted(splits, key=lambda s: (s.begin, s.end)):
        if split.begin != at:
            return f"{file.url}: bytes {at} to {split.begin} were read by no split or by two"
        at = split.end
    size = file.size if file.is_whole else max(s["size"] for s in splits)
    if at != size:
        return f"{file.url}: {at} of {size} bytes are accounted for; was it changed while it was read?"
    records = sum(s.records for s in splits)
    if file.first and records != file.first:
        return f"{file.url}: {records} records were read of the first {file.first}"
    if records != held:
        return f"{file.url}: {records} records were read, {held} rows were written"
    return None


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


def _read_part(table: Table, node: SegmentNode, files: Sequence[InputFile], part: str, read: Read) -> DataFrame:
    """Read files and judge their records: the rows together with the splits' accounts."""
    splits = cut(files)
    numbered = max((s.number for s in splits), default=-1) + 1
    scanned = {numbered + i: f for i, f in enumerate(f for f in files if f.format == "parquet")}
    splits += [Split(f, number, 0, f.size) for number, f in scanned.items()]
    laid_out = _lay_out(table.spark, [f for f in files if f.format == "table"], numbered + len(scanned), read)
    splits += [split for split, _ in laid_out]
    tasks = tuple(pack(splits))
    numbers = table.spark.range(0, len(tasks), 1, len(tasks))
    once = tries_once(table.spark)
    rows = _map(numbers, ReadSplits(tasks, node.segment, part, read, once), table)
    columns = read.sources()
    for group in parquet.group_by_schema(list(scanned.values()), columns):
        known = parquet.places({n: f for n, f in scanned.items() if f in group})
        found = parquet.scan(table.spark, group, columns)
        rows = rows.unionByName(_map(found, ReadRows(known, node.segment, part, once), table))
    for split, layout in laid_out:
        known = tables.places(split.file, layout, split.number)
        found = tables.scan(layout, tables.columns_of(split.file, columns))
        rows = rows.unionByName(_map(found, ReadRows(known, node.segment, part, once), table))
    return rows


def _lay_out(
    spark: SparkSession, files: Sequence[InputFile], number: int, read: Read
) -> list[tuple[Split, tables.Layout]]:
    """Tables with their rows numbered; each has as many numbers of splits as its rows need in an ordinal.

    Raises:
        ProofFailed: a table's scan has other rows than the table says.
    """
    found = []
    for file in files:
        tables.check_columns(spark, file, read.sources())
        layout = tables.lay_out(spark, file)
        promised = min(tables.count_rows(spark, file), file.first or sys.maxsize)
        if layout.rows != promised:
            raise ProofFailed(f"{file.url}: {promised:,} rows are promised, the scan finds {layout.rows:,}")
        found.append((Split(file, number, 0, promised), layout))
        number += 1 + (max(layout.files.values(), default=0) + layout.rows >> 32)
    return found


def _map(rows: DataFrame, task: Any, table: Table) -> DataFrame:
    return rows.mapInArrow(task, table.spark_schema())


def _is_in(column: str, values: Sequence[str]) -> Any:
    from pyspark.sql import functions as F

    return F.col(column).isin(list(values))


def _broadcast(table: Table, rows: Sequence[tuple[str, ...]], columns: str) -> DataFrame:
    """A small table that is sent to every task instead of shuffling what it is joined with."""
    from pyspark.sql import functions as F

    return F.broadcast(table.spark.createDataFrame(list(rows), columns))
