"""Checks of a table's files: the log without a gap, each file there, of its size, and readable to the last page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from spark_llmdata.delta_log import LOG, DataFile, Folder, History, LogDamaged
from spark_llmdata.upkeep.findings import Examination, damaged_among

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: How many files one job reads, and how many damaged ones of a table are told one by one.
MAX_FILES_A_JOB = 2_000
MAX_TOLD = 100

_LAST_CHECKPOINT = f"{LOG}_last_checkpoint"
_GLOB = re.compile(r"([\\{}\[\]*?])")


@dataclass
class FolderCheck:
    """Checks one table.

    `versions` are those that must be whole (none: the newest); `whose` names the runs that a key's rows (or with a
    number, a version) concern, and none where nobody checks them now; `remedy` says what to do for such runs, about a
    file or about the log.
    """

    spark: SparkSession
    folder: Folder
    place: str
    found: Examination
    everybody: tuple[str, ...]
    whose: Callable[[str | int], tuple[str, ...]]
    remedy: Callable[[Collection[str], bool], str]
    versions: tuple[int, ...] = ()
    history: History = field(default_factory=History)
    schema: str | None = None

    def check(self) -> None:
        """Look at the log, then at the files it names, then into them."""
        wanted = self._read_log()
        compared = {name: self._compare(name, file) for name, (file, _) in sorted(wanted.items())}
        problems = {name: problem for name, problem in compared.items() if problem}
        self._note_absent(problems, {name: wanted[name][1] for name in problems})
        readable = [name for name in compared if name not in problems]
        self.found.tables += 1
        self.found.files += len(readable)
        self.found.bytes += sum(wanted[name][0].size for name in readable)
        sizes = {name: wanted[name][0] for name in readable}
        for begin in range(0, len(readable), MAX_FILES_A_JOB):
            group = readable[begin : begin + MAX_FILES_A_JOB]
            for name, problem in damaged_among(group, lambda names: self._read(names, sizes), MAX_TOLD):
                self._note(name, f"cannot be read whole: {problem}", wanted[name][1])
        for name, problem in damaged_among(self.folder.checkpoints, self._read_checkpoints, MAX_TOLD):
            self._note(name, f"a checkpoint that cannot be read: {problem}", self.everybody)

    def _read_log(self) -> dict[str, tuple[DataFile, tuple[str, ...]]]:
        """The files that must be there, each with the runs it concerns."""
        wanted: dict[str, tuple[DataFile, tuple[str, ...]]] = {}
        for version in self.folder.gaps():
            name = f"{LOG}{version:020d}.json"
            concerned = self.whose(version) if self.versions else self.everybody
            self._note(name, f"is missing: version {version} cannot be read, nor what follows", concerned)
        for version in self.folder.versions:
            try:
                commit = self.folder.commit(version)
            except LogDamaged as damage:
                self._note(f"{LOG}{version:020d}.json", f"a flipped or cut commit: {damage}", self.everybody)
                continue
            self.history.take(commit)
            self.schema = commit.schema or self.schema
            if version in self.versions:
                wanted |= {name: (file, self.whose(version)) for name, file in self.history.live.items()}
        if not self.versions:
            keys = {name: key for key, names in self.history.parts.items() for name in names}
            for name, file in self.history.live.items():
                runs = self.whose(keys[name]) if name in keys else self.everybody
                if runs or not self.everybody:
                    wanted[name] = file, runs
        if _LAST_CHECKPOINT in self.folder.files:
            with self.found.checking(
                "log", f"{self.place}/{_LAST_CHECKPOINT}", self.everybody, self._remedy((), log=True)
            ):
                json.loads(self.folder.read(_LAST_CHECKPOINT))
        return wanted

    def _compare(self, name: str, file: DataFile) -> str:
        """What the listing of the folder says against a file; empty where it is there as it was committed."""
        if name not in self.folder.files:
            return f"is missing; {file.size:,} bytes"
        size = self.folder.files[name][0]
        return "" if size == file.size else f"has {size:,} bytes, {file.size:,} were committed"

    def _note_absent(self, problems: Mapping[str, str], runs: Mapping[str, tuple[str, ...]]) -> None:
        """Note MAX_TOLD files one by one and count the others, for all the runs they concern."""
        names = list(problems)
        for name in names[:MAX_TOLD]:
            self._note(name, problems[name], runs[name])
        others = names[MAX_TOLD:]
        if others:
            concerned = sorted({run for name in others for run in runs[name]})
            problem = f"{len(others):,} more files are missing or not of the size that was committed"
            self.found.note("file", self.place, problem, concerned, self._remedy(concerned, log=False))

    def _read(self, names: Sequence[str], files: Mapping[str, DataFile]) -> None:
        """Read files to the last page, checksums verified, and count their rows."""
        from pyspark.sql import Observation
        from pyspark.sql import functions as F
        from pyspark.sql.types import StructType

        reader = self.spark.read.options(**_STRICT)
        if self.schema is not None:  # gone with a lost commit: then the files say themselves
            reader = reader.schema(StructType.fromJson(json.loads(self.schema)))
        rows = reader.parquet(*self._urls(names))
        counted = Observation()
        rows.observe(counted, F.count(F.lit(1)).alias("rows")).write.format("noop").mode("overwrite").save()
        told = [files[name].rows for name in names]
        if None not in told and counted.get["rows"] != sum(n or 0 for n in told):
            raise LogDamaged(f"{counted.get['rows']} rows, {sum(n or 0 for n in told)} were committed")

    def _read_checkpoints(self, names: Sequence[str]) -> None:
        for url in self._urls(names):
            self.spark.read.options(**_STRICT).parquet(url).write.format("noop").mode("overwrite").save()

    def _urls(self, names: Sequence[str]) -> list[str]:
        """Urls in the form in which Spark takes them: it understands patterns."""
        return [_GLOB.sub(r"\\\1", f"{self.folder.url}/{name}") for name in names]

    def _note(self, name: str, problem: str, runs: Collection[str]) -> None:
        what = "log" if name.startswith(LOG) else "file"
        self.found.note(what, f"{self.place}/{name}", problem, runs, self._remedy(runs, log=what == "log"))

    def _remedy(self, runs: Collection[str], *, log: bool) -> str:
        return self.remedy(runs or self.everybody, log)


#: Options of Spark's reader: Parquet's own checksums of pages are verified, nothing damaged is skipped.
_STRICT = {"parquet.page.verify-checksum.enabled": "true", "ignoreCorruptFiles": "false", "ignoreMissingFiles": "false"}
