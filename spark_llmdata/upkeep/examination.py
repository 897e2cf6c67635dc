"""fsck: everything that the runs' manifests name is looked at, the cheap checks first; nothing is written."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence

from spark_llmdata.delta_log import Folder, LogDamaged
from spark_llmdata.errors import NotFound, UsageError
from spark_llmdata.sources import files
from spark_llmdata.store import Store
from spark_llmdata.store.delta import COPIES, CORPUS, TRIALS
from spark_llmdata.upkeep.claims import read_claims
from spark_llmdata.upkeep.contents import ContentCheck
from spark_llmdata.upkeep.findings import Examination, reason
from spark_llmdata.upkeep.folders import FolderCheck
from spark_llmdata.upkeep.garbage import HIDDEN, Search, find_settled
from spark_llmdata.upkeep.manifests import Manifest, read_manifests, remedy_for


def check_store(store: Store, run: str | None = None, say: Callable[[str], None] | None = None) -> Examination:
    """Check a store, or what one run names; whatever is damaged becomes a finding, and the checks go on.

    Raises:
        NotFound: there is no such run.
        UsageError: the store's files cannot be listed from here.
    """
    tell = say or (lambda _: None)
    found = Examination(store.root)
    if not files.list_names(f"{store.root}/runs") and not files.list_names(f"{store.root}/corpus"):
        raise UsageError(
            f"--store {store.root}: holds no store, or its files cannot be listed from here; for a path that only "
            "Spark knows give the url that fsspec understands, or the place where it is mounted"
        )
    tell("reading logs and manifests")
    builds = find_builds(store)
    _check_folder(store, found, "runs", ())
    manifests = read_manifests(store, builds, found)
    if run is not None:
        manifests = [m for m in manifests if m.run.startswith(run)]
        if len({m.run for m in manifests}) != 1:
            raise NotFound(
                f"{len(manifests) or 'no'} runs begin with {run!r} in {store.root}; `llmdata runs` lists all"
            )
    found.runs = [m.run for m in manifests]
    readable = [m for m in manifests if m.readable]
    tell("reading every file whole")
    for place, named in _places(store, readable, everything=run is None).items():
        tell(f"  {place}")
        concerned = readable if place == "fates" else [m for m in readable if named in m.tables]
        if place in (CORPUS, TRIALS):
            built = [m for m in manifests if m.version is not None or m.state == "committing"]
            concerned = [m for m in built if m.table == place]
        _check_folder(store, found, place, concerned, named=named, optional=place == "fates")
    tell("comparing rows with the manifests")
    contents = ContentCheck(store, readable, found)
    contents.check_segments()
    contents.check_verdicts()
    contents.check_fates()
    tell("hashing builds")
    contents.check_builds()
    if run is None:
        found.garbage = _garbage(store, tell)
    return found


def find_builds(store: Store) -> dict[str, tuple[str, int]]:
    """The table and its version that hold each run's build, as far as the logs can be read."""
    builds: dict[str, tuple[str, int]] = {}
    for table in (CORPUS, TRIALS):
        folder = Folder.look(store.builds(table).path)
        for version in folder.versions:
            try:
                note = folder.commit(version).note
            except LogDamaged:
                continue
            if "run" in note:
                builds[str(note["run"])] = table, int(note.get("holds", version))
    return builds


def _places(store: Store, manifests: Sequence[Manifest], *, everything: bool) -> dict[str, str]:
    """The tables to look at, each with the one by which runs name it: for what was settled, the table of verdicts.

    Those that runs name and, with `everything`, those that none does.
    """
    named = {table for manifest in manifests for table in manifest.tables}
    places = {table: table for table in named}
    for kind in ("segments", "verdicts", COPIES) if everything else ():
        places |= {f"{kind}/{name}": f"{kind}/{name}" for name in files.list_names(f"{store.root}/{kind}")}
    places |= {place: verdicts for place, verdicts in find_settled(store) if everything or verdicts in named}
    there = {place for place in places if place in named or _is_table(store, place)}
    tables = {place: places[place] for place in sorted(there)}
    tries = any(m.table == TRIALS for m in manifests) or (everything and _is_table(store, TRIALS))
    return {"fates": "fates", **tables, CORPUS: CORPUS} | ({TRIALS: TRIALS} if tries else {})


def _is_table(store: Store, place: str) -> bool:
    hidden = place.rpartition("/")[2].startswith(HIDDEN)
    return not hidden and bool(files.list_names(f"{store.root}/{place}/_delta_log"))


def _check_folder(
    store: Store,
    found: Examination,
    place: str,
    concerned: Sequence[Manifest],
    *,
    named: str = "",
    optional: bool = False,
) -> None:
    """Check one table for the runs it concerns, which may name another one for it."""
    everybody = tuple(m.run for m in concerned)
    has_builds = place in (CORPUS, TRIALS)
    versions = tuple(sorted({m.version for m in concerned if m.version is not None})) if has_builds else ()

    def whose(key: str | int) -> tuple[str, ...]:
        if isinstance(key, int):  # a version; a run whose commit is lost cannot be told from one that was killed
            return tuple(m.run for m in concerned if m.version in (key, None))
        return tuple(m.run for m in concerned if (m.run == key if place == "fates" else m.names(named or place, key)))

    def remedy(runs: Collection[str], log: bool) -> str:
        return remedy_for(place, [m for m in concerned if m.run in runs], store.root, log=log)

    with found.checking("table", place, everybody, remedy(everybody, True)):
        folder = Folder.look(f"{store.root}/{place}")
        if not folder.files:
            if concerned and not optional and not (has_builds and _may_be_uncommitted(concerned)):
                found.note("table", place, "is missing", everybody, remedy(everybody, True))
            return
        FolderCheck(store.spark, folder, place, found, everybody, whose, remedy, versions).check()


def _may_be_uncommitted(concerned: Sequence[Manifest]) -> bool:
    """Whether a table of builds that is not there may never have been.

    A run announces its commit before it makes it, and one that was stopped between the two leaves no table where it
    was the first. A second one would have made it.
    """
    return len(concerned) == 1 and concerned[0].version is None


def _garbage(store: Store, tell: Callable[[str], None]) -> int | None:
    """What gc would free, in bytes."""
    try:
        items = Search(store, read_claims(store), time.time_ns()).find()
    except Exception as failure:  # noqa: BLE001 - a hint; what is damaged has been told
        tell(f"  what gc would remove cannot be told: {reason(failure)}")
        return None
    return sum(item.bytes for item in items if not item.why)
