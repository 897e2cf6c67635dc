"""What is injected: moments over the whole run, phases, commits, executors, workers, signals, two at once, resuming."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from spark_llmdata.cli.main import INTERRUPTED
from tests.faults import cluster, crossing, upkeep
from tests.faults.injections import ENVIRONMENT, Finding, Injection, Undisturbed
from tests.faults.killing import (
    After,
    Appeared,
    Moment,
    Said,
    Strike,
    kill_all,
    kill_daemon,
    kill_driver,
    kill_jvm,
    kill_worker,
    signal_driver,
    signal_group,
)

#: The lines that a run of the recipe says what it is doing with, in order.
PHASES = ("starting Spark", "reading", "judging: filter", "comparing: dedup", "judging: second", "writing fates")

#: The tables a run writes, in the order of their first commits, as patterns below a store.
TABLES = (
    "runs",
    "segments/html-*",
    "verdicts/duplicate_record-*",
    "segments/gopher_quality-*",
    "verdicts/exact-*",
    "segments/second-*",
    "fates",
    "corpus",
)

DEATHS: tuple[Strike, ...] = (kill_driver, kill_all)


@dataclass(frozen=True)
class Scenario:
    """A line of the table: its group, and what makes it."""

    group: str
    inject: Callable[[Undisturbed], Finding]


def _injection(group: str, *strikes: tuple[Moment, Strike], resume: bool = True) -> Scenario:
    return Scenario(group, lambda it: it.inject(Injection(strikes, resume)))


def random_moments(seconds: float, n: int, seed: int) -> Iterator[Scenario]:
    """Kills at n moments, one in each n-th of a run's duration; both kinds of death, both ways to go on."""
    draw = random.Random(seed)
    for i in range(n):
        moment = After(seconds * (i + draw.random()) / n)
        yield _injection("random", (moment, DEATHS[i % 2]), resume=i // 2 % 2 == 0)


def phases() -> Iterator[Scenario]:
    """Kills right after the run said what it does next."""
    for i, words in enumerate(PHASES):
        yield _injection("phase", (Said(words), DEATHS[i % 2]), resume=i % 3 != 2)


def commits() -> Iterator[Scenario]:
    """Kills when a table's first data file, the first commit in the making and the first commit appear."""
    for i, table in enumerate(TABLES):
        yield _injection("data file", (Appeared(f"{table}/*.parquet"), kill_all), resume=i % 2 == 0)
        yield _injection("commit begun", (Appeared(f"{table}/_delta_log/.*"), kill_all), resume=i % 2 == 1)
        yield _injection("commit", (Appeared(f"{table}/_delta_log/*.json"), DEATHS[i % 2]), resume=i % 3 != 0)
    for death in DEATHS:  # the second commit to `runs` announces the one to corpus
        yield _injection("commit", (Appeared("runs/_delta_log/*.json", 2), death))


def twice(seconds: float, n: int, seed: int) -> Iterator[Scenario]:
    """Kills of the run and of the one that continues it."""
    draw = random.Random(seed)
    pairs: list[tuple[Moment, Moment]] = [(Said(PHASES[3]), Said(PHASES[1])), (Said(PHASES[5]), Said(PHASES[5]))]
    pairs += [(After(seconds * (0.4 + 0.5 * draw.random())), After(seconds * draw.random() / 2)) for _ in range(n)]
    for i, (first, second) in enumerate(pairs):
        yield _injection("twice", (first, DEATHS[i % 2]), (second, DEATHS[(i + 1) % 2]), resume=i % 3 != 2)


def signals() -> Iterator[Scenario]:
    """An interruption in each phase; to the driver as schedulers do, to its group as terminals do."""
    both = frozenset({"interrupted"})
    # A group's SIGTERM reaches the JVM as well: then there is nobody left who could note it.
    either = frozenset({"interrupted", "killed"})
    for words in PHASES:
        for strike, states in (
            (signal_driver(signal.SIGTERM), both),
            (signal_driver(signal.SIGINT), both),
            (signal_group(signal.SIGINT), both),
            (signal_group(signal.SIGTERM), either),
        ):
            injection = Injection([(Said(words, 0.7), strike)], True, INTERRUPTED, states)
            yield Scenario("signal", lambda it, i=injection: it.inject(i))  # type: ignore[misc]


def jvms() -> Iterator[Scenario]:
    """Kills of the driver's JVM: the command says so, and there is nobody left who could note it."""
    for i, words in enumerate(PHASES[1:]):
        injection = Injection([(Said(words, 0.3), kill_jvm)], resume=i % 2 == 0, code=ENVIRONMENT)
        yield Scenario("jvm", lambda it, i=injection: it.inject(i))  # type: ignore[misc]


def workers() -> Iterator[Scenario]:
    """Kills of Python workers in each kind of segment; the tasks are tried again."""
    for where in ("reading", "judging: filter", "first", "second"):
        yield Scenario("worker", lambda it, w=where: strike_worker(it, w))  # type: ignore[misc]
    yield Scenario("worker", strike_daemon)


def strike_worker(it: Undisturbed, where: str) -> Finding:
    """Kill the worker that works on something."""
    store = it.scene.new_store()
    moment = it.scene.at_work(where)
    return it.disturb(it.scene.start(store), moment, lambda command: kill_worker(command, moment), store)


def strike_daemon(it: Undisturbed) -> Finding:
    """Kill the process that forks the workers."""
    store = it.scene.new_store()
    return it.disturb(it.scene.start(store), it.scene.at_work("first"), kill_daemon, store)


def clusters() -> Iterator[Scenario]:
    """Kills of executors in each kind of stage, and speculation."""
    for where in ("reading", "first", "second"):
        yield Scenario("executor", lambda it, w=where: cluster.strike_executor(it, w))  # type: ignore[misc]
    for moment in (Said("comparing: dedup", 0.3), Appeared("fates/*.parquet"), Appeared("corpus/*.parquet")):
        yield Scenario("executor", lambda it, m=moment: cluster.strike_any_executor(it, m))  # type: ignore[misc]
    yield Scenario("speculation", cluster.speculate)


def everything(it: Undisturbed, moments: int, seed: int) -> Sequence[Scenario]:
    """All of it, the random moments first."""
    return [
        *random_moments(it.seconds, moments, seed),
        *phases(),
        *commits(),
        *twice(it.seconds, 2, seed),
        *jvms(),
        *workers(),
        *signals(),
        *clusters(),
        *(Scenario(name, inject) for name, inject in crossing.SCENARIOS.items()),
        *([Scenario("upkeep", upkeep.batter)] if upkeep.is_there() else []),
    ]
