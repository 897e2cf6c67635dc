"""Word diffs: nothing of either text is lost, what is unchanged is shortened, terminals are safe."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.report import word_diff
from spark_llmdata.report.word_diff import Piece, diff, render

TEXT = st.lists(st.sampled_from(["a", "b", "c", "-", "{+x+}"]), max_size=40).map(" ".join)


@given(TEXT, TEXT)
def test_both_texts_can_be_read_off_a_diff(first, second):
    pieces = diff(first, second)
    assert [w for p in pieces if p.kind != "added" for w in p.words] == first.split()
    assert [w for p in pieces if p.kind != "removed" for w in p.words] == second.split()
    assert all(p.words for p in pieces)


def test_what_is_the_same_is_found_in_the_middle():
    assert diff("one two three four", "zero two three five") == [
        Piece("removed", ("one",)),
        Piece("added", ("zero",)),
        Piece("same", ("two", "three")),
        Piece("removed", ("four",)),
        Piece("added", ("five",)),
    ]


def test_white_space_is_not_compared():
    assert diff("one  two\n", "one two") == [Piece("same", ("one", "two"))]


def test_marks_are_readable_without_color():
    assert render(diff("a b c", "a x y c")) == "a [-b-] {+x y+} c"


@pytest.mark.parametrize("width", [20, 100])
def test_colors_change_nothing_but_color(width):
    pieces = diff("the old words are " + "long " * 30, "the brand new words are " + "long " * 20)
    colored = render(pieces, colored=True, width=width)
    assert re.sub(r"\x1b\[\d+m", "", colored) == render(pieces, width=width)
    for line in colored.splitlines():
        codes = re.findall(r"\x1b\[(\d+)m", line)
        assert codes[1::2] == ["0"] * (len(codes) // 2)
        assert len(codes) % 2 == 0
    assert "\x1b[31m[-old-]\x1b[0m" in colored.replace("\x1b[0m\n", " ")


def test_lines_are_not_wider_than_asked():
    lines = render(diff("word " * 50 + "end", "word " * 50 + "other"), width=30).splitlines()
    assert len(lines) > 1
    assert max(map(len, lines)) <= 30


def test_long_unchanged_stretches_are_counted():
    same = [f"w{i}" for i in range(100)]
    shown = render(diff("x " + " ".join(same) + " y", "z " + " ".join(same) + " y2"), width=1000)
    assert shown == (
        "[-x-] {+z+} w0 w1 w2 w3 w4 w5 w6 w7 ... (84 words) ... w92 w93 w94 w95 w96 w97 w98 w99 [-y-] {+y2+}"
    )
    head = render(diff(" ".join(same) + " y", " ".join(same) + " z"), width=1000)
    assert head == "... (92 words) ... w92 w93 w94 w95 w96 w97 w98 w99 [-y-] {+z+}"


def test_what_a_terminal_would_obey_is_replaced():
    assert render(diff("a \x1b[2Jb", "a c")) == "a [-\ufffd[2Jb-] {+c+}"


def test_words_beyond_the_bound_are_said(monkeypatch):
    monkeypatch.setattr(word_diff, "MAX_WORDS", 3)
    pieces = diff("same a b c d e end", "same 1 2 3 4 end")
    assert [(p.kind, p.left_out) for p in pieces] == [
        ("same", 0),
        ("removed", 0),
        ("added", 0),
        ("removed", 2),
        ("added", 1),
        ("same", 0),
    ]
    assert "[-... (2 more words, not compared)-]" in render(pieces)
