"""Peak memory of a whole run of the quickstart recipe, by kind of process, as the corpus grows."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.conditions import Conditions, Scratch, child_environment
from benchmarks.corpus import TextSet
from benchmarks.figures import Figure
from benchmarks.process_tree import MemoryWatch

NAME = "memory"
HEAP = "1g"  # of the JVM, which in local mode does all cores' work
#: How much larger the largest set's peak may be than the smallest one's and still be called flat.
TARGET = 1.25


def measure(conditions: Conditions) -> list[Figure]:
    """A fresh process, JVM and store for each set; proportional set sizes, so that shared pages count once."""
    names = ("s5k", "s20k", "full")
    wanted = [conditions.corpus.sets[n] for n in names if n in conditions.corpus.sets]
    sets = [t for t in wanted if t.documents <= conditions.large.documents]
    scratch = Scratch(conditions.work)
    figures = []
    peaks = []
    for texts in sets:
        found = _peaks(texts, conditions, scratch)
        peaks.append(found)
        workers = found["workers"] / conditions.cores
        result = (
            f"{_mib(workers)} a core in Python workers; JVM (heap {HEAP}) {_mib(found['jvm'])}, "
            f"driver's Python {_mib(found['driver'])}, all {_mib(found['all'])}"
        )
        figures.append(Figure(NAME, f"peak at {texts.documents:,} documents", result))
    growth = sets[-1].documents / sets[0].documents
    for kind, what in (("workers", "Python workers"), ("all", "all processes")):
        ratio = peaks[-1][kind] / peaks[0][kind]
        figures.append(
            Figure(
                NAME,
                f"{what}: growth for {growth:.0f} times the documents",
                f"{ratio:.2f}",
                f"≤ {TARGET}",
                ratio <= TARGET,
            )
        )
    return figures


def _peaks(texts: TextSet, conditions: Conditions, scratch: Scratch) -> dict[str, int]:
    """Bytes by kind of process at their peaks."""
    command = [sys.executable, "-m", "benchmarks.one_run", "quickstart", str(scratch.fresh("store"))]
    command += ["--cores", str(conditions.cores), "--heap", HEAP, *(str(f) for f in texts.parquet)]
    process = subprocess.Popen(command, env=child_environment(), stdout=subprocess.DEVNULL)
    watch = MemoryWatch(process.pid)
    watch.start()
    code = process.wait()
    peaks = watch.stop()
    if code != 0:
        raise RuntimeError(
            f"the run over {texts.name} with a heap of {HEAP} ended with {code}; its last words are above"
        )
    print(f"    {texts.name}: " + ", ".join(f"{k} {_mib(v)}" for k, v in sorted(peaks.items())), flush=True)
    return peaks


def _mib(size: float) -> str:
    return f"{size / (1 << 20):,.0f} MiB"
