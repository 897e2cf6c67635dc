"""From what a sample shows to what a run will take: plain sums, given every measurement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from spark_llmdata.forecast import rates
from spark_llmdata.forecast.history import Reuse
from spark_llmdata.forecast.model import PassForecast, Step
from spark_llmdata.forecast.trial import Trial
from spark_llmdata.plan import CorpusNode, Plan, SegmentNode
from spark_llmdata.segment import BATCH_BYTES, BATCH_ROWS


@dataclass(frozen=True)
class Machine:
    """Cores that work at once, and their speed as a multiple of those that `rates` were measured on."""

    cores: int
    speed: float = 1.0


@dataclass(frozen=True)
class Material:
    """What is to be read: records, their bytes as stored, CPU seconds of reading one, and the tasks' shares of it all.

    `record_bytes` is what one takes in memory; `scanned` says that Spark's own scan reads them.
    """

    records: int
    stored_bytes: int
    read_cpu_s: float
    shares: tuple[float, ...]
    record_bytes: float = 0.0
    scanned: bool = False


@dataclass(frozen=True)
class Cost:
    """Seconds of the clock and of the processors."""

    seconds: float
    cpu_s: float

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.seconds + other.seconds, self.cpu_s + other.cpu_s)


def add_up(
    plan: Plan, material: Material, trials: Sequence[Trial], machine: Machine, reuse: Sequence[Reuse] = ()
) -> list[PassForecast]:
    """A line for each pass: `trials` one for each segment, `reuse` what the store has of each node.

    A comparison keeps the share that it kept in a former run; where there is none it is taken to remove nothing, and
    what comes behind it is an upper bound.
    """
    there = list(reuse) or [Reuse()] * len(plan.nodes)
    passes = [_tell(PassForecast("start"), _fixed("start", machine))]
    rows, size = material.records, material.stored_bytes
    left = iter(trials)
    for node, held in zip(plan.nodes, there, strict=True):
        if isinstance(node, CorpusNode):
            kept = 1.0 if held.kept is None else held.kept
            told = _compare(node, rows, size, machine, held.share)
            passes.append(replace(told, rows_out=round(rows * kept), bytes_out=round(size * kept)))
        else:
            passes.append(_judge(node, rows, size, next(left), material, machine, held.share))
        rows, size = passes[-1].rows_out, passes[-1].bytes_out
    work = _work(0.0, material.records * rates.FATE_S / machine.speed, max(material.shares, default=1.0), machine)
    fates = PassForecast("fates", (), material.records, material.records, jvm_bytes=rates.WRITER_BYTES)
    same = all(held.share == 1.0 for held in there)
    return [
        *passes,
        _tell(fates, _fixed("fates", machine, float(same)) + work),
        predict_corpus(rows, size, machine, same, max(material.shares, default=1.0)),
    ]


def predict_corpus(rows: int, size: int, machine: Machine, same: bool, largest: float = 0.0) -> PassForecast:
    """The writing of so many documents and bytes of text; of none where the corpus has the `same` content already."""
    told = PassForecast("corpus", (), rows, rows, size, size, jvm_bytes=rates.WRITER_BYTES, reused=float(same))
    written = 0.0 if same else size * (rates.SCAN_S + rates.WRITE_S) / machine.speed
    return _tell(told, _fixed("corpus", machine, told.reused) + _work(0.0, written, largest, machine))


def _judge(
    node: SegmentNode, rows: int, size: int, trial: Trial, material: Material, machine: Machine, reused: float
) -> PassForecast:
    kept = round(rows * trial.kept / trial.rows) if trial.rows else 0
    step: Step = "read" if node.segment.reads else "judge"
    read_s = material.read_cpu_s if node.segment.reads else 0.0
    written = rows * trial.arrow_bytes
    from_spark = 0.0 if node.segment.reads and not material.scanned else rates.SCAN_S + rates.HOP_S
    jvm_s = written * (from_spark + rates.HOP_S + rates.WRITE_S) / machine.speed
    largest = max(material.shares, default=1.0)
    told = PassForecast(
        step,
        tuple(s.name for s in node.segment.stages),
        rows,
        kept,
        size,
        round(kept * trial.text_bytes),
        shuffle_bytes=rows * rates.COPIES_SHUFFLE if node.segment.reads and reused < 1 else 0,
        memory_bytes=_worker(trial, material.record_bytes if node.segment.reads else None) if reused < 1 else None,
        jvm_bytes=round(rates.ARROW_BYTES + min(rates.WRITER_BYTES, written * largest)) if reused < 1 else None,
        tasks=len(material.shares),
        reused=reused,
    )
    work = _work(rows * (trial.cpu_s + read_s) * (1 - reused), jvm_s * (1 - reused), largest, machine)
    return _tell(told, _fixed(step, machine, reused) + work)


def _worker(trial: Trial, record_bytes: float | None) -> int:
    """The peak of a worker: a batch comes in, in some copies, and the pass makes of it what the sample showed."""
    given = min(BATCH_ROWS * trial.arrow_bytes, BATCH_BYTES)
    taken = given if record_bytes is None else min(BATCH_ROWS * record_bytes, BATCH_BYTES)
    grown = rates.BATCHES_BYTES if trial.grown_bytes is None else trial.grown_bytes
    return rates.WORKER_BYTES + round(max(grown, given) + rates.COPIES * taken)


def _compare(node: CorpusNode, rows: int, size: int, machine: Machine, reused: float) -> PassForecast:
    found = rates.rates_of(node.stage)
    told = PassForecast("compare", (node.stage.name,), rows, rows, size, size, None, reused=reused)
    if reused == 1:
        return _tell(replace(told, shuffle_bytes=0), _fixed("compare", machine, 1.0))
    if found is None:
        return _tell(told, _fixed("compare", machine))
    held = found.worker_bytes * rows / rates.SHUFFLE_TASKS
    told = replace(
        told,
        shuffle_bytes=round(rows * found.shuffle_bytes),
        memory_bytes=round(rates.WORKER_BYTES + rates.BATCHES_BYTES + held) if found.worker_bytes else None,
        jvm_bytes=rates.ARROW_BYTES,
        tasks=rates.SHUFFLE_TASKS,
    )
    work = (rows * found.document_s + size * found.byte_s) / machine.speed
    return _tell(told, _once(found.fixed_s, machine) + _work(0.0, work, 1 / rates.SHUFFLE_TASKS, machine))


def _tell(told: PassForecast, cost: Cost) -> PassForecast:
    return replace(told, seconds=cost.seconds, cpu_seconds=cost.cpu_s)


def _fixed(step: str, machine: Machine, reused: float = 0.0) -> Cost:
    """What a step takes however little it has to do; less where it finds all of it in the store."""
    return _once((rates.REUSED_CPU_S if reused == 1.0 else rates.FIXED_CPU_S)[step], machine)


def _once(cpu_s: float, machine: Machine) -> Cost:
    return Cost(cpu_s / min(machine.cores, rates.FIXED_CORES) / machine.speed, cpu_s / machine.speed)


def _work(python_s: float, jvm_s: float, largest: float, machine: Machine) -> Cost:
    """Cores share the work; no task is faster than the slower of the two processes that it runs in, side by side."""
    longest = largest * max(python_s, jvm_s) if machine.cores > 1 else 0.0
    return Cost(max((python_s + jvm_s) / machine.cores, longest), python_s + jvm_s)
