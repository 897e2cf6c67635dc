"""Rules on text as other tools have them: our stages in one thread against Curator's filters and dolma's taggers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.conditions import Conditions
from benchmarks.corpus import TextSet
from benchmarks.figures import Figure, not_run
from benchmarks.gopher_kernel import per_pass
from benchmarks.peers import PeerMissing, find_python, run_script
from benchmarks.process_tree import Usage
from benchmarks.turns import Job, middle, take_turns
from spark_llmdata.batch import Batch
from spark_llmdata.stage import RowStage
from spark_llmdata.stages.filter.c4 import C4
from spark_llmdata.stages.filter.gopher_quality import GopherQuality
from spark_llmdata.stages.filter.gopher_repetition import GopherRepetition

NAME = "heuristics"
#: What comes nearest to what a peer measures. Every stage sees every document, as taggers do.
OURS: dict[str, tuple[RowStage, ...]] = {
    "Gopher's quality": (GopherQuality(),),
    "Gopher's quality and repetition": (GopherQuality(), GopherRepetition()),
    "C4": (C4(),),
}
#: Peer, its part, what it is called, and which of ours does the like.
THEIRS = (
    ("curator", "quality", "Curator, filters of quality", "Gopher's quality"),
    ("curator", "repetition", "Curator, filters of quality and repetition", "Gopher's quality and repetition"),
    ("dolma", "gopher_v2", "dolma, tagger gopher_v2", "Gopher's quality and repetition"),
    ("dolma", "c4_v2", "dolma, tagger c4_v2", "C4"),
)
_SCRIPTS = {"curator": "curator_filters.py", "dolma": "dolma_taggers.py"}


def measure(conditions: Conditions) -> list[Figure]:
    """MB of text per CPU-second, start-up excluded. The rules are alike, not the same: only the cost is compared."""
    texts = conditions.corpus.sets["s5k"]
    batches = [batch.column(0) for batch in texts.batches()]
    jobs: dict[str, Job] = {name: partial(per_pass, partial(_judge, stages, batches)) for name, stages in OURS.items()}
    facts: dict[str, dict[str, Any]] = {}
    figures = []
    for peer in _SCRIPTS:
        try:
            python = find_python(peer, conditions.build)
        except PeerMissing as missing:
            figures.append(not_run(NAME, f"against {peer}", str(missing), ""))
        else:
            jobs[peer] = partial(_ask, peer, python, texts, facts)
    cost = {name: middle(found) for name, found in take_turns(jobs, conditions.repeat).items()}
    rates = {name: texts.megabytes / cost[name].cpu_s for name in OURS}
    figures += [Figure(NAME, f"ours, {name}", f"{rate:,.0f} MB of text a CPU-second") for name, rate in rates.items()]
    for peer, part, called, ours in THEIRS:
        if peer not in facts:
            continue
        found = facts[peer][part]
        seconds = found["cpu_s"] if peer == "curator" else found
        rate = facts[peer]["bytes"] / 1e6 / seconds
        more = f"; {found['filters']} filters, kept {found['kept']:,}" if peer == "curator" else ""
        said = f"{rate:.2f} MB a CPU-second{more}; ours ({ours}) is {rates[ours] / rate:,.0f} times as fast"
        figures.append(Figure(NAME, called, said))
    return figures


def _judge(stages: Sequence[RowStage], batches: Sequence[pa.Array]) -> None:
    for text in batches:
        batch = Batch({"text": text})
        for stage in stages:
            stage.judge(batch)


def _ask(peer: str, python: Path, texts: TextSet, facts: dict[str, dict[str, Any]]) -> Usage:
    said, usage = run_script(python, _SCRIPTS[peer], *map(str, texts.parquet if peer == "curator" else texts.jsonl))
    facts[peer] = json.loads(said.strip().splitlines()[-1])
    return usage
