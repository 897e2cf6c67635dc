"""The transaction log of a Delta table, read as the files it is: what was ever there, whole or not."""

from __future__ import annotations

import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from spark_llmdata.sources import files
from spark_llmdata.store.delta import parse_note

LOG = "_delta_log/"
_COMMIT = re.compile(r"_delta_log/(\d{20})\.json")
_TELLS = re.compile(r"_delta_log/\.?(\d{20})(?:\.crc|\.json\.crc|\.crc\.crc|\.checkpoint.*\.parquet)")
_CHECKPOINT = re.compile(r"_delta_log/\d{20}\.checkpoint.*\.parquet")


class LogDamaged(ValueError):
    """A file of a log that cannot be read; the message names it."""


@dataclass(frozen=True)
class DataFile:
    """A file as a commit added it: bytes, and rows where the commit says them."""

    size: int
    rows: int | None


@dataclass
class Commit:
    """What one version of a table did; `note` is empty where the commit is not ours."""

    version: int
    note: dict[str, Any] = field(default_factory=dict)
    added: dict[str, DataFile] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    schema: str | None = None  # JSON, where the commit sets it
    vectors: bool = False  # whether rows are deleted by deletion vectors


@dataclass(frozen=True)
class Folder:
    """A table's folder: its url, and its files with size and time of change."""

    url: str
    files: Mapping[str, tuple[int, int]]

    @classmethod
    def look(cls, url: str) -> Folder:
        """List the folder as it is now."""
        return cls(url, files.measure_folder(url))

    @property
    def versions(self) -> list[int]:
        """The versions whose commits are there."""
        return sorted(int(m[1]) for name in self.files if (m := _COMMIT.fullmatch(name)))

    @property
    def checkpoints(self) -> list[str]:
        """The Parquet files of checkpoints."""
        return sorted(name for name in self.files if _CHECKPOINT.fullmatch(name))

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(size for size, _ in self.files.values())

    def gaps(self) -> list[int]:
        """The versions whose commits are missing: what is in the log beside a commit tells of one that is gone."""
        there = set(self.versions)
        told = {int(m[1]) for name in self.files if (m := _TELLS.fullmatch(name))}
        return [v for v in range(max(there | told, default=-1) + 1) if v not in there]

    def commit(self, version: int) -> Commit:
        """Read a commit.

        Raises:
            LogDamaged: the file is not what was written.
        """
        name = f"{LOG}{version:020d}.json"
        try:
            data = self.read(name)
            check_sums(data, self.read(beside(name)) if beside(name) in self.files else None)
            return parse_commit(version, data)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
            raise LogDamaged(f"{name}: {problem}") from problem

    def commits(self) -> Iterator[Commit]:
        """Read all commits in order; see `commit` for errors."""
        return (self.commit(version) for version in self.versions)

    def read(self, name: str) -> bytes:
        """The bytes of a file."""
        with files.open_file(f"{self.url}/{name}") as handle:
            return handle.read()


def parse_commit(version: int, data: bytes) -> Commit:
    """Understand a commit's JSON lines; paths come as names below the table's folder, or as urls elsewhere."""
    commit = Commit(version)
    known = False
    for line in data.decode("utf-8").splitlines():
        if not line.strip():
            continue
        for kind, facts in json.loads(line).items():
            known = known or kind in _ACTIONS
            if kind == "add":
                rows = json.loads(facts.get("stats") or "{}").get("numRecords")
                commit.added[unquote(facts["path"])] = DataFile(int(facts["size"]), rows)
                commit.vectors = commit.vectors or bool(facts.get("deletionVector"))
            elif kind == "remove":
                commit.removed.add(unquote(facts["path"]))
            elif kind == "metaData":
                commit.schema = facts["schemaString"]
            elif kind == "commitInfo":
                commit.note = parse_note(facts.get("userMetadata"))
    if not known:
        raise ValueError("holds no action of Delta")
    return commit


_ACTIONS = frozenset({"add", "remove", "metaData", "protocol", "commitInfo", "txn", "domainMetadata"})


@dataclass
class History:
    """What all commits of a table come to: live files, files ever added, who wrote which key and with which files."""

    live: dict[str, DataFile] = field(default_factory=dict)
    ever: set[str] = field(default_factory=set)
    vectors: bool = False
    writers: dict[str, str] = field(default_factory=dict)  # key: run, of the keys whose rows are there
    parts: dict[str, set[str]] = field(default_factory=dict)  # key: files
    removed: Counter[str] = field(default_factory=Counter)  # key: how often its rows were taken out

    def take(self, commit: Commit) -> None:
        """Go on by one commit."""
        for path in commit.removed:
            self.live.pop(path, None)
        self.live |= commit.added
        self.ever |= commit.added.keys()
        self.vectors = self.vectors or commit.vectors
        for key in commit.note.get("removed", ()):
            self.writers.pop(key, None)
            self.removed[key] += 1
        if "key" in commit.note:
            self.writers[commit.note["key"]] = str(commit.note.get("run", ""))
            self.parts[commit.note["key"]] = set(commit.added)

    def is_elsewhere(self) -> bool:
        """Whether the table holds files that are not in its folder."""
        return any(path.startswith("/") or "://" in path or ":/" in path for path in self.ever)


def read_history(folder: Folder) -> History:
    """Add up a table's commits.

    Raises:
        LogDamaged: a commit is missing or cannot be read.
    """
    gaps = folder.gaps()
    if gaps or not folder.versions:
        raise LogDamaged(f"{LOG}: version {gaps[0] if gaps else 0} is missing")
    history = History()
    for commit in folder.commits():
        history.take(commit)
    return history


def beside(name: str) -> str:
    """The name of the file in which Hadoop keeps a local file's checksums."""
    folder, slash, last = name.rpartition("/")
    return f"{folder}{slash}.{last}.crc"


def check_sums(data: bytes, sums: bytes | None) -> None:
    """Compare bytes with the checksums that Hadoop wrote beside them, if it did: CRC-32 of each so many bytes.

    Raises:
        ValueError: they differ.
    """
    if not sums or sums[:4] != b"crc\0":
        return
    step = int.from_bytes(sums[4:8], "big")
    wanted = [sums[at : at + 4] for at in range(8, len(sums), 4)]
    found = [zlib.crc32(data[at : at + step]).to_bytes(4, "big") for at in range(0, len(data), step)]
    if found != wanted:
        at = next((i for i, pair in enumerate(zip(found, wanted, strict=False)) if pair[0] != pair[1]), len(wanted))
        raise ValueError(f"differs from its checksum at byte {at * step} or behind it")
