"""Runs that meet in a store: two or three at once, two that resume the same one, one that was believed dead."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.faults.injections import KILLED, Finding, Undisturbed, check_states
from tests.faults.killing import Appeared, Command, Said, kill_all, send
from tests.faults.scene import ask, commits, listed

#: Makes another recipe of the scene's.
OTHER = "--set=second.ending=forest"


def run_at_once(it: Undisturbed, *settings: tuple[str, ...]) -> Finding:
    """Start runs together into a new store: all succeed, each makes what it makes alone."""
    begin = time.monotonic()
    store = it.scene.new_store()
    commands = [it.scene.start(store, *its) for its in settings]
    names = ", ".join("another recipe" if its else "the recipe" for its in settings)
    finding = Finding(what=f"{len(settings)} at once", when=names, continued="by themselves", hit=True)
    runs = [_take(finding, command) for command in commands]
    for its, run in zip(settings, runs, strict=True):
        if run:
            it.compare(finding, store, run, it.other(OTHER) if its else it.outcome)
    tell(finding, store)
    finding.expect(finding.states == ", ".join(["done"] * len(settings)), f"listed: {finding.states}")
    told = {run["run"]: run["corpus_version"] for run in listed(store)}
    builds = {note["run"]: note.get("holds", note["version"]) for note in commits(store / "corpus")}
    finding.expect(told == builds, f"listed versions {told}, committed {builds}")
    finding.same = not finding.problems
    finding.seconds = time.monotonic() - begin
    return finding


def _take(finding: Finding, command: Command) -> str:
    """Wait for a run; its id, or nothing where it failed."""
    code = command.wait()
    finding.codes.append(code)
    finding.expect(not command.wait_for_all(), "processes are left over")
    finding.expect(code == 0, f"exit {code}:\n{command.said()}")
    return str(command.answer()["run"]) if code == 0 else ""


def tell(finding: Finding, store: Path, unfinished: frozenset[str] = frozenset()) -> None:
    """Note which states are listed, and hold them against the corpus."""
    runs = listed(store)
    finding.states = ", ".join(run["state"] for run in runs) or "none"
    check_states(finding, store, runs, unfinished)


def resume_nothing_then_done(it: Undisturbed) -> Finding:
    """`--resume` with nothing to resume starts a run; on a finished one it tells its result and starts none."""
    begin = time.monotonic()
    store = it.scene.new_store()
    finding = Finding(what="nothing", when="nothing there, then done", continued="--resume twice", hit=True)
    first, facts, said = ask(*it.scene.arguments(store, "--resume"))
    finding.expect("nothing to resume" in said, said)
    took = time.monotonic()
    second, again, said = ask(*it.scene.arguments(store, "--resume"))
    took = time.monotonic() - took
    finding.codes = [first, second]
    finding.expect(finding.codes == [0, 0], f"exit {finding.codes}: {said}")
    finding.expect("is done; this is its result" in said, said)
    same = ("run", "counts", "by_stage", "corpus", "reasons", "recipe", "reproducible")
    finding.expect(all(facts[key] == again[key] for key in same), f"told {again}, was {facts}")
    finding.expect(took < facts["seconds"], f"telling took {took:.1f} s, running {facts['seconds']} s")
    finding.expect(len(listed(store)) == 1, "a run was added")
    it.compare(finding, store, facts["run"])
    tell(finding, store)
    finding.seconds = time.monotonic() - begin
    return finding


def resume_alive(it: Undisturbed) -> Finding:
    """`--resume` while the run is alive is refused, and names its process."""
    store = it.scene.new_store()
    command = it.scene.start(store)
    finding = Finding(what="nothing", when="while it runs", continued="--resume, refused")
    finding.hit = Said("judging: filter").wait(command, store)
    code, facts, _ = ask(*it.scene.arguments(store, "--resume"))
    finding.hit = finding.hit and command.alive()
    if finding.hit:
        finding.codes.append(code)
        finding.expect(code == 2, f"exit {code}: {facts}")
        finding.expect(str(command.pid) in facts.get("error", ""), f"{facts} does not name {command.pid}")
    it.finish(finding, command, store)
    return finding


def resume_twice_at_once(it: Undisturbed) -> Finding:
    """Two that resume the same run: one does, the other is refused or tells its result; there is one build."""
    begin = time.monotonic()
    store = it.scene.new_store()
    command = it.scene.start(store)
    finding = Finding(what="everything", when=str(Said("judging: second")), continued="--resume, two at once")
    finding.hit = Said("judging: second").wait(command, store) and bool(kill_all(command))
    finding.codes.append(command.wait())
    finding.expect(finding.codes == [KILLED], command.said())
    commands = [it.scene.start(store, "--resume") for _ in range(2)]
    codes = [resumed.wait() for resumed in commands]
    finding.codes += codes
    finding.expect(sorted(codes) in ([0, 0], [0, 2]), "\n".join(resumed.said() for resumed in commands))
    for resumed in commands:
        finding.expect(not resumed.wait_for_all(), "processes are left over")
    both = codes == [0, 0] and all("resuming" in resumed.said() for resumed in commands)
    finding.expect(not both, "both have continued the run")
    tell(finding, store)
    finding.expect(finding.states == "done", f"listed: {finding.states}")
    it.compare(finding, store, listed(store)[0]["run"])
    finding.seconds = time.monotonic() - begin
    return finding


def wake_a_ghost(it: Undisturbed, pattern: str) -> Finding:
    """A driver dies, its JVM hangs in the last commit, and wakes up when the run has long been resumed."""
    begin = time.monotonic()
    store = it.scene.new_store()
    command = it.scene.start(store)
    moment = Appeared(pattern)
    finding = Finding(what="driver; JVM sleeps", when=str(moment), continued="--resume, then JVM wakes")
    finding.hit = moment.wait(command, store)
    jvms = [process.pid for process in command.processes("jvm")]
    for pid in jvms:
        send(pid, signal.SIGSTOP)
    send(command.pid, signal.SIGKILL)
    finding.codes.append(command.wait())
    code, facts, said = ask(*it.scene.arguments(store, "--resume"))
    other, theirs, more = ask(*it.scene.arguments(store, OTHER))
    finding.codes += [code, other]
    finding.expect(finding.codes == [KILLED, 0, 0], f"exit {finding.codes}: {said}{more}")
    for pid in jvms:
        send(pid, signal.SIGCONT)
    finding.expect(not command.wait_for_all(), "the JVM has not ended")
    tell(finding, store)
    it.compare(finding, store, facts["run"])
    builds = [note["run"] for note in commits(store / "corpus")]
    finding.expect(builds[-1] == theirs["run"], f"an older run came back to the top: {builds}")
    finding.seconds = time.monotonic() - begin
    return finding


SCENARIOS: Mapping[str, Callable[[Undisturbed], Finding]] = {
    "two": lambda it: run_at_once(it, (), ()),
    "two others": lambda it: run_at_once(it, (), (OTHER,)),
    "three": lambda it: run_at_once(it, (), (OTHER,), ()),
    "resume done": resume_nothing_then_done,
    "resume alive": resume_alive,
    "resume twice": resume_twice_at_once,
    "ghost": lambda it: wake_a_ghost(it, "corpus/*.parquet"),
    "ghost commit": lambda it: wake_a_ghost(it, "corpus/_delta_log/.*"),
}
