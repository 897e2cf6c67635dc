"""What the benchmarks count: CPU time of processes that nobody waits for, and memory by kind of process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="process trees are read from /proc")

# Each burns one second of CPU time in a grandchild; nothing depends on how long that takes.
WAITED_FOR = """
import os, time
if (child := os.fork()) == 0:
    while time.process_time() < 1: pass
    os._exit(0)
os.waitpid(child, 0)
"""
IGNORED = """
import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
if (child := os.fork()) == 0:
    while time.process_time() < 1: pass
    time.sleep(3)  # the clock looks every second
    os._exit(0)
while os.path.exists(f"/proc/{child}"): time.sleep(0.1)
"""
ORPHANED = """
import os, time
if os.fork() == 0:
    os.setsid()
    while time.process_time() < 1: pass
    os._exit(0)
"""

# Adopting orphans is for life, so it is done in a process that is not the tests'.
MEASURE = """
import os, subprocess, sys
from benchmarks.process_tree import adopt_orphans, measure
adopt_orphans()
def work():
    subprocess.run([sys.executable, "-c", {code!r}], check=True)
    if {adopts}: os.wait()
print(measure(work).cpu_s)
"""


@pytest.mark.parametrize(("code", "adopts"), [(WAITED_FOR, False), (IGNORED, False), (ORPHANED, True)])
def test_no_process_is_forgotten(repository: Path, code: str, adopts: bool) -> None:
    script = MEASURE.format(code=code, adopts=adopts)
    done = subprocess.run([sys.executable, "-c", script], cwd=repository, capture_output=True, text=True, check=True)
    assert 0.95 <= float(done.stdout) < 2


def test_memory_is_told_apart_by_kind_of_process() -> None:
    from benchmarks.process_tree import MemoryWatch

    code = "import time; held = b'x' * (64 << 20); time.sleep(3)"
    process = subprocess.Popen([sys.executable, "-c", code, "pyspark.daemon"])
    watch = MemoryWatch(process.pid, interval_s=0.05)
    watch.start()
    process.wait()
    peaks = watch.stop()
    assert peaks["workers"] >= 64 << 20
    assert peaks["all"] >= peaks["workers"] > peaks.get("driver", 0)  # what it was before it became Python
    assert "jvm" not in peaks
