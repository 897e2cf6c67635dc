"""What fsck finds: damage, whom it concerns, what to do about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Finding:
    """Damage: `what` was checked, at which `place` (a path below the store), the problem, the runs it concerns."""

    what: str  # log, file, manifest, table, rows, fates, corpus
    place: str
    problem: str
    runs: tuple[str, ...]
    remedy: str


@dataclass
class Examination:
    """What was checked and what was found; `findings` is empty where the store is whole."""

    store: str
    runs: list[str] = field(default_factory=list)  # whose claims were checked
    tables: int = 0
    files: int = 0
    bytes: int = 0
    garbage: int | None = None  # bytes that gc would remove; None where that cannot be told
    _known: dict[tuple[str, str, str], Finding] = field(default_factory=dict, repr=False)
    _unreadable: set[str] = field(default_factory=set, repr=False)

    @property
    def findings(self) -> list[Finding]:
        """All damage, in the order in which it was found."""
        return list(self._known.values())

    def note(self, what: str, place: str, problem: str, runs: Collection[str], remedy: str) -> None:
        """Take a finding in; the same one again adds the runs it concerns."""
        known = self._known.get((what, place, problem))
        if known is None:
            known = Finding(what, place, problem, (), remedy)
        self._known[what, place, problem] = replace(known, runs=tuple(sorted({*known.runs, *runs})))
        if what in ("log", "file", "table"):
            self._unreadable |= {place[:end] for end, sign in enumerate(place) if sign == "/"} | {place}

    @contextmanager
    def checking(self, what: str, place: str, runs: Collection[str], remedy: str) -> Iterator[None]:
        """Make whatever fails in here a finding, so that the other checks go on."""
        try:
            yield
        except Exception as failure:  # noqa: BLE001 - of damage anything may come, and all of it is told
            self.note(what, place, reason(failure), runs, remedy)

    @property
    def sound(self) -> list[str]:
        """The runs that nothing was found for."""
        hurt = {run for finding in self.findings for run in finding.runs}
        return [run for run in self.runs if run not in hurt]

    def is_unreadable(self, place: str) -> bool:
        """Whether a table or a file of it is damaged or gone, so that asking it for rows makes no sense."""
        return place in self._unreadable

    def as_json(self) -> dict[str, Any]:
        """The object that `llmdata fsck --json` prints."""
        return {
            "store": self.store,
            "ok": not self.findings,
            "findings": [asdict(finding) for finding in self.findings],
            "runs": list(self.runs),
            "sound": self.sound,
            "tables": self.tables,
            "files": self.files,
            "bytes": self.bytes,
            "garbage_bytes": self.garbage,
        }

    def summary(self) -> str:
        """What was looked at, and the verdict."""
        looked = f"{self.tables} tables, {self.files:,} files, {self.bytes:,} bytes of {len(self.runs)} runs checked"
        verdict = "nothing is damaged"
        if self.findings:
            fine = ", ".join(self.sound)
            verdict = f"{len(self.findings)} findings" + (f"; nothing was found for {fine}" if fine else "")
        hint = f"; llmdata gc would free {self.garbage:,} bytes" if self.garbage else ""
        return f"{looked}: {verdict}{hint}"


#: How the JVM tells what was behind an error, and Python in a trace.
_RAISED = re.compile(r"^(?:[\w.]+\.)?(\w+(?:Error|Exception|Problem): .+)$", re.MULTILINE)
_CAUSE = re.compile(r"^\s*Caused by: (?:[\w.$]+\.)?(\w+(?:: .+)?)$", re.MULTILINE)


def reason(failure: BaseException) -> str:
    """An error in one line; of Spark's the innermost cause."""
    text = str(failure)
    lines = [line for line in text.splitlines() if line.strip()]
    causes = _CAUSE.findall(text) or _RAISED.findall(text)
    said = causes[-1] if causes else f"{type(failure).__name__}: {lines[0] if lines else 'no message'}"
    return str(said)[:300]


def damaged_among(names: Sequence[str], read: Callable[[Sequence[str]], None], most: int) -> Iterator[tuple[str, str]]:
    """Name each of the things that cannot be read, with the reason; `read` reads some of them together.

    Halves are tried again until one thing is left, so that what is whole costs one reading; `most` bounds the search.
    """
    waiting = [list(names)] if names else []
    found = 0
    while waiting and found < most:
        group = waiting.pop()
        try:
            read(group)
        except Exception as failure:  # noqa: BLE001 - of damage anything may come, and all of it is told
            if len(group) == 1:
                found += 1
                yield group[0], reason(failure)
            else:
                middle = len(group) // 2
                waiting += [group[middle:], group[:middle]]
