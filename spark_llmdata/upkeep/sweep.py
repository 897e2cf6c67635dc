"""Garbage collection: what no run names is removed, everything else stays, and both are told."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from spark_llmdata import schema
from spark_llmdata.errors import UsageError
from spark_llmdata.sources import files
from spark_llmdata.store import Store, Table
from spark_llmdata.upkeep.claims import abandon as give_up
from spark_llmdata.upkeep.claims import read_claims
from spark_llmdata.upkeep.garbage import HIDDEN, Item, Search, dead_files
from spark_llmdata.upkeep.log import Folder, read_history


@dataclass(frozen=True)
class Sweep:
    """What gc removed (or, with `dry_run`, would remove) and what it left alone; `stopped` says why it broke off."""

    store: str
    dry_run: bool
    removed: Sequence[Item]
    left: Sequence[Item]
    abandoned: Sequence[str] = ()
    stopped: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The object that `llmdata gc --json` prints."""
        return {
            "store": self.store,
            "dry_run": self.dry_run,
            "removed": [item.as_json() for item in self.removed],
            "bytes": sum(item.bytes for item in self.removed),
            "left": [item.as_json() for item in self.left],
            "abandoned": list(self.abandoned),
            "stopped": self.stopped,
        }


def collect_garbage(store: Store, *, abandon: Sequence[str] = (), dry_run: bool = False) -> Sweep:
    """Remove from a store what no run names.

    Runs in `abandon` are recorded as given up first, so that nothing is kept for them. With `dry_run` nothing is
    changed. Whoever stops gc in the middle loses nothing: the next one goes on.

    Raises:
        UsageError: a run cannot be given up, was recorded by a newer package, or the store's files cannot be listed.
        OSError: a file cannot be removed.
    """
    began = time.time_ns()
    log = f"{store.root}/runs/_delta_log"
    if not _events(log):
        raise UsageError(
            f"--store {store.root}: its files cannot be listed from here, so nothing is removed; for a path that only "
            "Spark knows give the url that fsspec understands, or the place where it is mounted"
        )
    for name in abandon:
        give_up(store, name, dry_run=True)  # all are checked before one is recorded
    given_up = [give_up(store, name, dry_run=dry_run) for name in abandon]
    events = _events(log)
    found = Search(store, read_claims(store, given_up), began).find()
    garbage, left = [i for i in found if not i.why], [i for i in found if i.why]
    if dry_run:
        return Sweep(store.root, True, garbage, left, given_up)
    removed: list[Item] = []
    for place, items in groupby(garbage, key=lambda item: item.place):
        if _events(log) != events:
            stopped = "a run has begun or ended meanwhile; run gc again"
            rest = [replace(item, why=stopped) for item in garbage if item not in removed]
            return Sweep(store.root, False, removed, [*left, *rest], given_up, stopped)
        group = list(items)
        _remove(store, place, group, began, lambda: _events(log) == events)
        removed += group
    return Sweep(store.root, False, removed, left, given_up)


def _events(log: str) -> list[str]:
    """The commits of the log of runs: there is a new one when a run has begun or ended."""
    return [name for name in files.list_names(log) if name.endswith(".json") and not name.startswith(".")]


def _remove(store: Store, place: str, items: Sequence[Item], began: int, alone: Callable[[], bool]) -> None:
    """Remove what is garbage in one table, or all of it; `alone` tells whether no run has begun since gc looked."""
    url = f"{store.root}/{place}"
    if items[0].kind in ("table", "leftover", "reproduction"):
        name = place.rpartition("/")[2]
        files.remove_folder(url, name if name.startswith(HIDDEN) else HIDDEN + name)
        return
    keys = [item.name for item in items if item.kind in ("part", "fates")]
    if keys:
        table = store.fates if place == "fates" else Table(store.spark, url, schema.segment(), ("doc_id", "part"))
        table.take_out("run" if place == "fates" else "part", keys)
        # Delta writes files without rows then; they are ours, and garbage, unless somebody else may be writing.
        began = time.time_ns() if alone() else began
    folder = Folder.look(url)
    history = read_history(folder)
    kept = history.live if place.startswith(("segments/", "verdicts/")) else history.ever
    files.remove_files(f"{url}/{name}" for name in dead_files(folder, history, frozenset(kept), began))
