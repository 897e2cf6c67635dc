"""A stage described from its own declarations: settings, reasons, scores, changes."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from spark_llmdata.stage import RowStage, Stage


def describe(stage: type[Stage]) -> dict[str, Any]:
    """What a user has to know of a stage, as one JSON object."""
    doc = inspect.getdoc(stage) or ""
    settings = []
    for name, field in stage.model_fields.items():
        required = field.is_required()
        settings.append(
            {
                "name": name,
                "type": _type_name(field.annotation),
                "default": None if required else _plain(field.get_default(call_default_factory=True)),
                "required": required,
                "description": field.description,
            }
        )
    noun = stage.kind_name().rsplit(".", 1)[-1]
    return {
        "kind": stage.kind_name(),
        "summary": " ".join(doc.split("\n\n")[0].split()),
        "description": doc,
        "judges": "documents by themselves" if issubclass(stage, RowStage) else "documents against each other",
        "requires": sorted(stage.requires),
        "provides": sorted(stage.provides),
        "settings": settings,
        "reasons": {f"{noun}.{r}": text for r, text in stage.reasons.items()},
        "scores": {f"{noun}_{s}": text for s, text in stage.scores.items()},
        "changes": {f"{noun}.{c}": text for c, text in stage.changes.items()},
    }


def describe_text(facts: dict[str, Any]) -> str:
    """The same for a person."""
    lines = [facts["kind"], "", facts["description"], "", "settings"]
    for s in facts["settings"]:
        value = "required" if s["required"] else f"default {s['default']!r}"
        lines.append(f"  {s['name']}: {s['type']}, {value}" + (f"; {s['description']}" if s["description"] else ""))
    for title in ("reasons", "scores", "changes"):
        if facts[title]:
            width = max(len(name) for name in facts[title])
            lines += ["", title, *(f"  {name.ljust(width)}  {text}" for name, text in facts[title].items())]
    return "\n".join(lines)


def _type_name(annotation: Any) -> str:
    """A setting's type as someone would say it who writes a recipe: null, str, a | b, list of str, ..."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type_name(inner[0])
    if origin is Literal:
        return " | ".join(map(str, inner))
    if origin in (Union, UnionType):
        return " | ".join(_type_name(one) for one in inner)
    if origin in (tuple, list):
        return f"list of {_type_name(inner[0])}"
    if origin in (dict, Mapping):
        return f"map of {_type_name(inner[0])} to {_type_name(inner[1])}"
    return "null" if annotation is type(None) else getattr(annotation, "__name__", str(annotation))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
