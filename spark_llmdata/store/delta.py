"""Delta tables by path: create once, append once, overwrite with retries, travel in time."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from spark_llmdata import schema
from spark_llmdata.errors import EnvironmentProblem, RunFailed, UsageError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

#: How often a commit that lost against another writer is tried again; each loss means that somebody else succeeded.
MAX_COMMITS_LOST = 20

#: The folder of a store in which runs are built again, each in a store of its own.
REPRODUCTIONS = "reproductions"

#: The folder of a store in which inputs lie that were copied: data frames, and tables that keep no versions.
COPIES = "inputs"

#: The tables of builds: of runs over all of their input, and of those over a part of it (`--sample`, `--limit`), which
#: have one of their own, so that whoever reads the corpus never reads a try for it.
CORPUS, TRIALS = "corpus", "trials"

_KEEP_HISTORY = {
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.deletedFileRetentionDuration": "interval 36500 days",
}


@dataclass(frozen=True)
class Table:
    """A Delta table of a store."""

    spark: SparkSession
    path: str
    columns: pa.Schema
    statistics: tuple[str, ...] = ()  # columns with minimum and maximum in the log; never text
    run: str = ""  # whose commits these are; every note names it, so that what a run left behind can be told

    @property
    def name(self) -> str:
        """How SQL names the table."""
        return "delta.`" + self.path.replace("`", "``") + "`"

    def exists(self) -> bool:
        """Whether anything has been committed to the table."""
        from pyspark.errors import AnalysisException

        try:
            _ = self.read().schema  # asked for, because Spark Connect looks at nothing before
        except AnalysisException as error:
            if any(sign in f"{error.getCondition()} {error}" for sign in _ABSENT):
                return False
            raise
        return True

    def read(self, version: int | None = None) -> DataFrame:
        """The table, or one of its versions."""
        reader = self.spark.read.format("delta")
        if version is not None:
            reader = reader.option("versionAsOf", version)
        return reader.load(self.path)

    def append_once(self, rows: DataFrame, key: str, note: Mapping[str, Any], *, removed: int = 0) -> None:
        """Append rows under a key; does nothing where that key has been appended already, by whomever.

        `removed` says how often what was appended under the key has been taken out again (see `appended`).
        """
        options = {"txnAppId": key, "txnVersion": str(removed + 1)}
        self._commit(rows, "append", {"key": key, **note}, options)

    def appended(self) -> tuple[set[str], Counter[str]]:
        """The keys whose rows are there, and how often the rows of a key were taken out again."""
        there: set[str] = set()
        removed: Counter[str] = Counter()
        for note in reversed(self.notes()):
            if "key" in note:
                there.add(note["key"])
            there.difference_update(note.get("removed", ()))
            removed.update(note.get("removed", ()))
        return there, removed

    def overwrite_once(self, rows: DataFrame, key: str, note: Mapping[str, Any]) -> None:
        """Replace all rows in one commit; against a concurrent writer the later commit stays on top.

        Does nothing where the key has been committed already: a driver that was believed dead must not bring an old
        build back to the top when its JVM ends what it had begun.
        """
        self._commit(rows, "overwrite", note, {"txnAppId": key, "txnVersion": "1"})

    def take_out(self, column: str, keys: Iterable[str]) -> None:
        """Remove the rows that have one of the keys in a column, in one commit; they can be appended again after it."""
        names = sorted(set(keys))
        listed = ", ".join("'" + name.replace("\\", "\\\\").replace("'", "\\'") + "'" for name in names)
        chosen = f"{column} IN ({listed})"
        none = self.read().limit(0)
        if self.read().where(chosen).limit(1).collect():
            self._commit(none, "overwrite", {"removed": names}, {"replaceWhere": chosen})
            return
        # Replacing nothing by nothing commits nothing, and with it no note; appending nothing under a name does.
        named = {"txnAppId": f"removed behind {self.version()}", "txnVersion": "1"}
        self._commit(none, "append", {"removed": names}, named)

    def _commit(self, rows: DataFrame, mode: str, note: Mapping[str, Any], options: Mapping[str, str]) -> None:
        """Commit; the first commit makes the table.

        Losing against another writer is no failure but a reason to look again and repeat.
        """
        properties = {**self._indexed(), **_KEEP_HISTORY}
        told = ({"run": self.run} if self.run else {}) | dict(note)
        writer = rows.write.format("delta").mode(mode).option("userMetadata", json.dumps(told))
        writer = writer.options(**options, **properties)
        for _ in range(MAX_COMMITS_LOST):
            try:
                writer.save(self.path)
                return
            except Exception as error:
                if not _lost_a_race(error):
                    raise
                lost = error
        raise RunFailed(
            f"{self.path}: {MAX_COMMITS_LOST} commits in a row lost against other writers; run the same command again "
            f"when fewer runs write to this store ({type(lost).__name__})"
        )

    def _indexed(self) -> dict[str, str]:
        """Which columns the log keeps statistics of, in Delta's words; an empty list of names it would refuse."""
        if self.statistics:
            return {"delta.dataSkippingStatsColumns": ",".join(self.statistics)}
        return {"delta.dataSkippingNumIndexedCols": "0"}

    def notes(self) -> list[dict[str, Any]]:
        """What each commit's note says, newest first, with its `version` and the `rows` it wrote.

        Somebody else's commit (an OPTIMIZE, a repair) says nothing but these two.
        """
        if not self.exists():
            return []
        history = self.spark.sql(f"DESCRIBE HISTORY {self.name}").select("version", "userMetadata", "operationMetrics")
        notes = []
        for commit in sorted(history.collect(), key=lambda c: int(c.version), reverse=True):
            rows = int((commit.operationMetrics or {}).get("numOutputRows", 0))
            notes.append(parse_note(commit.userMetadata) | {"version": int(commit.version), "rows": rows})
        return notes

    def version(self) -> int:
        """The newest version."""
        return int(self.spark.sql(f"DESCRIBE HISTORY {self.name} LIMIT 1").collect()[0].version)

    def spark_schema(self) -> StructType:
        """The columns as Spark types, all of them nullable."""
        from pyspark.sql.pandas.types import from_arrow_schema

        return from_arrow_schema(pa.schema([f.with_nullable(True) for f in self.columns]))


def parse_note(text: str | None) -> dict[str, Any]:
    """The note of a commit; nothing where it has none, or somebody else's."""
    try:
        note = json.loads(text or "{}")
    except ValueError:
        return {}
    return note if isinstance(note, dict) else {}


_ABSENT = ("PATH_NOT_FOUND", "DELTA_MISSING_DELTA_TABLE", "DELTA_TABLE_NOT_FOUND", "DELTA_PATH_DOES_NOT_EXIST")

_RACE = re.compile(
    r"DELTA_CONCURRENT_|DELTA_METADATA_CHANGED|DELTA_PROTOCOL_CHANGED"
    r"|io\.delta\.exceptions\.\w*(Concurrent|MetadataChanged|ProtocolChanged)"
    r"|\b(Concurrent(Append|DeleteRead|DeleteDelete|Transaction|Write)|MetadataChanged|ProtocolChanged)Exception\b"
)


def _lost_a_race(error: Exception) -> bool:
    return bool(_RACE.search(str(error)))


def check_folder(root: str, *, must_exist: bool = False, must_write: bool = False) -> str:
    """The absolute path or the URL of a store; says what is wrong with a local one, for which no Spark is needed."""
    if re.match(r"[A-Za-z][\w+.-]+:/", root):
        return root
    if not root.strip():
        raise UsageError("--store is empty; expected a folder, new or with a store in it")
    path = Path(root).expanduser().absolute()
    if path.exists() and not path.is_dir():
        raise UsageError(f"--store {root} is a file; expected a folder, new or with a store in it")
    if must_write:
        _check_writable(root, path)
    if must_exist and not (path / "runs" / "_delta_log").is_dir():
        raise UsageError(f"--store {root} holds no store; `llmdata run RECIPE --input PATH --store {root}` makes one")
    return str(path)


def _check_writable(root: str, path: Path) -> None:
    """Say what stands in the way of a new store, or of writing to one, before Spark is started for it."""
    there = next(p for p in (path, *path.parents) if p.exists())
    if not there.is_dir():
        raise UsageError(f"--store {root} lies below {there}, which is a file; expected a folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise UsageError(
            f"--store {root}: this user may not write to {there}; expected a folder of your own, or get the right to it"
        )


@dataclass(frozen=True)
class Store:
    """A folder of Delta tables: segments, verdicts, fates, corpus, trials, runs."""

    spark: SparkSession
    root: str
    run: str = ""  # for whom the tables are written

    @classmethod
    def open(cls, spark: SparkSession, root: str, *, must_exist: bool = False) -> Store:
        """Open a store; with `must_exist` a folder without runs is an error."""
        store = cls(spark, check_folder(root, must_exist=must_exist).rstrip("/"))
        store.check_delta()
        if must_exist and not store.runs.exists():
            raise UsageError(
                f"--store {root} holds no store; `llmdata run RECIPE --input PATH --store {root}` makes one"
            )
        return store

    def check_delta(self) -> None:
        """Say plainly when the session cannot speak Delta."""
        from pyspark.errors import PySparkException

        wanted = "org.apache.spark.sql.delta.catalog.DeltaCatalog"
        try:
            found = self.spark.conf.get("spark.sql.catalog.spark_catalog", None)
        except PySparkException:
            found = None
        on_databricks = self.spark.conf.get("spark.databricks.clusterUsageTags.clusterId", None) is not None
        if found != wanted and not on_databricks:
            raise EnvironmentProblem(
                "this Spark session has no Delta Lake: spark.sql.catalog.spark_catalog is "
                f"{found!r}, expected {wanted}. Make the session with spark_llmdata.session.local_session(), or see "
                "conf/spark/ for the settings a cluster needs; `llmdata doctor` checks them"
            )

    def name_of(self, table: Table) -> str:
        """A table's path below the store, so that a store can be moved."""
        return table.path.removeprefix(f"{self.root}/")

    def segment(self, name: str, columns: pa.Schema) -> Table:
        """A segment's table; `name` ends in its fingerprint."""
        return self._table(f"segments/{name}", columns, ("doc_id", "part"))

    def verdicts(self, name: str) -> Table:
        """A corpus stage's verdicts; `name` ends in their fingerprint."""
        return self._table(f"verdicts/{name}", schema.VERDICTS, ("doc_id",))

    def settled(self, verdicts: str, name: str) -> Table:
        """What a corpus stage settled on the way to its verdicts; the columns are those of the rows first written."""
        return self._table(f"settled/{verdicts}/{name}", pa.schema(()), ())

    @property
    def copies(self) -> str:
        """The folder of copied inputs."""
        return f"{self.root}/{COPIES}"

    def copy(self, name: str) -> Table:
        """A copied input; `name` is the run's that made it, and a number."""
        return self._table(f"{COPIES}/{name}", pa.schema(()), ())

    @property
    def fates(self) -> Table:
        """One row for every record of every run."""
        return self._table("fates", schema.FATES, ("run", "doc_id", "part"))

    @property
    def corpus(self) -> Table:
        """The kept documents; each build is a version."""
        return self.builds(CORPUS)

    def builds(self, name: str) -> Table:
        """One of the tables of builds, CORPUS or TRIALS."""
        return self._table(name, schema.CORPUS, ("doc_id",))

    @property
    def runs(self) -> Table:
        """The log of runs."""
        return self._table("runs", schema.RUNS, ("run", "seq"))

    def _table(self, path: str, columns: pa.Schema, statistics: tuple[str, ...]) -> Table:
        return Table(self.spark, f"{self.root}/{path}", columns, statistics, self.run)
