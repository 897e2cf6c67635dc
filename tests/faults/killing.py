"""Real processes, the moments to strike at, and the strikes; every process belongs to a session of its own."""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: How long a process may take to notice that its driver is gone, in seconds.
PATIENCE_S = 120.0
#: How often a folder or a process is looked at, in seconds.
LOOK_S = 0.001


@dataclass(frozen=True)
class Process:
    """A running process as /proc tells it."""

    pid: int
    parent: int
    session: int
    command: str

    @property
    def kind(self) -> str:
        """`executor`, `daemon` (forks Python workers), `jvm` or `python`."""
        if "CoarseGrainedExecutorBackend" in self.command:
            return "executor"
        if "pyspark.daemon" in self.command:
            return "daemon"
        return "jvm" if "java" in self.command.split("\0", 1)[0] else "python"


def list_session(session: int) -> list[Process]:
    """The processes of a session that are alive, whatever process groups they made for themselves."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            state, parent, _, its = (folder / "stat").read_text().rsplit(")", 1)[1].split()[:4]
            command = (folder / "cmdline").read_bytes().decode("utf-8", "replace")
        except OSError:
            continue  # it ended while we looked
        if int(its) == session and state not in "ZX":
            found.append(Process(int(folder.name), int(parent), session, command))
    return found


class Command:
    """`llmdata ...` as a process with a session of its own; standard error is kept line by line with its time."""

    def __init__(self, arguments: Sequence[str], folder: Path, env: Mapping[str, str] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.out = folder / f"out-{len(list(folder.glob('out-*')))}.json"
        self.began = time.monotonic()
        with self.out.open("wb") as out:
            self.popen = subprocess.Popen(
                [str(Path(sys.executable).with_name("llmdata")), *arguments],
                stdout=out,
                stderr=subprocess.PIPE,
                stdin=subprocess.DEVNULL,
                cwd=folder,
                env={**os.environ, "TMPDIR": str(folder), "CI": "", **(env or {})},
                start_new_session=True,
                text=True,
            )
        self.pid = self.popen.pid
        atexit.register(self.kill_session)  # nothing outlives the harness, however it ends
        self.lines: list[tuple[float, str]] = []
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.popen.stderr is not None
        for line in self.popen.stderr:
            with self._news:
                self.lines.append((self.seconds(), line.rstrip("\n")))
                self._news.notify_all()
        with self._news:
            self._news.notify_all()

    def seconds(self) -> float:
        """Since the process was started."""
        return time.monotonic() - self.began

    def alive(self) -> bool:
        """Whether the driver's process has not ended."""
        return self.popen.poll() is None

    def wait_for_line(self, part: str) -> bool:
        """Wait until a line with these words was printed; False where the process ended without it."""
        with self._news:
            while not any(part in line for _, line in self.lines):
                if not self.alive():
                    return False
                self._news.wait(0.2)
        return True

    def phase(self) -> str:
        """What the run said last that it is doing."""
        said = [line.partition("] ")[2] for _, line in self.lines if line.startswith("[") and "]   " not in line]
        return said[-1].split(":")[0][:24] if said else "starting"

    def answer(self) -> dict[str, Any]:
        """The JSON object on standard output."""
        return dict(json.loads(self.out.read_text("utf-8")))

    def strays(self) -> list[str]:
        """Lines on standard error that are neither progress nor sentences of ours."""
        return [line for _, line in self.lines if not line.startswith(("[", "llmdata: "))]

    def said(self) -> str:
        """All of standard error."""
        return "\n".join(line for _, line in self.lines)

    def processes(self, kind: str) -> list[Process]:
        """Those of the session that are of a kind; `worker`: Python workers that Spark's daemon has forked."""
        everyone = list_session(self.pid)
        if kind != "worker":
            return [p for p in everyone if p.kind == kind]
        daemons = {p.pid for p in everyone if p.kind == "daemon"}
        return [p for p in everyone if p.pid in daemons and p.parent in daemons]

    def wait(self, seconds: float = 600.0) -> int:
        """Wait for the driver's end; its exit code."""
        try:
            code = self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill_session()
            raise
        self._reader.join(5.0)
        return code

    def wait_for_all(self, seconds: float = PATIENCE_S) -> list[Process]:
        """Wait until the whole session has ended; kills and gives what is left over after so many seconds."""
        end = time.monotonic() + seconds
        while (left := list_session(self.pid)) and time.monotonic() < end:
            time.sleep(0.1)
        self.kill_session()
        return left

    def kill_session(self) -> None:
        """End every process of the session at once, as the end of a container does."""
        kill_session(self.pid, self.popen.poll)
        atexit.unregister(self.kill_session)


def kill_session(session: int, reap: Callable[[], object] = lambda: None) -> None:
    """Kill every process of a session, those it has begun meanwhile too."""
    while left := list_session(session):
        for process in left:
            send(process.pid, signal.SIGKILL)
        reap()


def send(pid: int, number: int) -> bool:
    """Send a signal; False where the process is gone."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


# Moments: each waits for itself; False where the command ended before it came.


@dataclass(frozen=True)
class After:
    """So many seconds after the start."""

    seconds: float

    def __str__(self) -> str:
        return f"at {self.seconds:.1f} s"

    def wait(self, command: Command, store: Path) -> bool:
        """Wait for the moment."""
        while command.alive() and command.seconds() < self.seconds:
            time.sleep(0.01)
        return command.alive()


@dataclass(frozen=True)
class Said:
    """When a progress line with these words was printed, and `later` seconds after it."""

    words: str
    later: float = 0.0

    def __str__(self) -> str:
        return f"after '{self.words}'" + (f" + {self.later:g} s" if self.later else "")

    def wait(self, command: Command, store: Path) -> bool:
        """Wait for the moment."""
        return command.wait_for_line(self.words) and _pause(command, self.later)


@dataclass(frozen=True)
class Appeared:
    """When a new file of this pattern appears in the store."""

    pattern: str
    count: int = 1  # the how many-th

    def __str__(self) -> str:
        return f"file {self.pattern}" + (f" no. {self.count}" if self.count > 1 else "")

    def wait(self, command: Command, store: Path) -> bool:
        """Wait for the moment."""
        known = set(store.glob(self.pattern))
        while command.alive():
            if len(set(store.glob(self.pattern)) - known) >= self.count:
                return True
            time.sleep(LOOK_S)
        return False


@dataclass(frozen=True)
class Working:
    """When a Python worker works on what this progress line says."""

    words: str
    later: float = 0.5

    def __str__(self) -> str:
        return f"a worker at '{self.words}'"

    def wait(self, command: Command, store: Path) -> bool:
        """Wait for the moment."""
        if not command.wait_for_line(self.words):
            return False
        while command.alive() and not command.processes("worker"):
            time.sleep(0.02)
        return _pause(command, self.later)

    def workers(self, command: Command) -> list[int]:
        """The workers there are."""
        return [p.pid for p in command.processes("worker")]


@dataclass(frozen=True)
class Marked:
    """When a worker judges in the dawdling stage of this name; it leaves a mark in `folder` while it does."""

    folder: Path
    stage: str
    later: float = 0.1

    def __str__(self) -> str:
        return f"a worker in stage {self.stage}"

    def wait(self, command: Command, store: Path) -> bool:
        """Wait for the moment."""
        while command.alive() and not self.workers(command):
            time.sleep(0.02)
        return _pause(command, self.later)

    def workers(self, command: Command) -> list[int]:
        """The workers that are in the stage now."""
        marked = {int(p.name.rpartition("-")[2]) for p in self.folder.glob(f"{self.stage}-*")}
        return [p.pid for p in command.processes("worker") if p.pid in marked]


def _pause(command: Command, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while command.alive() and time.monotonic() < end:
        time.sleep(0.005)
    return command.alive()


Moment = After | Said | Appeared | Working | Marked

# Strikes: each says what it hit; an empty string where there was nothing to hit.


def kill_driver(command: Command) -> str:
    """Kill the Python driver alone; its JVM is left to notice."""
    return "driver" if send(command.pid, signal.SIGKILL) else ""


def kill_all(command: Command) -> str:
    """Kill driver, JVM and workers at once."""
    if not command.alive():
        return ""
    command.kill_session()
    return "everything"


def kill_jvm(command: Command) -> str:
    """Kill the driver's JVM, as the kernel does when memory runs out; Python is left to notice."""
    jvms = [p for p in command.processes("jvm") if p.parent == command.pid]
    return "JVM" if jvms and send(jvms[0].pid, signal.SIGKILL) else ""


def kill_executor(command: Command, at_work: Working | Marked | None = None) -> str:
    """Kill the executor whose worker is at work, else the first."""
    executors = [p.pid for p in command.processes("executor")]
    parents = {p.pid: p.parent for p in list_session(command.pid)}
    # A worker's parent is the daemon that forked it, the daemon's the executor.
    busy = [parents.get(parents.get(pid, 0), 0) for pid in (at_work.workers(command) if at_work else [])]
    chosen = [pid for pid in busy if pid in executors] or ([] if at_work else executors)
    return f"executor (of {len(executors)})" if chosen and send(chosen[0], signal.SIGKILL) else ""


def kill_daemon(command: Command) -> str:
    """Kill the process that forks the Python workers."""
    daemons = [p for p in command.processes("daemon") if p.parent in {j.pid for j in command.processes("jvm")}]
    return "daemon" if daemons and send(daemons[0].pid, signal.SIGKILL) else ""


def kill_worker(command: Command, at_work: Working | Marked) -> str:
    """Kill a Python worker that is at work."""
    workers = at_work.workers(command)
    return f"worker (of {len(workers)})" if workers and send(workers[0], signal.SIGKILL) else ""


def signal_driver(number: int) -> Callable[[Command], str]:
    """A strike that sends a signal to the Python driver, as a scheduler does."""
    name = signal.Signals(number).name
    return lambda command: name if send(command.pid, number) else ""


def signal_group(number: int) -> Callable[[Command], str]:
    """A strike that sends a signal to the driver's process group, as a terminal does."""
    name = signal.Signals(number).name

    def strike(command: Command) -> str:
        try:
            os.killpg(command.pid, number)
        except ProcessLookupError:
            return ""
        return f"{name} to group"

    return strike


Strike = Callable[[Command], str]
