"""What `llmdata plan --optimize` says and saves."""

from __future__ import annotations

import json

import pytest

from spark_llmdata.cli import main
from spark_llmdata.errors import EnvironmentProblem
from spark_llmdata.recipe import load_recipe
from spark_llmdata.report.order import WIDTH, describe_order_text
from tests.runner.corpora import documents, write_jsonl

STAGE = {
    "cost_us": 50.04,
    "split_us": 7.7,
    "removed_alone": 0.4,
    "removed_here": 0.25,
    "old": 2,
    "new": 1,
    "behind": {},
}
FACTS = {
    "was": ["filter.a", "filter.b"],
    "order": ["filter.b", "filter.a"],
    "sample": {"asked": 2000, "records": 1500, "files": 20, "of_files": 4000},
    "min_gain": 0.1,
    "passes": [
        {
            "documents": 1400,
            "before_us": 80.0,
            "after_us": 60.0,
            "stages": [
                {"stage": "filter.b", **STAGE},
                {"stage": "filter.a", **STAGE, "old": 1, "new": 2, "split_us": 0, "behind": {"x": "a reads b"}},
            ],
        }
    ],
    "held": [{"stage": "clean.pii", "why": "private"}],
}


def test_a_table_for_a_person():
    lines = describe_order_text(FACTS).splitlines()
    assert lines[0] == "measured on 1,500 records of 20 files (of 4,000);"
    assert lines[4:10] == [
        "a pass of 2 stages, judging 1,400 documents",
        "new  old  stage     microseconds  words  removes alone  removes here",
        "  1    2  filter.b          50.0    7.7          40.0%         25.0%",
        "  2    1  filter.a          50.0                 40.0%         25.0%",
        "expected microseconds a document: 80.0 before, 60.0 after (25% less)",
        "what keeps its order",
    ]
    assert lines[10] == "  - a reads b"
    assert "  - clean.pii: private" in lines
    assert "The corpus is the same in both orders" in "\n".join(lines)
    assert max(map(len, lines)) <= WIDTH


def test_an_order_that_stays_or_comes_from_a_run():
    stays = [{**FACTS["passes"][0], "after_us": 80.0, "stages": [{"stage": "filter.b", **STAGE, "old": 1}]}]
    text = describe_order_text({**FACTS, "passes": stays, "order": FACTS["was"], "taken_from": "20260101T000000-ab"})
    assert text.startswith("the order of run 20260101T000000-ab is used, which measured it; nothing is measured again")
    assert "stays as it is: 80.0 microseconds a document; no order found costs 10% less" in text
    assert "The corpus is the same" not in text
    assert "there is only one order" in describe_order_text({**FACTS, "passes": [], "order": FACTS["was"]})


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "r.yaml"
    path.write_text(
        "name: mine\nstages:\n  - filter.gopher_repetition\n  - filter.url: {exclude_domains: [a.example]}\n"
        "  - dedup.exact\n"
    )
    write_jsonl(tmp_path / "in.jsonl", documents(120))
    return str(path)


def test_plan_optimize_saves_a_recipe(recipe, tmp_path, capsys):
    saved = tmp_path / "saved.yaml"
    asked = ["plan", recipe, "--input", str(tmp_path / "in.jsonl"), "--optimize", "--sample-rows", "100"]
    assert main([*asked, "--output", str(saved)]) == 0
    out = capsys.readouterr().out
    assert out.index("filter.url") < out.index("filter.gopher_repetition")
    assert f"saved as {saved}" in out
    names = [s.name for s in load_recipe(str(saved)).stages]
    assert names == ["filter.url", "filter.gopher_repetition", "dedup.exact"]
    assert main([*asked, "--output", str(saved)]) == 2
    assert "is there already; name a new file" in capsys.readouterr().err
    assert main([*asked, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["optimized"]["order"] == names
    assert facts["optimized"]["sample"]["records"] == 100
    assert [s["name"] for s in facts["steps"][0]["stages"]] == names[:2]


def test_plan_optimize_says_what_is_not_checked(tmp_path, capsys, monkeypatch):
    def fail(*_, **__):
        raise EnvironmentProblem("Java is missing")

    monkeypatch.setattr("spark_llmdata.cli.spark.session", fail)
    recipe, source = tmp_path / "r.yaml", write_jsonl(tmp_path / "in.jsonl", documents(20))
    recipe.write_text("name: mine\nstages:\n  - clean.unicode\n  - filter.expr: {keep: length(txt) > 3}\n")
    asked = ["plan", str(recipe), "--input", str(source), "--optimize"]
    assert main(asked) == 0
    assert "conditions in SQL are not checked here: Java is missing" in capsys.readouterr().out
    assert main([*asked, "--json"]) == 0
    assert "Java is missing" in json.loads(capsys.readouterr().out)["unchecked"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--optimize"], "add --input [NAME=]PATH"),
        (["--output", "x.yaml"], "--output saves the order that --optimize finds; add --optimize"),
        (["--sample-rows", "10"], "--sample-rows belongs to --input"),
        (["--optimize", "--sample-rows", "0", "--input", "x.jsonl"], "--sample-rows 0: expected a number of records"),
    ],
)
def test_what_plan_cannot_do(recipe, arguments, message, capsys):
    assert main(["plan", recipe, *arguments]) == 2
    assert message in capsys.readouterr().err


def test_plan_shows_every_setting_when_asked(recipe, capsys):
    assert main(["plan", recipe]) == 0
    assert "max_top_2_gram" not in capsys.readouterr().out
    assert main(["plan", recipe, "--all"]) == 0
    every = capsys.readouterr().out
    assert "max_top_2_gram_char_ratio: 0.2" in every
    assert "preset: gopher" in every
