"""Changes of one text as edits tell them, in plain Python: for the few texts that several edits of a stage touch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import pyarrow as pa

__all__ = ["Change", "chain", "compare_words", "replace_rows"]


class Change(NamedTuple):
    """Bytes [begin, end) of the text before became `length` bytes."""

    kind: str
    begin: int
    end: int
    length: int


def chain(first: Sequence[Change], later: Sequence[Change]) -> list[Change]:
    """Two edits, one behind the other, as one: told in the text before both.

    Each is in order, and nothing in it meets. Where changes of the two meet they become one, called as the later is.
    """
    grown = 0
    placed = []  # the first edit's changes in the text between the two
    for change in first:
        placed.append((change.begin + grown, change.begin + grown + change.length, change, True))
        grown += change.length - (change.end - change.begin)
    rows = sorted([*placed, *((c.begin, c.end, c, False) for c in later)], key=lambda r: (r[0], r[1], not r[3]))
    groups: list[tuple[int, int, list[tuple[Change, bool]]]] = []
    for begin, end, change, is_first in rows:
        if groups and begin < groups[-1][1] and groups[-1][0] < end:
            low, high, members = groups[-1]
            groups[-1] = low, max(high, end), [*members, (change, is_first)]
        else:
            groups.append((begin, end, [(change, is_first)]))
    return list(_tell(groups))


def _tell(groups: Iterable[tuple[int, int, list[tuple[Change, bool]]]]) -> Iterator[Change]:
    """Each group as one change, in the text before."""
    grown = 0
    for low, high, members in groups:
        begin, length = low - grown, high - low
        for change, is_first in members:
            more = change.length - (change.end - change.begin)
            grown, length = (grown + more, length) if is_first else (grown, length + more)
        kind = next((c.kind for c, is_first in reversed(members) if not is_first), members[0][0].kind)
        if begin < high - grown or length:  # what the first put there may be gone again
            yield Change(kind, begin, high - grown, length)


def compare_words(before: str, after: str, kind: str, at: int = 0) -> list[Change]:
    """Where one line became another: word by word if both have as many, else what lies between equal ends.

    `at` is where the line begins, in bytes.
    """
    old, new = before.split(" "), after.split(" ")
    changes = []
    if len(old) != len(new):
        old, new = [before], [after]
    for a, b in zip(old, new, strict=True):
        if a != b:
            head = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
            rest = range(min(len(a), len(b)) - head)
            tail = next((i for i in rest if a[-1 - i] != b[-1 - i]), len(rest))
            begin, end = at + _size(a[:head]), at + _size(a[: len(a) - tail])
            changes.append(Change(kind, begin, end, _size(b[head : len(b) - tail])))
        at += _size(a) + 1
    return changes


def _size(text: str) -> int:
    return len(text.encode())


def replace_rows(column: pa.Array, rows: Sequence[int], changes: Sequence[Sequence[Change]]) -> pa.Array:
    """A column of changes (list of struct) with other ones in some rows; null where there are none."""
    if not len(rows):
        return column
    others = pa.array([[c._asdict() for c in each] or None for each in changes], column.type)
    order = list(range(len(column)))
    for number, row in enumerate(rows):
        order[row] = len(column) + number
    return pa.concat_arrays([column, others]).take(pa.array(order, pa.int64()))
