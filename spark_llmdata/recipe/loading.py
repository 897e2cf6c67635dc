"""From YAML and `--set` to a checked recipe, with all problems found at once."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path as FilePath
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from spark_llmdata.complaints import explain, suggest
from spark_llmdata.errors import RecipeError, SettingsError
from spark_llmdata.recipe.document import Document, Path, parse
from spark_llmdata.recipe.model import Gates, Judged, Read, Recipe, Write
from spark_llmdata.stage import CorpusStage, RowStage, Stage
from spark_llmdata.stages import BUILTIN

_SECTIONS: Mapping[str, type[BaseModel]] = {"read": Read, "gates": Gates, "write": Write}
_KEYS = ("name", "lacks", "judge", "read", "stages", "gates", "write")


def find_recipe(name: str) -> FilePath:
    """The file of a recipe: a path, or the name of one that comes with the package."""
    path = FilePath(name)
    if path.is_file():
        return path
    shipped = resources.files("spark_llmdata.recipes")
    candidate = FilePath(str(shipped / f"{name}.yaml"))
    if candidate.is_file():
        return candidate
    names = sorted(FilePath(str(f)).stem for f in shipped.iterdir() if f.name.endswith(".yaml"))
    what = "is a folder" if path.is_dir() else "is neither a file nor the name of a recipe"
    raise RecipeError([f"{name}: {what}{suggest(name, names)}; recipes that come with the package: {', '.join(names)}"])


def load_recipe(name: str, settings: Sequence[str] = ()) -> Recipe:
    """Read, change by `--set path=value` and check a recipe; every problem is in the one RecipeError."""
    path = find_recipe(name)
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError([f"{path}: cannot be read as UTF-8 text: {error}"]) from error
    document = parse(text, str(path))
    if not document.problems and not isinstance(document.data, dict):
        document.complain((), "a recipe is a mapping with `name` and `stages`; see conf/recipes/quickstart.yaml")
    if document.problems:
        raise RecipeError(document.problems)
    folder = path.resolve().parent
    _import_beside(folder)
    return replace(check(document, settings), folder=str(folder))


def rebuild_recipe(facts: Mapping[str, Any], folder: str | None, settings: Sequence[str] = ()) -> Recipe:
    """The recipe a manifest holds (`Recipe.as_dict`), changed by `path=value`.

    A user's own stages are looked for in `folder`, as then.
    """
    _import_beside(FilePath(folder) if folder else FilePath.cwd())
    stages = [{s["kind"]: {k: v for k, v in s.items() if k != "kind"}} for s in facts["stages"]]
    document = Document("the manifest's recipe", {**facts, "stages": stages})
    return replace(check(document, settings), folder=folder)


def check(document: Document, settings: Sequence[str] = ()) -> Recipe:
    """Make a recipe of plain data."""
    data: dict[str, Any] = document.data
    for key in data:
        if key not in _KEYS:
            document.complain((key,), f"unknown key {key!r}{suggest(key, _KEYS)}; expected {', '.join(_KEYS)}")
    kinds, options = _split_stages(document)
    names = [str(o.get("id") or _name_kind(k)) for k, o in zip(kinds, options, strict=True)]
    sections = _split_sections(document)
    origins = _apply_settings(document, settings, names, options, sections)
    stages = [_build_stage(document, i, k, o, origins) for i, (k, o) in enumerate(zip(kinds, options, strict=True))]
    read, gates, write = (
        _validate(document, model, sections[key], (key,), key, origins) for key, model in _SECTIONS.items()
    )
    models = [BUILTIN.get(kind) if stage is None else type(stage) for kind, stage in zip(kinds, stages, strict=True)]
    _check_names(document, names, models, gates, origins)
    lacks = _split_lacks(document)
    judge = data.get("judge", "alive")
    if judge not in get_args(Judged):
        document.complain(
            ("judge",), f"`judge` is {judge!r}; expected alive, or all to have every score of every document"
        )
    if document.problems:
        raise RecipeError(document.problems)
    assert isinstance(read, Read)
    assert isinstance(gates, Gates)
    assert isinstance(write, Write)
    whole = tuple(s for s in stages if s is not None)
    places = tuple(document.where(("stages", i)) for i in range(len(whole)))
    return Recipe(str(data["name"]), read, whole, gates, write, lacks=lacks, places=places, judge=judge)


def _name_kind(kind: str) -> str:
    """What a stage without an id is called: its kind; a user's own class says it, if it can be imported at all."""
    module, _, name = kind.rpartition(".")
    if kind in BUILTIN or not module or not name[:1].isupper():
        return kind
    try:
        found = getattr(importlib.import_module(module), name)
    except Exception:  # noqa: BLE001 - the user's code; that it cannot be imported is told when the stage is built
        return kind
    return str(found.kind_name()) if isinstance(found, type) and issubclass(found, Stage) else kind


def _tell_apart(one: type[Stage] | None, other: type[Stage] | None) -> bool:
    """Whether two stages with the same last word share neither the names of scores nor those of reasons."""
    if one is None or other is None:  # what they are is complained of already
        return True
    return not (one.scores and other.scores) and not (one.reasons and other.reasons)


def _check_names(
    document: Document,
    names: Sequence[str],
    models: Sequence[type[Stage] | None],
    gates: BaseModel | None,
    origins: Mapping[Path, str],
) -> None:
    """The recipe's own name, the stages' names and the names that gates speak of."""
    name = document.data.get("name")
    if not isinstance(name, str) or not name.strip():
        document.complain(
            ("name",),
            f"`name` is {name!r}; expected a name for the recipe, such as `name: my_corpus`",
            _origin_of(("name",), origins),
        )
    nouns = [n.rsplit(".", 1)[-1] for n in names]
    for i, (n, noun) in enumerate(zip(names, nouns, strict=True)):
        if n in names[:i]:
            document.complain(("stages", i), f"stage {n} occurs twice; give one of them an id: `id: {n}_2`")
        elif others := [o for o in range(i) if nouns[o] == noun and not _tell_apart(models[o], models[i])]:
            document.complain(
                ("stages", i),
                f"stages {names[others[0]]} and {n} both end in {noun!r}, which names their scores; change an id",
            )
        elif n == "read":
            document.complain(("stages", i), "'read' is what the reader's own verdicts are called; take another id")
    if isinstance(gates, Gates):
        for place, n in gates.stages().items():
            if n not in [*names, "read", "default"]:
                where = ".".join(place[:-1])
                document.complain(
                    ("gates", *place),
                    f"gates.{where} names {n!r}, no stage of this recipe{suggest(n, names)}; it has "
                    f"{', '.join(names)}, read, default",
                    _origin_of(("gates", *place), origins),
                )


def _split_sections(document: Document) -> dict[str, dict[str, Any]]:
    """The sections beside `stages`, empty where they are absent."""
    sections = {}
    for key in _SECTIONS:
        given = document.data.get(key) or {}
        if not isinstance(given, dict):
            document.complain((key,), f"`{key}` is {given!r}; expected a mapping of settings")
            given = {}
        sections[key] = dict(given)
    return sections


def _split_lacks(document: Document) -> tuple[str, ...]:
    lacks = document.data.get("lacks") or []
    if not isinstance(lacks, list) or not all(isinstance(sentence, str) for sentence in lacks):
        document.complain(("lacks",), f"`lacks` is {lacks!r}; expected a list of sentences")
        return ()
    return tuple(" ".join(sentence.split()) for sentence in lacks)


def _split_stages(document: Document) -> tuple[list[str], list[dict[str, Any]]]:
    """The kinds and the settings of the stages, each item being `kind` or `kind: {setting: value}`."""
    items = document.data.get("stages")
    if not isinstance(items, list) or not items:
        document.complain(("stages",), f"`stages` is {items!r}; expected a list with at least one stage")
        return [], []
    kinds, options = [], []
    for i, item in enumerate(items):
        if isinstance(item, str):
            item = {item: None}
        elif isinstance(item, dict) and len(item) == 2 and "id" in item:  # `- kind: {..}` with `id:` beside it
            kind = next(k for k in item if k != "id")
            if isinstance(item[kind] or {}, dict):
                item = {kind: {**(item[kind] or {}), "id": item["id"]}}
        if not isinstance(item, dict) or len(item) != 1 or not isinstance(next(iter(item.values())) or {}, dict):
            deeper = (
                "; indent settings deeper than the stage's name" if isinstance(item, dict) and len(item) > 1 else ""
            )
            wanted = "expected `kind` or `kind: {setting: value}`"
            document.complain(("stages", i), f"{item!r} is no stage; {wanted}{deeper}")
            continue
        kind, settings = next(iter(item.items()))
        kinds.append(str(kind))
        options.append(dict(settings or {}))
    return kinds, options


def _apply_settings(
    document: Document,
    settings: Sequence[str],
    names: Sequence[str],
    options: Sequence[dict[str, Any]],
    sections: Mapping[str, dict[str, Any]],
) -> dict[Path, str]:
    """Put `--set path=value` into the data; returns where each changed value came from, for messages."""
    origins: dict[Path, str] = {}
    for setting in settings:
        path, equals, literal = setting.partition("=")
        label = f"--set {setting}"
        stage = max((n for n in names if path.startswith(f"{n}.")), key=len, default=None)
        section = path.partition(".")[0]
        try:
            value = yaml.safe_load(literal)
        except yaml.YAMLError:
            document.complain_of(label, f"{literal!r} is no valid value (YAML)")
            continue
        if not equals:
            document.complain_of(label, f"expected path=value, such as {names[0] if names else 'a.stage'}.x=1")
        elif stage is not None:
            _give_for_all(options[names.index(stage)], path[len(stage) + 1 :])
            target, place = options[names.index(stage)], ("stages", names.index(stage))
            _put(document, target, path[len(stage) + 1 :].split("."), value, place, origins, label)
        elif path in ("name", "judge"):
            document.data[path] = value
            origins[(path,)] = label
        elif section in sections and "." in path:
            # A stage's name may itself hold dots: gates.max_removed.dedup.exact=0.5
            rest = path.split(".", 2)[1:]
            if rest[0] == "max_removed_by_source" and len(rest) == 2:
                rest = [rest[0], *_split_source(rest[1], names)]
            _put(document, sections[section], rest, value, (section,), origins, label)
        else:
            known = [*names, *sections, "name", "judge"]
            hint = suggest(path.rpartition(".")[0] or path, known)
            if path in sections:
                hint = f"; a setting of it is meant, such as {path}.{next(iter(_SECTIONS[path].model_fields))}=..."
            document.complain_of(
                label, f"no setting of a stage or section in {path!r}{hint}; it begins with one of {', '.join(known)}"
            )
    return origins


def _give_for_all(options: dict[str, Any], name: str) -> None:
    """Take a setting out of the languages' data, if it stands in the recipe, so that it holds for all of them."""
    data = options.get("language_data")
    if isinstance(data, dict) and all(isinstance(settings, dict) for settings in data.values()):
        rest = {lang: {n: v for n, v in settings.items() if n != name} for lang, settings in data.items()}
        options["language_data"] = rest


def _split_source(path: str, names: Sequence[str]) -> list[str]:
    """A source, which may hold dots as stages do, and a stage behind it, if there is one."""
    stage = max((n for n in (*names, "read", "default") if path.endswith(f".{n}")), key=len, default=None)
    return [path] if stage is None else [path[: -len(stage) - 1], stage]


def _put(
    document: Document,
    target: dict[str, Any],
    keys: Sequence[str],
    value: Any,
    place: Path,
    origins: dict[Path, str],
    label: str,
) -> None:
    for i, key in enumerate(keys[:-1]):
        inner = target.get(key)
        if place == ("gates",) and isinstance(inner, int | float):
            inner = {"default": inner}  # a bound for one stage leaves the bound of the others as it was
        if inner is not None and not isinstance(inner, dict):
            document.complain_of(
                label,
                f"{'.'.join(keys[: i + 1])} is {inner!r} in the recipe, which has no "
                f"{'.'.join(keys[i + 1 :])} to set; write the settings there as a mapping, or set the whole of it",
            )
            return
        target[key] = dict(inner) if isinstance(inner, dict) else {}
        target = target[key]
    target[keys[-1]] = value
    origins[(*place, *keys)] = label


def _build_stage(
    document: Document, index: int, kind: str, options: Mapping[str, Any], origins: Mapping[Path, str]
) -> Stage | None:
    place: Path = ("stages", index)
    model = _find_kind(document, kind, place)
    if model is None:
        return None
    stage = _validate(document, model, options, place, kind, origins)
    return stage if isinstance(stage, Stage) else None


def _find_kind(document: Document, kind: str, place: Path) -> type[Stage] | None:
    if kind in BUILTIN:
        return BUILTIN[kind]
    module, _, name = kind.rpartition(".")
    known = f"{suggest(kind, BUILTIN)}; `llmdata stages` lists the kinds"
    if not module or not name[:1].isupper():
        document.complain(place, f"unknown stage {kind!r}{known}; your own stage is named module.Class")
        return None
    try:
        found = getattr(importlib.import_module(module), name)
    except Exception as error:  # noqa: BLE001 - importing runs the user's code: anything may come out of it
        why = f"{type(error).__name__}: {error}{suggest(kind.lower(), BUILTIN)}"
        document.complain(
            place,
            f"stage {kind} cannot be imported: {why}; expected a class in a module beside the recipe or installed",
        )
        return None
    if not (isinstance(found, type) and issubclass(found, RowStage | CorpusStage)):
        document.complain(place, f"{kind} is no stage; expected a subclass of RowStage or CorpusStage")
        return None
    return found


def _validate(
    document: Document,
    model: type[BaseModel],
    values: Mapping[str, Any],
    place: Path,
    label: str,
    origins: Mapping[Path, str],
) -> BaseModel | None:
    """Build a typed section or stage; pydantic's complaints become sentences with a place."""
    try:
        return model(**values)
    except (SettingsError, ValidationError) as wrong:
        problems = wrong.problems if isinstance(wrong, SettingsError) else explain(wrong, model)
        for loc, what in problems:
            name = ".".join(str(k) for k in loc)
            setting = f"{label}.{name}" if name else label
            inner = (label,) if place[0] == "stages" else ()
            origin = _origin_of((*place, *(str(k) for k in loc)), origins)
            document.complain((*place, *inner, *loc), f"{setting}: {what}", origin)
        return None


def _origin_of(place: Path, origins: Mapping[Path, str]) -> str:
    """The `--set` that gave a value, one around it, or some in it; empty where the file alone did."""
    return ", ".join(
        label for path, label in origins.items() if path[: len(place)] == place or place[: len(path)] == path
    )


def _import_beside(folder: FilePath) -> None:
    """Let a recipe name stages in modules beside it or in the current folder."""
    for path in (str(folder), str(FilePath.cwd())):
        if path not in sys.path:
            sys.path.append(path)
