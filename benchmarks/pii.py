"""Personal data: MB of text a CPU-second, the same places as datatrove, and precision and recall by type."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.conditions import REPOSITORY, Conditions
from benchmarks.corpus import TextSet
from benchmarks.figures import Figure, not_run
from benchmarks.gopher_kernel import per_pass
from benchmarks.peers import PeerMissing, find_python, run_script
from benchmarks.process_tree import Usage
from benchmarks.turns import Job, middle, take_turns
from spark_llmdata.batch import Batch
from spark_llmdata.kernels import pii
from spark_llmdata.stages.clean.pii import Pii

NAME = "pii"
TARGET = 500.0
DEFAULT = ("email", "ipv4", "ipv6")
#: Labeled sentences: what they call each type, and what we do.
LABELED = REPOSITORY.parent / "shared" / "data" / "05_pii_tox_url" / "presidio-synth" / "synth_v2_half0.jsonl"
LABELS = {
    "EMAIL_ADDRESS": ("email",),
    "IP_ADDRESS": ("ipv4", "ipv6"),
    "CREDIT_CARD": ("card",),
    "IBAN_CODE": ("iban",),
    "US_SSN": ("ssn",),
    "PHONE_NUMBER": ("phone",),
}
Place = tuple[int, int, int, str]


def measure(conditions: Conditions) -> list[Figure]:
    """Both sides' speed, taking turns; then what they find."""
    texts = conditions.corpus.sets["s5k"]
    batches = [batch.column(0) for batch in texts.batches()]
    jobs: dict[str, Job] = {
        "email, ipv4, ipv6": lambda: per_pass(lambda: [pii.find(b, DEFAULT) for b in batches]),
        "email, ipv4 by datatrove's rules": lambda: per_pass(
            lambda: [pii.find(b, DEFAULT[:2], "datatrove") for b in batches]
        ),
        "all types": lambda: per_pass(lambda: [pii.find(b, pii.KINDS) for b in batches]),
        "the stage's judgement": lambda: per_pass(lambda: [_judge(b) for b in batches]),
    }
    peer: dict[str, Any] = {}
    figures = []
    try:
        python = find_python("datatrove", conditions.build)
    except PeerMissing as missing:
        figures.append(not_run(NAME, "against datatrove", str(missing)))
    else:
        jobs["datatrove"] = partial(_run_peer, python, texts, conditions.work / "places.json", peer)
    rates = {name: texts.megabytes / middle(found).cpu_s for name, found in take_turns(jobs, conditions.repeat).items()}
    for name, rate in rates.items():
        target, met = (f"≥ {TARGET:.0f}", rate >= TARGET) if name.startswith("email, ipv4, ipv6") else ("", None)
        figures.append(Figure(NAME, name, f"{rate:,.1f} MB a CPU-second", target, met))
    if peer:
        theirs = {(row, begin, end, kind) for row, begin, end, kind in peer["places"]}
        ours = find_places([text for b in batches for text in b.to_pylist()], ("email", "ipv4"), "datatrove")
        result = f"{len(ours):,} / {len(theirs):,}; {len(ours - theirs)} ours alone, {len(theirs - ours)} theirs alone"
        figures.append(Figure(NAME, "places in s5k, ours / datatrove's", result, "equal", ours == theirs))
    if LABELED.is_file():
        figures += [_describe(label, *counts) for label, counts in score(LABELED).items()]
    else:
        figures.append(not_run(NAME, "precision and recall", f"{LABELED.name} is not beside the repository"))
    return figures


def find_places(texts: list[str], kinds: Iterable[str], rules: str = "checked") -> set[Place]:
    """What our kernel finds: document, begin and end in code points, kind."""
    found = pii.find(pa.array(texts), list(kinds), rules)
    places: set[Place] = set()
    for row, kind, begin, end in zip(*(column.to_pylist() for column in found.columns), strict=True):
        data = texts[row].encode()
        first = len(data[:begin].decode())
        places.add((row, first, first + len(data[begin:end].decode()), pii.KINDS[kind]))
    return places


def score(labeled: Path) -> dict[str, tuple[int, int, int]]:
    """By label: how many are labeled, found, and found with both ends where they are labeled."""
    sentences = [json.loads(line) for line in labeled.read_text("utf-8").splitlines()]
    texts = [sentence["full_text"] for sentence in sentences]
    result = {}
    for label, kinds in LABELS.items():
        wanted = {
            (row, span["start_position"], span["end_position"])
            for row, sentence in enumerate(sentences)
            for span in sentence["spans"]
            if span["entity_type"] == label
        }
        # All types together, as a user has them: of places that meet the first type wins.
        found = {place[:3] for place in find_places(texts, pii.KINDS) if place[3] in kinds}
        result[label] = len(wanted), len(found), len(wanted & found)
    return result


def _describe(label: str, wanted: int, found: int, right: int) -> Figure:
    what = f"{label}: {' and '.join(LABELS[label])}"
    precision = f"{right / found:.3f}" if found else "none found"
    return Figure(NAME, what, f"precision {precision} ({right} of {found}), recall {right / wanted:.3f} ({wanted})")


_STAGE = Pii()


def _judge(text: pa.Array) -> object:
    ids = pa.array(np.arange(len(text)).astype(str))
    return _STAGE.judge(Batch({"text": text, "doc_id": ids}))


def _run_peer(python: Path, texts: TextSet, places: Path, facts: dict[str, Any]) -> Usage:
    said, usage = run_script(python, "datatrove_pii.py", str(places), *(str(f) for f in texts.parquet))
    told = json.loads(said.strip().splitlines()[-1])
    facts["places"] = json.loads(places.read_text())
    return Usage(usage.wall_s, float(told["cpu_s"]))
