"""Reading web archives: records to pages with all checks, against fastwarc and warcio over the same bytes."""

from __future__ import annotations

import gzip
import hashlib
import html
import json
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.conditions import Conditions
from benchmarks.figures import Figure, not_run
from benchmarks.gopher_kernel import per_pass
from benchmarks.peers import PeerMissing, find_python, run_script
from benchmarks.process_tree import Usage
from benchmarks.turns import Job, middle, take_turns
from spark_llmdata.segment import BATCH_BYTES, BATCH_ROWS
from spark_llmdata.sources.inputs import find_files, plan_splits
from spark_llmdata.sources.split import Tally
from spark_llmdata.sources.warc import read_warc

NAME = "archive_reading"

#: What is measured against: the environment, the reader in it, what is said of it, and the ratio to reach, if any.
PEERS = (
    ("fastwarc", "fastwarc", "fastwarc 0.16.0 (C++)", 0.7),
    ("fastwarc_rust", "fastwarc", "fastwarc 2.0.1 (Rust)", None),
    ("fastwarc", "warcio", "warcio 1.8.1", 3.0),
)


def measure(conditions: Conditions) -> list[Figure]:
    """MB of pages per CPU-second on all sides, taking turns, and whether the pages are the same."""
    archives = _archives(conditions)
    own = _facts(archives)
    jobs: dict[str, Job] = {"ours": lambda: per_pass(lambda: [len(page) for page in _pages(archives)])}
    figures, facts = [], dict[str, dict[str, Any]]()
    for environment, reader, said, target in PEERS:
        try:
            python = find_python(environment, conditions.build)
        except PeerMissing as missing:
            figures.append(not_run(NAME, said, str(missing), f"≥ {target:g} times" if target else ""))
        else:
            jobs[said] = partial(_peer, python, reader, archives, facts.setdefault(said, {}))
    cost = {name: middle(found) for name, found in take_turns(jobs, conditions.repeat).items()}
    rates = {name: own["bytes"] / 1e6 / usage.cpu_s for name, usage in cost.items()}
    what = f"ours, {own['pages']:,} pages of {own['bytes'] / 1e6:,.0f} MB"
    figures.insert(0, Figure(NAME, what, f"{rates['ours']:,.0f} MB a CPU-second"))
    for _, _, said, target in PEERS:
        if said not in rates:
            continue
        ratio = rates["ours"] / rates[said]
        result = f"{rates[said]:,.0f} MB a CPU-second; ours is {ratio:.2f} times as fast"
        goal = (f"≥ {target:g} times", ratio >= target) if target else ()
        figures.append(Figure(NAME, said, result, *goal))
        same = all(facts[said][key] == own[key] for key in ("pages", "bytes", "sha256"))
        figures.append(Figure(NAME, f"{said}: the same pages, byte for byte", "yes" if same else "no", "yes", same))
    return figures


def _archives(conditions: Conditions) -> list[Path]:
    """Those that BENCH_ROOT has; else one of pages made of the documents."""
    root = os.environ.get("BENCH_ROOT")
    found = sorted(Path(root).glob("data/warc4k/*.warc.gz")) if root else []
    if found:
        return found
    path = conditions.work / "pages.warc.gz"
    with path.open("wb") as out:
        for batch in conditions.corpus.sets["s5k"].batches(("url", "text")):
            for url, text in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                out.write(gzip.compress(_record(url, text)))
    return [path]


def _record(url: str, text: str) -> bytes:
    lines = "".join(f'<p class="line">{html.escape(line)}</p>\n' for line in text.split("\n"))
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    block = head + f"<!doctype html><html><body>\n{lines}</body></html>".encode()
    named = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nContent-Length: {len(block)}\r\n\r\n"
    return named.encode() + block + b"\r\n\r\n"


def _pages(archives: list[Path]) -> Iterator[bytes]:
    """As a task reads them: splits, bounds and batches of a run."""
    for split in plan_splits(find_files([str(path) for path in archives]).files):
        for batch in read_warc(
            split, Tally(), max_record_bytes=16 << 20, batch_rows=BATCH_ROWS, batch_bytes=BATCH_BYTES
        ):
            yield batch.column("html").drop_null().buffers()[2]


def _facts(archives: list[Path]) -> dict[str, Any]:
    digest = hashlib.sha256()
    pages = size = 0
    for split in plan_splits(find_files([str(path) for path in archives]).files):
        for batch in read_warc(
            split, Tally(), max_record_bytes=16 << 20, batch_rows=BATCH_ROWS, batch_bytes=BATCH_BYTES
        ):
            for page in batch.column("html").drop_null().to_pylist():
                pages += 1
                size += len(page)
                digest.update(page)
    return {"pages": pages, "bytes": size, "sha256": digest.hexdigest()}


def _peer(python: Path, reader: str, archives: list[Path], facts: dict[str, Any]) -> Usage:
    said, usage = run_script(python, "archive_pages.py", reader, *map(str, archives))
    facts.update(json.loads(said.strip().splitlines()[-1]))
    return Usage(usage.wall_s, float(facts["cpu_s"]))
