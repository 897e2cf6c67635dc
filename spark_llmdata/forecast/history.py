"""What the runs of a store say: which results of a plan are there, and how long its passes took before."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from spark_llmdata.delta_log import Folder, History, LogDamaged, read_history
from spark_llmdata.errors import UsageError
from spark_llmdata.plan import CorpusNode, Plan, SegmentNode, stage_digest
from spark_llmdata.sources import files
from spark_llmdata.sources.split import InputFile

#: Of a store with many runs, so many of the newest are asked.
NEWEST = 20


@dataclass(frozen=True)
class FormerRun:
    """A run of a store, and what its events say of it, later ones over earlier ones."""

    run: str
    manifest: Mapping[str, Any] = field(repr=False)

    @property
    def inputs(self) -> dict[str, int]:
        """The bytes of its input files, by digest."""
        return {entry["digest"]: int(entry["size"]) for entry in self.manifest.get("inputs", ())}

    def share_kept(self, stage: str) -> float | None:
        """The share of the documents shown to a stage that it kept; None where none were."""
        counts = next((c for c in self.manifest.get("by_stage", ()) if c["stage"] == stage), None)
        return counts["kept"] / counts["in"] if counts and counts["in"] else None


@dataclass(frozen=True)
class Reuse:
    """What the store holds of one node's work: the share of the inputs' bytes, and the newest run that has it.

    `kept` is the share of documents that a comparison kept in the newest run that made it, of whatever inputs.
    """

    share: float = 0.0
    run: str | None = None
    kept: float | None = None


def gather_runs(events: Iterable[tuple[str, int, str]]) -> list[FormerRun]:
    """Put events (run, number, manifest as JSON) of the newest runs together; the newest comes first."""
    by_run: dict[str, list[tuple[int, str]]] = {}
    for run, number, manifest in events:
        by_run.setdefault(run, []).append((number, manifest))
    found = []
    for run in sorted(by_run, reverse=True):
        facts: dict[str, Any] = {}
        for _, manifest in sorted(by_run[run]):
            facts |= json.loads(manifest)
        if not facts.get("portion"):  # a part of its inputs says nothing of all of them
            found.append(FormerRun(run, facts))
    return found[:NEWEST]


def read_runs(store: str) -> list[FormerRun]:
    """Read the newest runs of a store from its log as the files it is, without Spark; none where there is no store yet.

    Raises:
        UsageError: the log cannot be read.
        MissingExtra: the store is on no local disk, and fsspec is not installed.
    """
    table = f"{store.rstrip('/')}/runs"
    if not files.exists(f"{table}/_delta_log"):
        return []
    try:
        history = read_history(Folder.look(table))
        rows: list[tuple[str, int, str]] = []
        for names in newest_files(history):
            for name in names:
                found = _read(f"{table}/{name}", ["run", "seq", "manifest"])
                rows += [(str(row["run"]), int(row["seq"]), str(row["manifest"])) for row in found]
            if len(runs := gather_runs(rows)) == NEWEST:
                return runs
    except (LogDamaged, OSError, pa.ArrowException) as problem:
        raise UsageError(
            f"{table}: the log of runs cannot be read ({problem}); `llmdata fsck --store {store}` says what to do"
        ) from problem
    return gather_runs(rows)


def newest_files(history: History) -> Iterator[list[str]]:
    """The files of a log of runs by the notes of its commits, those of the newest 20 runs first, then of the next 20.

    Among the first are those that no note tells of (somebody has put files together), which may hold any event. It
    ends with a hundred runs: where nearly all of them were tries, it is time to put the files together.
    """
    writers = sorted(set(history.writers.values()), reverse=True)
    files_of = {name: history.writers.get(key, "") for key, names in history.parts.items() for name in names}
    live = sorted(history.live)
    for begin in range(0, max(1, min(len(writers), 5 * NEWEST)), NEWEST):
        chosen = set(writers[begin : begin + NEWEST])
        untold = [name for name in live if name not in files_of] if begin == 0 else []
        yield [*untold, *(name for name in live if name in files_of and files_of[name] in chosen)]


def _read(url: str, columns: list[str]) -> list[dict[str, Any]]:
    with files.open_file(url) as handle:
        found: list[dict[str, Any]] = pq.read_table(handle, columns=columns).to_pylist()
    return found


class Tables:
    """Which parts a store's tables have, by their logs; each log is read once."""

    def __init__(self, store: str) -> None:
        self._store = store.rstrip("/")
        self._parts: dict[str, frozenset[str]] = {}

    def __call__(self, table: str, parts: Sequence[str]) -> bool:
        """Whether the table (its path in the store) is there and has these parts."""
        if table not in self._parts:
            try:
                self._parts[table] = frozenset(read_history(Folder.look(f"{self._store}/{table}")).writers)
            except LogDamaged:  # it is computed again, and the run or fsck says what is wrong
                self._parts[table] = frozenset()
        return bool(self._parts[table]) and self._parts[table].issuperset(parts)


def trust(table: str, parts: Sequence[str]) -> bool:
    """Take a manifest's word for it that the tables are there."""
    return True


def find_reuse(
    plan: Plan,
    inputs: Sequence[InputFile],
    runs: Sequence[FormerRun],
    holds: Callable[[str, Sequence[str]], bool] = trust,
) -> list[Reuse]:
    """How much of each node's work the store's runs have done, as far as they have recorded it."""
    ours = {f.digest: f.size for f in inputs}
    total = sum(ours.values())
    held: list[set[str]] = [set() for _ in plan.nodes]
    by: list[str | None] = [None] * len(plan.nodes)
    kept: list[float | None] = [None] * len(plan.nodes)
    for run in runs:
        theirs = run.inputs.keys()
        for i, node in enumerate(matching_nodes(plan, run, holds)):
            whole = isinstance(node, CorpusNode) or node.per_run
            if isinstance(node, CorpusNode) and kept[i] is None:
                kept[i] = run.share_kept(node.stage.name)
            found = (set(ours) if theirs == ours.keys() else set()) if whole else theirs & ours.keys()
            if found - held[i]:
                held[i] |= found
                by[i] = by[i] or run.run
    shares = [sum(ours[d] for d in found) / total if total else 0.0 for found in held]
    return [Reuse(share, run, left) for share, run, left in zip(shares, by, kept, strict=True)]


def matching_nodes(
    plan: Plan, run: FormerRun, holds: Callable[[str, Sequence[str]], bool] = trust
) -> Iterator[SegmentNode | CorpusNode]:
    """The plan's nodes up to the first that the run did not have, or whose results are gone."""
    segments = iter(run.manifest.get("segments", ()))
    verdicts = iter(v for v in run.manifest.get("verdicts", ()) if v["stage"] != "read")
    code = run.manifest.get("code", {})
    for node in plan.nodes:
        if isinstance(node, SegmentNode):
            entry = next(segments, None)
            if entry is None or entry["fingerprint"] != node.fingerprint:
                return
            there = holds(entry["table"], () if node.per_run else entry["parts"])
        else:
            entry = next(verdicts, None)
            name = node.stage.name
            if entry is None or entry["stage"] != name or code.get(f"stage {name}") != stage_digest(node.stage):
                return
            there = holds(entry["table"], ())
        if not there:
            return
        yield node
