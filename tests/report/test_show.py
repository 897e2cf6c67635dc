"""`llmdata show` on a store: texts made again from every kind of input, what is private, and inputs that are gone."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import spark_llmdata as sl
from spark_llmdata.errors import MissingExtra, UsageError
from spark_llmdata.report import show as shown
from spark_llmdata.report.origin import Lost
from spark_llmdata.report.show import show
from spark_llmdata.report.show_listing import describe_shown
from tests.runner.corpora import good_text, write_jsonl, write_warc

pytestmark = pytest.mark.spark

RECIPE = """
name: shown
stages:
  - extract.html
  - clean.unicode: {mojibake: false}
  - filter.c4: {min_sentences: 1}
  - filter.gopher_repetition
  - dedup.exact
  - clean.pii: {mode: tag}
write: {removed_text: none}
"""

GOOD = good_text(1) + "."
EDITED = f"Home of one@acme.de\r\nIt is the cafe [12]of two@acme.de and friends.\r\n{GOOD}"
BRACKET = f"{GOOD}\nThis line has a {{ bracket of three@acme.de and more.\nAnother line of words."
SECRETS = ("one@acme", "two@acme", "three@acme")


@pytest.fixture(scope="module")
def built(spark, tmp_path_factory):
    folder = tmp_path_factory.mktemp("show")
    rows = [
        {"id": "edited", "url": "https://a.example/edited", "text": EDITED},
        {"id": "copy", "url": "https://a.example/copy", "text": EDITED},
        {"id": "bracket", "text": BRACKET},
        {"id": "repeats", "text": "A line of words again.\n" * 4 + GOOD},
        "no json",
    ]
    write_jsonl(folder / "in/a.jsonl.gz", rows)
    pq.write_table(pa.table({"id": ["row"], "text": ["Menu\n" + good_text(2) + "."]}), folder / "in/b.parquet")
    write_warc(folder / "in/c.warc.gz", [("https://w.example/page", f"{good_text(3)}, so it is.")])
    (folder / "r.yaml").write_text(RECIPE)
    run = sl.run(folder / "r.yaml", input=folder / "in", store=folder / "store", spark=spark)
    return SimpleNamespace(folder=folder, store=run.store, run=run.run)


def texts(facts: dict[str, Any], *without: str) -> str:
    return "".join(p["text"] or f"<{p['secret']}>" for p in facts["shown"]["pieces"] if not set(without) & set(p))


def test_a_kept_document_is_shown_with_all_that_was_done_to_it(built):
    facts = show(built.store, "edited", private=True)
    assert facts["shown"]["proven"]
    assert texts(facts, "put") == EDITED
    assert texts(facts, "taken") == f"It is the cafe of [EMAIL] and friends.\n{GOOD}"
    assert facts["shown"]["edits"] == {
        "clean.unicode": {"line_end": 2},
        "filter.c4": {"no_end_mark": 1, "citation": 1},
        "clean.pii": {"email": 1},
    }
    (kept,) = built.store.corpus.read().where("id = 'row'").collect()
    row = show(built.store, "row")
    assert texts(row, "put") == "Menu\n" + kept.text
    assert (row["shown"]["proven"], row["shown"]["notes"]) == (True, [])
    page = show(built.store, "https://w.example/page")
    assert page["shown"]["notes"] == ["its text was made by extract.html"]
    assert page["shown"]["proven"]
    assert "so it is." in texts(page)


def test_what_condemned_a_document_is_marked(built):
    assert texts(show(built.store, "bracket", private=True)) == BRACKET
    facts = show(built.store, "bracket")
    marked = [p for p in facts["shown"]["pieces"] if p.get("counts") == "c4.curly_bracket"]
    assert [p["text"] for p in marked] == ["This line has a { bracket of ", None, " and more."]
    repeats = show(built.store, "repeats", context=10)["shown"]["pieces"]
    assert sum(p.get("counts") == "gopher_repetition.repeated line" for p in repeats) == 4
    assert repeats[-1] == {"text": None, "left_out": len(GOOD) - 9}


def test_values_are_shown_to_nobody_who_does_not_ask(built):
    for question in ("edited", "https://a.example/copy", "bracket"):
        facts = show(built.store, question)
        said = json.dumps(facts) + describe_shown(facts)
        assert not any(secret in said for secret in SECRETS)
        assert any(p.get("secret") == "email" for p in facts["shown"]["pieces"])
    # A copy was removed before the stage that removes personal data saw it.
    assert "of <email> and friends" in texts(show(built.store, "https://a.example/copy"), "put")


@pytest.mark.parametrize("lost", ["rebuild", "read_again"])
def test_verdicts_quote_nothing_where_the_text_is_not_seen(built, monkeypatch, lost):
    said = {"at": [0, 9], "text": "a { of three@acme.de", "lines": ["three@acme.de"]}
    describe = shown.describe

    def lose(*_: object) -> None:
        raise Lost("it is gone")

    monkeypatch.setattr(shown, "describe", lambda *found: describe(*found) | {"evidence": said})
    monkeypatch.setattr(shown, lost, lose)
    # The first pass stored the text as it came; what condemned it is in the second, which keeps none.
    facts = show(built.store, "bracket")
    assert facts["evidence"] == {"at": [0, 9]}
    assert "@acme" not in json.dumps(facts) + describe_shown(facts)
    assert show(built.store, "bracket", private=True)["evidence"] == said


def test_one_stage_alone(built):
    facts = show(built.store, "edited", stage="filter.c4", private=True)
    assert texts(facts, "put") == EDITED.replace("\r", "")
    assert {p.get("taken", "c4").split(".")[0] for p in facts["shown"]["pieces"]} == {"c4"}
    never = show(built.store, "bracket", stage="clean.pii")
    assert never["shown"]["notes"] == ["clean.pii did not see it, or its text cannot be made again"]
    with pytest.raises(UsageError, match="--stage dedup.exact: compares documents and has no text"):
        show(built.store, "edited", stage="dedup.exact")
    with pytest.raises(UsageError, match="--context -1: expected"):
        show(built.store, "edited", context=-1)


def test_a_record_that_could_not_be_read_has_no_text(built):
    (reject,) = built.store.fates.read().where("reason = 'read.bad_json'").collect()
    facts = show(built.store, f"{reject.file}:{reject.offset}")
    assert facts["shown"]["pieces"] == []
    assert "there is no text to show" in facts["shown"]["notes"]


def test_lines_for_a_person(built):
    said = describe_shown(show(built.store, "edited")).splitlines()
    assert said[0] == "https://a.example/edited: kept"
    assert "  edits     filter.c4: 1 no_end_mark, 1 citation" in said
    assert (
        "[-c4.no_end_mark: Home of <email>-][-unicode.line_end: \\r-][-c4.no_end_mark: \\n-]It is the cafe" in said[-2]
    )
    assert "[-c4.citation: [12]-]of [-pii.email: <email>-]{+pii.email: [EMAIL]+} and friends." in said[-2]
    assert "\x1b[9;31m[-c4.citation: [12]-]\x1b[0m" in describe_shown(show(built.store, "edited"), colored=True)


def test_where_a_stage_cannot_judge_the_stored_text_is_shown(built, monkeypatch):
    def fail(*_: object) -> None:
        raise MissingExtra("a package is missing")

    monkeypatch.setattr(shown, "replay", fail)
    facts = show(built.store, "edited")
    assert facts["shown"]["notes"] == [
        "a stage cannot judge here: a package is missing",
        "what was taken out is not stored; an ellipsis stands for it",
    ]
    assert not facts["shown"]["proven"]
    assert texts(facts, "taken") == f"It is the cafe of [EMAIL] and friends.\n{GOOD}"
    taken = [(p["taken"], p["text"]) for p in facts["shown"]["pieces"] if "taken" in p]
    assert taken[:2] == [("c4.no_end_mark", "…"), ("c4.citation", "…")]
    assert ("pii.email", None) in taken
    assert "@acme" not in json.dumps(facts)
    bracket = show(built.store, "bracket")
    assert bracket["shown"]["notes"][-1] == "there is no text to show"  # write.removed_text: none


def test_without_the_input_what_the_first_segment_kept_is_shown(built):
    """Runs last: it changes the input."""
    path = Path(built.folder / "in/a.jsonl.gz")
    write_jsonl(path, [{"id": "other", "text": "another text"}])
    facts = show(built.store, "edited", private=True)
    assert not facts["shown"]["proven"]
    assert "has another record at 0 than when the run read it" in facts["shown"]["notes"][0]
    assert texts(facts, "put") == EDITED  # extract.html ends a segment, which holds the text as it came
    path.unlink()
    gone = show(built.store, "bracket", private=True)
    assert "the input cannot be read any more" in gone["shown"]["notes"][0]
    assert texts(gone) == BRACKET
