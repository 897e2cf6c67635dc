"""Signals: an interruption, at once; while Spark starts, when it has started."""

from __future__ import annotations

import os
import signal

import pytest

from spark_llmdata.cli import interrupts


@pytest.fixture(autouse=True)
def handlers():
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    interrupts.reset()
    interrupts.install()
    yield
    interrupts.reset()
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def send(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_interrupts_and_later_ones_do_nothing(number, capsys):
    with pytest.raises(KeyboardInterrupt):
        send(number)
    send(number)
    assert interrupts.happened()
    assert capsys.readouterr().err == "llmdata: stopping\n"


def start(signals: int, reached: list[int]) -> None:
    """As Spark's start: signals come meanwhile; notes after how many of them it was still going on."""
    with interrupts.holding():
        for count in range(1, signals + 1):
            send(signal.SIGTERM)
            reached.append(count)


def test_a_signal_while_spark_starts_waits_for_the_end(capsys):
    reached: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        start(1, reached)
    assert reached == [1]
    assert capsys.readouterr().err == "llmdata: stopping\n"
    send(signal.SIGTERM)  # and is not raised again


def test_a_second_signal_does_not_wait():
    reached: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        start(2, reached)
    assert reached == [1]
    assert interrupts.happened()


def fail(signals: int) -> None:
    with interrupts.holding():
        for _ in range(signals):
            send(signal.SIGTERM)
        raise OSError("Spark did not start")


def test_a_start_that_fails_after_a_signal_is_an_interruption():
    with pytest.raises(KeyboardInterrupt):
        fail(1)


def test_a_start_that_fails_without_one_is_a_failure():
    with pytest.raises(OSError, match="did not start"):
        fail(0)


def test_without_a_signal_nothing_is_raised():
    with interrupts.holding():
        pass
    assert not interrupts.happened()
