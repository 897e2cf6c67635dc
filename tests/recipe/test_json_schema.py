"""The JSON Schema of recipes: what is committed is what the stages say; recipes of ours fit, wrong ones do not."""

from __future__ import annotations

import json

import pytest
import yaml
from jsonschema import Draft202012Validator

from spark_llmdata.errors import RecipeError
from spark_llmdata.recipe.document import parse
from spark_llmdata.recipe.json_schema import make_schema, write_schema
from spark_llmdata.recipe.loading import check
from spark_llmdata.stages import BUILTIN

SCHEMA = Draft202012Validator(make_schema())


def test_the_committed_schema_is_up_to_date(repository):
    committed = (repository / "conf" / "recipe.schema.json").read_text("utf-8")
    assert committed == write_schema(), "settings have changed: llmdata schema > conf/recipe.schema.json"
    Draft202012Validator.check_schema(json.loads(committed))


def test_our_recipes_fit_and_name_the_schema(repository):
    recipes = sorted((repository / "conf" / "recipes").glob("*.yaml"))
    assert len(recipes) >= 7
    for file in recipes:
        text = file.read_text("utf-8")
        assert text.startswith("# yaml-language-server: $schema=../recipe.schema.json\n"), file
        SCHEMA.validate(yaml.safe_load(text))
    for file in (repository / "benchmarks" / "recipes").glob("*.yaml"):
        SCHEMA.validate(yaml.safe_load(file.read_text("utf-8")))


GOOD = {
    "a kind alone": "stages: [dedup.exact]",
    "no settings": "stages: [{dedup.exact: }]",
    "an id beside it": "stages: [{filter.expr: {keep: 'true'}, id: mine}]",
    "a stage of one's own": "stages: [my_stages.filters.NoShouting, {my_stages.Other: {x: 1}}]",
    "one path for a list": "stages: [{filter.url: {domains: conf/url_lists/demo/domains}}]",
    "one key for a list": "stages: [{dedup.minhash: {survivor: longest}}]",
    "settings of a language": "stages: [{filter.gopher_quality: {by_language: {sw: {min_words: 20}}}}]",
    "sections": "{stages: [dedup.exact], read: {columns: {text: body}}, gates: {max_removed: {default: 1}}, write: }",
    "an engine": "stages: [{extract.html: {engine: trafilatura, trafilatura: {favor_precision: true}}}]",
}
WRONG = {
    "no stages": "stages: []",
    "an unknown kind": "stages: [filter.gopher]",
    "an unknown setting": "stages: [{dedup.exact: {normalise: nfc}}]",
    "a value that is none": "stages: [{dedup.exact: {normalize: nfd}}]",
    "out of bounds": "stages: [{dedup.minhash: {threshold: 1.5}}]",
    "a setting that is missing": "stages: [filter.expr]",
    "a setting that is missing, with settings": "stages: [{filter.expr: {reason: mine}}]",
    "two stages in one": "stages: [{dedup.exact: {}, dedup.url: {}}]",
    "an id alone": "stages: [{id: mine}]",
    "an unknown section": "{stages: [dedup.exact], gate: {}}",
    "a number for a name": "{name: 5, stages: [dedup.exact]}",
    "an unknown setting of an engine": "stages: [{extract.html: {engine: justext, justext: {langauge: English}}}]",
}


def data_of(text: str) -> dict:
    given = yaml.safe_load(text)
    return given if "name" in given else {"name": "x", **given}


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_what_is_right_fits(text):
    SCHEMA.validate(data_of(text))


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_what_is_wrong_does_not_fit(text):
    """Nor does the recipe's own check take it."""
    assert not SCHEMA.is_valid(data_of(text))
    document = parse(json.dumps(data_of(text)), "x.yaml")
    with pytest.raises(RecipeError):
        check(document)


@pytest.mark.parametrize("kind", BUILTIN)
def test_every_setting_of_every_stage_is_there(kind):
    stage = BUILTIN[kind]
    found = make_schema()["$defs"][stage.__name__]
    assert set(found["properties"]) == set(stage.model_fields)
    assert found["additionalProperties"] is False
    for name, field in stage.model_fields.items():
        assert found["properties"][name]["description"].startswith(field.description)
