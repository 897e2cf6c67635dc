"""FineWeb's four text filters as a job: Parquet to a committed segment, against datatrove's pipeline of them."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.conditions import RECIPES, Conditions, Scratch, start_session
from benchmarks.corpus import TextSet
from benchmarks.dedup_exact import describe_rate
from benchmarks.figures import Figure, not_run
from benchmarks.peers import PeerMissing, find_python, run_script
from benchmarks.process_tree import Usage
from benchmarks.segment_write import WARM_UP, Parts
from benchmarks.turns import Job, middle, slope, take_turns
from spark_llmdata.plan import make_plan
from spark_llmdata.recipe import load_recipe

NAME = "filters, whole job"
TARGET = 30.0
#: The peer takes minutes for the sets that are sent through our side: its slope is between these two.
PEER_SMALL, PEER_LARGE = "s5k", "s20k"


def measure(conditions: Conditions) -> list[Figure]:
    """MB of text a CPU-second by the slopes, what reading, judging, writing and proving cost included."""
    spark, start = start_session(conditions.cores)
    plan = make_plan(load_recipe(str(RECIPES / "four_filters.yaml")))
    sets = {"ours small": conditions.small, "ours large": conditions.large}
    parts = {name: Parts(spark, plan, texts, Scratch(conditions.work / name)) for name, texts in sets.items()}
    for _ in range(WARM_UP):
        parts["ours small"].ours()
    jobs: dict[str, Job] = {name: part.ours for name, part in parts.items()}
    figures = [Figure(NAME, "start of the session", f"{start.cpu_s:.1f} CPU s, {start.wall_s:.1f} s")]
    target = f"≥ {TARGET:.0f} times"
    kept: dict[str, int] = {}
    peers = [conditions.corpus.sets[name] for name in (PEER_SMALL, PEER_LARGE)]
    try:
        python = find_python("datatrove", conditions.build)
    except PeerMissing as missing:
        figures.append(not_run(NAME, "against datatrove", str(missing), target))
    else:
        scratch = Scratch(conditions.work)
        jobs |= {f"peer {t.name}": lambda t=t: _peer(python, t, scratch, kept) for t in peers}  # type: ignore[misc]
    cost = {name: middle(found) for name, found in take_turns(jobs, conditions.repeat).items()}
    figures.append(Figure(NAME, "ours", describe_rate(conditions, cost["ours small"], cost["ours large"])))
    counts = ", ".join(f"{_kept(part):,} of {part.texts.name}" for part in parts.values())
    figures.append(Figure(NAME, "ours kept", counts))
    spark.stop()
    if kept:
        ours = 1 / slope(cost["ours small"], cost["ours large"], conditions.more_mb).cpu_s
        small, large = (cost[f"peer {t.name}"] for t in peers)
        theirs = 1 / slope(small, large, peers[1].megabytes - peers[0].megabytes).cpu_s
        result = (
            f"{theirs:.2f} MB a CPU-second by the slope from {PEER_SMALL} to {PEER_LARGE}; "
            f"ours is {ours / theirs:,.1f} times as fast; "
            f"kept {', '.join(f'{n:,} of {name}' for name, n in kept.items())}"
        )
        figures.append(Figure(NAME, "datatrove, the same filters", result, target, ours / theirs >= TARGET))
    return figures


def _peer(python: Path, texts: TextSet, scratch: Scratch, kept: dict[str, int]) -> Usage:
    folder = str(texts.parquet[0].parent)
    said, usage = run_script(python, "datatrove_filters_job.py", str(scratch.fresh("out")), folder)
    kept[texts.name] = int(json.loads(said.strip().splitlines()[-1])["kept"])
    return usage


def _kept(part: Parts) -> int:
    assert part.table is not None
    return int(part.table.read().where("kept").count())
