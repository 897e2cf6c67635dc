"""Edits one behind the other told as one, and lines compared."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.kernels.changes import Change, chain, compare_words, replace_rows
from spark_llmdata.kernels.reference_changes import apply
from spark_llmdata.schema import CHANGE

edits = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.text("XYÄ", max_size=3)), max_size=6)


def edit(text: str, gaps: list[tuple[int, int, str]], kind: str) -> tuple[str, list[Change]]:
    """Replace pieces of a text, each some characters behind the one before."""
    after, done, changes = "", 0, []
    for gap, width, put in gaps:
        begin = done + gap
        end = begin + width
        if end > len(text) or (not width and not put):
            break
        places = (len(text[:begin].encode()), len(text[:end].encode()))
        changes.append(Change(kind, *places, len(put.encode())))
        after += text[done:begin] + put
        done = end
    return after + text[done:], changes


@given(st.text("abcdeé", max_size=20), edits, edits)
def test_two_edits_are_one(text: str, first: list[tuple[int, int, str]], later: list[tuple[int, int, str]]) -> None:
    between, one = edit(text, first, "one")
    after, two = edit(between, later, "two")
    both = chain(one, two)
    assert apply(text, after, both) == after
    assert chain(one, []) == one
    assert chain([], two) == two
    assert {change.kind for change in both} <= {"one", "two"}


def test_what_came_and_went_is_no_change() -> None:
    assert chain([Change("a", 0, 0, 1)], [Change("b", 0, 1, 0)]) == []


def test_where_edits_meet_the_later_one_gives_the_name() -> None:
    first = [Change("a", 1, 2, 0), Change("a", 3, 4, 0), Change("a", 5, 6, 0)]
    assert chain(first, [Change("b", 1, 3, 2)]) == [Change("a", 1, 2, 0), Change("b", 2, 5, 2), Change("a", 5, 6, 0)]


@given(st.text("ab é", max_size=12), st.text("ab é", max_size=12))
def test_lines_are_compared_word_by_word(before: str, after: str) -> None:
    changes = compare_words(before, after, "k", 0)
    assert apply(before, after, changes) == after
    assert bool(changes) == (before != after)
    assert [c._replace(begin=c.begin + 7, end=c.end + 7) for c in changes] == compare_words(before, after, "k", 7)


def test_only_what_differs_is_told() -> None:
    assert compare_words("a dÃ©jÃ  vu b", "a déjà vu b", "k") == [Change("k", 3, 11, 5)]  # a space came of it
    assert compare_words("cafÃ© or thÃ©", "café or thé", "k") == [Change("k", 3, 7, 2), Change("k", 13, 17, 2)]


def test_rows_are_replaced() -> None:
    change = Change("k", 1, 2, 3)
    column = pa.array([None, [change._asdict()], None], pa.list_(CHANGE))
    assert replace_rows(column, [], []) is column
    found = replace_rows(column, [1, 2], [[], [change]])
    assert found.to_pylist() == [None, None, [change._asdict()]]
