"""Counts by stage and the gates that look at them, on tallies made by hand."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import spark_llmdata as sl
from spark_llmdata.errors import RunFailed, UsageError
from spark_llmdata.recipe import Gates
from spark_llmdata.runner.api import check_overrides
from spark_llmdata.runner.counting import SourceCount, StageCount, count_comparison, count_segment
from spark_llmdata.runner.gates import GATE_ROWS, breaches


def test_what_is_no_recipe_is_told():
    with pytest.raises(UsageError, match="recipe: dict is none; expected a recipe's name, a file"):
        sl.run({"name": "x", "stages": []}, input="x", store="y")


class Tally(SimpleNamespace):
    def __getitem__(self, name):
        return getattr(self, name)


def tally(count, stage=None, *, rejected=False, defect="", source=None, unsampled=False):
    return Tally(
        kept=stage is None,
        rejected=rejected,
        stage=stage,
        defect=defect,
        of_source=source,
        count=count,
        unsampled=unsampled,
    )


def names(entry, **gates):
    return [b.gate for b in breaches(entry, Gates(**gates))]


def test_counts_follow_the_stages_in_order():
    found = [tally(70), tally(5, "read", rejected=True), tally(15, "a"), tally(10, "b", rejected=True, defect="failed")]
    held, (read, a, b) = count_segment(found, ["read", "a", "b"], (), 3, {})
    assert held == 100
    assert (read.shown, read.removed, read.rejected, read.duplicates, read.kept) == (100, 3, 5, 3, 92)
    assert (a.shown, a.removed, a.rejected, a.kept) == (92, 15, 0, 77)
    assert (b.shown, b.removed, b.rejected, b.failed, b.kept) == (77, 0, 10, 10, 67)


def test_sources_are_counted_apart_and_go_on_to_comparisons():
    found = [tally(60), tally(20, source="wiki"), tally(20, "a", source="wiki"), tally(5, "a")]
    _, (read, a) = count_segment(found, ["read", "a"], ["wiki", "absent"], 7, {"wiki": 2})
    assert read.sources == {"absent": SourceCount(0), "wiki": SourceCount(40, 2)}
    assert a.sources["wiki"] == SourceCount(38, 20)
    after = count_comparison("dedup.exact", a, 9, 8, {"wiki": 4})
    assert after.sources["wiki"] == SourceCount(18, 4)
    assert (after.shown, after.removed, after.duplicates) == (a.kept, 9, 8)


def test_what_is_in_no_sample_is_removed_and_judges_nobody():
    found = [tally(10, source="wiki"), tally(2000, "read", unsampled=True, source="wiki"), tally(5, "read")]
    _, (read,) = count_segment(found, ["read"], ["wiki"], 0, {})
    assert (read.shown, read.removed, read.not_sampled, read.judged, read.kept) == (2015, 2005, 2000, 15, 10)
    assert read.sources == {"wiki": SourceCount(10)}
    assert names(read, max_removed=0.5, max_removed_by_source={"wiki": 0.5}) == []
    assert names(StageCount("read", 4000, 3000, not_sampled=1000), max_removed=0.5) == ["max_removed"]
    assert StageCount.from_json(read.as_json()) == read


def test_a_verdict_of_a_stranger_is_a_defect():
    with pytest.raises(RunFailed, match="verdicts of other"):
        count_segment([tally(1, "other")], ["read"], (), 0, {})


def test_what_the_machine_decided_is_counted():
    found = [tally(1, "a", rejected=True, defect=d) for d in ("failed", "killed", "out_of_memory")] + [tally(9)]
    _, (_, a) = count_segment(found, ["read", "a"], (), 0, {})
    assert (a.failed, a.by_machine) == (3, 2)


@pytest.mark.parametrize(
    "entry", [StageCount("a", 9, 1, 2, 1, 1, 1, 0.5, True, {"w": SourceCount(3, 1, 1)}), StageCount("b", 1)]
)
def test_counts_survive_the_manifest(entry):
    assert StageCount.from_json(entry.as_json()) == entry


def test_a_share_at_its_bound_does_not_stop():
    assert names(StageCount("a", 1000, 900), max_removed=0.9) == []
    assert names(StageCount("a", 1000, 901), max_removed=0.9) == ["max_removed"]
    assert names(StageCount("a", GATE_ROWS - 1, GATE_ROWS - 2), max_removed=0.0) == []


@pytest.mark.parametrize(
    ("gates", "expected"),
    [
        ({"max_removed": {"a": 0.5}}, ["max_removed"]),
        ({"max_removed": {"b": 0.5}}, []),
        ({"max_removed": {"default": 0.5, "a": 0.7}}, []),
    ],
)
def test_a_bound_by_stage(gates, expected):
    assert names(StageCount("a", 1000, 600), **gates) == expected


def test_a_source_is_judged_apart():
    entry = StageCount("a", 10_000, 1500, sources={"wiki": SourceCount(1500, 1400), "few": SourceCount(10, 10)})
    assert names(entry, max_removed_by_source={"wiki": 0.9, "few": 0.1}) == ["max_removed_by_source"]
    assert names(entry, max_removed_by_source={"wiki": {"b": 0.1}, "few": 0.1}) == []
    (breach,) = breaches(entry, Gates(max_removed_by_source={"wiki": 0.9, "few": 0.1}))
    assert breach.found == (
        "a removed 1,400 of 1,500 documents of wiki (93.33%); gates.max_removed_by_source allows 90.00%"
    )
    assert "--set gates.max_removed_by_source.wiki.a=0.94" in breach.remedy


def test_rejects_stop_a_run_by_default():
    assert names(StageCount("read", 1000, 0, 501)) == ["max_rejected"]
    assert names(StageCount("read", 1000, 0, 501), max_rejected={"read": 0.6}) == []


def test_the_share_of_duplicates():
    entry = StageCount("dedup.exact", 1000, 700, duplicates=600)
    assert names(entry, max_duplicate_share=0.59) == ["max_duplicate_share"]
    assert names(entry, max_duplicate_share=0.6) == []


def test_too_few_documents_left_stop_a_run_of_any_size():
    assert names(StageCount("a", 10, 5), min_kept=6) == ["min_kept"]
    assert names(StageCount("a", 10, 5), min_kept=5) == []
    assert names(StageCount("a", 10, 9)) == []
    assert names(StageCount("a", 10, 10)) == names(StageCount("read", 0)) == ["min_kept"]
    assert names(StageCount("a", 10, 10), min_kept=0) == []


@pytest.mark.parametrize(
    "gates",
    [{"max_rejected": True}, {"max_removed_by_source": {"w": 2}}, {"max_rejected": {"read": -1}}, {"min_kept": 0.5}],
)
def test_what_is_no_share_is_refused(gates):
    with pytest.raises(ValueError, match="no share|integer|no numbers"):
        Gates(**gates)


def test_a_gate_that_does_not_exist_is_refused_before_hours_pass():
    with pytest.raises(UsageError, match=r"no such gate, did you mean 'max_removed'\?.*min_kept"):
        check_overrides(["max_remove"])
