"""A stage described from its own declarations: settings, reasons, scores, changes."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from spark_llmdata.errors import UsageError
from spark_llmdata.languages.stage import LanguageStage
from spark_llmdata.stage import CorpusStage, Stage


def describe(stage: type[Stage]) -> dict[str, Any]:
    """What a user has to know of a stage, as one JSON object."""
    doc = inspect.getdoc(stage) or ""
    noun = stage.kind_name().rsplit(".", 1)[-1]
    return {
        "kind": stage.kind_name(),
        "summary": " ".join(doc.split("\n\n")[0].split()),
        "description": doc,
        "judges": "documents by themselves" if _by_themselves(stage) else "documents against each other",
        "requires": sorted(stage.requires),
        "provides": sorted(stage.provides),
        "settings": _list_settings(stage),
        "reasons": {f"{noun}.{r}": text for r, text in stage.reasons.items()},
        "scores": {f"{noun}_{s}": text for s, text in stage.scores.items()},
        "changes": {f"{noun}.{c}": text for c, text in stage.changes.items()},
    }


def _by_themselves(stage: type[Stage]) -> bool:
    return not issubclass(stage, CorpusStage) or stage.condition is not CorpusStage.condition


def describe_language(stage: type[Stage], language: str) -> dict[str, Any]:
    """The stage's settings for documents of a language (any label of it), to stand in place of the usual ones.

    Raises:
        UsageError: its settings are the same for all languages, or it passes on documents of this one.
    """
    kind = stage.kind_name()
    if not issubclass(stage, LanguageStage):
        raise UsageError(f"--language {language}: {kind} has the same settings for all languages; leave it out")
    usual = stage()
    variant = usual.variant(language)
    if variant is None:
        raise UsageError(
            f"--language {language}: {kind} knows nothing of it and passes such documents on; it knows "
            f"{', '.join(usual.languages())}. `by_language` in a recipe adds one, see docs/language.md"
        )
    values = variant.settings()
    own = [s for s in _list_settings(stage) if s["name"] not in ("language", "by_language", "language_data")]
    settings = [{**s, "default": _plain(values.get(s["name"], s["default"]))} for s in own]
    return {"language": language, "settings": settings}


def _list_settings(model: type[BaseModel], prefix: str = "") -> list[dict[str, Any]]:
    """The settings in their order; one that has settings of its own is followed by these."""
    settings = []
    for name, field in model.model_fields.items():
        required = field.is_required()
        settings.append(
            {
                "name": prefix + name,
                "type": _type_name(field.annotation),
                "default": None if required else _plain(field.get_default(call_default_factory=True)),
                "required": required,
                "description": field.description,
            }
        )
        for kind in get_args(field.annotation):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                settings += _list_settings(kind, f"{prefix}{name}.")
    return settings


def describe_text(facts: dict[str, Any]) -> str:
    """The same for a person."""
    title = f"settings for the language {facts['language']!r}" if "language" in facts else "settings"
    lines = [facts["kind"], "", facts["description"], "", title]
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
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "settings"
    return "null" if annotation is type(None) else getattr(annotation, "__name__", str(annotation))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
