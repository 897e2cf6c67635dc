"""Settings by language: which one holds, what a manifest keeps, what is refused."""

from __future__ import annotations

import pickle

import pytest

from spark_llmdata.errors import SettingsError
from spark_llmdata.languages import files, labels
from spark_llmdata.languages.stage import LanguageStage
from spark_llmdata.recipe import load_recipe
from spark_llmdata.stages import BUILTIN
from spark_llmdata.stages.filter.c4 import C4
from spark_llmdata.stages.filter.fineweb import FineWeb
from spark_llmdata.stages.filter.gopher_quality import GopherQuality

BOUND = [stage for stage in BUILTIN.values() if issubclass(stage, LanguageStage)]
FRENCH = files.packaged()["fr"]


def quality(lang: str, **settings) -> GopherQuality:
    found = GopherQuality(**settings).variant(lang)
    assert isinstance(found, GopherQuality)
    return found


def test_the_stages_that_are_bound_to_a_language() -> None:
    assert {stage.kind_name() for stage in BOUND} == {
        "filter.gopher_quality",
        "filter.gopher_repetition",
        "filter.fineweb",
        "filter.c4",
        "clean.refinedweb_lines",
    }
    sections = {section for data in files.packaged().values() for section in data}
    assert sections == {stage.kind_name().rsplit(".", 1)[-1] for stage in BOUND}


@pytest.mark.parametrize("kind", BOUND)
def test_what_labels_mean_is_part_of_what_decides(kind: type[LanguageStage], monkeypatch) -> None:
    before = kind().fingerprint()
    monkeypatch.setattr(labels, "REVISION", labels.REVISION + 1)
    assert kind().fingerprint() != before


@pytest.mark.parametrize("kind", BOUND)
def test_every_preset_knows_every_language_and_english_as_it_was(kind: type[LanguageStage]) -> None:
    for preset in kind.presets:
        stage = kind(preset=preset)
        assert stage.languages() == tuple(files.packaged())
        for language in stage.languages():
            assert stage.variant(language).name == stage.name
        for unknown in (None, "", "und", "und_Latn", "en", "eng_Latn", "en-US"):
            assert stage.variant(unknown) is stage
        assert stage.variant("is") is stage.variant("xx") is None


def test_what_is_known_of_a_language_comes_over_the_preset() -> None:
    found = quality("fr", preset="datatrove")
    assert found.words == FRENCH["gopher_quality"]["words"] == "uax29"
    assert found.stop_words == tuple(FRENCH["gopher_quality"]["stop_words"])
    assert found.max_mean_word_length == FRENCH["gopher_quality"]["max_mean_word_length"]
    assert (found.preset, found.min_words) == ("datatrove", 50)


def test_what_a_recipe_says_holds_for_all_and_by_language_over_that() -> None:
    settings = {"max_mean_word_length": 10, "by_language": {"deu_Latn": {"max_mean_word_length": 20}}}
    assert quality("fr", **settings).max_mean_word_length == 10  # though it is the preset's own value
    assert quality("de", **settings).max_mean_word_length == 20
    assert quality("de", **settings).stop_words[0] == "der"


def test_a_setting_given_for_all_beside_the_languages_data(tmp_path) -> None:
    recipe = tmp_path / "r.yaml"
    data = "{de: {min_words: 30, max_words: 900}}"
    recipe.write_text(f"name: r\nstages:\n  - filter.gopher_quality: {{language_data: {data}}}\n", "utf-8")
    (stage,) = load_recipe(str(recipe), ["filter.gopher_quality.min_words=50"]).stages
    assert isinstance(stage, GopherQuality)
    assert stage.language_data == {"de": {"max_words": 900}}


def test_a_rule_that_is_not_asked_is_asked_in_no_language() -> None:
    assert FRENCH["fineweb"]["max_newline_ratio"] == 0.185
    french = [FineWeb(preset=preset).variant("fr") for preset in ("paper", "datatrove")]
    assert [stage.max_newline_ratio for stage in french] == [None, 0.185]
    assert [C4(preset=preset).variant("zh").end_marks[:1] for preset in ("c4", "fineweb")] == ["。", ""]
    assert C4(preset="fineweb", by_language={"zh": {"end_marks": "。"}}).variant("zh").end_marks == "。"


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"preset": "datatrove"},
        {"min_words": 20, "max_mean_word_length": 10, "by_language": {"fra": {"stop_words": ["le", "la"]}, "is": {}}},
        {"language_data": {}},
    ],
)
def test_a_manifest_says_all_of_it(given) -> None:
    stage = GopherQuality(**given)
    again = GopherQuality(**stage.settings())
    assert again == stage
    assert again.settings() == stage.settings()
    assert again.languages() == stage.languages()
    assert pickle.loads(pickle.dumps(stage)).variant("fr") == stage.variant("fr")
    changed = GopherQuality(**stage.settings() | {"max_mean_word_length": 12})
    assert changed.variant("de").max_mean_word_length == 12


def test_a_manifest_knows_the_languages_it_was_written_with() -> None:
    facts = GopherQuality().settings()
    facts["language_data"] = {"fr": facts["language_data"]["fr"]}
    assert GopherQuality(**facts).languages() == ("en", "fr")


def test_without_language_data_all_are_judged_alike() -> None:
    stage = GopherQuality(language_data={})
    assert stage.variant("is") is stage.variant("fr") is stage.variant(None) is stage
    only = GopherQuality(language_data={}, by_language={"de": {"min_words": 3}})
    assert (only.languages(), only.variant("fr"), only.variant("en")) == (("de", "en"), None, only)


def test_another_language_can_be_assumed() -> None:
    stage = GopherQuality(language="deu_Latn")
    assert stage.variant(None) == stage.variant("de") != stage.variant("en")


def test_a_language_in_a_file(tmp_path) -> None:
    file = tmp_path / "icelandic.yaml"
    file.write_text("gopher_quality: {stop_words: [og, að, í], min_words: 10}\nc4: {end_marks: '.'}\n", "utf-8")
    stage = GopherQuality(by_language={"is": str(file)})
    assert stage.variant("isl_Latn").stop_words == ("og", "að", "í")
    assert stage.settings()["by_language"] == {"is": {"stop_words": ["og", "að", "í"], "min_words": 10}}
    assert FineWeb(by_language={"is": str(file)}).by_language == {"is": {}}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"by_language": {"de": {"min_wrds": 3}}}, "min_wrds given for the language 'de'.*expected some of words, min"),
        ({"by_language": {"de": {"preset": "dclm"}}}, "preset given for the language 'de'"),
        (
            {"by_language": {"de": {"min_words": -3}}},
            "by_language.de.min_words: -3 does not fit: .* greater",
        ),
        (
            {"min_words": 60, "max_words": 50},
            "^filter.gopher_quality: {'min_words': 60, 'max_words': 50} does not fit: `min_words: 60` and `max_w",
        ),
        (
            {"min_mean_word_length": 6},
            "^filter.gopher_quality: {.* does not fit: by_language.zh: `min_mean_word_length: 6.0`",
        ),
        ({"by_language": {"de": {}, "deu": {}}}, "'deu' is the language 'de', which is given twice"),
        ({"by_language": {"de": "nowhere.yaml"}}, "cannot read the settings of a language in 'nowhere.yaml'"),
        ({"by_language": {"de": 3}}, "by_language.de"),
        ({"by_language": {False: {}}}, "the language False is what YAML makes of no and yes; put the code in quotes"),
        ({"by_language": 3}, "by_language"),
        ({"language_data": 3}, "language_data"),
        ({"language": "isl"}, "`language` is 'isl', of which nothing is known here; expected one of ar, bg"),
    ],
)
def test_what_is_refused(settings, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        GopherQuality(**settings)


def test_a_file_that_is_no_settings(tmp_path) -> None:
    for text in ("a", "[a]", "gopher_quality: 3", "a: ["):
        (tmp_path / "x.yaml").write_text(text, "utf-8")
        with pytest.raises(SettingsError, match="expected a YAML file with settings under the stage's name"):
            GopherQuality(by_language={"is": str(tmp_path / "x.yaml")})


def test_a_file_with_settings_of_no_stage_is_refused(tmp_path) -> None:
    file = tmp_path / "is.yaml"
    file.write_text("filter.gopher_quality: {min_words: 5}\n", "utf-8")
    with pytest.raises(SettingsError, match="settings of filter.gopher_quality; expected some of c4,"):
        GopherQuality(by_language={"is": str(file)})


def test_words_of_a_language_in_a_file_are_part_of_the_settings(tmp_path) -> None:
    file, found = tmp_path / "words.txt", []
    for text in ("foo\n", "bar\nbaz\n"):
        file.write_text(text, "utf-8")
        found.append(C4(by_language={"de": {"bad_words": str(file), "min_sentences": "2"}}))
    file.unlink()
    assert [s.settings()["by_language"]["de"]["bad_words"] for s in found] == [["foo"], ["bar", "baz"]]
    assert found[0].settings()["by_language"]["de"]["min_sentences"] == 2
    assert found[0].fingerprint() != found[1].fingerprint()
    assert C4(**found[1].settings()) == found[1]
    assert C4(**found[1].settings()).variant("de") == found[1].variant("de")
