"""Which thresholds a command changes, and whether stored scores can answer for them."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from spark_llmdata.errors import UsageError
from spark_llmdata.languages.stage import LanguageStage
from spark_llmdata.recipe import Recipe
from spark_llmdata.recipe.loading import rebuild_recipe
from spark_llmdata.retuning.walk import list_replacing
from spark_llmdata.stage import CorpusStage, RowStage, Stage
from spark_llmdata.store.command import describe_command


@dataclass(frozen=True)
class Change:
    """A setting of a stage, as the run had it and as it is asked about; of one language where `language` says so."""

    stage: str
    setting: str
    was: Any
    now: Any
    language: str | None = None

    @property
    def path(self) -> str:
        """The path into the recipe."""
        inside = "" if self.language is None else f"by_language.{self.language}."
        return f"{self.stage}.{inside}{self.setting}"


@dataclass(frozen=True)
class Changes:
    """The recipe of a run, the same with other thresholds, and what differs."""

    was: Recipe
    now: Recipe
    changed: tuple[Change, ...]
    command: str  # what runs the new recipe, its stages in the order of the run


def find_changes(manifest: Mapping[str, Any], settings: Sequence[str], store: str, saved: str | None = None) -> Changes:
    """Change the recipe of a run's manifest by `path=value`; `saved` is the file that will hold it.

    Raises:
        RecipeError: a path names no setting, or a value does not fit it.
        UsageError: nothing is changed, or something that stored scores cannot answer for.
    """
    facts, folder = manifest["recipe"], manifest["recipe_folder"]
    was, now = rebuild_recipe(facts, folder), rebuild_recipe(facts, folder, settings)
    command = describe_command(manifest, store, settings=settings)
    if packaged := [s for s in settings if ".language_data" in s.partition("=")[0]]:
        raise UsageError(
            f"--set {' '.join(packaged)}: what the package has of languages is not asked about; expected a setting of "
            f"a stage, or of its by_language.LANGUAGE. To run it: {command}"
        )
    changed: list[Change] = []
    for before, after in zip(was.stages, now.stages, strict=True):
        told, asked = _flatten(before), _flatten(after)
        differing = [key for key in {**told, **asked} if asked.get(key) != told.get(key)]
        for name, values in _given_for_all(before, after).items():
            if (None, name) not in differing:
                differing.append((None, name))
                told[None, name] = values
        _refuse(before, after, [name for _, name in differing], command)
        found = [Change(before.name, key[1], told.get(key), asked.get(key), key[0]) for key in differing]
        changed += [change for change in (_by_what_holds(c, before, after) for c in found) if change.was != change.now]
    others = {k: v for k, v in now.as_dict().items() if k != "stages" and v != was.as_dict()[k]}
    if others:
        raise UsageError(
            f"--set changes {', '.join(others)} of the recipe; expected thresholds of stages, such as "
            f"filter.gopher_quality.min_words=80. To run it: {command}"
        )
    if not changed:
        raise UsageError(
            f"--set {' '.join(settings)}: the run had these values already; expected another value of a threshold"
        )
    _refuse_replaced_lang(was, {change.stage for change in changed}, command)
    optimized = manifest.get("optimized") or {"order": (), "was": ()}
    if saved is not None:
        command = describe_command(manifest, store, recipe=shlex.quote(saved))
    elif optimized["order"] != optimized["was"]:
        placeholder = f"RECIPE ({facts['name']} in the order of this run; --output saves it)"
        command = describe_command(manifest, store, recipe=placeholder)
    else:
        asked = (manifest.get("asked") or {}) | {"optimize": False, "sample_rows": None}  # the order is the recipe's
        command = describe_command({**manifest, "asked": asked}, store, settings=settings)
    return Changes(was, now, tuple(changed), command)


def _flatten(stage: Stage) -> dict[tuple[str | None, str], Any]:
    """Settings by language (None: of all) and name, without those that follow from others."""
    settings = stage.settings()
    single = settings.pop("by_language", None) or {}
    settings.pop("language_data", None)  # what the package has, but for the settings given for all
    own = {(language, name): value for language, chosen in single.items() for name, value in chosen.items()}
    return {(None, name): value for name, value in settings.items()} | own


def _by_what_holds(change: Change, before: Stage, after: Stage) -> Change:
    """A change of one language with the values that hold for it, wherever they come from."""
    if change.language is None or not isinstance(before, LanguageStage) or not isinstance(after, LanguageStage):
        return change
    was, now = (
        None if found is None else found.settings()[change.setting]
        for found in (before.variant(change.language), after.variant(change.language))
    )
    return replace(change, was=was, now=now)


def _given_for_all(before: Stage, after: Stage) -> dict[str, dict[str, Any]]:
    """By setting what languages had of the package and have no more, as the setting is given for all of them now."""
    found: dict[str, dict[str, Any]] = {}
    if not isinstance(before, LanguageStage) or not isinstance(after, LanguageStage):
        return found
    asked = after.settings()
    for language, settings in before.language_data.items():
        own = (s.get(language, {}) for s in (after.language_data, before.by_language, after.by_language))
        hidden = {name for chosen in own for name in chosen}
        for name, value in settings.items():
            if name not in hidden and value != asked[name]:
                found.setdefault(name, {})[language] = value
    return found


def _refuse_replaced_lang(recipe: Recipe, changed: Collection[str], command: str) -> None:
    """Refuse a stage that decided by a `lang` which is not the one that is stored."""
    for i, stage in enumerate(recipe.stages):
        replacing = list_replacing(stage, recipe.stages[i + 1 :]) if stage.name in changed else []
        if replacing:
            by = next(other for other in recipe.stages if other.name == replacing[0])
            known = "lang" in by.edits | by.provides
            how = "has replaced" if known else "may have replaced, as its class does not say what it `edits`,"
            raise UsageError(
                f"{stage.name} decided by a `lang` that {by.name} {how} behind it, and that is not stored. "
                f"Run it: {command}"
            )


def _refuse(before: Stage, after: Stage, differing: Sequence[str], command: str) -> None:
    """Refuse what was measured, compared or called otherwise."""
    retunable = before.retunable if isinstance(before, RowStage) else frozenset()
    told = [f"{before.name}.{name}" for name in differing if name not in retunable]
    if after.id != before.id:
        told.append(f"{before.name}.id")
    if isinstance(before, LanguageStage) and isinstance(after, LanguageStage):
        told += [f"{before.name}.by_language.{new}" for new in sorted({*after.languages()} ^ {*before.languages()})]
    if not told:
        return
    if isinstance(before, CorpusStage) and before.condition() is not None:
        why = "the condition is asked of documents, not of stored scores alone"
    elif not isinstance(before, RowStage):
        why = "it compares documents, which stored scores do not tell about"
    elif not retunable:
        why = "the stage keeps no scores that decide by themselves"
    else:
        why = f"what the stage measures depends on it; stored scores answer for {', '.join(sorted(retunable))}"
    raise UsageError(
        f"--set {', '.join(told)}: {why}. Run it; what stands in front of the pass of {before.name} is not computed "
        f"again: {command}"
    )
