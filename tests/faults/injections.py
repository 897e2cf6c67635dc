"""An injection: strike a run at a moment, see what is told of it, continue it, compare with the undisturbed run."""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.killing import Command, Moment, Strike
from tests.faults.scene import Outcome, Scene, ask, commits, listed, observe

KILLED = -signal.SIGKILL
ENVIRONMENT = 3


@dataclass(frozen=True)
class Injection:
    """Strikes, each at its moment, the second one at the run that continues the first; and how it is continued."""

    strikes: Sequence[tuple[Moment, Strike]]
    resume: bool
    code: int = KILLED  # the exit code of a command that was struck
    states: frozenset[str] = frozenset({"killed"})  # of which one is listed for a run without a build


@dataclass
class Finding:
    """What came of an injection: a line of the table. `problems` are the promises that were broken."""

    what: str = ""
    when: str = ""
    continued: str = ""
    codes: list[int] = field(default_factory=list)
    states: str = ""
    hit: bool = False
    same: bool = False
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)

    def expect(self, good: bool, words: str) -> None:
        """Note a broken promise."""
        if not good:
            self.problems.append(words)


class Undisturbed:
    """The session that asks, the scene, and what a run makes that nobody disturbs.

    With `measure` it runs in a process of its own, as those that are disturbed, and `seconds` are what it took.
    """

    def __init__(self, spark: Any, scene: Scene, *, measure: bool = True) -> None:
        self.spark, self.scene = spark, scene
        self._others: dict[str, Outcome] = {}
        store = scene.new_store()
        self.seconds = self._measure(store) if measure else 0.0
        if not measure:
            code, _, said = ask(*scene.arguments(store))
            assert code == 0, said
        (run,) = listed(store)
        self.outcome: Outcome = observe(spark, store, run["run"])
        assert self.outcome.counts["kept"] > 0
        assert all(n > 0 for _, _, n, _, _ in self.outcome.by_stage[2:]), "each stage has to remove something"

    def _measure(self, store: Path) -> float:
        command = self.scene.start(store)
        code = command.wait()
        seconds = command.seconds()
        assert code == 0, command.said()
        assert command.wait_for_all() == []
        return seconds

    def inject(self, injection: Injection) -> Finding:
        """Carry an injection out."""
        begin = time.monotonic()
        finding = Finding()
        store = self.scene.new_store()
        self._strike_all(injection, store, finding)
        before = listed(store)
        finding.states = ", ".join(run["state"] for run in before) or "none"
        check_states(finding, store, before, injection.states if finding.hit else frozenset({"killed"}))
        self._continue(injection, store, before, finding)
        finding.seconds = time.monotonic() - begin
        return finding

    def _strike_all(self, injection: Injection, store: Path, finding: Finding) -> None:
        whats, whens = [], []
        for number, (moment, strike) in enumerate(injection.strikes):
            command = self.scene.start(store, *(["--resume"] if number and injection.resume else []))
            hit = moment.wait(command, store)
            at = f"{command.seconds():.1f} s {command.phase()}"
            what = strike(command) if hit else ""
            finding.codes.append(command.wait())
            left = command.wait_for_all()
            finding.expect(not left, f"left over: {', '.join(f'{p.kind} {p.pid}' for p in left)}")
            # A run that ended before the moment, or while it was struck, shows nothing: it counts as not hit.
            struck = bool(what) and finding.codes[-1] != 0
            if struck:
                finding.expect(finding.codes[-1] == injection.code, f"exit {finding.codes[-1]}:\n{command.said()}")
                # PySpark's own threads print a trace when their JVM dies; ours has to be the last word.
                plain = not command.strays() or (
                    injection.code == ENVIRONMENT and "Spark's JVM" in command.lines[-1][1]
                )
                finding.expect(plain or injection.code == KILLED, f"not one sentence:\n{command.said()}")
            else:
                finding.expect(finding.codes[-1] == 0, f"exit {finding.codes[-1]}:\n{command.said()}")
            finding.hit = struck and (finding.hit or number == 0)
            whats.append(what if struck else "finished before")
            whens.append(f"{moment} ({at})" if struck else str(moment))
        finding.what, finding.when = ", then ".join(whats), ", then ".join(whens)

    def _continue(self, injection: Injection, store: Path, before: list[dict[str, Any]], finding: Finding) -> None:
        finding.continued = "--resume" if injection.resume else "same command"
        arguments = self.scene.arguments(store, *(["--resume"] if injection.resume else []))
        code, facts, said = ask(*arguments)
        finding.codes.append(code)
        finding.expect(code == 0, f"the continued run: exit {code}: {said}")
        if code != 0:
            return
        after = listed(store)
        if injection.resume and before:
            finding.expect(facts["run"] == before[-1]["run"], "--resume gave another run")
            finding.expect(len(after) == len(before), "--resume added a run")
        else:
            finding.expect(len(after) == len(before) + 1, f"{len(before)} runs before, {len(after)} afterwards")
        done = {run["run"]: run["state"] for run in after}[facts["run"]]
        finding.expect(done == "done", f"the continued run is {done}")
        check_states(finding, store, after, injection.states | {"killed"})
        self.compare(finding, store, facts["run"])

    def compare(self, finding: Finding, store: Path, run: str, wanted: Outcome | None = None) -> None:
        """Hold what a run made against what the undisturbed run made."""
        found, wanted = observe(self.spark, store, run), wanted or self.outcome
        for name, value in vars(wanted).items():
            has = getattr(found, name)
            finding.expect(has == value, f"{name} is {has}, undisturbed {value}")
        finding.same = found == wanted

    def other(self, setting: str) -> Outcome:
        """What an undisturbed run of the recipe with another setting makes."""
        if setting not in self._others:
            store = self.scene.new_store()
            code, facts, said = ask(*self.scene.arguments(store, setting))
            assert code == 0, said
            self._others[setting] = observe(self.spark, store, facts["run"])
        return self._others[setting]

    def disturb(self, command: Command, moment: Moment, strike: Strike, store: Path) -> Finding:
        """Strike a part of a run that has to go on by itself."""
        finding = Finding(continued="by itself")
        hit = moment.wait(command, store)
        at = f"{command.seconds():.1f} s {command.phase()}"
        what = strike(command) if hit else ""
        finding.hit = bool(what) and command.alive()
        finding.what = what if finding.hit else "finished before"
        finding.when = f"{moment} ({at})" if finding.hit else str(moment)
        self.finish(finding, command, store)
        return finding

    def finish(self, finding: Finding, command: Command, store: Path) -> None:
        """Let a run come to its end, which has to be as if nothing had happened."""
        code = command.wait()
        finding.codes.append(code)
        left = command.wait_for_all()
        finding.expect(not left, f"left over: {', '.join(f'{p.kind} {p.pid}' for p in left)}")
        finding.expect(code == 0, f"exit {code}:\n{command.said()}")
        runs = listed(store)
        finding.states = ", ".join(run["state"] for run in runs)
        check_states(finding, store, runs, frozenset())
        if code == 0:
            self.compare(finding, store, runs[-1]["run"])
        finding.seconds = command.seconds()


def check_states(finding: Finding, store: Path, runs: list[dict[str, Any]], unfinished: frozenset[str]) -> None:
    """Hold the list of runs against the log of the corpus: done are those, and only those, that have a commit in it."""
    notes = [note for note in commits(store / "corpus") if "run" in note]
    builds = {note["run"] for note in notes}
    written = [note["run"] for note in notes if "holds" not in note]  # the others name an older version
    finding.expect(len(written) == len(set(written)), f"a run wrote its build twice: {written}")
    for run in runs:
        allowed = {"done"} if run["run"] in builds else unfinished
        finding.expect(run["state"] in allowed, f"{run['run']} is listed {run['state']}, expected {sorted(allowed)}")
    known = {run["run"] for run in runs}
    finding.expect(builds <= known, f"builds of unknown runs: {builds - known}")
