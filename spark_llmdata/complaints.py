"""What is wrong with settings, in sentences: a name, the value, what was expected."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import get_args

from pydantic import BaseModel, ValidationError

#: What some of pydantic's complaints say to people who write YAML.
_PLAIN = {
    "tuple_type": "expected a list",
    "dict_type": "expected a mapping",
    "too_short": "expected {min_length} or more of them",
}
#: Characters of all settings of a stage that are shown in a complaint of several.
_MAX_SETTINGS = 200
#: What pydantic puts into a place to say which of several types it tried.
_TAGS = frozenset({"float", "int", "str", "bool", "dict[str,float]"})


def explain(errors: ValidationError, model: type[BaseModel]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The place of each thing that is wrong, and a sentence about it; what concerns all settings has an empty place.

    A setting of several types is complained of once for each; the complaint with the most exact place is told.
    """
    told: list[tuple[str | int, ...]] = []
    places = [tuple(k for k in error["loc"] if k not in _TAGS) for error in errors.errors()]
    for place, error in sorted(zip(places, errors.errors(), strict=True), key=lambda pair: -len(pair[0])):
        if any(other[: len(place)] == place for other in told):
            continue
        told.append(place)
        if error["type"] == "extra_forbidden":
            fields = list(_find_model(model, place[:-1]).model_fields)
            yield place, f"unknown setting{suggest(str(place[-1]), fields)}; it has {', '.join(fields)}"
            continue
        if error["type"] == "missing":
            yield place, "it has to be given"
            continue
        plain = _PLAIN.get(error["type"])
        message = plain.format(**error.get("ctx", {})) if plain else error["msg"].removeprefix("Value error, ")
        message = message[:1].lower() + message[1:]
        value = repr(error["input"])
        # A rule on several settings names those with their values, which many others beside them would only hide.
        in_all = not place and error["type"] == "value_error" and len(value) > _MAX_SETTINGS
        yield place, message if in_all else f"{value} does not fit: {message}"


def _find_model(model: type[BaseModel], place: tuple[str | int, ...]) -> type[BaseModel]:
    """The model of the settings at a place; the outermost one that is known where types do not say."""
    for name in place:
        field = model.model_fields.get(str(name))
        types = () if field is None else (field.annotation, *get_args(field.annotation))
        inner = [t for t in types if isinstance(t, type) and issubclass(t, BaseModel)]
        if not inner:
            break
        model = inner[0]
    return model


def suggest(word: str, known: Iterable[str]) -> str:
    """`, did you mean 'x'?` when something close is known."""
    close = difflib.get_close_matches(word, [name for name in known if name != word], n=1, cutoff=0.6)
    return f", did you mean {close[0]!r}?" if close else ""
