"""Parquet through Spark to a committed segment, against the sum of the parts that cannot be left out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from benchmarks.conditions import RECIPES, Conditions, Scratch, start_session
from benchmarks.corpus import TextSet
from benchmarks.figures import Figure
from benchmarks.gopher_kernel import bare_kernel
from benchmarks.process_tree import Usage
from benchmarks.process_tree import measure as cost_of
from benchmarks.turns import Job, middle, slope, take_turns
from spark_llmdata import schema
from spark_llmdata.kernels import hashing
from spark_llmdata.plan import Plan, make_plan
from spark_llmdata.recipe import load_recipe
from spark_llmdata.runner.covering import cover_reading
from spark_llmdata.sources.inputs import find_files
from spark_llmdata.store import Store, Table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

NAME = "segment"
TARGET = 0.7
#: Rounds over the small set that are not counted: a JVM that still compiles costs several times as much.
WARM_UP = 3
_COLUMNS = ("id", "url", "text")


def measure(conditions: Conditions) -> list[Figure]:
    """Our cost for one more MB of text, and that of the parts; both from the small set to the large one."""
    spark, start = start_session(conditions.cores)
    plan = make_plan(load_recipe(str(RECIPES / "gopher_quality.yaml")))
    sets = {"small": conditions.small, "large": conditions.large}
    parts = {key: Parts(spark, plan, texts, Scratch(conditions.work / key)) for key, texts in sets.items()}
    jobs: dict[str, Job] = {}
    for key, part in parts.items():
        jobs |= {f"{name} {key}": job for name, job in part.jobs().items()}
    print("    warming up", flush=True)
    for _ in range(WARM_UP):
        for job in parts["small"].jobs().values():
            job()
    cost = {name: middle(found) for name, found in take_turns(jobs, conditions.repeat).items()}
    spark.stop()

    def rate(name: str) -> Usage:
        return slope(cost[f"{name} small"], cost[f"{name} large"], conditions.more_mb / 1000)

    kernel = Usage(rate("kernel").cpu_s / conditions.cores, rate("kernel").cpu_s)  # it runs on all cores at once
    shares = {
        "scan": rate("scan"),
        "identity hop": rate("hop") - rate("scan"),
        "Delta write of the segment's columns": rate("rewrite") - rate("reread"),
        "bare kernel": kernel,
    }
    whole = sum(shares.values(), Usage(0, 0))
    ours = rate("ours")
    fixed = cost["ours small"] - Usage(ours.wall_s, ours.cpu_s).per(1000 / conditions.small.megabytes)
    figures = [
        Figure(NAME, "start of the session", _words(start)),
        *(Figure(NAME, f"part: {name}", f"{_words(usage)} a GB of text") for name, usage in shares.items()),
        Figure(NAME, "sum of the parts", f"{_words(whole)} a GB of text"),
        Figure(NAME, "ours", f"{_words(ours)} a GB of text; fixed: {_words(fixed)}"),
        Figure(NAME, f"ours, {conditions.large.name} whole", _words(cost["ours large"])),
        Figure(
            NAME, "ours: the pass over Arrow alone, kernel included", f"{rate('pass').cpu_s:.2f} CPU s a GB of text"
        ),
    ]
    for what, share in (("CPU", whole.cpu_s / ours.cpu_s), ("clock", whole.wall_s / ours.wall_s)):
        figures.append(Figure(NAME, f"parts / ours, {what}", f"{share:.2f}", f"≥ {TARGET}", share >= TARGET))
    return figures


class Parts:
    """Our job and its parts over one set; every job works in a fresh folder and writes all it is asked to."""

    def __init__(self, spark: SparkSession, plan: Plan, texts: TextSet, scratch: Scratch) -> None:
        self.spark, self.texts, self.scratch = spark, texts, scratch
        self.node, self.read = plan.segments[0], plan.recipe.read
        self.files = find_files([str(f) for f in texts.parquet]).files
        self.table: Table | None = None

    def jobs(self) -> dict[str, Job]:
        """In an order in which each finds what it needs: `reread` and `rewrite` take the segment that `ours` wrote."""
        noop: list[tuple[str, Callable[[], DataFrame]]] = [
            ("scan", self._scan),
            ("hop", lambda: self._scan().mapInArrow(identity, self._scan().schema)),
            ("reread", self._segment),
        ]
        drained: dict[str, Job] = {name: lambda f=frame: cost_of(lambda: drain(f())) for name, frame in noop}  # type: ignore[misc]
        return {"ours": self.ours, **drained, "rewrite": self.rewrite, "kernel": self.kernel, "pass": self.judge}

    def ours(self) -> Usage:
        """Read, judge, commit, and prove that all was read, as a run does it."""
        store = Store(self.spark, str(self.scratch.fresh("store")))

        def cover() -> None:
            self.table = cover_reading(store, self.node, self.files, self.read).table

        return cost_of(cover)

    def rewrite(self) -> Usage:
        """Commit a segment's rows to another Delta table with the same columns and statistics."""
        assert self.table is not None
        target = Table(self.spark, str(self.scratch.fresh("copy")), self.table.columns, self.table.statistics)
        return cost_of(lambda: target.append_once(self._segment(), "copy", {}))

    def kernel(self) -> Usage:
        """Words and measures of all texts, on this thread; reading them is not counted."""
        seconds = 0.0
        for batch in self.texts.batches():
            begin = time.process_time()
            bare_kernel(batch.column(0))
            seconds += time.process_time() - begin
        return Usage(seconds, seconds)

    def judge(self) -> Usage:
        """The whole of our work on a record that was read, on this thread; making the records is not counted."""
        seconds = 0.0
        for number, batch in enumerate(self.texts.batches(columns=_COLUMNS)):
            records = to_records(batch, number)
            begin = time.process_time()
            for _ in self.node.segment.judge(records, "part"):
                pass
            seconds += time.process_time() - begin
        return Usage(seconds, seconds)

    def _scan(self) -> DataFrame:
        return self.spark.read.parquet(*(str(Path(f)) for f in self.texts.parquet)).select(*_COLUMNS)

    def _segment(self) -> DataFrame:
        assert self.table is not None
        return self.table.read()


def to_records(batch: pa.RecordBatch, number: int) -> pa.RecordBatch:
    """Records as a reader gives them (`schema.RECORD`), of a batch with `id`, `url`, `text`."""
    n = batch.num_rows
    rows = np.arange(n, dtype=np.int64) + number * n
    given = {name: batch.column(name) for name in _COLUMNS} | {
        "file": pa.array(["file"] * n),
        "offset": pa.array(rows),
        "ordinal": pa.array(rows),
        "source": pa.array(["default"] * n),
        "rejected": pa.array(np.zeros(n, dtype=bool)),
        "raw_hash": hashing.hash_bytes(batch.column("text")),
    }
    arrays = [given.get(f.name, pa.nulls(n, f.type)).cast(f.type) for f in schema.RECORD]
    return pa.RecordBatch.from_arrays(arrays, schema=schema.RECORD)


def identity(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """What comes in goes out."""
    yield from batches


def drain(rows: DataFrame) -> None:
    """Compute all rows and keep none."""
    rows.write.format("noop").mode("overwrite").save()


def _words(usage: Usage) -> str:
    return f"{usage.cpu_s:.2f} CPU s, {usage.wall_s:.2f} s"
