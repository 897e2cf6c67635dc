"""Repetition against its plain-Python twin."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.kernels import reference, reference_repetition, repetition, words

DEFINITIONS = ("gopher", "datatrove", "dclm")
NAMES = ["n_lines", *repetition.RATIOS]
#: Few different words, so that they repeat; some begin with no letter, one is long, one ends with a zero byte.
pieces = st.sampled_from(
    ["a", "b", "cc", "_d", "é", "antidisestablish", "x\0", " ", " ", " ", "\n", "\n\n", "\r\n", "\x1c", "\xa0"]
)
texts = st.lists(pieces, max_size=80).map("".join)


def measure(text: str | None, definitions: str, rule: str = "whitespace") -> dict[str, float]:
    found = repetition.gopher_repetition(words.split(pa.array([text], pa.string()), None, rule), definitions)
    (row,) = found.drop_columns(["spans"]).to_pylist()
    return row


@given(texts, st.sampled_from(DEFINITIONS))
def test_measures_are_the_references(text: str, definitions: str) -> None:
    expected = reference_repetition.gopher_repetition(text, reference.split_whitespace(text), definitions)
    assert measure(text, definitions) == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("definitions", DEFINITIONS)
def test_readme_is_measured_as_the_reference_does(definitions: str, repository: Path) -> None:
    text = (repository / "README.md").read_text("utf-8")[:6_000].encode("ascii", "ignore").decode() * 2
    expected = reference_repetition.gopher_repetition(text, reference.split_uax29(text), definitions)
    assert expected["dup_10_gram_char_ratio"] > 0.3
    assert measure(text, definitions, "uax29") == pytest.approx(expected, rel=1e-9)


def test_both_readings_of_an_example() -> None:
    text = "a b c\na b c\nx y\na b c"
    later, every = measure(text, "datatrove"), measure(text, "dclm")
    assert (later["dup_line_ratio"], later["dup_line_char_ratio"]) == (0.5, pytest.approx(10 / 21))
    assert (every["dup_line_ratio"], every["dup_line_char_ratio"]) == (0.75, pytest.approx(15 / 18))


def test_empty_ends_of_lines_are_lines_to_datatrove() -> None:
    assert measure("\nfoo\n", "datatrove")["dup_line_ratio"] == pytest.approx(1 / 3)
    assert measure("\nfoo\n", "gopher")["dup_line_ratio"] == 0


def test_nothing_is_repeated_in_nothing() -> None:
    for definitions in DEFINITIONS:
        assert measure("", definitions) == measure(None, definitions) == dict.fromkeys(NAMES, 0)


def test_spans_show_what_is_repeated() -> None:
    text = "né se\nx y z\nx y z\nx y z"
    found = repetition.gopher_repetition(words.split(pa.array([text, None])))
    spans = np.asarray(found.column("spans").flatten()).reshape(2, len(repetition.PARTS), 2)
    shown = {part: text.encode()[b:e].decode() for part, (b, e) in zip(repetition.PARTS, spans[0], strict=True)}
    assert shown["line"] == "x y z"
    assert (shown["paragraph"], shown["2_gram"], shown["5_gram"]) == ("", "x y", "x y z\nx y")
    assert not spans[1].any()


@pytest.mark.parametrize(
    ("text", "ratio", "value"),
    [
        ("a" * 10**7, "top_2_gram_char_ratio", 0),
        ("a " * 10**6, "dup_10_gram_char_ratio", 1),
        ("\n" * 10**6, "dup_line_ratio", 0),
        ("x\n" * 10**6, "dup_line_ratio", 1),
        ("\n\nx" * 10**6, "dup_paragraph_ratio", 1),
        (" ".join(map(str, range(10**6))), "dup_line_ratio", 0),
        ("a" + "\u0301" * 10**6, "dup_line_ratio", 0),
        ("." * 10**6, "dup_5_gram_char_ratio", 0),
    ],
    ids=["one word", "same word", "line feeds", "lines", "paragraphs", "numbers", "marks", "dots"],
)
def test_texts_made_to_be_slow(text: str, ratio: str, value: float) -> None:
    assert measure(text, "gopher", "uax29")[ratio] == value


@given(texts)
def test_line_ends_of_windows_change_nothing(text: str) -> None:
    text = text.replace("\r\n", "\n")
    assert measure(text.replace("\n", " \r\n"), "gopher") == measure(text, "gopher")


def test_repeated_paragraphs_are_seen_whatever_ends_their_lines() -> None:
    text = "one two\r\nthree\r\n\r\none two\r\nthree\r\n \r\nfour"
    assert measure(text, "gopher")["dup_paragraph_ratio"] == pytest.approx(2 / 3)
    found = repetition.gopher_repetition(words.split(pa.array([text]), None, "whitespace"))
    begin, end = np.asarray(found.column("spans").flatten())[2:4]
    assert text[begin:end] == "one two\r\nthree"


def test_rows_not_alive_are_null() -> None:
    found = repetition.gopher_repetition(words.split(pa.array(["a a", "b"]), pa.array([False, True])))
    assert found.schema.names == [*NAMES, "spans"]
    assert all(found.column(name).to_pylist()[0] is None for name in NAMES)
    assert found.column("n_lines").to_pylist() == [None, 1]


def test_rows_do_not_touch_each_other() -> None:
    texts = ["a b a b a b", "a b", "c d", "a b a b a b"]
    found = repetition.gopher_repetition(words.split(pa.array(texts))).column("top_2_gram_char_ratio")
    assert found.to_pylist() == [1, 0, 0, 1]


def test_other_definitions_are_refused() -> None:
    with pytest.raises(ValueError, match=r'unknown definitions of repetition "paper"; expected one of: gopher, data'):
        repetition.gopher_repetition(words.split(pa.array(["a"])), "paper")
