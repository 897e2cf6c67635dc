"""The cost of a run that has nothing left to compute: warm, from a cold start, and where its time goes."""

from __future__ import annotations

import cProfile
import json
import pstats
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.conditions import Conditions, child_environment, start_session
from benchmarks.corpus import TextSet
from benchmarks.figures import Figure
from benchmarks.process_tree import Usage
from benchmarks.process_tree import measure as cost_of
from benchmarks.turns import middle
from spark_llmdata import run

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NAME = "reuse"
TARGET_S = 15.0
RECIPE = "quickstart"
#: Calls inside the package that take less than this are not worth a line.
SHOWN_S = 0.2


def measure(conditions: Conditions) -> list[Figure]:
    """Build once, then run the same again: in the warm session, and each time in a fresh process."""
    spark, _ = start_session(conditions.cores)
    sets = (conditions.small, conditions.large)
    figures = []
    for texts in sets:
        figures += _warm(spark, texts, conditions)
    spark.stop()
    for texts in sets:
        figures += _cold(texts, conditions)
    return figures


def _arguments(texts: TextSet, conditions: Conditions) -> dict[str, Any]:
    return {"input": [str(f) for f in texts.parquet], "store": conditions.work / f"store-{texts.name}"}


def _warm(spark: SparkSession, texts: TextSet, conditions: Conditions) -> list[Figure]:
    arguments = _arguments(texts, conditions)
    first = cost_of(lambda: run(RECIPE, spark=spark, **arguments))
    print(f"    {texts.name}: built in {first.wall_s:.1f} s", flush=True)
    again: list[Usage] = []
    for _ in range(conditions.repeat):
        again.append(cost_of(lambda: run(RECIPE, spark=spark, **arguments)))
        print(f"    {texts.name}: again in {again[-1].wall_s:.1f} s", flush=True)
    usage = middle(again)
    profile = cProfile.Profile()
    result = profile.runcall(run, RECIPE, spark=spark, **arguments)
    if not all(stage.reused for stage in result.by_stage):
        raise RuntimeError(f"a run over {texts.name} that should reuse everything computed something again")
    words = f"{usage.wall_s:.1f} s, {usage.cpu_s:.1f} CPU s (built in {first.wall_s:.1f} s, {first.cpu_s:.1f} CPU s)"
    met = usage.wall_s < TARGET_S
    shares = "; ".join(f"{name} {seconds:.1f}" for name, seconds in phases(profile))
    return [
        Figure(NAME, f"{texts.name}, warm session", words, f"< {TARGET_S:.0f} s", met),
        Figure(NAME, f"{texts.name}, warm: seconds inside (a call holds those it makes)", shares),
    ]


def phases(profile: cProfile.Profile) -> list[tuple[str, float]]:
    """Seconds of the package's own functions in runner and store, with all they call; the largest first."""
    found = []
    for (file, _, function), facts in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        path = Path(file)
        if path.parent.parent.name == "spark_llmdata" and path.parent.name in ("runner", "store"):
            seconds = float(facts[3])
            if seconds >= SHOWN_S and not function.startswith("<"):
                found.append((f"{path.parent.name}.{path.stem}.{function}", seconds))
    return sorted(found, key=lambda entry: -entry[1])


def _cold(texts: TextSet, conditions: Conditions) -> list[Figure]:
    arguments = _arguments(texts, conditions)
    command = [sys.executable, "-m", "benchmarks.one_run", RECIPE, str(arguments["store"])]
    command += ["--cores", str(conditions.cores), *arguments["input"]]
    facts = []
    for _ in range(conditions.repeat):
        said = subprocess.run(command, check=True, env=child_environment(), stdout=subprocess.PIPE, text=True)
        facts.append(json.loads(said.stdout.strip().splitlines()[-1]))
        print(f"    {texts.name}: cold in {facts[-1]['run_wall_s']:.1f} s", flush=True)
    middle_of = {key: median(f[key] for f in facts) for key in facts[0] if key.endswith("_s")}
    result = (
        f"{middle_of['run_wall_s']:.1f} s, {middle_of['run_cpu_s']:.1f} CPU s; before it start-up "
        f"{middle_of['start_wall_s']:.1f} s, {middle_of['start_cpu_s']:.1f} CPU s"
    )
    met = middle_of["run_wall_s"] < TARGET_S
    return [Figure(NAME, f"{texts.name}, fresh process", result, f"< {TARGET_S:.0f} s without start-up", met)]
