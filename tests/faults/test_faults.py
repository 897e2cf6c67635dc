"""The short form of `make faults`: a few injections of each kind, as real processes; the long form has all of them."""

from __future__ import annotations

import random
import signal

import pytest

from spark_llmdata.cli.main import INTERRUPTED
from tests.faults.__main__ import is_good, verdict
from tests.faults.crossing import run_at_once
from tests.faults.injections import Finding, Injection, Undisturbed
from tests.faults.killing import Appeared, Said, kill_all, kill_driver, signal_driver
from tests.faults.scenarios import PHASES, strike_worker
from tests.faults.scene import Scene

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.faults, pytest.mark.timeout(900)]

FOUND: list[Finding] = []


@pytest.fixture(scope="module")
def undisturbed(spark, tmp_path_factory) -> Undisturbed:
    return Undisturbed(spark, Scene(tmp_path_factory.mktemp("faults") / "scene", documents=200), measure=False)


def check(finding: Finding) -> None:
    """What was struck is told where it fails, and counted; a run that ended before its moment shows nothing."""
    FOUND.append(finding)
    assert not finding.problems, finding
    assert finding.same, finding


@pytest.mark.parametrize("number", range(2))
def test_a_run_killed_at_a_random_moment(undisturbed, number):
    """Both kinds of death, both ways to go on; a moment is so many seconds after a line, since machines differ."""
    draw = random.Random(number)
    moment = Said(draw.choice(PHASES[1:-1]), round(draw.uniform(0, 2), 2))
    strike = (kill_driver, kill_all)[number]
    check(undisturbed.inject(Injection([(moment, strike)], resume=number == 0)))


def test_a_run_killed_while_the_corpus_is_written(undisturbed):
    check(undisturbed.inject(Injection([(Appeared("corpus/*.parquet"), kill_all)], resume=True)))


def test_a_killed_worker_costs_nothing(undisturbed):
    check(strike_worker(undisturbed, "first"))


def test_an_interrupted_run(undisturbed):
    moment = Said("judging: second", 0.5)
    strikes = [(moment, signal_driver(signal.SIGTERM))]
    check(undisturbed.inject(Injection(strikes, True, INTERRUPTED, frozenset({"interrupted"}))))


def test_two_at_once_into_a_new_store(undisturbed):
    check(run_at_once(undisturbed, (), ()))


def test_most_injections_hit():
    """Last: a harness whose moments come too late would pass without having tried anything."""
    if not FOUND:
        pytest.skip("no injection was made")
    assert is_good(FOUND), verdict(FOUND)
