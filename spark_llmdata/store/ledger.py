"""The log of runs: append-only events; a run's newest event is its state, and the corpus' history has the last word."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from spark_llmdata.errors import NotFound, PartOfInput, UsageError
from spark_llmdata.portion import tell_portion
from spark_llmdata.store import driver
from spark_llmdata.store.delta import CORPUS, TRIALS, Store

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

#: The form of manifests; one of a newer form is not read, since it may mean something else.
MANIFEST_FORMAT = 1

#: Events of a run, in the order they can have; a run that is continued begins again a hundred higher.
EVENTS = {"started": 0, "committing": 10, "failed": 90, "interrupted": 90, "abandoned": 95}
_ATTEMPT = 100

#: States in which a run can be continued.
UNFINISHED = frozenset({"started", "committing", "interrupted", "killed"})

_SHOWN = ("counts", "content_hash", "error", "request", "format", "driver", "portion")


@dataclass(frozen=True)
class RunRecord:
    """A run as log and corpus tell it.

    `state` is started, committing, interrupted, killed (started or committing, and its driver is gone), failed,
    abandoned or done; `version` is the one of the `table` of builds (the corpus; of a run over a part of its input
    `trials`) that holds its build, when done; `attempt` counts how often it was continued; `request` names recipe, code
    and inputs, so that the same command finds it again.
    """

    run: str
    state: str
    recipe: str
    started: datetime
    changed: datetime
    manifest: dict[str, Any] = field(repr=False)
    version: int | None = None
    attempt: int = 0
    request: str | None = None
    format: int = MANIFEST_FORMAT
    table: str = CORPUS

    @property
    def is_part(self) -> bool:
        """Whether it looked at a part of its input only."""
        return bool(self.manifest.get("portion"))

    def read_corpus(self, store: Store) -> DataFrame:
        """The kept documents of its build.

        Raises:
            NotFound: it is not done.
        """
        if self.version is None:
            raise NotFound(f"run {self.run} is {self.state} and has no corpus; `llmdata runs` says which runs are done")
        return store.builds(self.table).read(self.version)


class Ledger:
    """Reads and writes the log of a store's runs."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def record(self, run: str, attempt: int, state: str, recipe: str, manifest: dict[str, Any]) -> None:
        """Append an event; the same event again is nothing."""
        from pyspark.sql.pandas.types import from_arrow_schema

        table = self.store.runs
        seq = _ATTEMPT * attempt + EVENTS[state]
        now = datetime.now(timezone.utc)
        row = (run, seq, state, now, recipe, json.dumps(manifest, ensure_ascii=False, sort_keys=True))
        rows = self.store.spark.createDataFrame([row], from_arrow_schema(table.columns)).coalesce(1)
        table.append_once(rows, f"{run}-{seq}", {"run": run, "state": state})

    def check_claim(self, run: str, attempt: int, its: Mapping[str, Any]) -> None:
        """Of two processes that begin the same attempt at once only the first goes on; `its` names this one."""
        from pyspark.sql import functions as F

        if attempt == 0:
            return  # nobody else can have begun a run with a new name
        started = (F.col("run") == run) & (F.col("seq") == _ATTEMPT * attempt)
        found = self.store.runs.read().where(started).select("manifest").collect()
        other = json.loads(found[0].manifest).get("driver") or {}
        if other != its:
            raise UsageError(
                f"run {run} is being continued by process {other.get('pid')} already, which began at the same moment; "
                "wait for it, or leave out --resume to start another run beside it"
            )

    def list(self) -> list[RunRecord]:
        """All runs, oldest first; of their manifests only what a list shows."""
        from pyspark.sql import functions as F

        if not self.store.runs.exists():
            return []
        shown = [F.get_json_object("manifest", f"$.{key}").alias(key) for key in _SHOWN]
        events = self.store.runs.read().select("run", "seq", "state", "at", "recipe", *shown).collect()
        built: dict[str, tuple[str, int]] = {}
        for table in (CORPUS, TRIALS) if any(event.portion for event in events) else (CORPUS,):
            for note in self.store.builds(table).notes():
                built.setdefault(str(note.get("run")), (table, int(note.get("holds", note["version"]))))
        runs: dict[str, list[Any]] = {}
        for event in sorted(events, key=lambda e: (e.run, e.seq)):
            runs.setdefault(event.run, []).append(event)
        return [self._record(run, found, built.get(run)) for run, found in sorted(runs.items())]

    def _record(self, run: str, events: Sequence[Any], built: tuple[str, int] | None) -> RunRecord:
        last = events[-1]
        table, version = built or (TRIALS if last.portion else CORPUS, None)
        # An interruption that came when the build was committed already has changed nothing.
        shown = {"content_hash": last.content_hash, "error": last.error if version is None else None}
        manifest = {k: v for k, v in shown.items() if v is not None}
        if last.counts is not None:
            manifest["counts"] = json.loads(last.counts)
        if last.portion is not None:
            manifest["portion"] = json.loads(last.portion)
        state = last.state if version is None else "done"
        if state in ("started", "committing") and last.driver and driver.has_ended(json.loads(last.driver)):
            state = "killed"
        return RunRecord(
            run,
            state,
            last.recipe,
            events[0]["at"],
            last["at"],
            manifest,
            version,
            int(last.seq) // _ATTEMPT,
            last.request,
            int(last.format or MANIFEST_FORMAT),
            table,
        )

    def find(self, run: str | None) -> RunRecord:
        """The run of that id (or its unambiguous beginning); without one that of the newest corpus (see `newest`)."""
        runs = self.list()
        if not runs:
            raise NotFound(f"{self.store.root} holds no run yet")
        if run is None:
            return self.whole(newest(runs))
        found = [r for r in runs if r.run == run] or [r for r in runs if r.run.startswith(run)]
        if len(found) != 1:
            known = ", ".join(r.run for r in runs[-5:])
            what = "no run" if not found else f"{len(found)} runs begin with"
            raise NotFound(f"{what} {run!r} in {self.store.root}; the newest are {known} (`llmdata runs` lists all)")
        return self.whole(found[0])

    def find_request(self, request: str) -> RunRecord | None:
        """The newest run of the same recipe, code and inputs that is done or can be continued."""
        same = [r for r in self.list() if r.request == request]
        open_or_done = [r for r in same if r.state == "done" or r.state in UNFINISHED]
        return self.whole(open_or_done[-1]) if open_or_done else None

    def find_order(self, recipe: str) -> tuple[str, dict[str, Any]] | None:
        """The newest run that chose an order for that recipe, and what its manifest says of it (`optimized`)."""
        from pyspark.sql import functions as F

        if not self.store.runs.exists():
            return None
        held = F.get_json_object("manifest", "$.optimized")
        same = self.store.runs.read().where(F.get_json_object(held, "$.of") == recipe).select("run", held.alias("held"))
        found = max(same.distinct().collect(), key=lambda row: str(row.run), default=None)
        if found is None:
            return None
        facts: dict[str, Any] = json.loads(found.held)
        return facts.get("taken_from") or found.run, facts

    def whole(self, record: RunRecord) -> RunRecord:
        """The same with its manifest: what its events say, later ones over earlier ones."""
        from pyspark.sql import functions as F

        if record.format > MANIFEST_FORMAT:
            raise UsageError(
                f"run {record.run} was recorded by a newer spark_llmdata (manifest format {record.format}, this one "
                f"knows {MANIFEST_FORMAT}); update the package to read it"
            )
        rows = self.store.runs.read().where(F.col("run") == record.run).select("seq", "manifest").collect()
        manifest: dict[str, Any] = {}
        for row in sorted(rows, key=lambda r: int(r.seq)):
            manifest |= json.loads(row.manifest)
        return replace(record, manifest=manifest)


def newest(runs: Sequence[RunRecord]) -> RunRecord:
    """The run that made the newest corpus from all of its input; it warns where only parts of inputs were looked at.

    Where no run is done it is the one that began last.
    """
    done = [run for run in runs if run.version is not None]
    if not done:
        return max(runs, key=lambda run: run.run)
    found = max(done, key=lambda run: (not run.is_part, run.table == TRIALS, run.version, run.run))
    if found.is_part:
        warnings.warn(
            f"no run of this store that is done looked at all of its input; run {found.run}, the newest one, looked at "
            f"{tell_portion(found.manifest['portion'])}",
            PartOfInput,
            stacklevel=3,
        )
    return found
