"""What a recipe will do, from its plan alone: no input is read and Spark is not started."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from spark_llmdata.languages.stage import LanguageStage
from spark_llmdata.plan import CorpusNode, Plan
from spark_llmdata.portion import describe_portion, tell_portion
from spark_llmdata.sources import files
from spark_llmdata.stage import Stage

WIDTH = 100


def describe_plan(plan: Plan, *, every_setting: bool = False, limit: int | None = None) -> dict[str, Any]:
    """The steps in order, each a segment of stages that share one pass or a comparison, and what the recipe lacks.

    Of a stage's settings those are told that are not the defaults, or all.
    """
    steps = [
        {
            "compares": isinstance(node, CorpusNode) and node.stage.condition() is None,
            "by_condition": isinstance(node, CorpusNode) and node.stage.condition() is not None,
            "stages": [_stage(stage, every_setting) for stage in stages],
        }
        for node, stages in (
            (node, (node.stage,) if isinstance(node, CorpusNode) else node.segment.stages) for node in plan.nodes
        )
    ]
    facts: dict[str, Any] = {
        "recipe": plan.recipe.name,
        "judge": plan.recipe.judge,
        "steps": steps,
        "artifacts": [_artifact(stage, *found) for stage in plan.recipe.stages for found in stage.artifacts()],
        "lacks": list(plan.recipe.lacks),
    }
    part = describe_portion(plan.sampling, limit, True)
    return facts if part is None else facts | {"portion": dict(part)}


def describe_plan_text(facts: Mapping[str, Any]) -> str:
    """The same for a person."""
    part = tell_portion(facts.get("portion"))
    lines = [f"recipe {facts['recipe']}" + (f", of the input only {part}" if part else ""), ""]
    if facts["judge"] == "all":
        lines += ["judge: all: what a stage removes is shown to the later ones of its pass too, for its scores", ""]
    for number, step in enumerate(facts["steps"], 1):
        what = "compares documents: keys and ids are shuffled" if step["compares"] else "one pass over the documents"
        if step["by_condition"]:
            what = "asks a condition in SQL of each document"
        reads = ", which also reads the input" if number == 1 else ""
        lines.append(f"{number}. {what}{reads}")
        for stage in step["stages"]:
            told = ", ".join(f"{name}: {_short(value)}" for name, value in stage["settings"].items())
            kind = "" if stage["name"] == stage["kind"] else f" ({stage['kind']})"
            lines += _wrap(f"   {stage['name']}{kind}", told)
    lines += _say_languages(facts["steps"])
    if facts["artifacts"]:
        lines += ["", "models and lists"]
    for found in facts["artifacts"]:
        lines.append(f"  - {found['stage']}: {_end(found['place'])}")
        lines.append(f"    {found['bytes']:,} bytes, SHA-256 {found['sha256']}")
    if facts["lacks"]:
        lines += ["", "not in it of what was published"]
        for sentence in facts["lacks"]:
            lines += textwrap.wrap(sentence, WIDTH, initial_indent="  - ", subsequent_indent="    ")
    return "\n".join(lines)


def _artifact(stage: Stage, place: str, sha256: str) -> dict[str, Any]:
    return {"stage": stage.name, "place": place, "bytes": files.stat_file(place)[0], "sha256": sha256}


def _stage(stage: Stage, every_setting: bool) -> dict[str, Any]:
    """A stage with its settings, all or those that are not the defaults."""
    fields = type(stage).model_fields
    chosen = {
        name: value
        for name, value in stage.settings().items()
        if every_setting or getattr(stage, name) != fields[name].get_default(call_default_factory=True)
    }
    facts = {"name": stage.name, "kind": stage.kind_name(), "settings": chosen}
    if isinstance(stage, LanguageStage) and stage.languages():
        chosen.pop("language_data", None)
        facts["languages"] = list(stage.languages())
        facts["assumed_language"] = stage.language
    return facts


def _say_languages(steps: Sequence[Mapping[str, Any]]) -> list[str]:
    """Which stages judge which languages, those that know the same ones together."""
    bound = [stage for step in steps for stage in step["stages"] if "languages" in stage]
    kinds: dict[tuple[tuple[str, ...], str], list[str]] = {
        (tuple(stage["languages"]), stage["assumed_language"]): [] for stage in bound
    }
    for stage in bound:
        kinds[tuple(stage["languages"]), stage["assumed_language"]].append(stage["name"])
    lines = []
    for (languages, assumed), names in kinds.items():
        told = f"{', '.join(names)}: each by its own settings {', '.join(languages)}; where none is known, "
        lines += textwrap.wrap(
            f"{told}by those of {assumed}; documents in other languages pass, not judged",
            WIDTH,
            initial_indent="  - ",
            subsequent_indent="    ",
        )
    return ["", "by language", *lines] if lines else []


def _end(place: str) -> str:
    """A file's place, of long ones the end."""
    return place if len(place) <= 60 else f"...{place[-57:]}"


def _short(value: Any) -> str:
    """A value as a recipe would have it, of long ones how much there is."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | dict) and len(json.dumps(value)) > 60:
        return f"{len(value)} values"
    return json.dumps(value, ensure_ascii=False)


def _wrap(name: str, told: str) -> list[str]:
    lines = textwrap.wrap(told, WIDTH - 32)
    if len(name) > 31:
        return [name, *(f"{'':<32}{line}" for line in lines)]
    return [f"{name:<32}{lines[0] if lines else ''}".rstrip(), *(f"{'':<32}{line}" for line in lines[1:])]
