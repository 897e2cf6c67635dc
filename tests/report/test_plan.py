"""What is told of a recipe before it runs; the recipes that come with the package."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from spark_llmdata.cli import main
from spark_llmdata.plan import make_plan
from spark_llmdata.recipe import load_recipe
from spark_llmdata.recipe.loading import rebuild_recipe
from spark_llmdata.report.plan import WIDTH, describe_plan, describe_plan_text

RECIPES = sorted(path.stem for path in (Path(__file__).parents[2] / "conf/recipes").glob("*.yaml"))


def test_the_published_recipes_are_there():
    assert {"fineweb", "refinedweb", "dclm", "gopher", "c4", "ccnet", "quickstart", "near_duplicates"} <= set(RECIPES)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_can_be_planned_and_built_again(name):
    recipe = load_recipe(name)
    facts = describe_plan(make_plan(recipe))
    assert [s["name"] for step in facts["steps"] for s in step["stages"]] == [s.name for s in recipe.stages]
    text = describe_plan_text(facts)
    assert max(map(len, text.splitlines())) <= WIDTH
    again = rebuild_recipe(json.loads(json.dumps(recipe.as_dict())), None)
    assert [s.fingerprint() for s in again.stages] == [s.fingerprint() for s in recipe.stages]


def test_fineweb_in_full():
    facts = describe_plan(make_plan(load_recipe("fineweb")))
    stages = {s["name"]: s["settings"] for step in facts["steps"] for s in step["stages"]}
    assert stages["filter.fineweb"]["max_dup_line_char_ratio"] == 0.01
    assert stages["dedup.minhash"] == {
        "preset": "fineweb", "threshold": 0.75, "clusters": "components", "survivor": [],
    }  # fmt: skip
    assert [step["compares"] for step in facts["steps"]] == [False, False, True, False]
    text = describe_plan_text(facts)
    compared = "3. compares documents: keys and ids are shuffled\n   dedup.minhash                threshold: 0.75"
    assert f"{compared}, preset: fineweb," in text
    assert re.search(r"models and lists\n  - score.language: .*lid.176.ftz\n    938,013 bytes, SHA-256 8f3472cf", text)
    assert re.search(r"not in it of what was published\n  - the UT1 block lists", text)


def test_it_says_that_removed_documents_are_judged():
    facts = describe_plan(make_plan(load_recipe("quickstart", ["judge=all"])))
    assert facts["judge"] == "all"
    assert "\njudge: all: what a stage removes is shown to the later ones" in describe_plan_text(facts)
    assert "judge:" not in describe_plan_text(describe_plan(make_plan(load_recipe("quickstart"))))


def test_settings_are_told_as_a_recipe_has_them(tmp_path, capsys):
    recipe = tmp_path / "r.yaml"
    recipe.write_text(
        "name: mine\nstages:\n  - filter.gopher_quality: {id: good, max_all_symbols_ratio: 0.2}\n  - dedup.exact\n",
        "utf-8",
    )
    assert main(["plan", str(recipe), "--set", "good.min_words=20"]) == 0
    assert capsys.readouterr().out == (
        "recipe mine\n\n"
        "1. one pass over the documents, which also reads the input\n"
        "   good (filter.gopher_quality) min_words: 20, max_all_symbols_ratio: 0.2\n"
        "2. compares documents: keys and ids are shuffled\n"
        "   dedup.exact\n"
        "\n"
        "by language\n"
        "  - good: each by its own settings ar, bg, bn, ca, cs, da, de, el, en, es, et, fa, fi, fr, he, hi,\n"
        "    hr, hu, id, it, ja, km, ko, lo, lt, lv, ms, my, nl, nn, no, pl, pt, ro, ru, sk, sl, sr, sv, ta,\n"
        "    th, tr, uk, ur, vi, zh; where none is known, by those of en; documents in other languages pass,\n"
        "    not judged\n"
    )


def test_a_stage_that_judges_all_languages_alike_names_none(tmp_path, capsys):
    recipe = tmp_path / "r.yaml"
    recipe.write_text("name: mine\nstages:\n  - filter.gopher_quality: {language_data: {}}\n", "utf-8")
    assert main(["plan", str(recipe)]) == 0
    assert "by language" not in capsys.readouterr().out


def test_what_a_recipe_lacks_is_sentences(tmp_path, capsys):
    recipe = tmp_path / "r.yaml"
    recipe.write_text("name: mine\nlacks: {a: b}\nstages: [dedup.exact]\n", "utf-8")
    assert main(["plan", str(recipe)]) == 2
    assert "`lacks` is {'a': 'b'}; expected a list of sentences" in capsys.readouterr().err
