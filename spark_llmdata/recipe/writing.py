"""From a recipe back to YAML that can be saved, changed and run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml
from pydantic import BaseModel

from spark_llmdata.languages.stage import LanguageStage
from spark_llmdata.recipe.model import Recipe
from spark_llmdata.stage import Stage


def write_recipe(recipe: Recipe, remarks: str = "") -> str:
    """The recipe as YAML, with the settings that are not the defaults; `remarks` go in front as comments.

    What was read from files when the recipe was loaded, such as a list of words, stands in it as such. Own stages are
    named by their import path: their module has to lie beside the file, or where Python finds it.
    """
    facts: dict[str, Any] = {"name": recipe.name}
    if recipe.lacks:
        facts["lacks"] = list(recipe.lacks)
    if recipe.judge != Recipe.judge:
        facts["judge"] = recipe.judge
    if read := _chosen(recipe.read):
        facts["read"] = read
    stages = [_write_stage(s, item["kind"]) for s, item in zip(recipe.stages, recipe.as_dict()["stages"], strict=True)]
    facts["stages"] = stages
    facts |= {key: chosen for key in ("gates", "write") if (chosen := _chosen(getattr(recipe, key)))}
    comments = "".join(f"# {line}".rstrip() + "\n" for line in remarks.splitlines())
    return comments + yaml.safe_dump(facts, sort_keys=False, allow_unicode=True, width=120)


def _write_stage(stage: Stage, kind: str) -> Any:
    chosen = _chosen(stage, stage.presets.get(str(getattr(stage, "preset", None)), {}))
    candidates = [chosen]
    if isinstance(stage, LanguageStage):
        candidates = [_without_languages(stage, chosen), chosen | {"language_data": stage.language_data}]
    # A stage may fill settings in by rules of its own, which then hide that one was set to its default.
    same = (c for c in candidates if type(stage).model_validate(c).settings() == stage.settings())
    settings = next(same, stage.settings())
    if stage.id is not None and stage.id != stage.kind_name():
        settings = {"id": stage.id} | settings
    return {kind: settings} if settings else kind


def _without_languages(stage: LanguageStage, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """The settings chosen, without the package's by language: what overrides those is given, though a default."""
    given = {n: v for n, v in chosen.items() if n != "language_data"}
    named, kept = (
        {n for settings in data.values() for n in settings}
        for data in (type(stage).model_validate(given).language_data, stage.language_data)
    )
    return given | {n: v for n, v in stage.settings().items() if n in named - kept}


def _chosen(model: BaseModel, preset: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What differs from the defaults, and from the preset's where that has its own; as plain data."""
    plain = model.model_dump(mode="json", exclude={"id"})
    defaults = {n: f.get_default(call_default_factory=True) for n, f in type(model).model_fields.items()}
    return {n: v for n, v in plain.items() if getattr(model, n) != (preset or {}).get(n, defaults[n])}
