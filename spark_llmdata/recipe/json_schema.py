"""The JSON Schema of recipes, for editors: made from the stages, their settings and bounds."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel, BeforeValidator
from pydantic.json_schema import models_json_schema

from spark_llmdata.recipe.model import Gates, Judged, Read, Write
from spark_llmdata.stage import ID_PATTERN, Stage
from spark_llmdata.stages import BUILTIN

Schema = dict[str, Any]

#: A user's own stage: module.Class.
_OWN = r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*\.[A-Z]\w*$"
_SECTIONS: Mapping[str, type[BaseModel]] = {"read": Read, "gates": Gates, "write": Write}


def make_schema() -> Schema:
    """The schema, as JSON Schema 2020-12.

    It is as strict as a recipe's own check, but for what one setting says of another, and stricter with a number that
    is written as a text (`"5"`).
    """
    models = [*BUILTIN.values(), *_SECTIONS.values()]
    refs, whole = models_json_schema([(m, "validation") for m in models], ref_template="#/$defs/{model}")
    definitions: dict[str, Schema] = whole["$defs"]
    for model in models:
        _describe(definitions[_name(refs[model, "validation"])], model)
    for definition in definitions.values():
        _tidy(definition)
    sections = {key: _or_nothing(refs[model, "validation"]) for key, model in _SECTIONS.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A recipe of spark_llmdata",
        "type": "object",
        "required": ["name", "stages"],
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "pattern": r"\S", "description": "what the recipe is called in runs"},
            "judge": {
                "enum": list(get_args(Judged)),
                "default": "alive",
                "description": "all: documents that a stage removes are shown to the later ones of its pass too",
            },
            "lacks": {
                "type": ["array", "null"],
                "items": {"type": "string"},
                "description": "what a published recipe does beyond this one; decides nothing",
            },
            "stages": {"type": "array", "minItems": 1, "items": _stage_item(refs)},
            **sections,
        },
        "$defs": definitions,
    }


def write_schema() -> str:
    """The schema as the text of `conf/recipe.schema.json`."""
    return json.dumps(make_schema(), ensure_ascii=False, indent=1) + "\n"


def _stage_item(refs: Mapping[Any, Schema]) -> Schema:
    """A stage: its kind alone, or `kind: {setting: value}`, or that with `id:` beside it."""
    plain = [kind for kind, stage in BUILTIN.items() if not _is_demanding(stage)]
    kinds = {
        kind: {**_or_nothing(refs[stage, "validation"], not _is_demanding(stage)), "description": _summary(stage)}
        for kind, stage in BUILTIN.items()
    }
    alone = {"type": "string", "anyOf": [{"enum": plain}, {"pattern": _OWN, "description": "a stage of your own"}]}
    with_settings = {
        "type": "object",
        "properties": {**kinds, "id": {"type": "string", "pattern": ID_PATTERN}},
        "patternProperties": {_OWN: {"type": ["object", "null"]}},
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 2,
        "if": {"minProperties": 2},
        "then": {"required": ["id"]},
        "else": {"not": {"required": ["id"]}},
    }
    return {"anyOf": [alone, with_settings]}


def _is_demanding(stage: type[Stage]) -> bool:
    return any(field.is_required() for field in stage.model_fields.values())


def _or_nothing(ref: Schema, may_be_null: bool = True) -> Schema:
    return {"anyOf": [ref, {"type": "null"}]} if may_be_null else {"anyOf": [ref]}


def _name(ref: Schema) -> str:
    return str(ref["$ref"]).rsplit("/", 1)[-1]


def _summary(model: type[BaseModel]) -> str:
    return " ".join((inspect.getdoc(model) or "").split("\n\n")[0].split())


def _describe(definition: Schema, model: type[BaseModel]) -> None:
    """Say what pydantic's schema does not: what checks take before a type is looked at, and what presets set."""
    definition["description"] = _summary(model)
    properties: dict[str, Schema] = definition.get("properties", {})
    for name, field in model.model_fields.items():
        if any(isinstance(m, BeforeValidator) for m in field.metadata):
            known = properties[name]
            listed = {k: known.pop(k) for k in ("type", "items", "minItems") if k in known}
            known["anyOf"] = [{"type": "string"}, listed]
    if "by_language" in properties:
        properties["by_language"]["additionalProperties"] = {"type": ["object", "string", "null"]}
    presets = model.presets if issubclass(model, Stage) else {}
    told = [
        f"{name} sets {', '.join(f'{k}: {json.dumps(v)}' for k, v in s.items())}" for name, s in presets.items() if s
    ]
    if told:
        properties["preset"]["description"] += "; " + "; ".join(told)


def _tidy(node: Any) -> None:
    """Take out the titles that repeat names, wherever they are."""
    if isinstance(node, dict):
        if isinstance(node.get("title"), str):
            del node["title"]
        for inner in node.values():
            _tidy(inner)
    elif isinstance(node, list):
        for inner in node:
            _tidy(inner)
