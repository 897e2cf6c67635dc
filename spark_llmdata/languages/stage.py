"""Stages whose settings depend on the language of a document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, PrivateAttr, field_validator, model_validator

from spark_llmdata.errors import SettingsError
from spark_llmdata.languages import files, labels
from spark_llmdata.stage import RowStage

#: What the presets are for.
ENGLISH = "en"

#: What stays the same for all languages.
_FIXED = ("id", "preset", "language", "by_language", "language_data")


class LanguageStage(RowStage):
    """A row stage that judges by the settings of each document's language; see docs/language.md.

    A language's settings are those of the stage, over them the package's for the language (`language_data`), over
    them what the recipe gives for all, over them `by_language`. Documents of a language that neither names are passed
    on without scores. `judging.judge_by_language` does it; `judge` itself knows of no language.
    """

    reads: ClassVar[frozenset[str]] = frozenset({"lang"})

    language: str = Field(default=ENGLISH, description="the language of documents whose `lang` is null")
    by_language: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="settings of single languages, {language: {setting: value}} or {language: path of a YAML file}; "
        "they add a language or change one",
    )
    language_data: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        repr=False,
        description="filled in with the package's settings by language; {}: all are judged by the settings above",
    )

    _variants: dict[str, LanguageStage | None] = PrivateAttr(default_factory=dict)  # None: the stage as it is

    @model_validator(mode="before")
    @classmethod
    def _fill_in_languages(cls, given: Any) -> Any:
        """Spell out the package's settings, but those that the recipe gives for all or that ask what nobody asked.

        Comes before the preset is filled in. In a manifest, where everything is given, the recipe's own choices are
        what differs from the preset.
        """
        if not isinstance(given, Mapping):
            return given
        usual = {n: f.get_default(call_default_factory=True) for n, f in cls.model_fields.items()}
        usual |= cls.presets.get(str(given.get("preset", usual.get("preset"))), {})
        fresh = "language_data" not in given
        data = _packaged(cls.kind_name().rsplit(".", 1)[-1]) if fresh else given["language_data"]
        if not isinstance(data, Mapping) or not all(isinstance(s, Mapping) for s in data.values()):
            return given  # the field's own type says what is wrong
        chosen = {n for n, v in given.items() if fresh or _plain(v) != _plain(usual.get(n))}
        chosen |= {n for n, v in usual.items() if v in (None, "")}
        filled = {
            labels.canonical(language): {n: v for n, v in settings.items() if n not in chosen}
            for language, settings in data.items()
        }
        return {**given, "language_data": filled}

    @field_validator("by_language", mode="before")
    @classmethod
    def _read_by_language(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        noun = cls.kind_name().rsplit(".", 1)[-1]
        found: dict[str, Any] = {}
        for label, settings in given.items():
            if isinstance(label, bool):
                raise ValueError(f"the language {label} is what YAML makes of no and yes; put the code in quotes")
            name = labels.canonical(str(label))
            if name in found:
                raise ValueError(f"{label!r} is the language {name!r}, which is given twice; put both into one")
            found[name] = files.read(settings, noun) if isinstance(settings, str) else settings or {}
        return found

    @model_validator(mode="after")
    def _make_variants(self) -> LanguageStage:
        """Check every language's settings by making the stage they make of this one."""
        # From the dictionary of values: each variant is made without languages, so this comes to an end.
        own = {n: v for n, v in self if n not in ("by_language", "language_data", "language")}
        if self.languages():
            self._make(own, "")  # first: what is wrong with it is not told of some language
        for language in self.languages():
            settings = self.language_data.get(language, {}) | self.by_language.get(language, {})
            variant = self._vary(own, language, settings) if settings else None
            self._variants[language] = variant
            if variant is not None and language in self.by_language:
                # As checked, not as given: of a list of words in a file the words, so that a manifest says all of it.
                checked = variant.settings()
                self.by_language[language] = {n: checked[n] for n in self.by_language[language]}
        if self._variants and labels.resolve(self.language, self._variants) is None:
            raise ValueError(
                f"`language` is {self.language!r}, of which nothing is known here; expected one of "
                f"{', '.join(self._variants)}, or settings of it in `by_language`"
            )
        return self

    @classmethod
    def _vary(cls, own: Mapping[str, Any], language: str, settings: Mapping[str, Any]) -> LanguageStage:
        fields = [n for n in cls.model_fields if n not in _FIXED]
        unknown = sorted(set(settings) - set(fields))
        if unknown:
            raise ValueError(
                f"{', '.join(unknown)} given for the language {language!r}: no setting that can differ by language; "
                f"expected some of {', '.join(fields)}"
            )
        return cls._make({**own, **settings}, f"by_language.{language}")

    @classmethod
    def _make(cls, settings: Mapping[str, Any], where: str) -> LanguageStage:
        """The stage without languages; what is wrong is told in sentences with its place, which begins with `where`."""
        try:
            return cls(**{**settings, "language_data": {}})
        except SettingsError as error:
            told = [
                f"{name}: {what}" if (name := ".".join([*filter(None, [where]), *map(str, at)])) else what
                for at, what in error.problems
            ]
            raise ValueError("; ".join(told)) from error

    def languages(self) -> tuple[str, ...]:
        """The languages that documents are judged in, by their canonical names; empty: all alike, whatever they are."""
        if not self.language_data and not self.by_language:
            return ()
        return tuple(sorted({ENGLISH, *self.language_data, *self.by_language}))

    def variant(self, lang: str | None) -> LanguageStage | None:
        """The stage with the settings of a document's language; None where nothing is known of it.

        `lang` is what the document has: a label of any form, null for a language that is not known.
        """
        if not self._variants:
            return self
        label = self.language if lang is None or labels.is_unknown(lang) else lang
        name = labels.resolve(label, self._variants)
        return None if name is None else self._variants[name] or self


def _packaged(noun: str) -> dict[str, Mapping[str, Any]]:
    return {language: sections[noun] for language, sections in files.packaged().items() if noun in sections}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
