"""Plans: what is fused, what ends a segment, which change gives a new fingerprint."""

from __future__ import annotations

import pytest

from spark_llmdata.errors import RecipeError
from spark_llmdata.plan import CorpusNode, SegmentNode, make_plan
from spark_llmdata.recipe import Gates, Read, Recipe, Write, load_recipe
from spark_llmdata.stages.dedup.exact import DedupExact
from spark_llmdata.stages.extract.html import ExtractHtml
from spark_llmdata.stages.filter.gopher_quality import GopherQuality
from spark_llmdata.stages.filter.http import FilterHttp
from spark_llmdata.stages.filter.url import FilterUrl


def recipe(*stages, name="r", read=None, write=None, judge="alive") -> Recipe:
    return Recipe(name, read or Read(), stages, Gates(), write or Write(), judge=judge)


def shape(plan) -> list[list[str] | str]:
    return [[s.name for s in n.segment.stages] if isinstance(n, SegmentNode) else n.stage.name for n in plan.nodes]


def fingerprints(plan) -> list[str]:
    return [n.fingerprint for n in plan.segments]


def test_the_quickstart_has_two_segments_and_one_comparison():
    plan = make_plan(recipe(ExtractHtml(), GopherQuality(), DedupExact()))
    assert shape(plan) == [["extract.html"], ["filter.gopher_quality"], "dedup.exact"]
    assert [n.segment.reads for n in plan.segments] == [True, False]
    assert isinstance(plan.nodes[2], CorpusNode)


def test_near_duplicates_are_three_comparisons():
    plan = make_plan(load_recipe("near_duplicates"))
    assert shape(plan) == [["extract.html"], "dedup.url", "dedup.exact", "dedup.minhash"]


def test_neighbors_are_fused_and_scores_go_on():
    twice = GopherQuality(id="filter.again")
    plan = make_plan(recipe(GopherQuality(), twice, DedupExact(), GopherQuality(id="filter.last")))
    assert shape(plan) == [["filter.gopher_quality", "filter.again"], "dedup.exact", ["filter.last"]]
    assert [n.per_run for n in plan.segments] == [False, True]
    assert len(plan.segments[1].segment.score_names) == 3 * len(GopherQuality.scores)


def test_a_comparison_alone_reads_first():
    assert shape(make_plan(recipe(DedupExact()))) == [[], "dedup.exact"]


def test_a_threshold_changes_its_own_segment_and_what_follows():
    before = make_plan(recipe(ExtractHtml(), GopherQuality()))
    after = make_plan(recipe(ExtractHtml(), GopherQuality(min_words=51)))
    assert fingerprints(before)[0] == fingerprints(after)[0]
    assert fingerprints(before)[1] != fingerprints(after)[1]


def test_fingerprints_know_reading_policy_and_revision_but_not_the_name(monkeypatch):
    base = make_plan(recipe(GopherQuality()))
    assert fingerprints(base) == fingerprints(make_plan(recipe(GopherQuality(), name="other")))
    changed = [
        make_plan(recipe(GopherQuality(), read=Read(columns={"text": "content"}))),
        make_plan(recipe(GopherQuality(), write=Write(removed_text="none"))),
        make_plan(recipe(GopherQuality(id="filter.renamed"))),
        make_plan(recipe(GopherQuality(), judge="all")),
    ]
    monkeypatch.setattr(GopherQuality, "revision", GopherQuality.revision + 1)
    changed.append(make_plan(recipe(GopherQuality())))
    prints = [tuple(fingerprints(p)) for p in [base, *changed]]
    assert len(set(prints)) == len(prints)


def test_extraction_has_to_come_first():
    with pytest.raises(RecipeError, match="extract.html stands behind filter.gopher_quality.*put it first"):
        make_plan(recipe(GopherQuality(), ExtractHtml()))
    with pytest.raises(RecipeError, match="extract.html stands behind dedup.exact"):
        make_plan(recipe(DedupExact(), ExtractHtml()))
    with pytest.raises(RecipeError, match="only one stage can extract"):
        make_plan(recipe(ExtractHtml(), ExtractHtml(id="extract.again")))


def test_what_the_server_said_is_there_only_where_records_are_read():
    first = make_plan(recipe(GopherQuality(), FilterHttp(), FilterUrl()))
    assert shape(first) == [["filter.gopher_quality", "filter.http", "filter.url"]]
    for before in (ExtractHtml(), DedupExact()):
        with pytest.raises(RecipeError, match=f"filter.http stands behind {before.name}; .*put it in front"):
            make_plan(recipe(before, FilterHttp()))


class Failing(GopherQuality):
    """Says of itself what only the pass over the rows can know."""

    kind = "filter.failing"
    reasons = {"killed": "never given by a stage"}


def test_reasons_of_failure_are_not_a_stage_s_to_give():
    with pytest.raises(RecipeError, match="filter.failing declares the reason killed.*name it otherwise"):
        make_plan(recipe(Failing()))


def test_a_comparison_by_a_score_needs_a_stage_that_gives_it():
    by_score = DedupExact(survivor=["score:gopher_quality_n_words"])
    assert make_plan(recipe(GopherQuality(), by_score)).segments[0].segment.score_names
    with pytest.raises(RecipeError, match="dedup.exact wants the score gopher_quality_n_words, which no stage before"):
        make_plan(recipe(by_score, GopherQuality()))
    with pytest.raises(RecipeError, match="there are strict_n_words, strict_"):
        make_plan(recipe(GopherQuality(id="filter.strict"), by_score))


def test_a_refusal_says_what_to_put_where():
    by_score = DedupExact(survivor=["score:gopher_quality_n_words"])
    for stages in ((by_score, GopherQuality()), (by_score,)):
        with pytest.raises(RecipeError, match=r"there is none: put filter.gopher_quality, which gives it, in front"):
            make_plan(recipe(*stages))
    with pytest.raises(RecipeError, match="name another score"):
        make_plan(recipe(DedupExact(survivor=["score:beauty"])))
    with pytest.raises(RecipeError, match=r"extract.html stands behind dedup.exact; .* put it first"):
        make_plan(recipe(DedupExact(), ExtractHtml()))
