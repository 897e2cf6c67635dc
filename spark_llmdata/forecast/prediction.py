"""A forecast of a run: from a sample of its inputs, or from what former runs of the same store took."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from spark_llmdata.forecast import rates
from spark_llmdata.forecast.arithmetic import Machine, Material, add_up, predict_corpus
from spark_llmdata.forecast.history import FormerRun, Reuse, matching_nodes
from spark_llmdata.forecast.model import Forecast, PassForecast
from spark_llmdata.forecast.samples import SAMPLE_ROWS, look
from spark_llmdata.forecast.trial import TRIAL_S, Trial, try_pass
from spark_llmdata.plan import CorpusNode, Plan
from spark_llmdata.sources.cdx import PREFIX
from spark_llmdata.sources.packing import cut, pack
from spark_llmdata.sources.split import InputFile

#: A task of Spark's own scan, which a run sets (`spark.sql.files.maxPartitionBytes`).
SCAN_BYTES = 32 << 20
#: Of a former run at most this share is taken to be work that does not grow with the input.
_FIXED_SHARE = 0.9


def count_cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def share_out(inputs: Sequence[InputFile]) -> tuple[float, ...]:
    """The tasks that read the inputs, each with its share of all bytes."""
    sizes = [float(sum(s.end - s.begin for s in task)) for task in pack(cut(list(inputs)))]
    for file in inputs:
        if file.format == "parquet":
            tasks = max(1, round(file.size / SCAN_BYTES))
            sizes += [file.size / tasks] * tasks
    total = sum(sizes)
    return tuple(size / total for size in sizes) if total else (1.0,)


def predict_by_sample(
    plan: Plan,
    inputs: Sequence[InputFile],
    *,
    rows: int | None = None,
    cores: int | None = None,
    reuse: Sequence[Reuse] = (),
) -> Forecast:
    """Read and judge a sample here, without Spark, and add up what all of it will take.

    `rows` asks for so many records, however long their judging takes; by itself it is stopped in time.

    Raises:
        UsageError, InputError: there is nothing to look at.
        LlmdataError: what would stop a run too, as a package that is missing.
    """
    sample = look(inputs, plan.recipe.read, SAMPLE_ROWS if rows is None else rows)
    machine = Machine(cores or count_cores(), rates.measure_speed())
    trials: list[Trial] = []
    batches = list(sample.batches)
    for node in plan.segments:
        trial, batches = try_pass(node.segment, batches, TRIAL_S if rows is None else None)
        trials.append(trial)
    material = Material(
        sample.records,
        sum(f.size for f in inputs),
        sample.read_cpu_s,
        share_out(inputs),
        sum(batch.nbytes for batch in sample.batches) / sample.seen,
        any(f.format == "parquet" for f in inputs),
    )
    # Lengths have long tails: where those of all records are known, the documents that were tried stand for them.
    tried = trials[0].content_bytes
    weight = sample.content_bytes / tried if tried and sample.content_bytes else 1.0
    passes = add_up(plan, material, [trial.weigh(weight) for trial in trials], machine, reuse)
    by = {
        "sample": {
            "records": sample.seen,
            "of_records": sample.records,
            "counted": sample.exact,
            "tried": [trial.rows for trial in trials],
            "files": len(inputs),
        },
        "cores": machine.cores,
        "speed": round(machine.speed, 2),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
    }
    spark_s = rates.SPARK_CPU_S / min(machine.cores, rates.FIXED_CORES) / machine.speed
    return Forecast(tuple(passes), by, tuple(_remarks(plan, trials, reuse)), spark_s, _removed(plan, trials))


def _removed(plan: Plan, trials: Sequence[Trial]) -> dict[str, float]:
    """The share of the documents shown to it that each stage of the sample removed or rejected."""
    shares: dict[str, float] = {}
    for node, trial in zip(plan.segments, trials, strict=True):
        left = trial.rows
        for stage in ("read", *(s.name for s in node.segment.stages)):
            gone = trial.removed.get(stage, 0)
            if stage != "read" or gone:
                shares[stage] = gone / left if left else 0.0
            left -= gone
    return shares


def _remarks(plan: Plan, trials: Sequence[Trial], reuse: Sequence[Reuse]) -> list[str]:
    there = list(reuse) or [Reuse()] * len(plan.nodes)
    compared = [(n.stage, r) for n, r in zip(plan.nodes, there, strict=True) if isinstance(n, CorpusNode)]
    remarks = []
    blind = [stage.name for stage, held in compared if held.kept is None]
    if blind:
        remarks.append(
            f"a sample does not show who is a copy of whom: {', '.join(blind)} "
            f"{'is' if len(blind) == 1 else 'are'} taken to remove nothing, so what comes behind is at most this"
        )
    known = [stage.name for stage, held in compared if held.kept is not None and held.share < 1]
    if known:
        remarks.append(f"{', '.join(known)}: the share that the newest run of the store kept, of other inputs")
    if any(stage.kind_name() == "dedup.minhash" and held.share < 1 for stage, held in compared):
        remarks.append("dedup.minhash shuffles the texts of candidates too, which are not in the figure")
    unknown = [stage.name for stage, held in compared if rates.rates_of(stage) is None and held.share < 1]
    if unknown:
        remarks.append(f"what {', '.join(unknown)} takes is not known, only what any comparison does")
    if trials and 0 < trials[-1].kept < 100:
        remarks.append(
            f"{trials[-1].kept} documents of the sample are kept: shares may well be off by a fifth or more; "
            "--sample-rows N looks at more"
        )
    return remarks


def predict_by_history(
    plan: Plan, inputs: Sequence[InputFile], runs: Sequence[FormerRun], reuse: Sequence[Reuse]
) -> Forecast | None:
    """Scale what the newest runs of the same stages took by the bytes of input; None where there are none."""
    size = sum(f.size for f in inputs)
    passes: list[PassForecast] = []
    used: list[str] = []
    count = len(plan.nodes)
    matched = {run.run: sum(1 for _ in matching_nodes(plan, run)) for run in runs}
    for place in range(count + 2):  # the manifest is written before the corpus is
        share = reuse[place - 1].share if 1 <= place <= count else 0.0
        found = [
            (run, measured[place])
            for run in runs
            if len(measured := run.manifest.get("measured", ())) > place
            and _is_comparable(run, inputs)
            and matched[run.run] >= min(place, count)
            and any(run.inputs.values())
        ]
        if not found:
            return None
        # What was reused before says little of what computing it takes, and the other way round.
        alike = [(run, m) for run, m in found if (m["reused"] == 1) == (share == 1)]
        run, entry = (alike or found)[0]
        passes.append(_scale(entry, size / sum(run.inputs.values()), share, bool(alike)))
        used.append(run.run)
    last = passes[count]
    corpus = predict_corpus(last.rows_out, last.bytes_out, Machine(count_cores()), all(r.share == 1 for r in reuse))
    return Forecast((*passes, corpus), {"runs": list(dict.fromkeys(used))})


def _is_comparable(run: FormerRun, inputs: Sequence[InputFile]) -> bool:
    """Whether bytes of input say how much more there is to do: those of an index do not, whose lines are looked up."""
    former = [str(entry.get("url", "")) for entry in run.manifest["inputs"]]
    if any(f.format == "cdx" for f in inputs) or any(url.startswith(PREFIX) for url in former):
        return run.inputs.keys() == {f.digest for f in inputs}
    return True


def _scale(entry: dict[str, Any], times: float, share: float, alike: bool) -> PassForecast:
    """A pass that was measured, for `times` the input, of which the store has a share."""
    machine = Machine(count_cores())
    table = rates.REUSED_CPU_S if share == 1 else rates.FIXED_CPU_S
    fixed = table.get(entry["step"], rates.FIXED_CPU_S["judge"]) / min(machine.cores, rates.FIXED_CORES)
    # Finding results takes no longer than computing them did, and computing them no less than finding them did.
    seconds = entry["seconds"] if alike else (min if share == 1 else max)(fixed, entry["seconds"])
    once = min(fixed, seconds * _FIXED_SHARE)
    if share < 1:
        seconds = once + (seconds - once) * times * (1 - share)

    def scale(name: str) -> int:
        return round((entry.get(name) or 0) * times)

    return PassForecast(
        entry["step"],
        tuple(entry["stages"]),
        scale("rows"),
        scale("rows_out"),
        scale("bytes"),
        scale("bytes_out"),
        None,
        entry.get("memory_bytes"),
        seconds=seconds,
        reused=share,
    )
