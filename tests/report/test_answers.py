"""`sl.why`, `sl.show`, `sl.duplicates`, `sl.retune`: what the commands find, as objects that show themselves."""

from __future__ import annotations

import json

import pytest

import spark_llmdata as sl
from spark_llmdata.errors import NotFound, UsageError
from spark_llmdata.report.why import explain
from tests.runner.corpora import good_text, write_jsonl

TEXT = f"Home<br>\n{good_text(1)}.\nRead more"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({}, "expected either a doc_id, URL or FILE:OFFSET, or text="),
        ({"what": "x", "text": "y"}, "expected either"),
        ({"what": "x", "threshold": 0}, "threshold is 0; expected a similarity above 0"),
        ({"what": "x", "limit": 0}, "limit is 0; expected a number from 1"),
        ({"what": "x"}, "holds no store"),
    ],
)
def test_what_cannot_be_asked_is_told_before_spark_starts(asked, words, tmp_path):
    with pytest.raises(UsageError, match=words):
        sl.duplicates(store=tmp_path / "none", **asked)


def test_the_questions_can_be_found():
    assert {"why", "show", "duplicates", "retune", "run"} <= set(dir(sl))
    for ask in (sl.run, sl.why, sl.show, sl.duplicates, sl.retune, sl.reproduce):
        assert ask.__doc__


@pytest.fixture(scope="module")
def store(spark, tmp_path_factory):
    folder = tmp_path_factory.mktemp("answers")
    pages = [
        {"url": "https://a.example/<b>", "text": TEXT},
        {"url": "https://a.example/copy", "text": TEXT.replace("Home", "House")},
        {"url": "https://a.example/short", "text": "too short"},
    ]
    (folder / "r.yaml").write_text(
        "name: asked\nstages: [filter.gopher_quality: {min_stop_words: 1}, filter.c4: {min_sentences: 1}]\n"
    )
    sl.run(folder / "r.yaml", input=write_jsonl(folder / "a.jsonl", pages), store=folder / "s", spark=spark)
    return folder / "s"


@pytest.mark.spark
def test_answers_are_facts_lines_and_pages(store, spark, capsys):
    found = sl.why("https://a.example/short", store=store, spark=spark)
    assert found["reason"] == "gopher_quality.too_few_words"
    assert dict(found) == found.as_json() == explain(sl.run.__globals__["Store"].open(spark, str(store)), found["url"])
    assert json.dumps(found.as_json())
    assert repr(found).startswith("https://a.example/short: removed\n  by filter.gopher_quality")
    assert "by</td>" in found._repr_html_()

    shown = sl.show("https://a.example/<b>", store=store, spark=spark)
    assert 'title="c4.no_end_mark">' in shown._repr_html_()
    assert "Home&lt;br&gt;" in shown._repr_html_()
    assert "<b>" not in shown._repr_html_()
    assert "[-c4.no_end_mark: " in repr(shown)

    near = sl.duplicates("https://a.example/<b>", store=store, spark=spark, threshold=0.2)
    assert "https://a.example/copy" in near._repr_html_()
    pair = sl.duplicates("https://a.example/<b>", diff="https://a.example/copy", store=store, spark=spark)
    assert "jaccard" in pair._repr_html_()

    retuned = sl.retune(store=store, set={"filter.gopher_quality.min_words": 1000}, spark=spark)
    assert repr(retuned).endswith("2 documents kept then, 0 now (exact)")
    assert "min_words 50 → 1000" in retuned._repr_html_()

    with pytest.raises(NotFound, match="searched 3 fates"):
        sl.why("https://a.example/none", store=store, spark=spark)
