"""A recipe in its new order: every legal order keeps the same rows, and the order is found where it pays."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations, permutations
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_llmdata.errors import UsageError
from spark_llmdata.ordering import arrange, arrangement, identify, rearrange
from spark_llmdata.ordering.choice import Measured
from spark_llmdata.ordering.commuting import find_conflict, needs_of
from spark_llmdata.ordering.measurement import SegmentSample
from spark_llmdata.recipe import load_recipe
from spark_llmdata.report.order import describe_order_text
from spark_llmdata.segment import Segment
from spark_llmdata.sources.inputs import find_files
from spark_llmdata.stages.clean.pii import Pii
from spark_llmdata.stages.clean.unicode import CleanUnicode
from spark_llmdata.stages.filter.c4 import C4
from spark_llmdata.stages.filter.fineweb import FineWeb
from spark_llmdata.stages.filter.gopher_quality import GopherQuality
from spark_llmdata.stages.filter.gopher_repetition import GopherRepetition
from spark_llmdata.stages.filter.http import FilterHttp
from spark_llmdata.stages.filter.language import FilterLanguage
from spark_llmdata.stages.filter.url import FilterUrl
from spark_llmdata.stages.score.language import ScoreLanguage
from tests.ordering.stages import Counting, Guess, Long, OnScore, Relocate, Upper
from tests.runner.corpora import documents, write_jsonl
from tests.test_segment import records

STAGES = [
    C4(min_sentences=1, min_line_words=2),
    CleanUnicode(mojibake=False),
    Counting(),
    FilterLanguage(keep=("en", "o", "T"), threshold=None),
    FilterUrl(exclude_domains=("bad.example",)),
    FilterHttp(max_payload_bytes=200),
    FineWeb(),
    GopherQuality(min_words=3, min_stop_words=0),
    GopherRepetition(),
    Guess(),
    Long(max_chars=400),
    OnScore(),
    Pii(max_found=2),
    Relocate(),
    ScoreLanguage(),
    Upper(),
]

PIECES = ["one two.", "The same line.", "a@b.example", "{", "ﬁn\u00ad", "of and the", "\n", "\r\n", "x" * 90]
URLS = ["https://bad.example/1", "https://good.example/1"]
COMMUTING = [(a, b) for a, b in combinations(STAGES, 2) if find_conflict(needs_of(a), needs_of(b)) is None]

texts = st.lists(st.sampled_from(PIECES), min_size=1, max_size=25).map(" ".join)
urls = st.sampled_from(URLS)


@pytest.fixture(scope="module")
def many_rows():
    draw = Random(5)
    made = [" ".join(draw.choices(PIECES, k=draw.randint(1, 25))) for _ in range(150)]
    return records(*({"text": text, "url": draw.choice(URLS)} for text in made))


@pytest.mark.parametrize(("one", "other"), COMMUTING, ids=lambda stage: stage.name)
def test_two_stages_that_may_change_places_keep_the_same_rows(one, other, many_rows):
    first = [Long(max_chars=10_000, id="first.long")] if OnScore() in (one, other) else []
    assert kept([*first, one, other], many_rows) == kept([*first, other, one], many_rows)


def test_stages_that_may_not_would_give_other_rows(many_rows):
    """So the rows above can tell: one of each kind of conflict shows in them."""
    http, lines, prose = FilterHttp(max_payload_bytes=200), STAGES[0], FineWeb()
    language, guess = FilterLanguage(keep=("o", "T"), threshold=None), Guess()
    for one, other in ((lines, prose), (lines, http), (guess, language), (Relocate(), STAGES[4]), (Upper(), guess)):
        assert find_conflict(needs_of(one), needs_of(other)) is not None
        assert kept([one, other], many_rows) != kept([other, one], many_rows)


@settings(max_examples=60)
@given(st.permutations(STAGES), st.integers(2, 5), st.lists(st.tuples(texts, urls), min_size=1, max_size=6), st.data())
def test_every_order_that_is_allowed_keeps_the_same_rows(stages, n, rows, data):
    """The hash of a row covers all that the corpus holds of it: text, language, address, scores."""
    stages = stages[:n]
    if not any(isinstance(s, Long) for s in stages):
        stages = [s for s in stages if not isinstance(s, OnScore)]
    if [s for s in stages if isinstance(s, OnScore)] and stages.index(Long(max_chars=400)) > stages.index(OnScore()):
        stages = [s for s in stages if not isinstance(s, OnScore)]
    needs = {s.name: needs_of(s) for s in stages}
    allowed = [
        order
        for order in permutations(stages)
        if all(
            find_conflict(needs[a.name], needs[b.name]) is None or order.index(a) < order.index(b)
            for i, a in enumerate(stages)
            for b in stages[i + 1 :]
        )
    ]
    given_rows = records(*({"text": text, "url": url} for text, url in rows))
    order = data.draw(st.sampled_from(allowed))
    assert kept(stages, given_rows) == kept(order, given_rows)


def kept(stages, rows):
    judged = [row for batch in Segment(tuple(stages), True).judge(rows) for row in batch.to_pylist() if row["kept"]]
    return [(r["doc_id"], r["row_hi"], r["row_lo"], r["text"], dict(r["edits"] or ()), r["changes"]) for r in judged]


RECIPE = """
name: mine
stages:
  - filter.gopher_repetition
  - filter.url: {exclude_domains: [a.example]}
  - filter.gopher_quality: {id: good}
  - filter.c4
  - dedup.exact
  - filter.fineweb
  - clean.pii
"""


@pytest.fixture
def recipe(tmp_path):
    (tmp_path / "r.yaml").write_text(RECIPE)
    return load_recipe(str(tmp_path / "r.yaml"))


def test_a_recipe_in_its_new_order(recipe, tmp_path):
    """The address costs next to nothing and removes everything: nobody needs to be sure of the times."""
    files = find_files([str(write_jsonl(tmp_path / "a.jsonl", documents(300)))]).files
    found = arrange(recipe, files, 200)
    assert found.order[0] == "filter.url"
    assert found.order[3:] == ("filter.c4", "dedup.exact", "filter.fineweb", "clean.pii")
    assert sorted(found.order) == sorted(found.was)
    assert found.of == identify(recipe) != identify(found.recipe)
    facts = json.loads(json.dumps(found.as_json()))
    assert facts["sample"] == {"asked": 200, "records": 200, "files": 1, "of_files": 1}
    (only,) = facts["passes"]
    assert only["after_us"] < 0.9 * only["before_us"]
    url = only["stages"][0]
    assert (url["stage"], url["old"], url["new"], url["removed_alone"], url["removed_here"]) == (
        "filter.url",
        2,
        1,
        1,
        1,
    )
    assert [h["stage"] for h in facts["held"]] == ["clean.pii"]


def test_where_nothing_is_free_nothing_is_read(tmp_path):
    (tmp_path / "r.yaml").write_text("name: one\nstages: [filter.c4, filter.fineweb, dedup.exact, clean.pii]\n")
    files = find_files([str(write_jsonl(tmp_path / "a.jsonl", ["{"]))]).files
    found = arrange(load_recipe(str(tmp_path / "r.yaml")), files, 10)
    assert (found.order, found.passes, found.sample["records"]) == (found.was, (), 0)


def test_where_every_stage_judges_every_document_no_order_is_cheaper(recipe, tmp_path):
    files = find_files([str(write_jsonl(tmp_path / "a.jsonl", documents(300)))]).files
    assert arrange(recipe, files, 200).order != arrange(recipe, files, 200).was
    found = arrange(replace(recipe, judge="all"), files, 200)
    assert (found.order, found.passes, found.sample["records"]) == (found.was, (), 0)
    assert "with `judge: all` every stage judges every document" in describe_order_text(found.as_json())


def test_a_pass_that_no_document_reaches_stays(tmp_path):
    (tmp_path / "r.yaml").write_text(
        "name: r\nstages: [filter.url: {exclude_domains: [a.example]}, dedup.exact, filter.c4: {id: lines}, "
        "filter.url: {id: again, domains: []}]\n"
    )
    files = find_files([str(write_jsonl(tmp_path / "a.jsonl", documents(30)))]).files
    found = arrange(load_recipe(str(tmp_path / "r.yaml")), files, 20)
    assert (found.order, found.passes) == (found.was, ())
    assert found.held[0]["why"].startswith("no document of the sample comes so far")


def test_times_that_hardly_differ_change_nothing(recipe, tmp_path, monkeypatch):
    """Two measurements with noise of some percent build the same recipe."""
    files = find_files([str(write_jsonl(tmp_path / "a.jsonl", documents(50)))]).files
    removes = np.tile([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]], 10).astype(bool)

    def pretend(noise):
        def measure(segment, rows):
            needs = tuple(needs_of(s) for s in segment.stages)
            cost = np.array([[c * f / 40] * 40 for c, f in zip([100, 30, 20, 90], noise, strict=True)])
            before = (frozenset(), frozenset(), frozenset(), frozenset({0, 2}))
            return SegmentSample(Measured(removes, cost, (frozenset(),) * 4, {}, before), needs, 40)

        monkeypatch.setattr(arrangement, "measure", measure)
        return arrange(recipe, files).order

    orders = {pretend(noise) for noise in ([1, 1, 1, 1], [1.04, 0.97, 1.03, 1], [0.96, 1.03, 0.97, 1.02])}
    assert orders == {
        ("good", "filter.url", "filter.gopher_repetition", "filter.c4", "dedup.exact", "filter.fineweb", "clean.pii")
    }


def test_a_stage_that_moves_is_still_written_where_it_was(recipe):
    order = [s.name for s in recipe.stages][::-1]
    assert rearrange(recipe, order).places == recipe.places[::-1]
    assert recipe.places[0] != recipe.places[-1]
    assert rearrange(replace(recipe, places=()), order).places == ()


def test_an_order_names_every_stage_once(recipe):
    with pytest.raises(UsageError, match="does not name the stages"):
        rearrange(recipe, ["good"])


def test_an_order_is_forgotten_where_a_stage_declares_something_else(recipe, monkeypatch):
    """An order that was allowed under what a stage declared then may not be allowed now."""
    before = identify(recipe)
    assert before == identify(recipe)
    monkeypatch.setattr(GopherQuality, "reads", frozenset({"lang", "url"}))
    assert identify(recipe) != before
