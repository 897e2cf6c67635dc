"""Finding what no run names: tables, parts, files that no commit refers to, scratch stores."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from spark_llmdata.delta_log import LOG, Folder, History, LogDamaged, beside, read_history
from spark_llmdata.sources import files
from spark_llmdata.stage import SETTLED_PATTERN
from spark_llmdata.store import Store
from spark_llmdata.store.delta import COPIES, CORPUS, REPRODUCTIONS, TRIALS
from spark_llmdata.upkeep.claims import Busy, Claims, read_claims

#: How the tables of segments and verdicts are called, and those below `settled/TABLE OF VERDICTS`; anything else in
#: their folders is not ours to remove.
_OURS = re.compile(r"[\w.-]*-[0-9a-f]{16}")
_SETTLED = re.compile(rf"settled/{_OURS.pattern}/{SETTLED_PATTERN}")
_COPY = re.compile(r"(\d{8}T\d{6}-[0-9a-f]{8})-\d+")  # a run, and the number of its copy
#: What a killed gc leaves: a folder that was being removed.
HIDDEN = ".removed-"
_HISTORIC = (CORPUS, TRIALS, "fates", "runs")  # their older versions can be read
#: Files that writers of Delta and Spark make in a table's folder (names below it), with those of their checksums.
_DATA = r"(?:part-[\w-]+(?:\.\w+)*\.parquet|deletion_vector_[\w-]+\.bin)"
_WRITTEN = re.compile(rf"(?:[^_./][^/]*/)*(?:{_DATA}|\.{_DATA}\.crc)")
#: Temporary files of a log: those of commits, checkpoints and checksums that were not finished.
_UNFINISHED_LOG = re.compile(r"_delta_log/\.{1,2}(?:\d+|_last_checkpoint)\.[^/]*tmp(?:\.crc)?")
FOREIGN = "not a file of llmdata's"
CHANGED = "it was changed after gc began; run gc again"


@dataclass(frozen=True)
class Item:
    """Something in a store: where (a path below it), which of what is there, how much; `why` says why it stays.

    `names` are the files, by their path below the place, that were there when gc looked: no other one is removed.
    """

    kind: str  # table, part, files, fates, reproduction, leftover
    place: str
    name: str = ""
    files: int = 0
    bytes: int = 0
    why: str = ""
    names: frozenset[str] = field(default=frozenset(), compare=False, repr=False)

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        facts = {"kind": self.kind, "place": self.place, "files": self.files, "bytes": self.bytes}
        return facts | {k: v for k, v in (("name", self.name), ("why", self.why)) if v}


@dataclass(frozen=True)
class Search:
    """A look through a store for what `claims` do not cover; `began_ns` is when gc began."""

    store: Store
    claims: Claims
    began_ns: int

    def find(self) -> list[Item]:
        """All that is garbage, and what is spared with the reason in `why`; in a stable order."""
        found = list(self._reproductions())
        for kind, ours in (("segments", _OURS), ("verdicts", _OURS), (COPIES, _COPY)):
            for name in files.list_names(f"{self.store.root}/{kind}"):
                found += self._table(f"{kind}/{name}", ours=bool(ours.fullmatch(name)))
        for place, verdicts in find_settled(self.store):
            found += self._table(place, verdicts, ours=bool(_SETTLED.fullmatch(place)))
        for name in _HISTORIC:
            found += self._historic(name)
        return found

    def _table(self, place: str, led_to: str = "", *, ours: bool) -> Iterator[Item]:
        """One table; it stays where a run names it, or for one that was settled, the table of verdicts it led to."""
        folder = Folder.look(f"{self.store.root}/{place}")
        whole = _whole("table", place, folder)
        if place.rpartition("/")[2].startswith(HIDDEN):
            yield replace(whole, kind="leftover")
            return
        if not ours:
            yield replace(whole, why="not a name that llmdata gives; move it elsewhere")
            return
        run = _COPY.fullmatch(place.removeprefix(f"{COPIES}/"))
        if run is not None and run[1] not in self.claims.known:
            yield replace(
                whole, why=f"run {run[1]} is about to begin, or was killed before; if it is dead, remove {place}"
            )
            return
        is_claimed = (led_to or place) in self.claims.tables
        # A run may have ended without what it had begun to settle.
        if not folder.versions and not folder.gaps() and (led_to or not is_claimed):
            yield self._unless_foreign(replace(whole, kind="leftover"), folder, History())
            return
        try:
            history = read_history(folder)
        except LogDamaged as damage:
            yield replace(whole, why=f"its log is damaged ({damage}); see llmdata fsck")
            return
        if not is_claimed:
            keepers = sorted(self.claims.unfinished & set(history.writers.values()))
            if not keepers:
                yield self._unless_foreign(whole, folder, history)
                return
            yield replace(whole, why=_continue(keepers))
        elif place.startswith("segments/"):
            yield from self._parts(place, folder, history)
        # A run that began while the rows of a part were taken out may name it, and read it by version.
        named = [held for part, held in history.parts.items() if (place, part) in self.claims.parts]
        yield from self._dead(place, folder, history, frozenset(history.live).union(*named))

    def _parts(self, place: str, folder: Folder, history: History) -> Iterator[Item]:
        for part, writer in sorted(history.writers.items()):
            if place in self.claims.whole or (place, part) in self.claims.parts:
                continue
            held = with_sums(folder, history.parts[part] & history.live.keys())
            item = Item("part", place, part, len(held), _bytes(folder, held), names=frozenset(held))
            yield (
                replace(item, why=_continue([writer])) if writer in self.claims.unfinished else self._unless_busy(item)
            )

    def _historic(self, place: str) -> Iterator[Item]:
        folder = Folder.look(f"{self.store.root}/{place}")
        if not folder.files:
            return
        try:
            history = read_history(folder)
        except LogDamaged as damage:
            why = f"its log is damaged ({damage}); see llmdata fsck"
            yield Item("files", place, files=len(folder.files), bytes=folder.size, why=why)
            return
        if place == "fates":
            for run in sorted(self.claims.abandoned & history.writers.keys()):
                yield Item("fates", place, run)
        yield from self._dead(place, folder, history, frozenset(history.ever))

    def _dead(self, place: str, folder: Folder, history: History, kept: frozenset[str]) -> Iterator[Item]:
        dead = dead_files(folder, history, kept, self.began_ns)
        if dead:
            item = Item("files", place, files=len(dead), bytes=_bytes(folder, dead), names=frozenset(dead))
            yield self._unless_busy(item)
        foreign = foreign_files(folder, history)
        if foreign:
            yield Item("files", place, _shown(foreign), len(foreign), _bytes(folder, foreign), FOREIGN)

    def _unless_busy(self, item: Item, folder: Folder | None = None) -> Item:
        """The item, spared while a run may be using it or is making it: what that run reuses is in no manifest yet."""
        if self.claims.busy:
            return replace(item, why="; ".join(busy.sentence() for busy in self.claims.busy))
        if folder is not None and any(changed >= self.began_ns for _, changed in folder.files.values()):
            return replace(item, why=CHANGED)
        return item

    def _unless_foreign(self, item: Item, folder: Folder, history: History) -> Item:
        """A whole folder, spared while somebody else's files are in it as well."""
        foreign = foreign_files(folder, history)
        if foreign:
            return replace(item, why=f"holds what is {FOREIGN} ({_shown(foreign)}); move that elsewhere")
        return self._unless_busy(item, folder)

    def _reproductions(self) -> Iterator[Item]:
        for name in files.list_names(f"{self.store.root}/{REPRODUCTIONS}"):
            place = f"{REPRODUCTIONS}/{name}"
            folder = Folder.look(f"{self.store.root}/{place}")
            item = _whole("reproduction", place, folder)
            if name.startswith(HIDDEN):
                yield replace(item, kind="leftover")
                continue
            try:
                busy: tuple[Busy, ...] = read_claims(Store(self.store.spark, f"{self.store.root}/{place}")).busy
            except Exception as problem:  # noqa: BLE001 - a broken scratch store is spared and told, whatever it is
                yield replace(item, why=f"cannot be read ({str(problem).splitlines()[0][:200]}); remove it yourself")
                continue
            if busy:
                why = f"run {busy[0].run} is at work in it, or began on another machine and may be"
                yield replace(item, why=f"{why}; if it is dead, remove the folder {place}")
            else:
                yield self._unless_busy(item, folder)  # its folder is there before its first event


def find_settled(store: Store) -> list[tuple[str, str]]:
    """The tables that corpus stages settled, each with the table of verdicts it led to, by their paths in the store."""
    return [
        (f"settled/{verdicts}/{name}", f"verdicts/{verdicts}")
        for verdicts in files.list_names(f"{store.root}/settled")
        for name in files.list_names(f"{store.root}/settled/{verdicts}")
    ]


def dead_files(folder: Folder, history: History, kept: frozenset[str], began_ns: int) -> list[str]:
    """The files of a table's folder that are none of `kept`, nor their checksums, nor younger than gc itself.

    Only names that writers of Delta and Spark give; of the log's own folder only what a killed one left: temporary
    files.
    """
    if history.is_elsewhere():
        return []
    dead = []
    for name, (_, changed) in sorted(folder.files.items()):
        if changed >= began_ns or name in kept or _guarded(name) in kept:
            continue
        if history.vectors and "deletion_vector_" in name:
            continue
        if _WRITTEN.fullmatch(name) or _UNFINISHED_LOG.fullmatch(name):
            dead.append(name)
    return dead


def foreign_files(folder: Folder, history: History) -> list[str]:
    """The files of a table's folder that no commit ever named and no writer of Delta would call so."""
    return [
        name
        for name in sorted(folder.files)
        if not name.startswith(LOG) and not _WRITTEN.fullmatch(name) and not {name, _guarded(name)} & history.ever
    ]


def _whole(kind: str, place: str, folder: Folder) -> Item:
    """A folder with all that is in it."""
    return Item(kind, place, files=len(folder.files), bytes=folder.size, names=frozenset(folder.files))


def _bytes(folder: Folder, names: Iterable[str]) -> int:
    return sum(folder.files[name][0] for name in names)


def _shown(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _guarded(name: str) -> str:
    """The file whose checksums a file `.NAME.crc` holds; the name itself for any other."""
    folder, slash, last = name.rpartition("/")
    if last.startswith(".") and last.endswith(".crc"):
        return f"{folder}{slash}{last[1:-4]}"
    return name


def with_sums(folder: Folder, names: set[str]) -> list[str]:
    """These of a folder's files, with the files of their checksums."""
    return sorted(n for name in names for n in (name, beside(name)) if n in folder.files)


def _continue(runs: list[str]) -> str:
    return (
        f"run {', '.join(runs)} can be continued (the same command with --resume); "
        f"`llmdata gc --abandon {' '.join(runs)}` gives it up"
    )
