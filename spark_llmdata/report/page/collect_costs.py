"""What each pass of a run cost, beside what was predicted, and what a reader of the report should know first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from spark_llmdata.portion import tell_portion
from spark_llmdata.report.page.model import Cost
from spark_llmdata.store.ledger import RunRecord

#: Inputs that a manifest in a report names.
MAX_INPUTS = 200


def make_costs(manifest: Mapping[str, Any]) -> tuple[Cost, ...]:
    """The passes in order, as measured; of a run without measurements what its counts tell of each pass.

    A pass is called `start`, `read`, `judge`, `compare` or `fates`, by what it does. The corpus is written when the
    manifest is: what that took nothing tells, since the times in a table's history are lost when a store is copied.
    """
    predicted = {(entry["step"], *entry["stages"]): entry for entry in manifest.get("predicted") or ()}
    costs = []
    for entry in manifest.get("measured") or _measure_by_counts(manifest):
        told = predicted.get((entry["step"], *entry["stages"]), {})
        costs.append(
            Cost(
                entry["step"],
                tuple(entry["stages"]),
                entry.get("rows"),
                entry.get("bytes"),
                entry.get("seconds"),
                entry.get("memory_bytes"),
                entry.get("reused", 0) == 1,
                told.get("rows"),
                told.get("bytes"),
                told.get("seconds"),
                told.get("memory_bytes"),
            )
        )
    return tuple(costs)


def add_seconds(manifest: Mapping[str, Any], passes: Sequence[Cost], record: RunRecord) -> float:
    """What a run took before it wrote its corpus: its passes together; without measurements its events tell."""
    if manifest.get("measured"):
        return sum(cost.seconds or 0 for cost in passes)
    return (record.changed - record.started).total_seconds()


def _measure_by_counts(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The passes with the records that went in and the time, which the counts of all stages of a pass repeat."""
    compared = {verdict["stage"] for verdict in manifest["verdicts"]} - {"read"}
    entries = []
    for stages, counts in _list_passes(manifest):
        step = "read" if stages[0] == "read" else "compare" if stages[0] in compared else "judge"
        facts = {"rows": counts[0]["in"], "seconds": counts[0]["seconds"], "reused": int(counts[0]["reused"])}
        entries.append({"step": step, "stages": [name for name in stages if name != "read"], **facts})
    return entries


def _list_passes(manifest: Mapping[str, Any]) -> list[tuple[tuple[str, ...], list[Mapping[str, Any]]]]:
    """The stages of each pass with their counts, in the order of the run."""
    counts = {entry["stage"]: entry for entry in manifest["by_stage"]}
    passes: list[tuple[str, ...]] = []
    for number, segment in enumerate(manifest["segments"]):
        passes.append((*(() if number else ("read",)), *segment["stages"]))
        passes += [(v["stage"],) for v in manifest["verdicts"] if v["behind"] == number and v["stage"] != "read"]
    return [(stages, [counts[name] for name in stages]) for stages in passes if all(s in counts for s in stages)]


def list_caveats(manifest: Mapping[str, Any], lost: str | None) -> tuple[str, ...]:
    """What does not hold of this run as it does of others."""
    said = []
    if not manifest["counts"]["kept"]:
        said.append("the corpus is empty: nothing that was read is kept")
    said += [f"gate {gate['gate']} was overridden: {gate['found']}" for gate in manifest["overridden"]]
    if not manifest["reproducible"]:
        said.append("not reproducible: it depends on the machine or on a limit")
    part = tell_portion(manifest.get("portion"))
    if part:
        said.append(f"of the input only {part}; what was not looked at is no document here")
    recipe = manifest["recipe"]
    if recipe["write"]["removed_text"] != "all":
        said.append(f"texts of removed documents: write.removed_text is {recipe['write']['removed_text']}")
    if recipe.get("judge", "alive") == "alive" and len(recipe["stages"]) > 1:
        said.append(
            "documents have the scores of the stages they reached: what an earlier stage removed was not measured by "
            "later ones (judge: all measures more)"
        )
    if lost is not None:
        said.append(f"thresholds and marks in texts are missing: {lost}")
    said += [f"{entry['stage']}: {sentence}" for entry in manifest["by_stage"] for sentence in entry.get("told", ())]
    return tuple(said)


def lost_before(manifest: Mapping[str, Any]) -> dict[str, int]:
    """Of each stage of rows, how many documents were not measured by it, since they had gone before."""
    judged_all = manifest["recipe"].get("judge") == "all"
    found: dict[str, int] = {}
    gone = 0
    for stages, counts in _list_passes(manifest):
        inside = 0
        for name, entry in zip(stages, counts, strict=True):
            found[name] = gone + (0 if judged_all else inside)
            lost = entry["removed"] + entry["rejected"]
            # What cannot be read is measured by no stage, and copies are none that is missing.
            inside += entry["rejected"] if name == "read" else lost
        gone += inside
    return found


def shorten_manifest(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest without the rest of a long list of inputs, and without what names the process."""
    shown = {name: value for name, value in sorted(manifest.items()) if name != "driver"}
    inputs: Sequence[Any] = manifest.get("inputs") or ()
    if len(inputs) > MAX_INPUTS:
        shown["inputs"] = [*inputs[:MAX_INPUTS], f"and {len(inputs) - MAX_INPUTS:,} more"]
    return shown
