"""What a run is measured by: from counts and bytes made by hand, and the memory of workers that are none."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from spark_llmdata.runner.counting import StageCount
from spark_llmdata.runner.metering import Meter, measure_workers


def test_rows_and_bytes_come_and_go():
    meter = Meter(9_000)
    meter.lap("start")
    meter.lap("read", [StageCount("read", 100, rejected=10), StageCount("extract.html", 90, removed=5)])
    meter.lap("judge", [StageCount("filter.a", 85, removed=30), StageCount("filter.b", 55, removed=5)])
    meter.lap("compare", [StageCount("dedup.exact", 50, removed=10)], reused=True)
    meter.lap("fates", rows=100)
    assert [p["bytes_out"] for p in meter.as_json()] == [0, None, None, None, 0]
    sizes = {"read": 7, "extract.html": 20, "filter.a": 300, "filter.b": 50, "dedup.exact": 100, None: 400}
    meter.note_bytes([SimpleNamespace(stage=stage, bytes=size) for stage, size in sizes.items()])
    meter.lap("corpus", rows=40)
    told = meter.as_json()
    assert [p["step"] for p in told] == ["start", "read", "judge", "compare", "fates", "corpus"]
    assert [(p["rows"], p["rows_out"]) for p in told] == [(0, 0), (100, 85), (85, 50), (50, 40), (100, 100), (40, 40)]
    assert [p["bytes"] for p in told] == [0, 9_000, 850, 500, 0, 400]
    assert [p["bytes_out"] for p in told] == [0, 850, 500, 400, 0, 400]
    assert [p["stages"] for p in told[1:4]] == [["extract.html"], ["filter.a", "filter.b"], ["dedup.exact"]]
    assert [p["reused"] for p in told] == [0, 0, 0, 1, 0, 0]
    assert all(p["seconds"] >= 0 for p in told)


def test_documents_without_text_have_no_bytes():
    meter = Meter(10)
    meter.note_bytes([SimpleNamespace(stage="read", bytes=None), SimpleNamespace(stage=None, bytes=5)])
    meter.lap("read", [StageCount("read", 2, rejected=1)])
    assert meter.as_json()[0]["bytes_out"] == 5


@pytest.mark.skipif(not os.path.exists("/proc/self/clear_refs"), reason="only Linux tells the peak of memory")  # noqa: PTH110
def test_the_memory_of_workers_is_that_of_the_children_of_a_daemon():
    """A process whose command names Spark's daemon, with a child of the same command that takes 50 MB."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        assert measure_workers(below=other.pid) is None
        other.communicate(b"\n")
    code = (
        "import os, sys\n"
        "if os.fork() == 0:\n"
        "    held = b'x' * (50 << 20)\n"
        "    print('ready', flush=True)\n"
        "sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", code, "-m", "pyspark.daemon"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as daemon:
        assert daemon.stdout.readline() == b"ready\n"
        peak = measure_workers(below=daemon.pid)
        daemon.stdin.close()
    assert 50 << 20 < peak < 200 << 20
