"""Near-duplicates: signatures against datasketch's, committed verdicts against text-dedup's and datatrove's jobs."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.conditions import Conditions, Scratch
from benchmarks.corpus import TextSet
from benchmarks.dedup_exact import OurSide, describe_rate, start_sides
from benchmarks.figures import Figure, not_run
from benchmarks.gopher_kernel import per_pass
from benchmarks.peers import PeerMissing, find_python, run_script
from benchmarks.process_tree import MemoryWatch, Usage
from benchmarks.turns import Job, middle, slope, take_turns
from spark_llmdata.kernels import minhash
from spark_llmdata.stages.dedup.minhash import DedupMinhash

NAME = "dedup.minhash"
#: By how much ours is to be faster, in MB of text a CPU-second.
TARGETS = {"datasketch": 30.0, "textdedup": 20.0, "datatrove": 30.0}
#: Peers take minutes for the sets that are sent through our side: their slope is between these two.
PEER_SMALL, PEER_LARGE = "s5k", "s20k"
DATASKETCH_DOCUMENTS = 2_000
#: Four times the documents may cost this much, by the slopes between the sets.
MOST_GROWTH = 4.4


def measure(conditions: Conditions) -> list[Figure]:
    """MB of text a CPU-second on every side; growth, shuffled bytes and memory of ours."""
    return [*_signatures(conditions), *_jobs(conditions)]


def _signatures(conditions: Conditions) -> list[Figure]:
    texts = conditions.corpus.sets["s5k"]
    batches = [batch.column(0) for batch in texts.batches()]
    facts: dict[str, Any] = {}
    jobs: dict[str, Job] = {
        "ours": lambda: per_pass(lambda: [minhash.signatures(b, "runs", 5, 28, 4) for b in batches])
    }
    target = f"≥ {TARGETS['datasketch']:.0f} times"
    try:
        python = find_python("datasketch", conditions.build)
    except PeerMissing as missing:
        return [not_run(NAME, "signatures against datasketch", str(missing), target)]
    files = [str(f) for f in texts.parquet]

    def peer() -> Usage:
        said, usage = run_script(python, "datasketch_signatures.py", str(DATASKETCH_DOCUMENTS), *files)
        facts.update(json.loads(said.strip().splitlines()[-1]))
        return Usage(usage.wall_s, float(facts["cpu_s"]))

    cost = {name: middle(found) for name, found in take_turns(jobs | {"datasketch": peer}, conditions.repeat).items()}
    own = texts.megabytes / cost["ours"].cpu_s
    theirs = facts["bytes"] / 1e6 / cost["datasketch"].cpu_s
    return [
        Figure(NAME, "signatures of 112 hashes, shingling included: ours", f"{own:,.0f} MB of text a CPU-second"),
        Figure(
            NAME,
            "the same, datasketch bulk",
            f"{theirs:.2f} MB a CPU-second; ours is {own / theirs:,.0f} times as fast",
            target,
            own / theirs >= TARGETS["datasketch"],
        ),
    ]


def _jobs(conditions: Conditions) -> list[Figure]:
    spark, start, sides = start_sides(conditions, "dedup_minhash.yaml")
    jobs: dict[str, Job] = {f"ours {key}": side.compare for key, side in sides.items()}
    cost = {name: middle(found) for name, found in take_turns(jobs, conditions.repeat).items()}
    figures = [Figure(NAME, "start of the session", f"{start.cpu_s:.1f} CPU s, {start.wall_s:.1f} s")]
    rate = 1 / slope(cost["ours small"], cost["ours large"], conditions.more_mb).cpu_s
    result = describe_rate(conditions, cost["ours small"], cost["ours large"])
    figures.append(Figure(NAME, "ours, committed segment to committed verdicts", result))
    reading = sides["large"].reading
    figures.append(Figure(NAME, "reading into the segment", f"{reading.cpu_s:.1f} CPU s, {reading.wall_s:.1f} s"))
    figures.append(_growth(conditions, cost))
    figures += _shuffle_and_memory(conditions, spark, sides["large"])
    figures += _truth(conditions, spark)
    spark.stop()
    figures += _peers(conditions, rate)
    return figures


def _growth(conditions: Conditions, cost: dict[str, Usage]) -> Figure:
    """How much more four times the documents cost, fixed costs included, if it grows between the sets as measured."""
    times = conditions.large.documents / conditions.small.documents
    ratio = cost["ours large"].cpu_s / cost["ours small"].cpu_s
    four = 1 + (ratio - 1) * 3 / (times - 1)
    result = f"{times:.1f} times the documents cost {ratio:.2f} times as much; four times, in proportion, {four:.2f}"
    return Figure(NAME, "growth, fixed costs included", result, f"≤ {MOST_GROWTH}", four <= MOST_GROWTH)


def _shuffle_and_memory(conditions: Conditions, spark: Any, side: OurSide) -> list[Figure]:
    """One more comparison, with Spark's own account of shuffled bytes and a watch over the processes."""
    statuses = spark.sparkContext._jsc.sc().statusStore()

    def written() -> int:
        executors = statuses.executorList(True)
        return sum(executors.apply(i).totalShuffleWrite() for i in range(executors.size()))

    before = written()
    watch = MemoryWatch(os.getpid())
    watch.start()
    side.compare()
    peaks = watch.stop()
    documents = conditions.large.documents
    memory = ", ".join(f"{kind} {size / (1 << 20):,.0f} MiB" for kind, size in sorted(peaks.items()))
    return [
        Figure(NAME, "shuffled", f"{(written() - before) / documents:,.0f} bytes a document, {documents:,} documents"),
        Figure(NAME, "peak memory", memory),
    ]


def _truth(conditions: Conditions, spark: Any) -> list[Figure]:
    """Against the Jaccard of all pairs, where the corpus has it (`truth.npz`: places i, j and their similarity)."""
    figures = []
    for name in (PEER_SMALL, PEER_LARGE):
        texts = conditions.corpus.sets[name]
        file = texts.parquet[0].parents[1] / "truth.npz"
        if not file.exists():
            figures.append(not_run(NAME, f"truth of {name}", "this corpus has no truth.npz", "equal"))
            continue
        ids = [i for batch in texts.batches(("id",)) for i in batch.column(0).to_pylist()]
        truth = np.load(file)
        near = [(ids[i], ids[j]) for i, j, s in zip(truth["i"], truth["j"], truth["jac"], strict=True) if s >= 0.8]
        docs = spark.read.parquet(*(str(f) for f in texts.parquet)).selectExpr("id AS doc_id", "text")
        gone = DedupMinhash()(docs).where("NOT kept").select("doc_id", "verdict.survivor").collect()
        removed = {row.doc_id: row.survivor for row in gone}
        both = sum(a not in removed and b not in removed for a, b in near)
        known = {frozenset(pair) for pair in near}
        alone = sum(frozenset(pair) not in known for pair in removed.items())
        result = (
            f"{len(near):,} pairs; {len(ids) - len(removed):,} of {len(ids):,} kept; {both} pairs of which both stay, "
            f"{alone} removed for one that is not near"
        )
        figures.append(Figure(NAME, f"truth of {name}, all pairs", result, "0 and 0", both == alone == 0))
    return figures


def _peers(conditions: Conditions, rate: float) -> list[Figure]:
    sets = [conditions.corpus.sets[name] for name in (PEER_SMALL, PEER_LARGE)]
    scratch = Scratch(conditions.work)
    figures = []
    for name, script in (("textdedup", "textdedup_minhash.py"), ("datatrove", "datatrove_minhash.py")):
        target = f"≥ {TARGETS[name]:.0f} times"
        try:
            python = find_python(name, conditions.build)
        except PeerMissing as missing:
            figures.append(not_run(NAME, f"against {name}", str(missing), target))
            continue
        kept: dict[str, int] = {}
        jobs: dict[str, Job] = {f"{name} {t.name}": partial(_peer, python, script, t, scratch, kept) for t in sets}
        try:
            cost = {job: middle(found) for job, found in take_turns(jobs, conditions.repeat).items()}
        except RuntimeError as failure:  # the other figures took minutes
            figures.append(not_run(NAME, f"against {name}", str(failure).splitlines()[-1], target))
            continue
        small, large = (cost[f"{name} {t.name}"] for t in sets)
        theirs = 1 / slope(small, large, sets[1].megabytes - sets[0].megabytes).cpu_s
        result = (
            f"{theirs:.2f} MB a CPU-second by the slope from {PEER_SMALL} to {PEER_LARGE}; "
            f"ours is {rate / theirs:,.1f} times as fast; kept {', '.join(f'{n:,} of {s}' for s, n in kept.items())}"
        )
        figures.append(Figure(NAME, f"{name}, whole job", result, target, rate / theirs >= TARGETS[name]))
    return figures


def _peer(python: Path, script: str, texts: TextSet, scratch: Scratch, kept: dict[str, int]) -> Usage:
    given = [str(texts.jsonl[0].parent)] if script.startswith("datatrove") else [str(f) for f in texts.parquet]
    said, usage = run_script(python, script, str(scratch.fresh("out")), *given)
    kept[texts.name] = int(json.loads(said.strip().splitlines()[-1])["kept"])
    return usage
