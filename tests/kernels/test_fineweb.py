"""FineWeb's signals against their plain-Python twin."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.kernels import fineweb, reference, reference_lines, words

pieces = st.sampled_from(
    ["a", "bb", "é", "中文", ".", "!", "。", '"', "...", "…", " ", "\n", "\n", "\r\n", "\x1c", "\xa0"]
)
texts = st.lists(pieces, max_size=60).map("".join)


def measure(text: str | None, short_line_chars: int = 30, *, trim: bool = False) -> dict[str, float]:
    split = words.split(pa.array([text], pa.string()), None, "whitespace")
    (row,) = fineweb.measure_lines(split, short_line_chars, trim=trim).to_pylist()
    return row


@given(texts, st.integers(0, 8), st.booleans())
def test_measures_are_the_references(text: str, short_line_chars: int, trim: bool) -> None:
    found = measure(text, short_line_chars, trim=trim)
    del found["line_begin"], found["line_end"]
    expected = reference_lines.measure_fineweb(text, len(reference.split_whitespace(text)), short_line_chars, trim)
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_real_text_is_measured_as_the_reference_does(repository: Path) -> None:
    for path in sorted(repository.glob("*.md")):
        text = path.read_text("utf-8")
        found = measure(text * 2)
        del found["line_begin"], found["line_end"]
        n_words = len(reference.split_whitespace(text * 2))
        assert found == pytest.approx(reference_lines.measure_fineweb(text * 2, n_words, 30), rel=1e-9)


def test_the_line_that_is_repeated_most_is_shown() -> None:
    text = "é\né\nlonger line\nlonger line\nend"
    found = measure(text)
    assert text.encode()[found["line_begin"] : found["line_end"]].decode() == "longer line"
    assert measure("a\nb")["line_end"] == 0


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("a" * 10**7, "short_line_ratio", 0),
        ("a.\n" * 10**6, "punctuated_line_ratio", 1),
        ("\n" * 10**6, "n_lines", 0),
        ("\n".join(map(str, range(10**6))), "dup_line_char_ratio", 0),
    ],
    ids=["one word", "lines", "line feeds", "numbers"],
)
def test_texts_made_to_be_slow(text: str, name: str, value: float) -> None:
    assert measure(text)[name] == value


@given(texts)
def test_line_ends_of_windows_change_nothing(text: str) -> None:
    text = text.replace("\r\n", "\n")
    found, shown = [], []
    for each in (text, text.replace("\n", " \r\n")):
        found.append(measure(each, trim=True))
        shown.append(each.encode()[found[-1].pop("line_begin") : found[-1].pop("line_end")])
    assert found[0] == found[1]
    assert shown[0] == shown[1]


def test_rows_not_alive_are_null() -> None:
    found = fineweb.measure_lines(words.split(pa.array(["a", None]), pa.array([False, True])))
    assert [column.to_pylist()[0] for column in found.columns] == [None] * 7
    assert found.column("n_lines").to_pylist() == [None, 0]
