"""Jobs that take turns, so that a busy minute hits all of them alike; medians and slopes of what they cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median

from benchmarks.process_tree import Usage

Job = Callable[[], Usage]


def take_turns(jobs: Mapping[str, Job], repeat: int) -> dict[str, list[Usage]]:
    """Run all jobs one after another, `repeat` times around; says each figure as it comes."""
    found: dict[str, list[Usage]] = {name: [] for name in jobs}
    for turn in range(repeat):
        for name, job in jobs.items():
            usage = job()
            found[name].append(usage)
            print(f"    turn {turn + 1}: {name}: {usage.cpu_s:.2f} CPU s, {usage.wall_s:.2f} s", flush=True)
    return found


def middle(usages: list[Usage]) -> Usage:
    """The medians of clock and CPU time, each by itself."""
    return Usage(median(u.wall_s for u in usages), median(u.cpu_s for u in usages))


def slope(small: Usage, large: Usage, more: float) -> Usage:
    """Cost of one more unit of work, where `large` did `more` units more than `small`: what is fixed cancels out."""
    return (large - small).per(more)
