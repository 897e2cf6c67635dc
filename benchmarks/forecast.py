"""What `llmdata plan --input` predicts against what the run then takes, each run in a fresh process and JVM."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.conditions import Conditions, Scratch, child_environment
from benchmarks.figures import Figure
from spark_llmdata.forecast import Forecast, predict_by_sample
from spark_llmdata.plan import make_plan
from spark_llmdata.recipe import load_recipe
from spark_llmdata.sources.inputs import find_files

NAME = "forecast"
#: By which factor a prediction of seconds may be off.
TARGET = 1.5
#: Rows that come into a pass may be off by this share; what comparisons remove is not predicted.
ROWS = 0.05
#: Recipes for pages, tried on archives, and for texts.
PAGES, TEXTS = ("quickstart", "fineweb"), ("quickstart", "near_duplicates")


def measure(conditions: Conditions) -> list[Figure]:
    """Texts of the sets up to the large one; archives where BENCH_ROOT has some."""
    scratch = Scratch(conditions.work)
    figures: list[Figure] = []
    for recipe, name, files in _jobs(conditions):
        figures += _compare(recipe, name, files, conditions, scratch)
    return figures


def _jobs(conditions: Conditions) -> Iterator[tuple[str, str, list[str]]]:
    chosen = os.environ.get("FORECAST_JOBS", "").split()  # as in "quickstart:s5k fineweb:warc1k"
    jobs = [
        (recipe, name, [str(f) for f in texts.jsonl])
        for name, texts in conditions.corpus.sets.items()
        if texts.documents <= conditions.large.documents
        for recipe in TEXTS
    ]
    root = Path(os.environ.get("BENCH_ROOT", "/nonexistent")) / "data"
    for folder in ("warc1k", "warc4k"):
        if (root / folder).is_dir():
            jobs += [(recipe, folder, [str(f) for f in sorted((root / folder).glob("*.warc*"))]) for recipe in PAGES]
    return (job for job in jobs if not chosen or f"{job[0]}:{job[1]}" in chosen)


def _compare(recipe: str, name: str, files: Sequence[str], conditions: Conditions, scratch: Scratch) -> list[Figure]:
    expected = predict_by_sample(make_plan(load_recipe(recipe)), find_files(list(files)).files, cores=conditions.cores)
    command = [sys.executable, "-m", "benchmarks.one_run", recipe, str(scratch.fresh("store"))]
    command += ["--cores", str(conditions.cores), *files]
    done = subprocess.run(command, env=child_environment(), stdout=subprocess.PIPE, check=True, text=True)
    found = json.loads(done.stdout.strip().splitlines()[-1])
    what = f"{recipe}, {name}"
    load = f"load {os.getloadavg()[0]:.0f}"
    cpu_s = sum(p.cpu_seconds or 0.0 for p in expected.passes)
    factor = max(cpu_s / found["run_cpu_s"], found["run_cpu_s"] / cpu_s)
    figures = [
        Figure(
            NAME,
            f"{what}: the whole run",
            f"CPU s {cpu_s:.0f} predicted, {found['run_cpu_s']:.0f} taken; s {expected.seconds:.0f} predicted, "
            f"{found['run_wall_s']:.0f} taken ({load}); Spark's start s {expected.spark_s:.0f}, "
            f"{found['start_wall_s']:.0f} (CPU s {found['start_cpu_s']:.0f})",
            f"≤ {TARGET} times, CPU",
            factor <= TARGET,
        )
    ]
    return [*figures, *_passes(what, expected, found)]


def _passes(what: str, expected: Forecast, found: Mapping[str, Any]) -> Iterator[Figure]:
    """A line for each pass; the CPU time of fates and corpus is known together."""
    cpu = [*found["cpu_by_step"], None]
    for p, m, spent in zip(expected.passes, found["measured"], cpu, strict=True):
        memory = (
            ""
            if not (p.memory_bytes and m["memory_bytes"])
            else (f"; worker MiB {p.memory_bytes >> 20} / {m['memory_bytes'] >> 20}")
        )
        taken = "" if spent is None else f"; CPU s {p.cpu_seconds:.1f} / {spent:.1f}"
        within = abs(p.rows - m["rows"]) <= ROWS * max(1, m["rows"])
        yield Figure(
            NAME,
            f"{what}: {p.step} {', '.join(p.stages)}".rstrip()[:70],
            f"rows in {p.rows:,} / {m['rows']:,}; MB in {p.bytes / 1e6:.1f} / {m['bytes'] / 1e6:.1f}"
            f"; s {p.seconds:.1f} / {m['seconds']:.1f}{taken}{memory}",
            "rows within 5 %",
            within,
        )
