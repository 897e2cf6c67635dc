"""A few rows of many: as many as were asked for, from all sources, and by no task more than it has to hand on."""

from __future__ import annotations

from collections import Counter

import pytest

from spark_llmdata.report.page.choice import choose

pytestmark = pytest.mark.spark


def make_rows(spark, n: int = 600, partitions: int = 7):
    """Rows of two reasons: one of a few rows, one of many; nine of ten are of source `a`."""
    rows = [("few" if i < 2 else "many", "b" if i % 10 == 9 else "a", i * 7919 % 1000, i) for i in range(n)]
    return spark.createDataFrame(rows, "reason string, source string, hash long, row long").repartition(partitions)


def test_as_many_are_chosen_as_were_asked_for_from_all_sources(spark) -> None:
    for shown in (1, 3, 20):
        found = choose(make_rows(spark), ["reason"], ("hash", "row"), shown).collect()
        assert Counter(row.reason for row in found) == {"few": min(2, shown), "many": shown}
        many = Counter(row.source for row in found if row.reason == "many")
        assert many["a"] - many["b"] in (0, 1)
        own = sorted((row.hash, row.row) for row in found if (row.reason, row.source) == ("many", "a"))
        all_of_a = sorted((i * 7919 % 1000, i) for i in range(2, 600) if i % 10 != 9)
        assert own == all_of_a[: len(own)]


def test_the_choice_does_not_depend_on_partitions(spark) -> None:
    first, second = (choose(make_rows(spark, partitions=n), ["reason"], ("hash", "row"), 3).collect() for n in (1, 9))
    assert first == second


def test_tasks_hand_on_no_more_than_is_shown(spark, capsys) -> None:
    choose(make_rows(spark), ["reason"], ("hash", "row"), 3).explain()
    plan = capsys.readouterr().out
    assert plan.count(", 3, Partial") == plan.count(", 3, Final") == 2, plan
    assert "collect_list" not in plan
