"""Engines: each gives the text of an article, takes odd and hostile pages, and its settings alone."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest

from spark_llmdata.errors import MissingExtra, SettingsError
from spark_llmdata.extraction import ENGINES
from spark_llmdata.isolation import judge_safely
from spark_llmdata.report.stages import describe
from spark_llmdata.stages.extract.html import ExtractHtml
from spark_llmdata.verdict import Judgement
from tests.contract.cases import batch_of

MODULES = {
    "resiliparse": "resiliparse",
    "trafilatura": "trafilatura",
    "justext": "justext",
    "readability": "readability",
}
SENTENCES = [
    (
        "Cats sleep in the sun all day, and when it is evening they walk over the roofs of the town, where they have "
        "been for as long as there are roofs, and it is said that they will be there when all of us are gone."
    ),
    (
        "The people who live there know each of them by its name, and most of them have something to give, for which "
        "they are thanked in the way that cats have: not at all, or by what is left of a bird in front of the door."
    ),
]
ARTICLE = (
    "<!DOCTYPE html><html lang=en><head><title>Cats</title></head><body><nav><ul><li><a href=/>Home</a><li><a href=/a>"
    f"About</a></ul></nav><article><h1>Cats of the town</h1>{''.join(f'<p>{s}</p>' for s in SENTENCES)}</article>"
    "<script>var x = 1 < 2;</script><footer><a href=/imprint>Imprint</a></footer></body></html>"
)


def judge(page: str | bytes, **settings: Any) -> Judgement:
    data = page if isinstance(page, bytes) else page.encode()
    return judge_safely(ExtractHtml(**settings), batch_of([{"html_hex": data.hex()}]))


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    if request.param in MODULES:
        pytest.importorskip(MODULES[request.param])
    return request.param


def test_gives_the_article(engine):
    found = judge(ARTICLE, engine=engine)
    text = found.text[0].as_py()
    assert found.keep[0]
    assert all(sentence in text for sentence in SENTENCES)
    assert not re.search("</?[a-z]|var x", text)
    assert ("Imprint" in text) == (engine == "strip")
    assert dict(found.columns["meta"][0].as_py())["title"] == "Cats"


@pytest.mark.parametrize(
    "page",
    [
        "",
        "  \n",
        "<!-- nothing -->",
        "<br>",
        "<?xml version='1.0' encoding='utf-16'?>",
        "\0\0",
        "<html><body></body></html>",
        "<script>x",
        "<![CDATA[",
    ],
)
def test_nothing_is_no_text_and_no_failure(engine, page):
    found = judge(page, engine=engine)
    assert (found.keep[0], found.rejected[0], found.reason[0]) == (False, False, "no_text")


@pytest.mark.parametrize(
    "mark", ["\0", "\ufffe", "&#xD800;", "&#0;", "&nosuch;", "<?xml encoding='big5'?>", "\ud7ff", "\x1b"]
)
def test_odd_characters_cost_nothing_else(engine, mark):
    found = judge(ARTICLE.replace("Cats sleep", f"Cats {mark} sleep"), engine=engine)
    assert found.keep[0], found.evidence[0]
    assert SENTENCES[1] in found.text[0].as_py()


HOSTILE = {
    "deep": "<div>" * 100_000 + "x" * 9,
    "deep unclosed": "<p><b>" * 50_000 + "x",
    "many tags": "<br>" * 1_000_001,
    "many attributes": f"<p {' '.join(f'a{i}=1' for i in range(100_000))}>{SENTENCES[0]}",
    "attributes of many html tags": "".join(f"<html a{i}=1>" for i in range(100_000)) + SENTENCES[0],
    "attributes of many body tags": "".join(f"<body a{i}=1>" for i in range(100_000)) + SENTENCES[0],
    "many options": f"<select>{'<option>x</option>' * 100_000}</select><p>{SENTENCES[0]}",
    "many option groups": f"<select>{'<optgroup>' * 500_000}{'<option>x' * 9_000}",
    "many comments in a list": f"<select>{'<!---->' * 500_000}{'<option>x' * 9_000}",
    "tags in a text area": f"<textarea>{'<p>word' * 1_000_001}</textarea>{ARTICLE}",
    "deep in a drawing's style": f"<svg><style>{'<g>' * 100_000}</style></svg>{ARTICLE}",
    "deep behind a list": f"<select><xmp></select>{'<div>' * 100_000}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_page_is_rejected_by_counting(engine, name):
    began = time.process_time()
    found = judge(HOSTILE[name], engine=engine)
    assert time.process_time() - began < 20
    assert (found.keep[0], found.rejected[0]) == (False, True)
    assert found.reason[0] in {"too_deep", "too_many_tags", "too_many_attributes", "too_many_options"}


@pytest.mark.parametrize(
    ("settings", "limit"),
    [
        ({}, 20_000),
        ({"max_tags": 7}, 7),
        ({"engine": "strip"}, 1_000_000),
        ({"engine": "trafilatura"}, 200_000),
        ({"engine": "readability"}, 100_000),
    ],
)
def test_an_engine_that_takes_less_is_given_less(settings, limit):
    if settings.get("engine") != "strip":
        pytest.importorskip(settings.get("engine", "justext"))
    found = judge("<p>" * (limit + 1), **{"engine": "justext", **settings})
    assert (found.reason[0], found.score[0], found.threshold[0]) == ("too_many_tags", limit + 1, limit)


@pytest.mark.slow
@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 4_000 + SENTENCES[0],
        "<p>word, word, word" * 10_000,
        f"<p title='{'x' * 10_000_000}'>{SENTENCES[0]}</p>",
        f"<p {' '.join(f'a{i}=1' for i in range(1_000))}>{SENTENCES[0]}</p>" * 100,
        f"<select>{'<option>x' * 19_000}</select><p>{SENTENCES[0]}",
        "<a href=x>y</a> " * 9_000,
        f"<table>{'<tr><td>a<td>b' * 5_000}",
        f"<p>{'&amp;' * 500_000}",
    ],
    ids=["deep", "paragraphs", "attribute", "attributes", "options", "links", "table", "references"],
)
def test_a_page_at_a_budget_is_taken(engine, page):
    found = judge(page, engine=engine)
    assert found.keep[0] or found.reason[0] in ("no_text", "not_parsed"), "a verdict of its own, and no crash"


@pytest.mark.slow
@pytest.mark.parametrize(
    "part", ["x<!---->", "x<script></script>", "x<form></form>", "<p>word word</p>", "<b><i>x</b></i>"]
)
def test_a_page_of_as_many_tags_as_allowed_takes_seconds(engine, part):
    pieces = ENGINES[engine].max_tags // (part.count("<"))
    began = time.process_time()
    found = judge(part * pieces, engine=engine)
    assert time.process_time() - began < 100, "some 20 on a machine with nothing else to do"
    assert found.reason[0] in (None, "no_text", "not_parsed")


@pytest.mark.slow
@pytest.mark.parametrize(
    "page",
    ["<div>" * 100_000 + "x", "<p>x" * 1_000_000, f"<p title='{'x' * 10_000_000}' {'a=1 ' * 200_000}>x</p>"],
    ids=["deep", "tags", "attribute"],
)
def test_without_budgets_a_hostile_page_costs_itself_alone(engine, page):
    """The library sees it, in a child: it may take it, fail, die or hang; the pages beside it are extracted."""
    none = 1 << 30
    stage = ExtractHtml(engine=engine, timeout_s=2, max_depth=none, max_tags=none, max_attributes=none)
    rows = [{"html": ARTICLE}, {"html": page}, {"html": ARTICLE}]
    found = judge_safely(stage, batch_of(rows), isolated=True)
    assert found.keep[[0, 2]].all()
    assert found.text[0] == found.text[2] != found.text[1]
    assert found.reason[1] in (None, "no_text", "not_parsed", "killed", "out_of_memory", "timed_out")


def test_the_settings_of_engines_are_listed():
    listed = {s["name"]: s for s in describe(ExtractHtml)["settings"]}
    assert listed["trafilatura"]["type"] == "settings | null"
    assert listed["trafilatura.fast"]["default"] is False


def test_settings_are_those_of_the_engine_in_use():
    stage = ExtractHtml(engine="justext", justext={"language": "German"})
    assert stage.justext is not None
    assert (stage.justext.language, stage.resiliparse, stage.trafilatura) == ("German", None, None)
    again = ExtractHtml.model_validate(stage.settings())
    assert json.dumps(again.settings()) == json.dumps(stage.settings())


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"justext": {}}, "settings of justext, but the engine is resiliparse; take them out, or say engine: justext"),
        (
            {"main_content": False},
            r"main_content is a setting of resiliparse; write resiliparse: {main_content: False}",
        ),
        ({"engine": "strip", "fast": True}, r"fast is a setting of trafilatura; write trafilatura: {fast: True}"),
        ({"resiliparse": {"fast": True}}, r"resiliparse.fast: unknown setting; it has main_content,"),
        ({"engine": "boilerpipe"}, "engine: 'boilerpipe' does not fit: input should be 'resiliparse', 'trafilatura'"),
        ({"preset": "fineweb", "resiliparse": {}}, "settings of resiliparse, but the engine is trafilatura"),
    ],
)
def test_a_setting_of_another_engine_is_refused(settings, complaint):
    with pytest.raises(SettingsError, match=complaint):
        ExtractHtml(**settings)


def test_presets_spell_out_what_was_published():
    fineweb = ExtractHtml(preset="fineweb", trafilatura={"include_tables": False})
    assert (fineweb.engine, fineweb.resiliparse) == ("trafilatura", None)
    assert fineweb.trafilatura is not None
    assert fineweb.trafilatura.model_dump() | {"include_tables": None} == {
        "favor_precision": True,
        "favor_recall": False,
        "include_comments": False,
        "include_tables": None,
        "include_formatting": False,
        "include_links": False,
        "include_images": False,
        "fast": False,
    }
    assert not fineweb.trafilatura.include_tables
    other = ExtractHtml(preset="fineweb", engine="resiliparse")
    assert other.resiliparse == ExtractHtml().resiliparse


def test_a_missing_library_is_told(monkeypatch):
    def refuse(module: str, **_: str) -> None:
        raise MissingExtra(f"no {module}")

    monkeypatch.setattr("spark_llmdata.extras.require", refuse)
    with pytest.raises(MissingExtra, match="no trafilatura"):
        ExtractHtml(engine="trafilatura").judge(batch_of([{"html": "<p>x"}]))


def test_the_version_of_the_engine_in_use_decides(monkeypatch):
    monkeypatch.setattr("spark_llmdata.extras.version", lambda name, **_: f"version of {name}")
    assert set(ExtractHtml(engine="justext").fingerprint()["libraries"]) == {"justext", "lxml", "lxml_html_clean"}
    assert ExtractHtml(engine="strip").fingerprint()["libraries"] == {}


def test_stop_words_of_a_language():
    pytest.importorskip("justext")
    assert judge(ARTICLE, engine="justext", justext={"language": "German"}).reason[0] == "no_text"
    assert judge(ARTICLE, engine="justext", justext={"language": None}).keep[0]
    with pytest.raises(ValueError, match="no stop words for language 'Klingon'; expected one of Afrikaans, "):
        ExtractHtml(engine="justext", justext={"language": "Klingon"}).judge(batch_of([{"html": "<p>x"}]))
