"""What a measurement says: lines of a table, and the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line: what was measured, the result in words, the target and whether it is met (None: for information)."""

    measurement: str
    what: str
    result: str
    target: str = ""
    met: bool | None = None


def not_run(measurement: str, what: str, why: str, target: str = "") -> Figure:
    """A line for what could not be measured; never a guess."""
    return Figure(measurement, what, f"not run: {why}", target)


def to_markdown(figures: Sequence[Figure]) -> str:
    """A Markdown table of all lines."""
    head = "| measurement | what | result | target | met |\n|---|---|---|---|---|"
    met = {True: "yes", False: "**no**", None: ""}
    lines = [f"| {f.measurement} | {f.what} | {f.result} | {f.target} | {met[f.met]} |" for f in figures]
    return "\n".join([head, *lines])
