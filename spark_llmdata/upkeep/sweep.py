"""Garbage collection: what no run names is removed, everything else stays, and both are told."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from spark_llmdata import schema
from spark_llmdata.delta_log import Folder, read_history
from spark_llmdata.errors import UsageError
from spark_llmdata.sources import files
from spark_llmdata.store import Store, Table
from spark_llmdata.upkeep.claims import Claims, read_claims
from spark_llmdata.upkeep.claims import abandon as give_up
from spark_llmdata.upkeep.garbage import CHANGED, HIDDEN, Item, Search, dead_files

DISTURBED = "a run has begun or ended meanwhile; run gc again"


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
    claims = read_claims(store, given_up if dry_run else ())
    _check_given_up(given_up, claims)
    found = Search(store, claims, began).find()
    garbage, left = [i for i in found if not i.why], [i for i in found if i.why]
    if dry_run:
        return Sweep(store.root, True, garbage, left, given_up)
    removed: list[Item] = []
    stopped: str | None = None
    for place, items in groupby(garbage, key=lambda item: item.place):
        group = list(items)
        why = stopped or _remove(store, place, group, began, lambda: _events(log) == events)
        if why:
            left += [replace(item, why=why) for item in group]
            stopped = DISTURBED if why == DISTURBED else None
        else:
            removed += group
    return Sweep(store.root, False, removed, left, given_up, stopped)


def _check_given_up(given_up: Sequence[str], claims: Claims) -> None:
    """Refuse to go on where a run was continued after it was recorded as given up: the ledger says which came last."""
    for run in given_up:
        if run not in claims.abandoned:
            raise UsageError(
                f"--abandon {run}: somebody continued it (--resume) at this moment, so it is not given up and nothing "
                "was removed; `llmdata runs` tells what becomes of it"
            )


def _events(log: str) -> list[str]:
    """The commits of the log of runs: there is a new one when a run has begun or ended."""
    return [name for name in files.list_names(log) if name.endswith(".json") and not name.startswith(".")]


def _remove(store: Store, place: str, items: Sequence[Item], began: int, alone: Callable[[], bool]) -> str:
    """Remove what is garbage in one table, or all of it; says why something had to stay, and nothing otherwise.

    `alone` tells whether no run has begun since gc looked; it is asked right before rows go, and right behind that,
    before files go: a run that begins later reads the table without these rows, one that began before may still read
    their files.
    """
    url = f"{store.root}/{place}"
    if items[0].kind in ("table", "leftover", "reproduction"):
        return _remove_whole(url, items[0], alone)
    keys = [item.name for item in items if item.kind in ("part", "fates")]
    before = Folder.look(url)
    if not alone():
        return DISTURBED
    if keys:
        table = store.fates if place == "fates" else Table(store.spark, url, schema.segment(), ("doc_id", "part"))
        table.take_out("run" if place == "fates" else "part", keys)
    folder = Folder.look(url)
    history = read_history(folder)
    if not alone():
        return DISTURBED
    kept = frozenset(
        history.live if place.startswith(("segments/", "verdicts/", "settled/", "inputs/")) else history.ever
    )
    seen = {name for item in items for name in item.names}
    dead = seen.intersection(dead_files(folder, history, kept, began))
    if keys:  # taking rows out, Delta writes files without rows and does not commit them; nobody else is writing
        written = Folder(url, {name: facts for name, facts in folder.files.items() if name not in before.files})
        dead.update(dead_files(written, history, kept, _NEVER))
    files.remove_files(f"{url}/{name}" for name in sorted(dead))
    return ""


_NEVER = 1 << 63  # younger than any file


def _remove_whole(url: str, item: Item, alone: Callable[[], bool]) -> str:
    """Remove a folder, unless something has come into it since gc looked, or a run has begun."""
    if not item.names.issuperset(Folder.look(url).files):
        return CHANGED
    if not alone():
        return DISTURBED
    name = url.rpartition("/")[2]
    files.remove_folder(url, name if name.startswith(HIDDEN) else HIDDEN + name)
    if item.place.startswith("settled/"):
        files.remove_empty_folder(url.rpartition("/")[0])
    return ""
