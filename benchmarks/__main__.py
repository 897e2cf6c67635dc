"""Runs the benchmarks: `python -m benchmarks [NAME...] [--repeat 3] [--peers]`; ends with a Markdown table."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

from benchmarks import (
    archive_reading,
    charsets,
    decisions,
    dedup_exact,
    dedup_kernels,
    extraction,
    filters_job,
    fineweb_recipe,
    forecast,
    gopher_kernel,
    heuristics,
    language,
    machine,
    memory,
    near_duplicates,
    peers,
    pii,
    reuse,
    segment_write,
    url_rules,
)
from benchmarks.conditions import REPOSITORY, Conditions, child_environment
from benchmarks.corpus import find_corpus
from benchmarks.figures import Figure, to_markdown
from benchmarks.process_tree import adopt_orphans

MEASUREMENTS: Mapping[str, Callable[[Conditions], list[Figure]]] = {
    "archive_reading": archive_reading.measure,
    "gopher_kernel": gopher_kernel.measure,
    "heuristics": heuristics.measure,
    "decisions": decisions.measure,
    "language": language.measure,
    "segment_write": segment_write.measure,
    "dedup_exact": dedup_exact.measure,
    "filters_job": filters_job.measure,
    "fineweb_recipe": fineweb_recipe.measure,
    "dedup_kernels": dedup_kernels.measure,
    "url_rules": url_rules.measure,
    "near_duplicates": near_duplicates.measure,
    "pii": pii.measure,
    "extraction": extraction.measure,
    "charsets": charsets.measure,
    "memory": memory.measure,
    "reuse": reuse.measure,
    "forecast": forecast.measure,
}


def main(arguments: list[str] | None = None) -> int:
    """Run what is named, each in a process of its own, and print one table of all."""
    options = parse(arguments)
    build = Path(options.build)
    if options.figures:
        return _measure_here(options, build)
    if options.peers:
        peers.install(build)
    corpus = find_corpus(build, options.documents)
    figures: list[Figure] = []
    failed = []
    for name in options.names or MEASUREMENTS:
        print(f"{name}:", flush=True)
        begin = time.monotonic()
        with tempfile.NamedTemporaryFile("r", suffix=".json") as found:
            command = [sys.executable, "-m", "benchmarks", *_repeated(options), "--figures", found.name, name]
            done = subprocess.run(command, check=False, env=child_environment())
            if done.returncode == 0:
                figures += [Figure(**entry) for entry in json.load(found)]
            else:
                failed.append(name)
                figures.append(Figure(name, "all of it", f"failed with {done.returncode}; see above"))
        print(f"  took {time.monotonic() - begin:.0f} s", flush=True)
    table = f"{machine.describe(corpus.origin, options.cores, options.repeat)}\n\n{to_markdown(figures)}\n"
    print(f"\n{table}")
    (build / "results.md").write_text(table)
    return 1 if failed else 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MEASUREMENTS)}; all without one")
    parser.add_argument("--repeat", type=int, default=3, help="turns, of which the median counts (%(default)s)")
    parser.add_argument("--peers", action="store_true", help="install peers that are not there, by pip")
    parser.add_argument("--small", default="s20k", help="the set from which slopes go (%(default)s)")
    parser.add_argument("--large", default="full", help="the set to which slopes go (%(default)s)")
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1, help="of Spark's (%(default)s)")
    parser.add_argument("--documents", type=int, default=146_000, help="of the corpus made without BENCH_ROOT")
    parser.add_argument("--build", default=str(REPOSITORY / "build" / "bench"), help=argparse.SUPPRESS)
    parser.add_argument("--figures", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.names) - set(MEASUREMENTS))
    if unknown:
        parser.error(f"no measurement {', '.join(unknown)}; expected some of {', '.join(MEASUREMENTS)}")
    if options.repeat < 1:
        parser.error(f"--repeat is {options.repeat}; expected 1 or more")
    return options


def _repeated(options: argparse.Namespace) -> list[str]:
    """The options that a measurement's own process needs as well."""
    names = ("repeat", "small", "large", "cores", "documents", "build")
    return [word for name in names for word in (f"--{name}", str(getattr(options, name)))]


def _measure_here(options: argparse.Namespace, build: Path) -> int:
    adopt_orphans()
    corpus = find_corpus(build, options.documents)
    for name in (options.small, options.large):
        if name not in corpus.sets:
            raise SystemExit(f"no set {name!r}; this corpus has {', '.join(corpus.sets)}")
    build.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="work-", dir=build))
    try:
        sets = corpus.sets
        conditions = Conditions(
            corpus, sets[options.small], sets[options.large], options.repeat, options.cores, work, build
        )
        figures = MEASUREMENTS[options.names[0]](conditions)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    Path(options.figures).write_text(json.dumps([asdict(f) for f in figures]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
