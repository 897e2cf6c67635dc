"""The example of docs/language.md, run as it stands there, and what is said of a document that no rule applies to."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import spark_llmdata as sl
from spark_llmdata.cli import main
from spark_llmdata.recipe.loading import load_recipe, rebuild_recipe
from spark_llmdata.report.why import explain

DOCS = Path(__file__).resolve().parents[2] / "docs" / "language.md"
ICELANDIC = (
    "Allir menn eru bornir frjálsir og jafnir öðrum að virðingu og réttindum, sem er til um það við þá með. " * 4
)
FAROESE = "Øll menniskju eru fødd fræls og jøvn til virðingar og mannarættindi. Tey hava skil og samvitsku. "


@pytest.fixture
def example(tmp_path, monkeypatch) -> Path:
    """The recipe and the file of the section on one's own language, in the current folder."""
    section = DOCS.read_text("utf-8").split("### A language of your own")[1]
    recipe, settings = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    (tmp_path / "recipe.yaml").write_text(recipe, "utf-8")
    (tmp_path / "icelandic.yaml").write_text(settings, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "recipe.yaml"


def test_the_recipe_holds_the_file(example) -> None:
    recipe = load_recipe(str(example))
    quality, c4 = recipe.stages
    assert quality.variant("isl_Latn").stop_words[:2] == ("og", "að")
    assert quality.variant("isl_Latn").max_mean_word_length == 12
    assert quality.variant("de").min_words == 30
    assert quality.variant("de").max_mean_word_length == 15
    assert c4.variant("is").end_marks == '.?!"“'
    (example.parent / "icelandic.yaml").unlink()
    again = rebuild_recipe(json.loads(json.dumps(recipe.as_dict())), None)
    assert [stage.settings() for stage in again.stages] == [stage.settings() for stage in recipe.stages]


def test_docs_list_the_languages_of_the_package(example) -> None:
    known = load_recipe(str(example)).stages[0].languages()
    told = re.search(r"(\d+) languages come with the package: ([a-z\s]+), one file", DOCS.read_text("utf-8"))
    assert told
    assert sorted({*told[2].split(), "is"}) == list(known)
    assert int(told[1]) == len(told[2].split())


@pytest.mark.spark
def test_a_run(spark, example, capsys) -> None:
    rows = [
        {"id": "is", "url": "https://is.example/", "lang": "isl_Latn", "text": ICELANDIC.replace(". ", ".\n")},
        {"id": "is as en", "url": "https://en.example/", "text": ICELANDIC.replace(". ", ".\n")},
        {"id": "fo", "url": "https://fo.example/", "lang": "fao_Latn", "text": FAROESE},
    ]
    folder = example.parent / "in"
    folder.mkdir()
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    built = sl.run(example, input=folder, store=example.parent / "store", spark=spark)
    assert {row.id: row.reason for row in built.fates.collect()} == {
        "is": None,
        "is as en": "gopher_quality.too_few_stop_words",
        "fo": None,
    }
    here, there = (explain(built.store, f"https://{name}.example/")["path"] for name in ("is", "fo"))
    assert [step.get("not_applicable") for step in here] == [None] * 3
    assert here[1]["scores"]["gopher_quality_n_stop_words"] > 2
    assert [step.get("not_applicable", "")[:40] for step in there] == [
        "",
        *["it has no settings for the language 'fao"] * 2,
    ]
    assert [step["scores"] for step in there] == [{}] * 3
    assert main(["why", "https://fo.example/", "--store", str(example.parent / "store")]) == 0
    said = capsys.readouterr().out
    line = "kept by    filter.c4: not applicable, it has no settings for the language 'fao_Latn'"
    assert line in said
