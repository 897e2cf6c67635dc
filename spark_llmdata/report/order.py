"""Why stages stand in the order they do: a table for each pass that leaves a choice."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

WIDTH = 100

SAME_CORPUS = (
    "The corpus is the same in both orders, with the same scores and edits. Which stage removed a document, and for "
    "which reason, may differ: the first that would remove it does. A document that one stage fails on may now be "
    "removed before that stage sees it, or the other way round; it is in no corpus either way. Gates compare shares of "
    "the documents that a stage sees, which differ too."
)

_HEAD = ("new", "old", "stage", "microseconds", "words", "removes alone", "removes here")


def describe_order_text(facts: Mapping[str, Any]) -> str:
    """An order (`Arrangement.as_json`, or what a manifest holds) for a person."""
    lines: list[str] = []
    if facts.get("taken_from"):
        lines += [f"the order of run {facts['taken_from']} is used, which measured it; nothing is measured again", ""]
    sample = facts["sample"]
    if facts["passes"]:
        lines += [
            f"measured on {sample['records']:,} records of {sample['files']:,} files (of {sample['of_files']:,});",
            "microseconds of processor time for a document; words: the splitting into words that the stage",
            "needs, which counts for the first of a pass alone",
        ]
    for found in facts["passes"]:
        lines += ["", *_pass(found, facts["min_gain"])]
    if not facts["passes"]:
        lines.append(facts.get("why") or "no two stages of a pass may change places: there is only one order")
    if facts["held"]:
        lines += ["", "nothing passes these"]
        lines += [line for held in facts["held"] for line in _item(f"{held['stage']}: {held['why']}")]
    if facts["order"] != facts["was"]:
        lines += ["", *textwrap.wrap(SAME_CORPUS, WIDTH)]
    return "\n".join(lines)


def _pass(found: Mapping[str, Any], min_gain: float) -> list[str]:
    """One pass: its table, what it costs, and why some stages keep their order."""
    stages: Sequence[Mapping[str, Any]] = found["stages"]
    rows = [
        (
            str(s["new"]),
            str(s["old"]),
            s["stage"],
            f"{s['cost_us']:,.1f}",
            f"{s['split_us']:,.1f}" if s["split_us"] else "",
            f"{s['removed_alone']:.1%}",
            f"{s['removed_here']:.1%}",
        )
        for s in stages
    ]
    before, after = found["before_us"], found["after_us"]
    lines = [f"a pass of {len(stages)} stages, judging {found['documents']:,} documents", *_table(rows)]
    if all(s["old"] == s["new"] for s in stages):
        lines.append(f"stays as it is: {before:,.1f} microseconds a document; no order found costs {min_gain:.0%} less")
    else:
        less = f"{1 - after / before:.0%} less"
        lines.append(f"expected microseconds a document: {before:,.1f} before, {after:,.1f} after ({less})")
    reasons = list(dict.fromkeys(why for s in stages for why in s["behind"].values()))
    if reasons:
        lines.append("what keeps its order")
    return lines + [line for sentence in reasons for line in _item(sentence)]


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(cell) for cell in column) for column in zip(_HEAD, *rows, strict=True)]
    return [
        "  ".join(
            c.ljust(w) if i == 2 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (_HEAD, *rows)
    ]


def _item(sentence: str) -> list[str]:
    return textwrap.wrap(sentence, WIDTH, initial_indent="  - ", subsequent_indent="    ")
