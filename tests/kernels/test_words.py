"""Words against a splitter in Python, and the handle that keeps them."""

from __future__ import annotations

import unicodedata

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.kernels import reference, words

LATIN = "".join(c for c in map(chr, range(0xC0, 0x250)) if unicodedata.category(c).startswith("L"))
PUNCTUATION = "".join(map(chr, range(0xA1, 0xC0))).replace("\xad", "") + "‘’“”–—…•€"
latin_texts = st.text(
    st.sampled_from("ab1_.,;:' \n\r\"-") | st.sampled_from(LATIN + PUNCTUATION) | st.characters(max_codepoint=127)
)
TYPES = [pa.string(), pa.large_string(), pa.string_view()]


def count(text: str, rule: str) -> int:
    return words.split(pa.array([text]), None, rule).counts()[0].as_py()


@given(latin_texts)
def test_uax29_words_are_the_references(text: str) -> None:
    assert count(text, "uax29") == len(reference.split_uax29(text))


@given(st.text(st.characters(codec="utf-8") | st.sampled_from(" \t\n\x1c\x85\xa0\u2003\u3000ab")))
def test_whitespace_words_are_the_references(text: str) -> None:
    assert count(text, "whitespace") == len(reference.split_whitespace(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("___ -- ...", []),
        ("can't e.g. http://a.b foo_bar", ["can't", "e.g", "http", "a.b", "foo_bar"]),
        ("1,000.50; 3:4 v1.2 a.1", ["1,000.50", "3", "4", "v1.2", "a", "1"]),
        ("l’été d'un naïf", ["l’été", "d'un", "naïf"]),
        ("'a' 'b'", ["a", "b"]),
    ],
)
def test_words_by_hand(text: str, expected: list[str]) -> None:
    assert reference.split_uax29(text) == expected
    assert count(text, "uax29") == len(expected)


def test_scripts_the_reference_does_not_know() -> None:
    assert [count(text, "uax29") for text in ("語の", "カタカナ", "न\u093eम", "e\u0301te", "😀🇩🇪")] == [2, 1, 1, 1, 0]


@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_rows_not_alive_are_not_split(kind: pa.DataType) -> None:
    text = pa.array(["before", "a b", None, "", "dead", "unsure"], kind).slice(1)
    found = words.split(text, pa.array([False, True, True, True, False, None]).slice(1), "uax29")
    assert isinstance(found, words.Words)
    assert (len(found), found.rule) == (5, "uax29")
    assert found.counts().equals(pa.array([2, None, 0, None, None], pa.int64()))


def test_restricting_never_revives() -> None:
    found = words.split(pa.array(["a b", "c", None, "dead"]), pa.array([True, True, True, False]))
    fewer = found.restrict(pa.array([False, True, True, True]))
    assert (fewer.counts().to_pylist(), fewer.rule) == ([None, 1, None, None], "uax29")
    assert found.counts().to_pylist() == [2, 1, None, None]
    assert fewer.restrict(pa.array([True] * 4)).counts().to_pylist() == [None, 1, None, None]
    with pytest.raises(ValueError, match="alive has 1 rows, text has 4"):
        found.restrict(pa.array([True]))


def test_lists_are_the_words() -> None:
    found = words.split(pa.array(["a b", "", None, "dead"]), pa.array([True, True, True, False]))
    assert found.lists().to_pylist() == [["a", "b"], [], None, None]


def test_without_a_mask_all_rows_are_alive() -> None:
    assert words.split(pa.array(["a b", None])).counts().to_pylist() == [2, None]
    assert words.split(pa.array([], pa.string())).counts().to_pylist() == []


def test_the_handle_outlives_the_column() -> None:
    text = pa.array(["one two three"] * 100)
    found = words.split(text)
    del text
    assert found.counts().to_pylist() == [3] * 100


def test_errors_name_what_is_wrong_and_what_is_known() -> None:
    with pytest.raises(ValueError, match=r'unknown word rule "spacy"; expected one of: uax29, whitespace, datatrove'):
        words.split(pa.array(["a"]), None, "spacy")
    with pytest.raises(ValueError, match="column text is Int64; expected text"):
        words.split(pa.array([1]))
    with pytest.raises(ValueError, match="alive has 2 rows, text has 1"):
        words.split(pa.array(["a"]), pa.array([True, False]))
    with pytest.raises(ValueError, match="alive is Int64; expected bool"):
        words.split(pa.array(["a"]), pa.array([1]))


def test_every_rule_is_listed() -> None:
    assert words.RULES == ("uax29", "whitespace", "datatrove", "dictionary")
    assert [count("a-b", rule) for rule in words.RULES] == [2, 1, 3, 2]
