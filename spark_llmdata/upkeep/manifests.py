"""The runs' manifests as fsck needs them: read one by one, whatever is wrong with another one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from spark_llmdata.store import Store
from spark_llmdata.store.command import describe_command
from spark_llmdata.store.delta import CORPUS, TRIALS
from spark_llmdata.store.ledger import MANIFEST_FORMAT
from spark_llmdata.upkeep.findings import Examination


@dataclass
class Manifest:
    """What a run says of itself; `version` is the one of the table `built_in` that holds its build."""

    run: str
    recipe: str = ""
    state: str = ""
    version: int | None = None
    built_in: str = ""
    facts: dict[str, Any] = field(default_factory=dict)  # its events, later ones over earlier ones; without the inputs
    readable: bool = True

    @property
    def segments(self) -> list[dict[str, Any]]:
        """The segments' tables and parts, in order."""
        return list(self.facts.get("segments", ()))

    @property
    def verdicts(self) -> list[dict[str, Any]]:
        """The tables of verdicts with their rows."""
        return list(self.facts.get("verdicts", ()))

    @property
    def tables(self) -> set[str]:
        """All tables it names."""
        return {entry["table"] for entry in (*self.segments, *self.verdicts)} | set(self.facts.get("copies", ()))

    def names(self, table: str, part: str) -> bool:
        """Whether it names a part of a table; of a table for one set of files it names all."""
        for entry in self.segments:
            if entry["table"] == table:
                return part in entry["parts"] or not table.endswith(entry["fingerprint"])
        return table in self.tables

    @property
    def table(self) -> str:
        """The table of builds that has its build, or would have it."""
        return self.built_in or (TRIALS if self.facts.get("portion") else CORPUS)

    def command(self, store: str) -> str:
        """The command that makes the same again, as it was given, with absolute paths."""
        return describe_command({"recipe": {"name": self.recipe}} | self.facts, store)


def read_manifests(store: Store, builds: Mapping[str, tuple[str, int]], found: Examination) -> list[Manifest]:
    """Read all runs that are not given up; what cannot be read is noted, and its run left out of further checks."""
    runs: dict[str, Manifest] = {}
    remedy = remedy_for("runs", [], store.root)
    with found.checking("manifest", "runs", (), remedy):
        rows = store.runs.read().select("run", "seq", "state", "recipe", "manifest").orderBy("run", "seq")
        for row in rows.toLocalIterator():
            manifest = runs.setdefault(row.run, Manifest(row.run))
            manifest.recipe, manifest.state = row.recipe, row.state
            with found.checking("manifest", f"runs/{row.run}", [row.run], remedy):
                whole, manifest.readable = manifest.readable, False
                _take(manifest, json.loads(row.manifest))
                manifest.readable = whole
    for manifest in runs.values():
        manifest.built_in, manifest.version = builds.get(manifest.run, ("", None))
        written = manifest.facts.get("format", MANIFEST_FORMAT)
        if written > MANIFEST_FORMAT:
            manifest.readable = False
            problem = f"was recorded by a newer spark_llmdata (manifest format {written}; known is {MANIFEST_FORMAT})"
            found.note("manifest", f"runs/{manifest.run}", problem, [manifest.run], "update the package, check again")
    return [m for m in runs.values() if m.state != "abandoned" or m.version is not None]


def _take(manifest: Manifest, facts: dict[str, Any]) -> None:
    facts.pop("inputs", None)  # may be long, and nothing here needs them
    manifest.facts |= facts


def remedy_for(place: str, manifests: list[Manifest], store: str, *, log: bool = False) -> str:
    """What to do about damage in a table, or in its `log`, given whom it concerns."""
    commands = list(dict.fromkeys(m.command(store) for m in manifests if m.readable))
    again = "; then ".join(commands) or "the command that made it"
    if place.startswith(("segments/", "verdicts/", "settled/")):
        if not manifests:
            return f"no run names {place}: llmdata gc removes it, or move the folder away"
        if place.startswith("settled/"):
            return f"move the folder {place} away; what it led to is in verdicts, and no run reads it again"
        return f"move the folder {place} away and run the same again, with the same code: {again}"
    restore = "restore the file from a backup; without one "
    if place.startswith("inputs/"):
        return (
            f"{restore}the input that was copied there (a data frame, or a table without versions) cannot be read "
            "again: the build stays as it is, but cannot be reproduced"
        )
    if place in (CORPUS, TRIALS) and log:
        return (
            f"{restore}move the folder {place} away, and all its builds with it, and run their commands again: {again}"
        )
    if place in (CORPUS, TRIALS):
        end = f"DELETE FROM delta.`{store}/{place}`"
        return (
            f"{restore}run the same command again, which makes a new build: {again}; if the damaged build is the "
            f"newest, say first, in Spark SQL: {end} (older builds stay)"
        )
    if place == "fates":
        return (
            f"{restore}move the folder fates away: the corpus is not touched, but what became of each record is then "
            f"known only for runs made again: {again}"
        )
    return (
        f"{restore}move the folder runs away and run the same commands again, which reuse the segments; older builds "
        "stay readable as versions of corpus"
    )
