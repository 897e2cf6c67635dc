"""Gopher's quality rules as published code measures them, against their plain-Python twin."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.kernels import heuristics, reference, reference_quality, words

STOP_WORDS = ("the", "be", "to", "of", "and", "that", "have", "with")
WORDS = [*STOP_WORDS, "THE", "naïve", "42", "²", "Ⅷ", "_", "#", "...", "….", ". . .", "«", "►", "é", "\u0301"]
ENDS = [" ", " ", " ", "\n", "\n", "\r\n", "\x0b", "\u2028", "\n- ", "\n• ", "\n● ", "...\n", "…\n", ". . .\n", "\xa0"]
texts = st.lists(st.sampled_from([*WORDS, *ENDS]), max_size=60).map("".join)
TWINS = {"datatrove": reference_quality.measure_datatrove, "dclm": reference_quality.measure_dclm}


def measure(text: str | None, definitions: str) -> dict[str, float]:
    split = words.split(pa.array([text], pa.string()), None, "whitespace")
    (row,) = heuristics.gopher_quality(split, STOP_WORDS, definitions).to_pylist()
    return row


@pytest.mark.parametrize("definitions", TWINS)
@given(text=texts)
def test_measures_are_the_references(definitions: str, text: str) -> None:
    expected = TWINS[definitions](text, reference.split_whitespace(text), STOP_WORDS)
    assert measure(text, definitions) == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_a_long_stop_word_is_found_as_it_is_written() -> None:
    long = "x" * 40
    split = words.split(pa.array([f"{long} {'x' * 41} X{long[1:]}", long.upper()]), None, "whitespace")
    found = heuristics.gopher_quality(split, [long, "é", ""], "datatrove").column("n_stop_words")
    assert found.to_pylist() == [1, 0]


@pytest.mark.parametrize("definitions", TWINS)
def test_real_text_is_measured_as_the_reference_does(definitions: str, repository: Path) -> None:
    for path in sorted(repository.glob("*.md")):
        text = path.read_text("utf-8")
        expected = TWINS[definitions](text, reference.split_whitespace(text), STOP_WORDS)
        assert measure(text, definitions) == pytest.approx(expected, rel=1e-9)


def test_symbols_are_no_words_to_datatrove_but_shares_are_of_all() -> None:
    found = measure("the cat # ( ... 42", "datatrove")
    assert (found["n_words"], found["mean_word_length"]) == (3, 8 / 3)
    assert (found["hash_ratio"], found["alpha_word_ratio"]) == (1 / 6, 2 / 6)


def test_stop_words() -> None:
    text = "The the THE of"
    assert [measure(text, d)["n_stop_words"] for d in ("gopher", "datatrove", "dclm")] == [2, 2, 4]


def test_lines() -> None:
    text = "- a\n\n* b\n● c...\nd. . ."
    assert measure(text, "datatrove")["bullet_line_ratio"] == 1 / 5
    assert measure(text, "dclm")["bullet_line_ratio"] == 3 / 4
    assert measure(text, "datatrove")["ellipsis_line_ratio"] == 1 / 5
    assert measure(text, "dclm")["ellipsis_line_ratio"] == 2 / 4


@pytest.mark.parametrize("definitions", TWINS)
@pytest.mark.parametrize("text", ["a" * 10**7, "- x...\n" * 10**6, "." * 10**6, "a" + "\u0301" * 10**6, "the " * 10**6])
def test_texts_made_to_be_slow(definitions: str, text: str) -> None:
    assert measure(text, definitions)["mean_word_length"] > 0 or text[0] == "."


@pytest.mark.parametrize("definitions", TWINS)
def test_nothing_measures_as_nothing(definitions: str) -> None:
    assert set(measure("", definitions).values()) == set(measure(None, definitions).values()) == {0}
