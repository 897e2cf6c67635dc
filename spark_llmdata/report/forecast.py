"""What a run will take, as a table with a line for each pass, and what of it a store holds already."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from spark_llmdata.forecast import Reuse
from spark_llmdata.plan import CorpusNode, Plan

WIDTH = 100

_HEAD = ("", "pass", "rows in", "rows out", "MB in", "MB out", "shuffled MB", "worker MiB", "JVM MiB", "seconds")
_STEPS = {"start": "begin the run", "fates": "write fates", "corpus": "write the corpus"}

Table = Callable[[Sequence[str], Sequence[Sequence[object]]], str]


def describe_reuse(plan: Plan, reuse: Sequence[Reuse]) -> list[dict[str, Any]]:
    """For each step of the plan the share of the inputs' bytes that the store holds of it, and by which run."""
    names = [
        [n.stage.name] if isinstance(n, CorpusNode) else [s.name for s in n.segment.stages] or ["read"]
        for n in plan.nodes
    ]
    return [
        {"step": number, "stages": stages, "share": round(found.share, 4), "run": found.run}
        for number, (stages, found) in enumerate(zip(names, reuse, strict=True), 1)
    ]


def describe_forecast_text(facts: Mapping[str, Any], table: Table) -> str:
    """The estimates of `llmdata plan --input` for a person: `table` lays out a head and rows."""
    told = facts["estimated"]
    lines = [_say_sample(facts["input"], told["by"]), "", table(_HEAD, _rows(told["passes"])), ""]
    lines += _wrap(_say_total(told))
    lines += _say_reuse(facts["reuse"])
    if facts["by_former_runs"] is not None:
        former = facts["by_former_runs"]
        runs = ", ".join(former["by"]["runs"][:3])
        lines += _wrap(f"by what the same stages took before (run {runs}): {former['seconds']:,.0f} s")
    for remark in told["remarks"]:
        lines += textwrap.wrap(remark, WIDTH, initial_indent="  - ", subsequent_indent="    ")
    return "\n".join(lines)


def _say_sample(found: Mapping[str, Any], by: Mapping[str, Any]) -> str:
    sample = by["sample"]
    about = "" if sample["counted"] else "about "
    tried = sample["tried"][0] if sample["tried"] else sample["records"]
    files = f"{found['files']:,} file{'s' if found['files'] != 1 else ''}"
    return (
        f"estimated for {files}, {found['bytes'] / 1e6:,.1f} MB, {about}{sample['of_records']:,} records, of which "
        f"{tried:,} were judged here"
    )


def _rows(passes: Sequence[Mapping[str, Any]]) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    number = 0
    for p in passes:
        counted = p["step"] in ("read", "judge", "compare")
        number += counted
        name = _STEPS.get(p["step"]) or ", ".join(p["stages"]) or "read"
        if len(name) > 34:
            name = f"{p['stages'][0]}, {len(p['stages']) - 1} more"
        again = {0: "", 1: ", reused"}.get(p["reused"], ", partly reused")
        sizes: list[object] = [p["rows"], p["rows_out"], _mb(p["bytes"]), _mb(p["bytes_out"])]
        if p["step"] in ("start", "fates"):
            sizes = [p["rows"] or None, p["rows_out"] or None, None, None]
        rows.append(
            (
                str(number) if counted else "",
                name + (again if counted else ""),
                *sizes,
                _mb(p["shuffle_bytes"]) if counted else None,
                _mib(p["memory_bytes"]),
                _mib(p["jvm_bytes"]) if counted else None,
                round(p["seconds"], 1),
            )
        )
    return rows


def _mb(size: int | None) -> float | None:
    return None if size is None else round(size / 1e6, 1)


def _mib(size: int | None) -> int | None:
    return None if size is None else round(size / (1 << 20))


def _say_total(told: Mapping[str, Any]) -> str:
    by = told["by"]
    cores = f"{by['cores']} core{'s' if by['cores'] != 1 else ''}"
    busy = ""
    if by["load"] is not None and by["load"] > by["cores"]:
        busy = f"; the load of this machine is {by['load']:g}, with that it takes longer"
    return (
        f"in all {told['seconds']:,.0f} s, and {told['spark_start_seconds']:,.0f} s before for Spark to start, on "
        f"{cores} as fast as these, with nothing else to do{busy}; memory is of each task: a Python worker, and beside "
        "it what the task takes of the JVM"
    )


def _say_reuse(reuse: Sequence[Mapping[str, Any]] | None) -> list[str]:
    if reuse is None:
        return []
    found = [
        f"{step['step']}. {', '.join(step['stages'])}: "
        f"{'all' if step['share'] == 1 else format(step['share'], '.1%') + ' of the bytes'}, from run {step['run']}"
        for step in reuse
        if step["share"]
    ]
    if not found:
        return ["", "in the store: nothing of it, as far as its runs tell", ""]
    lines = ["", "in the store"]
    for sentence in found:
        lines += textwrap.wrap(sentence, WIDTH, initial_indent="  - ", subsequent_indent="    ")
    return [*lines, ""]


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH)
