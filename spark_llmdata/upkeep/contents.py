"""Checks of rows against the manifests: parts against the reader's accounts, verdicts, fates, and the corpus' hash."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from spark_llmdata import schema
from spark_llmdata.kernels import hashing
from spark_llmdata.store import Store
from spark_llmdata.store.delta import CORPUS, TRIALS
from spark_llmdata.upkeep.findings import Examination
from spark_llmdata.upkeep.manifests import Manifest, remedy_for

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


#: Rows and kept rows of each part of a table.
Counts = dict[str, tuple[int, int]]


@dataclass(frozen=True)
class ContentCheck:
    """Checks what the tables hold for these runs; tables whose files are damaged are left out."""

    store: Store
    manifests: Sequence[Manifest]
    found: Examination

    def check_segments(self) -> None:
        """Every part that a run names is there, with the rows that its reader or the segment before it account for."""
        broken = self._check_accounts()
        held: dict[str, Counts] = {}
        for manifest in self.manifests:
            before = None
            wrong: set[str] = set()  # parts: what is wrong in a segment is no news in those behind it
            for entry in manifest.segments:
                table = entry["table"]
                if self.found.is_unreadable(table):
                    break
                remedy = self._remedy(table, [manifest])
                with self.found.checking("rows", table, [manifest.run], remedy):
                    if table not in held:
                        held[table] = self._count_parts(table)
                    problems = _compare(manifest, entry, held[table], held.get(before or ""), broken.get(table, {}))
                    for part, problem in problems.items():
                        if part not in wrong:
                            self.found.note("rows", table, problem, [manifest.run], remedy)
                            wrong.add(part)
                before = table

    def _count_parts(self, table: str) -> Counts:
        """Rows and kept rows of each part."""
        from pyspark.sql import functions as F

        rows = self._read(table).groupBy("part")
        counts = rows.agg(F.count_if(F.col("split").isNull()).alias("rows"), F.count_if("kept").alias("kept"))
        return {row.part: (int(row.rows), int(row.kept)) for row in counts.collect()}

    def _check_accounts(self) -> dict[str, dict[str, str]]:
        """Parts of first segments in which a file that no other part accounts for does not add up, by table."""
        broken: dict[str, dict[str, str]] = {}
        for table in sorted({m.segments[0]["table"] for m in self.manifests if m.segments}):
            if not self.found.is_unreadable(table):
                concerned = [m for m in self.manifests if table in m.tables]
                runs = [m.run for m in concerned]
                with self.found.checking("rows", table, runs, self._remedy(table, concerned)):
                    broken[table] = {row.part: _account(row) for row in broken_accounts(self._read(table)).collect()}
        return broken

    def check_verdicts(self) -> None:
        """Each table of verdicts has the rows that the manifests say."""
        counted: dict[str, int] = {}
        for manifest in self.manifests:
            for entry in manifest.verdicts:
                table = entry["table"]
                if self.found.is_unreadable(table):
                    continue
                remedy = self._remedy(table, [manifest])
                with self.found.checking("rows", table, [manifest.run], remedy):
                    if table not in counted:
                        counted[table] = self._read(table).count()
                    if counted[table] != entry["rows"]:
                        problem = f"has {counted[table]:,} rows, the manifest says {entry['rows']:,}"
                        self.found.note("rows", table, problem, [manifest.run], remedy)

    def check_fates(self) -> None:
        """Each run that told its counts has as many fates of each outcome."""
        if self.found.is_unreadable("fates"):
            return
        counting = [m for m in self.manifests if m.facts.get("counts")]
        remedy = self._remedy("fates", counting)
        with self.found.checking("fates", "fates", [m.run for m in counting], remedy):
            outcomes: dict[str, dict[str, int]] = {}
            rows = self.store.fates.read().groupBy("run", "outcome").count().collect() if counting else []
            for row in rows:
                outcomes.setdefault(row.run, {})[row.outcome] = int(row["count"])
            for manifest in counting:
                wanted = {k: v for k, v in manifest.facts["counts"].items() if k not in ("read", "created") and v}
                held = outcomes.get(manifest.run, {})
                if held != wanted:
                    problem = f"run {manifest.run} has {held}, its manifest says {wanted}"
                    self.found.note("fates", "fates", problem, [manifest.run], self._remedy("fates", [manifest]))

    def check_builds(self) -> None:
        """Each build's version has its count and, computed anew from its rows, its hash; no id is there twice.

        Runs with the same content share a version, which is read once for all of them.
        """
        measure = functools.cache(self._measure_build)
        hurt = {run for f in self.found.findings if f.place.startswith((CORPUS, TRIALS)) for run in f.runs}
        for manifest in self.manifests:
            if manifest.version is None or manifest.run in hurt:
                continue
            place = f"{manifest.table} version {manifest.version}"
            remedy = self._remedy(manifest.table, [manifest])
            with self.found.checking("corpus", place, [manifest.run], remedy):
                held, repeated = measure(manifest.table, manifest.version, _scores(manifest))
                wanted = manifest.facts["content_hash"]
                if held != wanted:
                    self.found.note(
                        "corpus", place, f"its content is {held}, {wanted} was built", [manifest.run], remedy
                    )
                if repeated:
                    problem = f"{repeated:,} doc_ids are there more than once"
                    self.found.note("corpus", place, problem, [manifest.run], remedy)

    def _measure_build(self, table: str, version: int, scores: bool) -> tuple[str, int]:
        """Content hash of a version of a table of builds, and how many doc_ids it has more than once."""
        rows = self.store.builds(table).read(version)
        return content_hash(rows, scores), count_repeated(rows)

    def _read(self, table: str) -> DataFrame:
        return self.store.spark.read.format("delta").load(f"{self.store.root}/{table}")

    def _remedy(self, place: str, concerned: Sequence[Manifest]) -> str:
        return remedy_for(place, list(concerned), self.store.root)


def _compare(
    manifest: Manifest, entry: Mapping[str, Any], own: Counts, before: Counts | None, broken: Mapping[str, str]
) -> dict[str, str]:
    """What is wrong with the parts that a manifest names in a segment's table, by part."""
    if not entry["table"].endswith(entry["fingerprint"]):  # one set of files: the manifest says what went in
        shown = {c["stage"]: c["in"] for c in manifest.facts.get("by_stage", ())}
        wanted = shown.get(entry["stages"][0]) if entry["stages"] else None
        rows = sum(n for n, _ in own.values())
        return {} if wanted in (None, rows) else {"": f"has {rows:,} rows, {wanted:,} went in"}
    problems = {}
    for part in entry["parts"]:
        if before is None:
            if part not in own:
                problems[part] = f"part {part} is not there"
            elif part in broken:
                problems[part] = f"part {part}: {broken[part]}"
            continue
        rows, wanted = own.get(part, (0, 0))[0], before.get(part, (0, 0))[1]
        if rows != wanted:
            problems[part] = f"part {part} has {rows:,} rows, the segment before it kept {wanted:,}"
    return problems


def _account(row: Any) -> str:
    if row["size"] is None:
        return f"{row.file}: {row.held:,} rows, and no account of the reader"
    covered = f"{row.covered:,} of {row['size']:,} bytes accounted for"
    if row.breaks:
        covered += f", {row.breaks:,} of its splits do not begin where the one before ends"
    return f"{row.file}: {row.held:,} rows of {row.records:,} records, {covered}"


def broken_accounts(rows: DataFrame) -> DataFrame:
    """One row for each part with a broken file, of a first segment's rows.

    A file is whole where its splits tile it (each begins where the one before ends, the first at 0, the last ends with
    the file) and each record has its row. One that is broken in a part is fine where another part holds it whole: the
    reader takes it from there.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    splits = rows.where("split IS NOT NULL").select("part", "split.*")
    order = Window.partitionBy("part", "file").orderBy("begin", "end")
    gaps = splits.withColumn("breaks", (F.col("begin") != F.lag("end", 1, 0).over(order)).cast("long"))
    told = gaps.groupBy("part", "file").agg(
        F.first("digest").alias("digest"),
        F.sum("records").alias("records"),
        F.sum(F.col("end") - F.col("begin")).alias("covered"),
        F.sum("breaks").alias("breaks"),
        F.max("size").alias("size"),
    )
    held = rows.where("split IS NULL").groupBy("part", "file").agg(F.count("*").alias("held"))
    accounts = told.join(held, ["part", "file"], "full_outer").fillna(0, ["records", "covered", "breaks", "held"])
    whole = F.expr("size IS NOT NULL AND records = held AND breaks = 0 AND covered = size")
    judged = accounts.withColumn("good", whole)
    good = judged.where("good").select("digest").distinct()
    broken = judged.where("NOT good").join(good, "digest", "left_anti")
    first = F.min(F.struct("file", "held", "records", "covered", "breaks", "size")).alias("first")
    return broken.groupBy("part").agg(first).select("part", "first.*")


def count_repeated(rows: DataFrame) -> int:
    """How many doc_ids more than one row has."""
    return int(rows.groupBy("doc_id").count().where("count > 1").count())


def _scores(manifest: Manifest) -> bool:
    """Whether the rows that were hashed had scores."""
    return any(names for entry in manifest.segments for names in entry["scores"].values())


def content_hash(rows: DataFrame, scores: bool) -> str:
    """The content hash of a build, from its rows: the XOR of their 128-bit hashes, and how many they are."""
    from pyspark.sql import functions as F

    names = [f.name for f in schema.CORPUS if scores or f.name != "scores"]
    hashes = rows.select(*names).mapInArrow(hash_batches, "hi bigint, lo bigint")
    row = hashes.agg(F.bit_xor("hi"), F.bit_xor("lo"), F.count("*")).collect()[0]
    mask = (1 << 64) - 1
    return f"{(row[0] or 0) & mask:016x}{(row[1] or 0) & mask:016x}-{int(row[2])}"


def hash_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The row hashes of batches that have (some of) the corpus' columns."""
    for batch in batches:
        arrays = [batch.column(name).cast(schema.CORPUS.field(name).type) for name in batch.schema.names]
        high, low = hashing.row_hashes(pa.RecordBatch.from_arrays(arrays, names=batch.schema.names))
        yield pa.RecordBatch.from_arrays([high, low], names=["hi", "lo"])
