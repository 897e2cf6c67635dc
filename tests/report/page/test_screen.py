"""What a report shows of stored texts: nothing private, whoever stored it."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from spark_llmdata import schema
from spark_llmdata.kernels import hashing
from spark_llmdata.recipe import load_recipe
from spark_llmdata.report.origin import from_row
from spark_llmdata.report.page.examples import Examples
from spark_llmdata.report.page.excerpt import make_excerpt
from spark_llmdata.report.page.records import Place
from spark_llmdata.report.page.screen import Screen

TEXT = "Write to someone@acme.de or call. A line with { a brace by other@acme.de in it."
PII = "\n  - clean.pii: {mode: tag}"
RECIPE = "name: shown\nstages:\n  - clean.unicode\n  - filter.c4: {min_sentences: 1}"


@pytest.fixture
def make(tmp_path):
    """Makes a screen of a recipe, as a run has it in its manifest."""

    def made(text: str, *, private: bool = False, kind: str | None = None) -> Screen:
        (tmp_path / "r.yaml").write_text(text, "utf-8")
        recipe = load_recipe(str(tmp_path / "r.yaml"))
        facts = json.loads(json.dumps(recipe.as_dict()))
        if kind is not None:
            facts["stages"].append({"kind": kind})
        manifest = {"recipe": facts, "recipe_folder": recipe.folder}
        return Screen(SimpleNamespace(manifest=manifest), private=private)  # type: ignore[arg-type]

    return made


def row(text: str | None, changes: list[dict[str, Any]] | None = None) -> pa.RecordBatch:
    """A stored row of a text."""
    wanted = schema.segment()
    facts = hashing.text_facts(pa.array([text], pa.string()))
    given = {
        "doc_id": ["0" * 32], "text": [text], "source": ["s"], "lang": ["en"], "url": ["https://a.example/1"],
        "file": ["f"], "offset": [3], "changes": [changes], "bytes": facts.column("bytes"),
        "words": facts.column("words"), "text_hi": facts.column("hi"), "text_lo": facts.column("lo"),
    }  # fmt: skip
    arrays = [pa.array(given[f.name], f.type) if f.name in given else pa.nulls(1, f.type) for f in wanted]
    return pa.RecordBatch.from_arrays(arrays, schema=wanted)


def examples(screen: Screen, stored: pa.RecordBatch) -> tuple[Examples, Place]:
    place = Place(0, "p", 0)
    records = SimpleNamespace(store=SimpleNamespace(root="/my store"), record=SimpleNamespace(run="r1"))
    made = Examples(records, screen)  # type: ignore[arg-type]
    made._rows[place] = stored
    return made, place


def fate(evidence: str | None, **others: Any) -> SimpleNamespace:
    facts = {
        "doc_id": "0" * 32, "id": None, "url": "https://a.example/1", "source": "s", "file": "f", "offset": 3,
        "words": 9, "score": None, "threshold": None, "stage": "filter.c4", "reason": "c4.curly_bracket",
    }  # fmt: skip
    return SimpleNamespace(**(facts | others), evidence=evidence)


def test_an_example_of_a_document_that_the_private_stage_never_saw(make) -> None:
    made, place = examples(make(RECIPE + PII), row(TEXT))
    told = made.of_fate(fate('{"text": "a brace by other@acme.de in"}'), place)
    assert "acme" not in repr(told)
    assert told.evidence is None
    assert {"private", "condemned"} <= {piece.kind for piece in told.pieces}
    assert told.command == f"llmdata show {'0' * 32} --store '/my store' --run r1"


def test_evidence_stays_where_it_stands_in_view(make) -> None:
    made, place = examples(make(RECIPE + PII), row(TEXT))
    assert made.of_fate(fate('{"at": [1, 2], "text": "A line with {"}'), place).evidence == "“A line with {”"


def test_all_is_shown_where_nobody_hides_it_or_it_is_asked_for(make) -> None:
    for screen in (make(RECIPE), make(RECIPE + PII, private=True)):
        made, place = examples(screen, row(TEXT))
        told = made.of_fate(fate('{"text": "a brace by other@acme.de in"}'), place)
        assert told.evidence == "“a brace by other@acme.de in”"
        assert "".join(piece.text for piece in told.pieces) == TEXT


@pytest.mark.parametrize("kind", ["clean.pii", "nowhere.Mine"])
def test_nothing_is_shown_where_the_recipe_is_gone_and_may_have_hidden_something(make, monkeypatch, kind) -> None:
    from spark_llmdata.report.page import screen as module

    def lose(record: Any) -> None:
        raise module.Lost("the recipe is gone")

    monkeypatch.setattr(module, "rebuild", lose)
    screen = make(RECIPE, kind=kind)
    made, place = examples(screen, row(TEXT))
    told = made.of_fate(fate('{"text": "other@acme.de", "n": 3}'), place)
    assert screen.is_blind
    assert screen.lost == "the recipe is gone"
    assert "acme" not in repr(told)
    assert [piece.kind for piece in told.pieces] == ["cut"]
    assert told.evidence == "n 3"
    assert not make(RECIPE).is_blind


def test_what_could_not_be_read_says_why(make) -> None:
    made, _ = examples(make(RECIPE + PII), row(None))
    told = made.of_fate(fate('{"error": "line 3: no JSON"}', stage="read", reason="read.bad_json", doc_id=None), None)
    assert (told.evidence, told.pieces, told.words) == ("line 3: no JSON", (), 9)
    assert told.command == "llmdata why f:3 --store '/my store' --run r1"


def test_an_edit_is_judged_again_and_proven(make) -> None:
    screen = make(RECIPE + PII)
    before = row("Write\u200b to someone@\u200bacme.de {now}. All is well here again.")
    after = "Write to someone@acme.de {now}. All is well here again."
    marked = screen.edit(["clean.unicode", "filter.c4"], "clean.unicode", from_row(before), row(after))
    pieces = make_excerpt(screen.tell(marked))
    assert "removed" in {piece.kind for piece in pieces}
    assert "private" in {piece.kind for piece in pieces}
    assert not any(part in repr(pieces) for part in ("acme", "someone"))
    assert screen.edit(["clean.unicode"], "clean.unicode", from_row(before), row("another text")) is None


def test_differences_are_of_texts_without_secrets(make) -> None:
    assert make(RECIPE + PII).plain(row(TEXT)) == TEXT.replace("someone@acme.de", "<email>").replace(
        "other@acme.de", "<email>"
    )
