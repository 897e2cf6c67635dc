"""What Spark, Delta and the JVM cost, measured once; what documents cost is measured on the sample itself.

CPU seconds of the whole process tree on 2 cores of an AMD EPYC. What is fixed is from quickstart and near_duplicates on
1,000 documents in fresh processes (`python -m benchmarks forecast` measures it), of reuse from benchmarks/README.md
(48 CPU s for a run that finds everything). Most of it is the JVM compiling what it runs for the first time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from spark_llmdata.kernels import words
from spark_llmdata.stage import CorpusStage
from spark_llmdata.stages.dedup.minhash import DedupMinhash

#: CPU seconds that each step of a run takes however little it has to do.
SPARK_CPU_S = 12.0
FIXED_CPU_S = {"start": 13.0, "read": 24.0, "judge": 5.5, "compare": 5.0, "fates": 6.0, "corpus": 3.5}
#: And of a step whose results are there already.
REUSED_CPU_S = {"start": 13.0, "read": 18.0, "judge": 4.0, "compare": 2.0, "fates": 8.0, "corpus": 2.0}
#: How many cores are busy meanwhile, where there are so many: the JVM compiles and collects beside its work.
FIXED_CORES = 1.7

#: CPU seconds of the JVM for a byte (benchmarks/README.md: 1.67, 2.00 and 3.88 s a GB): read from the store, moved
#: to Python or back, written to the store.
SCAN_S, HOP_S, WRITE_S = 1.7e-9, 1.0e-9, 3.9e-9
#: CPU seconds for a row of fates.
FATE_S = 20e-6

#: Bytes shuffled for each record to find identical ones, and in how many tasks a comparison meets (a local session's).
COPIES_SHUFFLE, SHUFFLE_TASKS = 72, 8

#: A Python worker before it sees a document: the interpreter, pyarrow, pandas and what Spark loads.
WORKER_BYTES = 145 << 20
#: In how many copies a batch is there while it comes in: as it was sent or stored, decompressed, as columns.
COPIES = 3
#: What a pass needs beside, where the sample could not tell: a batch, what is made of it, and a copy on its way.
BATCHES_BYTES = 64 << 20
#: A task's share of the JVM: Arrow batches that come and go, and the rows of a Parquet file before they are written.
ARROW_BYTES, WRITER_BYTES = 64 << 20, 128 << 20

#: Bytes a second of processor time at which `measure_speed` found words where these figures were measured.
_REFERENCE_SPEED = 1.9e9
_SENTENCE = "The quick brown fox, number 42, jumps over the lazy dog; a new line follows here.\n"


@dataclass(frozen=True)
class Comparison:
    """What comparing costs: CPU seconds at least, for a document and for a byte of text; bytes shuffled a document.

    `worker_bytes` are what the Python worker of a task holds for each document of its share; 0: there is no worker.
    """

    fixed_s: float
    document_s: float
    byte_s: float
    shuffle_bytes: float
    worker_bytes: float = 0.0


def _minhash(stage: CorpusStage) -> Comparison:
    """The keys of bands, 16 bytes each, and some 75 for each set (docs/deduplication.md); candidates' texts besides."""
    assert isinstance(stage, DedupMinhash)
    record = 16 * stage.cut()[0] + 75
    return Comparison(18.0, 40e-6, 1 / 84e6, record, 3.0 * record)


_COMPARISONS: Mapping[str, Callable[[CorpusStage], Comparison]] = {
    "dedup.exact": lambda _: Comparison(4.2, 10e-6, 0.0, 116),
    "dedup.url": lambda _: Comparison(7.5, 15e-6, 0.0, 87),
    "dedup.minhash": _minhash,
}


def rates_of(stage: CorpusStage) -> Comparison | None:
    """What a comparison costs; None for a stage that nobody has measured."""
    found = _COMPARISONS.get(stage.kind_name()) if stage.is_builtin() else None
    return None if found is None else found(stage)


def measure_speed() -> float:
    """How fast this machine is, as a multiple of the one the figures are from; takes some 10 ms of processor time."""
    text = pa.array([_SENTENCE * 60] * 400)
    alive = pa.array([True] * len(text))
    spent = []
    for _ in range(5):  # the fastest: others who use the machine make it slower, nobody makes it faster
        begun = time.process_time()
        words.split(text, alive, "uax29")
        spent.append(time.process_time() - begun)
    return len(_SENTENCE) * 60 * 400 / min(spent) / _REFERENCE_SPEED
