"""Who drives a run: known for certain where it can be, unknown where it cannot, never guessed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from spark_llmdata.store import driver

linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only Linux tells when a process began")


def described(pid: int) -> dict[str, object]:
    return driver.describe_self() | {"pid": pid, "began": driver._look_up(pid)[1]}


@linux
def test_this_process_is_at_it_until_it_says_otherwise():
    mine, other = driver.describe_self(), driver.describe_self()
    assert driver.has_ended(mine) is False
    driver.end(mine)
    assert driver.has_ended(mine) is True
    assert driver.has_ended(other) is False


@linux
def test_a_process_that_ended_has_ended_even_before_its_parent_looked():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        facts = described(child.pid)
        assert driver.has_ended(facts) is False
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert driver.has_ended(facts) is True  # a zombie writes nothing any more
    assert driver.has_ended(facts) is True


@linux
def test_a_number_that_was_given_out_again_is_another_process():
    assert driver.has_ended(driver.describe_self() | {"began": "0"}) is True


def test_nobody_can_tell_of_another_machine_or_a_hidden_process(monkeypatch):
    mine = driver.describe_self()
    assert driver.has_ended(None) is None
    assert driver.has_ended(mine | {"machine": "elsewhere"}) is None

    def hide(self, *_):
        raise FileNotFoundError(self)

    monkeypatch.setattr(Path, "read_text", hide)
    hidden = driver.describe_self()
    assert hidden["began"] is None
    assert driver.has_ended(hidden) is None
    assert driver.has_ended(mine | {"machine": hidden["machine"]}) is None


def test_somebody_else_s_process_exists(monkeypatch):
    def refuse(pid, number):
        raise PermissionError(pid)

    mine = driver.describe_self()
    monkeypatch.setattr(os, "kill", refuse)
    assert driver.has_ended(mine) is not True
