"""The arithmetic and the table of the benchmarks."""

from __future__ import annotations

from benchmarks.figures import Figure, not_run, to_markdown
from benchmarks.process_tree import Usage
from benchmarks.turns import middle, slope, take_turns


def test_jobs_take_turns() -> None:
    order = []

    def job(name: str) -> Usage:
        order.append(name)
        return Usage(len(order), 0)

    found = take_turns({"a": lambda: job("a"), "b": lambda: job("b")}, 2)
    assert order == ["a", "b", "a", "b"]
    assert found == {"a": [Usage(1, 0), Usage(3, 0)], "b": [Usage(2, 0), Usage(4, 0)]}


def test_the_median_is_taken_of_each_by_itself() -> None:
    assert middle([Usage(1, 30), Usage(2, 10), Usage(9, 20)]) == Usage(2, 20)


def test_a_slope_is_free_of_what_is_fixed() -> None:
    fixed, per_mb = Usage(10, 7), Usage(0.5, 0.25)
    small, large = (fixed + Usage(per_mb.wall_s * mb, per_mb.cpu_s * mb) for mb in (100, 900))
    assert slope(small, large, 800) == per_mb


def test_what_was_not_run_has_no_figure() -> None:
    line = to_markdown([not_run("m", "against a peer", "it is not installed", "≥ 2 times")]).splitlines()[-1]
    assert line == "| m | against a peer | not run: it is not installed | ≥ 2 times |  |"


def test_a_missed_target_is_seen() -> None:
    assert to_markdown([Figure("m", "w", "1", "≥ 2", False)]).endswith("| ≥ 2 | **no** |")
