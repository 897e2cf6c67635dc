"""The log of runs: append-only events; a run's newest event is its state, and the corpus' history has the last word."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from spark_llmdata.errors import NotFound
from spark_llmdata.store.delta import Store


@dataclass(frozen=True)
class RunRecord:
    """A run as log and corpus tell it.

    `state` is started, committing, failed or done; `version` is that of the corpus, when done.
    """

    run: str
    state: str
    recipe: str
    started: datetime
    changed: datetime
    manifest: dict[str, Any] = field(repr=False)
    version: int | None = None


class Ledger:
    """Reads and writes the log of a store's runs."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def record(self, run: str, seq: int, state: str, recipe: str, manifest: dict[str, Any]) -> None:
        """Append an event; the same event again is nothing."""
        from pyspark.sql.pandas.types import from_arrow_schema

        table = self.store.runs
        now = datetime.now(timezone.utc)
        row = (run, seq, state, now, recipe, json.dumps(manifest, ensure_ascii=False, sort_keys=True))
        rows = self.store.spark.createDataFrame([row], from_arrow_schema(table.columns)).coalesce(1)
        table.append_once(rows, f"{run}-{seq}", {"run": run, "state": state})

    def list(self) -> list[RunRecord]:
        """All runs, oldest first."""
        if not self.store.runs.exists():
            return []
        events = sorted(self.store.runs.read().collect(), key=lambda e: (e.run, e.seq))
        notes = self.store.corpus.notes()
        built = {note["run"]: int(note["version"]) for note in notes if "run" in note}
        newest: dict[str, Any] = {}
        first: dict[str, datetime] = {}
        for event in events:
            newest[event.run] = event
            first.setdefault(event.run, event["at"])
        return [
            RunRecord(
                run,
                "done" if run in built else event.state,
                event.recipe,
                first[run],
                event["at"],
                json.loads(event.manifest),
                built.get(run),
            )
            for run, event in sorted(newest.items())
        ]

    def find(self, run: str | None) -> RunRecord:
        """The run of that id (or its unambiguous beginning); without one the newest that is done, else the newest."""
        runs = self.list()
        if not runs:
            raise NotFound(f"{self.store.root} holds no run yet")
        if run is None:
            done = [r for r in runs if r.state == "done"]
            return max(done or runs, key=lambda r: (r.version or 0, r.run))
        found = [r for r in runs if r.run == run] or [r for r in runs if r.run.startswith(run)]
        if len(found) != 1:
            known = ", ".join(r.run for r in runs[-5:])
            what = "no run" if not found else f"{len(found)} runs begin with"
            raise NotFound(f"{what} {run!r} in {self.store.root}; the newest are {known} (`llmdata runs` lists all)")
        return found[0]
