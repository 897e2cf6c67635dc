"""Gopher's quality rules: our kernels against datatrove's filter, both on UAX #29 words, start-up excluded."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.conditions import Conditions
from benchmarks.corpus import TextSet
from benchmarks.figures import Figure, not_run
from benchmarks.peers import PeerMissing, find_python, run_script
from benchmarks.process_tree import Usage
from benchmarks.turns import Job, middle, take_turns
from spark_llmdata.batch import Batch
from spark_llmdata.kernels import heuristics, words
from spark_llmdata.stages.filter.gopher_quality import GopherQuality

NAME = "gopher_quality kernel"
TARGET = 100.0
#: Our side goes over the texts until this much CPU time is gone: one pass is too short for the clock.
MIN_CPU_S = 1.0
#: Our side: words, words and measures, and the stage's whole judgement.
OURS = {
    "words": "ours: words alone",
    "kernels": "ours: kernels (words and measures)",
    "judgement": "ours: the stage's judgement",
}
#: Who finds datatrove's words, and in how many documents: slow ones get fewer. The target is about the fastest of
#: UAX #29, so that our choice does not slow the peer.
RULES = {
    "rust": ("UAX #29 words by the crate unicode-segmentation", 5_000),
    "regex": ("UAX #29 words by the package regex", 5_000),
    "uniseg": ("UAX #29 words by the package uniseg", 100),
    "spacy": ("its own words (spaCy)", 1_000),
}


def measure(conditions: Conditions) -> list[Figure]:
    """MB of text per CPU-second on both sides, taking turns."""
    texts = conditions.corpus.sets["s5k"]
    batches = [batch.column(0) for batch in texts.batches()]
    jobs: dict[str, Job] = {
        "words": lambda: per_pass(lambda: [words.split(b) for b in batches]),
        "kernels": lambda: per_pass(lambda: [bare_kernel(b) for b in batches]),
        "judgement": lambda: per_pass(lambda: [_judge(b) for b in batches]),
    }
    facts: dict[str, dict[str, Any]] = {}
    figures = []
    try:
        python = find_python("datatrove", conditions.build)
    except PeerMissing as missing:
        figures.append(not_run(NAME, "against datatrove", str(missing), f"≥ {TARGET:.0f} times"))
    else:
        jobs |= {rule: partial(_peer, python, rule, texts, facts) for rule in RULES}
    cost = {name: middle(found) for name, found in take_turns(jobs, conditions.repeat).items()}
    sizes = dict.fromkeys(OURS, texts.megabytes) | {rule: found["bytes"] / 1e6 for rule, found in facts.items()}
    rates = {name: sizes[name] / usage.cpu_s for name, usage in cost.items()}
    for name, what in OURS.items():
        figures.append(Figure(NAME, what, f"{rates[name]:,.0f} MB of text a CPU-second"))
    for rule in facts:
        ratio = rates["kernels"] / rates[rule]
        result = f"{rates[rule]:.2f} MB a CPU-second; our kernels are {ratio:,.0f} times as fast"
        target, met = (f"≥ {TARGET:.0f} times", ratio >= TARGET) if rule == "rust" else ("", None)
        figures.append(Figure(NAME, f"datatrove, {RULES[rule][0]}", result, target, met))
    if "rust" in facts:
        own = sum(int(pc.sum(words.split(b).counts()).as_py()) for b in batches)
        theirs = int(facts["rust"]["words"])
        figures.append(
            Figure(NAME, "words found, ours / unicode-segmentation", f"{own:,} / {theirs:,}", "equal", own == theirs)
        )
    return figures


def bare_kernel(text: pa.Array) -> pa.RecordBatch:
    """Words and measures of a column of texts, and nothing else."""
    return heuristics.gopher_quality(words.split(text), _STAGE.stop_words)


_STAGE = GopherQuality()


def _judge(text: pa.Array) -> object:
    return _STAGE.judge(Batch({"text": text}))


def per_pass(work: Callable[[], object]) -> Usage:
    """What one pass costs on this thread, as the mean of as many as fill the time; a first one is not counted."""
    work()
    cpu, wall, passes = time.process_time(), time.monotonic(), 0
    while time.process_time() - cpu < MIN_CPU_S:
        work()
        passes += 1
    return Usage(time.monotonic() - wall, time.process_time() - cpu).per(passes)


def _peer(python: Path, rule: str, texts: TextSet, facts: dict[str, dict[str, Any]]) -> Usage:
    files = [str(f) for f in texts.parquet]
    said, usage = run_script(python, "datatrove_gopher.py", rule, str(RULES[rule][1]), *files)
    facts[rule] = json.loads(said.strip().splitlines()[-1])
    return Usage(usage.wall_s, float(facts[rule]["cpu_s"]))
