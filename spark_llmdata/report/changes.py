"""Where the changes of a segment's stages stand in the text it stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple


class Mark(NamedTuple):
    """What a stage put into a text: bytes [begin, end) of the stored text, empty where it only took something out."""

    stage: str
    kind: str
    begin: int
    end: int


def locate(changes: Sequence[Mapping[str, Any]]) -> list[Mark]:
    """Bring the places of a row's `changes`, each told in the text its stage saw, into the text after all of them.

    In the order of the text. What a later stage changed again is that stage's alone.
    """
    marks: list[Mark] = []
    for stage, group in groupby(changes, key=lambda change: str(change["stage"])):
        marks = _carry(marks, stage, list(group))
    return marks


def _carry(marks: Sequence[Mark], stage: str, changes: Sequence[Mapping[str, Any]]) -> list[Mark]:
    """The marks behind a stage that makes these changes: those of before at their new places, and its own."""
    carried: list[Mark] = []
    rest = list(reversed(marks))
    shift = 0
    for change in changes:
        begin, end = int(change["begin"]), int(change["end"])
        while rest and rest[-1].end <= begin:
            carried.append(_move(rest.pop(), shift))
        while rest and rest[-1].begin < end:
            rest.pop()
        carried.append(Mark(stage, str(change["kind"]), begin + shift, begin + shift + int(change["length"])))
        shift += int(change["length"]) - (end - begin)
    return carried + [_move(mark, shift) for mark in reversed(rest)]


def _move(mark: Mark, shift: int) -> Mark:
    return mark._replace(begin=mark.begin + shift, end=mark.end + shift)
