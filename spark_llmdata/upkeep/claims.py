"""What runs lay claim to: the tables, parts and writings that must stay, and who may be at work."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from spark_llmdata.errors import UsageError
from spark_llmdata.store import Store, driver
from spark_llmdata.store.ledger import MANIFEST_FORMAT, UNFINISHED, Ledger, RunRecord

#: What is read of an event.
_NAMED = ("segments", "verdicts", "copies", "driver")


@dataclass(frozen=True)
class Busy:
    """A run that may be at work: `here` where its process is alive on this machine, else nobody here can tell."""

    run: str
    here: bool

    def sentence(self) -> str:
        """Why things stay, and what can be done about it."""
        if self.here:
            return f"run {self.run} is at work on this machine and may use it; run gc again when it is done"
        return (
            f"run {self.run} began on another machine and may use it; run gc again when it is done, or "
            f"`llmdata gc --abandon {self.run}` if you know that it is dead"
        )


@dataclass(frozen=True)
class Claims:
    """Who names what; tables go by their path below the store."""

    tables: frozenset[str] = frozenset()
    parts: frozenset[tuple[str, str]] = frozenset()
    whole: frozenset[str] = frozenset()  # tables written for one set of files: named as a whole
    unfinished: frozenset[str] = frozenset()  # runs that can be continued: what they wrote stays
    abandoned: frozenset[str] = frozenset()
    busy: tuple[Busy, ...] = ()
    known: frozenset[str] = frozenset()  # all runs there are


def read_claims(store: Store, given_up: Collection[str] = ()) -> Claims:
    """Read what the runs in the ledger name; those `given_up` as if they were recorded as abandoned (a dry run's).

    Raises:
        UsageError: a run was recorded by a newer package, so that nobody here knows what it names.
    """
    runs = [replace(r, state="abandoned") if r.run in given_up else r for r in Ledger(store).list()]
    check_formats(runs)
    abandoned = frozenset(r.run for r in runs if r.state == "abandoned")
    tables: set[str] = set()
    whole: set[str] = set()
    parts: set[tuple[str, str]] = set()
    drivers: dict[str, Any] = {}
    for event in _read_events(store):
        if event.driver:
            drivers[event.run] = json.loads(event.driver)
        if event.run in abandoned:
            continue
        # Of all events: a run that is continued begins with an empty list, and may be killed before it says more.
        for segment in json.loads(event.segments or "[]"):
            tables.add(segment["table"])
            parts.update((segment["table"], part) for part in segment["parts"])
            if not segment["table"].endswith(segment["fingerprint"]):
                whole.add(segment["table"])
        tables.update(entry["table"] for entry in json.loads(event.verdicts or "[]"))
        tables.update(json.loads(event.copies or "[]"))
    busy = tuple(
        Busy(r.run, here=driver.has_ended(drivers.get(r.run)) is False)
        for r in runs
        if r.state in ("started", "committing")
    )
    known = frozenset(r.run for r in runs)
    return Claims(
        frozenset(tables), frozenset(parts), frozenset(whole), frozenset(_unfinished(runs)), abandoned, busy, known
    )


def check_formats(runs: Collection[RunRecord]) -> None:
    """Refuse a store with runs of a newer form, whose claims cannot be understood."""
    for record in runs:
        if record.format > MANIFEST_FORMAT:
            raise UsageError(
                f"run {record.run} was recorded by a newer spark_llmdata (manifest format {record.format}, this one "
                f"knows {MANIFEST_FORMAT}), so what it names cannot be told; update the package and run gc again"
            )


def _unfinished(runs: Collection[RunRecord]) -> set[str]:
    """The runs that can be continued, unless a later one of the same request is done."""
    done: dict[str, str] = {}
    for record in runs:
        if record.state == "done" and record.request is not None:
            done[record.request] = max(record.run, done.get(record.request, ""))
    return {r.run for r in runs if r.state in UNFINISHED and done.get(r.request or "", "") < r.run}


def _read_events(store: Store) -> list[Any]:
    """What the events say, without the inputs, which may be long."""
    from pyspark.sql import functions as F

    if not store.runs.exists():
        return []
    columns = [F.get_json_object("manifest", f"$.{name}").alias(name) for name in _NAMED]
    return store.runs.read().select("run", "seq", *columns).orderBy("run", "seq").collect()


def abandon(store: Store, name: str, *, dry_run: bool) -> str:
    """Record that a run is given up; returns its id.

    Raises:
        NotFound: there is no such run.
        UsageError: the run is done, or its driver is at work on this machine.
    """
    ledger = Ledger(store)
    record = ledger.find(name)
    if record.state == "done":
        raise UsageError(
            f"--abandon {name}: run {record.run} is done; its build, version {record.version} of {record.table}, stays"
        )
    if record.state in ("started", "committing") and driver.has_ended(record.manifest.get("driver")) is False:
        raise UsageError(
            f"--abandon {name}: run {record.run} is at work on this machine (process "
            f"{record.manifest['driver']['pid']}); stop it first"
        )
    if record.state != "abandoned" and not dry_run:
        manifest = {"format": MANIFEST_FORMAT, "request": record.request, "error": record.manifest.get("error")}
        ledger.record(record.run, record.attempt, "abandoned", record.recipe, manifest)
    return record.run
