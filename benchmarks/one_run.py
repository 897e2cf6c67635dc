"""One run in a process of its own: `python -m benchmarks.one_run RECIPE STORE FILE...`; prints its seconds as JSON."""

from __future__ import annotations

import argparse
import json
import os
import time
from itertools import pairwise
from pathlib import Path

from benchmarks.process_tree import cpu_seconds


def main() -> None:
    """Start a session, run the recipe once, say what each of the two cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe")
    parser.add_argument("store")
    parser.add_argument("files", nargs="+")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--heap", default="4g", help="of the JVM")
    options = parser.parse_args()
    from spark_llmdata import run
    from spark_llmdata.session import local_session

    spark = local_session(f"local[{options.cores}]", {"spark.driver.memory": options.heap})
    spark.range(1).count()
    started, started_cpu = time.clock_gettime(time.CLOCK_BOOTTIME) - _born(), cpu_seconds()
    begin = time.monotonic()
    marks: list[float] = []

    def say(line: str) -> None:
        if not line.startswith(" "):
            marks.append(cpu_seconds())

    result = run(options.recipe, input=options.files, store=options.store, spark=spark, progress=say)
    seconds = time.monotonic() - begin
    facts = {
        "start_wall_s": started,
        "start_cpu_s": started_cpu,
        "run_wall_s": seconds,
        "run_cpu_s": cpu_seconds() - started_cpu,
        "cpu_by_step": [b - a for a, b in pairwise([started_cpu, *marks, cpu_seconds()])],  # the last: fates and corpus
        "measured": list(result.measured),
        "counts": result.counts,
        "reused": all(stage.reused for stage in result.by_stage),
    }
    print(json.dumps(facts), flush=True)
    spark.stop()


def _born() -> float:
    """When this process began, in seconds since the machine did: imports belong to the start."""
    fields = Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[19]) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
