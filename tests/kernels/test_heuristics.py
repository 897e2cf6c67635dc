"""Surface statistics against their plain-Python twin."""

from __future__ import annotations

import unicodedata

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.kernels import heuristics, reference, words

STOP_WORDS = ("the", "be", "to", "of", "and", "that", "have", "with")
NAMES = [
    "n_words",
    "mean_word_length",
    "hash_ratio",
    "ellipsis_ratio",
    "bullet_line_ratio",
    "ellipsis_line_ratio",
    "alpha_word_ratio",
    "symbol_ratio",
    "n_stop_words",
]


def is_known(c: str) -> bool:
    """Assigned long ago, so that Python and the kernel know it alike, and no mark, of which some are Alphabetic."""
    return unicodedata.category(c)[0] not in "CM" and unicodedata.ucd_3_2_0.category(c) == unicodedata.category(c)


WORDS = [*STOP_WORDS, "THE", "Of", "naïve", "Σας", "Ⅷ", "ⓐ", "²", "42", "K", "İ"]
SYMBOLS = ["#", "##", "...", "....", "…", ". . .", "•", "‣ ", "● ", "▪", "◦", "*", "-", "- ", "\n- ", "…\n"]
SPACES = [" ", " ", "\n", "\n", "\r\n", "\t", "\xa0", "\u2003"]
pieces = st.sampled_from(WORDS) | st.sampled_from(SYMBOLS) | st.sampled_from(SPACES)
prose = st.lists(pieces | st.characters().filter(is_known), max_size=60).map("".join)
stop_lists = st.lists(st.sampled_from(["the", "Of", "σας", "k", "i", "naïve", "ⅷ", "", "notwithstanding"])) | st.just(
    STOP_WORDS
)


def measure(text: str | None, rule: str = "whitespace", stop_words: tuple[str, ...] = STOP_WORDS) -> dict[str, float]:
    (row,) = heuristics.gopher_quality(words.split(pa.array([text], pa.string()), None, rule), stop_words).to_pylist()
    return row


@given(prose, stop_lists)
def test_measures_are_the_references(text: str, stop_words: tuple[str, ...]) -> None:
    expected = reference.gopher_quality(text, reference.split_whitespace(text), stop_words)
    assert measure(text, stop_words=stop_words) == pytest.approx(expected, rel=1e-12, abs=1e-12)


@given(st.text(st.sampled_from("aB1é#.…'_ \n•-*") | st.characters(max_codepoint=127), max_size=200))
def test_measures_over_uax29_words_are_the_references(text: str) -> None:
    expected = reference.gopher_quality(text, reference.split_uax29(text), STOP_WORDS)
    assert measure(text, "uax29") == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_by_hand() -> None:
    text = "The naïve cat… and THE dog......\r\n \t• # one 3.14\n\n  - two...\xa0\n* — ## x2"
    expected = [10, 3.2, 0.3, 0.4, 0.75, 0.5, 0.9, 0.7, 2]
    assert measure(text, "uax29") == pytest.approx(dict(zip(NAMES, expected, strict=True)))


def test_different_stop_words_count_not_their_number() -> None:
    found = measure("the cat and " * 20, "uax29")
    assert (found["n_words"], found["n_stop_words"]) == (60, 2)


def test_without_words_symbols_count_by_themselves() -> None:
    nothing = dict.fromkeys(NAMES, 0)
    assert measure("") == measure(None) == measure(" \n\r\n\u3000") == nothing
    assert measure("##...…\n-", "uax29") == nothing | {
        "hash_ratio": 2.0,
        "ellipsis_ratio": 2.0,
        "symbol_ratio": 4.0,
        "bullet_line_ratio": 0.5,
        "ellipsis_line_ratio": 0.5,
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a" * 10**7, {"n_words": 1, "mean_word_length": 1e7, "alpha_word_ratio": 1.0}),
        ("_" * 10**6 + "é", {"n_words": 1, "mean_word_length": 1e6 + 1, "alpha_word_ratio": 1.0}),
        ("- x...\n" * 10**6, {"n_words": 10**6, "bullet_line_ratio": 1.0, "ellipsis_line_ratio": 1.0}),
        (" " * 10**6 + "\n" * 10**6, {"n_words": 0, "bullet_line_ratio": 0.0}),
        ("." * 10**6, {"n_words": 0, "ellipsis_ratio": 333_333, "ellipsis_line_ratio": 1.0}),
        ("a" + "\u0301" * 10**6, {"n_words": 1, "mean_word_length": 1e6 + 1}),
        ("a'\u0301" * 10**6, {"n_words": 1, "mean_word_length": 3e6 - 2}),
    ],
    ids=["one word", "underscores", "lines", "blank", "dots", "marks", "half-joined"],
)
def test_texts_made_to_be_slow(text: str, expected: dict[str, float]) -> None:
    found = measure(text, "uax29")
    assert {name: found[name] for name in expected} == pytest.approx(expected)


def test_rows_not_alive_are_null_throughout() -> None:
    text = pa.array(["the a", None, "b"])
    found = heuristics.gopher_quality(words.split(text, pa.array([False, True, True])), STOP_WORDS)
    assert found.schema.names == NAMES
    assert [column.is_valid().to_pylist() for column in found.columns] == [[False, True, True]] * len(NAMES)
    kinds = dict(zip(found.schema.names, found.schema.types, strict=True))
    assert {name for name, kind in kinds.items() if kind == pa.int64()} == {"n_words", "n_stop_words"}
    assert set(kinds.values()) == {pa.int64(), pa.float64()}


def test_rows_taken_out_later_are_null_too() -> None:
    found = words.split(pa.array(["the a", "of"])).restrict(pa.array([True, False]))
    assert heuristics.gopher_quality(found, STOP_WORDS).column("n_words").to_pylist() == [2, None]


def test_rows_do_not_touch_each_other() -> None:
    texts = ["the of", "", "and", "the of", "zzz"]
    found = heuristics.gopher_quality(words.split(pa.array(texts)), STOP_WORDS).column("n_stop_words")
    assert found.to_pylist() == [2, 0, 1, 2, 0]


def test_other_definitions_are_refused() -> None:
    with pytest.raises(ValueError, match=r'unknown definitions of gopher_quality "x"; expected one of: gopher, '):
        heuristics.gopher_quality(words.split(pa.array(["a"])), STOP_WORDS, definitions="x")
