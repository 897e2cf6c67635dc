"""Recipes written as YAML: read again they are the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from spark_llmdata.recipe import load_recipe
from spark_llmdata.recipe.writing import write_recipe
from spark_llmdata.stages import BUILTIN

RECIPES = sorted(path.stem for path in (Path(__file__).parents[2] / "conf/recipes").glob("*.yaml"))


def written(recipe, tmp_path, remarks=""):
    path = tmp_path / "written.yaml"
    path.write_text(write_recipe(recipe, remarks), "utf-8")
    return load_recipe(str(path))


@pytest.mark.parametrize("name", RECIPES)
def test_shipped_recipes(name, tmp_path):
    recipe = load_recipe(name)
    again = written(recipe, tmp_path, "said before\n\nanything else")
    assert (again.as_dict(), again.lacks) == (recipe.as_dict(), recipe.lacks)
    assert "\njudge:" not in write_recipe(recipe)  # the default


def test_which_documents_are_judged(tmp_path):
    recipe = load_recipe("quickstart", ["judge=all"])
    assert written(recipe, tmp_path).as_dict() == recipe.as_dict()
    assert recipe.as_dict()["judge"] == "all"


@pytest.mark.parametrize("kind", BUILTIN)
def test_every_preset_of_every_stage(kind, tmp_path):
    for preset in (None, *BUILTIN[kind].presets):
        settings = "" if preset is None else f": {{preset: {preset}}}"
        (tmp_path / "r.yaml").write_text(f"name: r\nstages:\n  - {kind}{settings}\n")
        if kind == "filter.language":
            (tmp_path / "r.yaml").write_text(f"name: r\nstages:\n  - score.language\n  - {kind}{settings}\n")
        if kind == "filter.expr":
            (tmp_path / "r.yaml").write_text(f"name: r\nstages:\n  - {kind}: {{keep: \"text LIKE '%: #%'\"}}\n")
        recipe = load_recipe(str(tmp_path / "r.yaml"))
        assert written(recipe, tmp_path).as_dict() == recipe.as_dict()


def test_a_preset_overridden_by_the_default_stays_so(tmp_path):
    (tmp_path / "r.yaml").write_text(
        "name: é\n"
        "judge: all\n"
        "read: {columns: {text: body}}\n"
        "stages:\n"
        "  - filter.fineweb: {preset: datatrove, short_line_chars: 29, id: lines}\n"
        "  - filter.gopher_quality: {min_words: 3}\n"
        "  - dedup.minhash: {preset: fineweb, threshold: 0.8}\n"
        "gates: {max_removed: {default: 0.5, lines: 0.7}, min_kept: 3}\n"
        "write: {removed_text: none}\n"
    )
    recipe = load_recipe(str(tmp_path / "r.yaml"))
    text = write_recipe(recipe, "one\ntwo")
    assert text.startswith("# one\n# two\nname: é\njudge: all\nread:\n  columns:\n    text: body\n")
    assert "min_words: 3" in text
    assert "max_words" not in text
    assert written(recipe, tmp_path).as_dict() == recipe.as_dict()


def test_what_a_stage_fills_in_by_itself_is_spelled_out(tmp_path):
    """A rule that overrides defaults would take a setting that is left out for one that was not given."""
    (tmp_path / "rules_that_fill_in.py").write_text(
        "import spark_llmdata as sl\n"
        "from pydantic import model_validator\n\n\n"
        "class Mine(sl.RowStage):\n"
        '    reasons = {"never": "never"}\n'
        "    low: int = 1\n"
        "    high: int = 2\n\n"
        '    @model_validator(mode="before")\n'
        "    @classmethod\n"
        "    def fill(cls, given):\n"
        '        return {"high": 9, **given}\n\n'
        "    def judge(self, docs):\n"
        "        return sl.Judgement.keep_all(len(docs))\n"
    )
    (tmp_path / "r.yaml").write_text("name: r\nstages: [rules_that_fill_in.Mine: {high: 2}]\n")
    recipe = load_recipe(str(tmp_path / "r.yaml"))
    assert recipe.stages[0].high == 2
    assert written(recipe, tmp_path).as_dict() == recipe.as_dict()


@pytest.mark.parametrize(
    ("settings", "lines"),
    [
        ("", 3),
        (": {preset: datatrove}", 4),
        (": {max_mean_word_length: 10}", 4),  # the default, given for all languages
        (": {min_words: 3, by_language: {is: {min_words: 4}}}", 7),
        (": {language_data: {}}", 4),
    ],
)
def test_what_the_package_knows_of_languages_is_not_spelled_out(settings, lines, tmp_path):
    (tmp_path / "r.yaml").write_text(f"name: r\nstages:\n  - filter.gopher_quality{settings}\n")
    recipe = load_recipe(str(tmp_path / "r.yaml"))
    text = write_recipe(recipe)
    assert written(recipe, tmp_path).as_dict() == recipe.as_dict()
    assert len(text.splitlines()) == lines, text
