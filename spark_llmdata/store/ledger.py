"""The log of runs: append-only events; a run's newest event is its state, and the corpus' history has the last word."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

from spark_llmdata.errors import NotFound
from spark_llmdata.store.delta import Store


@dataclass(frozen=True)
class RunRecord:
    """A run as log and corpus tell it.

    `state` is started, committing, failed, interrupted or done; `version` is that of the corpus, when done.
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
        """All runs, oldest first; of their manifests only what a list shows."""
        from pyspark.sql import functions as F

        if not self.store.runs.exists():
            return []
        shown = [F.get_json_object("manifest", f"$.{key}").alias(key) for key in ("counts", "content_hash", "error")]
        events = self.store.runs.read().select("run", "seq", "state", "at", "recipe", *shown).collect()
        built: dict[str, int] = {}
        for note in self.store.corpus.notes():
            built.setdefault(str(note.get("run")), int(note["version"]))
        runs: dict[str, list[Any]] = {}
        for event in sorted(events, key=lambda e: (e.run, e.seq)):
            runs.setdefault(event.run, []).append(event)
        return [self._record(run, found, built.get(run)) for run, found in sorted(runs.items())]

    def _record(self, run: str, events: Sequence[Any], version: int | None) -> RunRecord:
        last = events[-1]
        shown = {"content_hash": last.content_hash, "error": last.error}
        manifest = {k: v for k, v in shown.items() if v is not None}
        if last.counts is not None:
            manifest["counts"] = json.loads(last.counts)
        state = last.state if version is None else "done"
        return RunRecord(run, state, last.recipe, events[0]["at"], last["at"], manifest, version)

    def find(self, run: str | None) -> RunRecord:
        """The run of that id (or its unambiguous beginning); without one the newest that is done, else the newest."""
        runs = self.list()
        if not runs:
            raise NotFound(f"{self.store.root} holds no run yet")
        if run is None:
            done = [r for r in runs if r.state == "done"]
            return self._whole(max(done or runs, key=lambda r: (-1 if r.version is None else r.version, r.run)))
        found = [r for r in runs if r.run == run] or [r for r in runs if r.run.startswith(run)]
        if len(found) != 1:
            known = ", ".join(r.run for r in runs[-5:])
            what = "no run" if not found else f"{len(found)} runs begin with"
            raise NotFound(f"{what} {run!r} in {self.store.root}; the newest are {known} (`llmdata runs` lists all)")
        return self._whole(found[0])

    def _whole(self, record: RunRecord) -> RunRecord:
        """The same with its manifest: what its events say, later ones over earlier ones."""
        from pyspark.sql import functions as F

        rows = self.store.runs.read().where(F.col("run") == record.run).select("seq", "manifest").collect()
        manifest: dict[str, Any] = {}
        for row in sorted(rows, key=lambda r: int(r.seq)):
            manifest |= json.loads(row.manifest)
        return replace(record, manifest=manifest)
