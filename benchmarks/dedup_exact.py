"""Exact deduplication: our comparing step, committed to committed, against dolma's deduplication of documents."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.conditions import RECIPES, Conditions, Scratch, start_session
from benchmarks.corpus import TextSet
from benchmarks.figures import Figure, not_run
from benchmarks.peers import PeerMissing, find_python, run_script
from benchmarks.process_tree import Usage
from benchmarks.process_tree import measure as cost_of
from benchmarks.turns import Job, middle, slope, take_turns
from spark_llmdata.plan import CorpusNode, Plan, digest, make_plan
from spark_llmdata.recipe import load_recipe
from spark_llmdata.runner.comparing import compare, remove_identical_records
from spark_llmdata.runner.covering import cover_reading
from spark_llmdata.runner.funnel import Funnel
from spark_llmdata.sources.inputs import find_files
from spark_llmdata.store import Store

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NAME = "dedup.exact"
TARGET = 2.0


def measure(conditions: Conditions) -> list[Figure]:
    """MB of text per CPU-second; the slope from the small set to the large one on both sides."""
    spark, start, sides = start_sides(conditions, "dedup_exact.yaml")
    sets = {"small": conditions.small, "large": conditions.large}
    jobs: dict[str, Job] = {f"ours {key}": side.compare for key, side in sides.items()}
    figures = []
    scratch = Scratch(conditions.work)
    try:
        python = find_python("dolma", conditions.build)
    except PeerMissing as missing:
        figures.append(not_run(NAME, "against dolma", str(missing), f"≥ {TARGET:.0f} times"))
    else:
        for key, texts in sets.items():
            folder = prepare_dolma(texts, conditions.work / f"dolma-{key}")
            jobs[f"dolma {key}"] = lambda f=folder: run_script(  # type: ignore[misc]
                python, "dolma_documents.py", str(f), str(scratch.fresh("out"))
            )[1]
    cost = {name: middle(found) for name, found in take_turns(jobs, conditions.repeat).items()}
    figures.append(Figure(NAME, "start of the session", f"{start.cpu_s:.1f} CPU s, {start.wall_s:.1f} s"))
    for side in ("ours", "dolma"):
        if f"{side} large" in cost:
            figures.append(Figure(NAME, side, describe_rate(conditions, cost[f"{side} small"], cost[f"{side} large"])))
    if "dolma large" in cost:
        figures += _compared(conditions, cost)
        said, _ = run_script(python, "dolma_documents.py", str(folder), str(scratch.fresh("out")), "count")
        found = json.loads(said.strip().splitlines()[-1])
        result = f"{sides['large'].kept():,} / {found['kept']:,} of {found['documents']:,}"
        figures.append(Figure(NAME, f"kept of {conditions.large.name}, ours / dolma's", result))
    reading = sides["large"].reading
    result = f"{reading.cpu_s:.1f} CPU s, {reading.wall_s:.1f} s, not part of the comparison"
    figures.append(Figure(NAME, f"reading {conditions.large.name} into the segment", result))
    spark.stop()
    return figures


def start_sides(conditions: Conditions, recipe: str) -> tuple[SparkSession, Usage, dict[str, OurSide]]:
    """A warm session, what its start cost, and both sets in committed segments of a recipe."""
    spark, start = start_session(conditions.cores)
    plan = make_plan(load_recipe(str(RECIPES / recipe)))
    sets = {"small": conditions.small, "large": conditions.large}
    sides = {key: OurSide(spark, plan, texts, conditions.work / key) for key, texts in sets.items()}
    sides["large"].compare()
    return spark, start, sides


class OurSide:
    """A set that lies in a committed segment, ready to be compared again and again."""

    def __init__(self, spark: SparkSession, plan: Plan, texts: TextSet, folder: Path) -> None:
        self.store = Store(spark, str(folder / "store"))
        node = plan.segments[0]
        self.stage = next(n.stage for n in plan.nodes if isinstance(n, CorpusNode))
        files = find_files([str(f) for f in texts.parquet]).files
        self.funnel = Funnel()
        self.turn = 0

        def read() -> None:
            coverage = cover_reading(self.store, node, files, plan.recipe.read)
            self.funnel.add(node, coverage)
            remove_identical_records(self.store, self.funnel, digest(coverage.pins))

        self.reading = cost_of(read)
        self.removals = list(self.funnel.removals)

    def compare(self) -> Usage:
        """From the committed segment to committed verdicts, under a name that is new each time."""
        self.funnel.removals = list(self.removals)
        self.turn += 1
        return cost_of(lambda: compare(self.store, self.funnel, self.stage, f"turn-{self.turn}"))

    def kept(self) -> int:
        """The documents that stay."""
        return int(self.funnel.alive().count())


def prepare_dolma(texts: TextSet, folder: Path) -> Path:
    """The set as dolma wants it: documents/*.jsonl.gz; not part of what is measured."""
    documents = folder / "documents"
    documents.mkdir(parents=True)
    for file in texts.jsonl:
        with file.open("rb") as source, gzip.open(documents / f"{file.name}.gz", "wb", compresslevel=1) as target:
            shutil.copyfileobj(source, target)
    return folder


def describe_rate(conditions: Conditions, small: Usage, large: Usage) -> str:
    """The rate by the slope between the sets, what is fixed, and the cost of the large set as a whole."""
    per_mb = slope(small, large, conditions.more_mb)
    fixed = small - Usage(per_mb.wall_s * conditions.small.megabytes, per_mb.cpu_s * conditions.small.megabytes)
    rate = f"{1 / per_mb.cpu_s:,.1f}" if per_mb.cpu_s > 0 else "immeasurably many"
    return (
        f"{rate} MB a CPU-second by the slope; fixed {fixed.cpu_s:.1f} CPU s; "
        f"{conditions.large.name} whole: {large.cpu_s:.1f} CPU s, {large.wall_s:.1f} s"
    )


def _compared(conditions: Conditions, cost: dict[str, Usage]) -> list[Figure]:
    slopes = {
        side: slope(cost[f"{side} small"], cost[f"{side} large"], conditions.more_mb) for side in ("ours", "dolma")
    }
    ratio = slopes["dolma"].cpu_s / slopes["ours"].cpu_s if slopes["ours"].cpu_s > 0 else float("inf")
    whole = cost["dolma large"].cpu_s / cost["ours large"].cpu_s
    target = f"≥ {TARGET:.0f} times"
    return [
        Figure(NAME, "ours / dolma, by the slopes", f"{ratio:,.1f} times as fast", target, ratio >= TARGET),
        Figure(NAME, f"ours / dolma, {conditions.large.name} with all fixed costs", f"{whole:,.1f} times as fast"),
    ]
