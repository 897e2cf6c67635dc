"""Sentences, counted by each rule."""

from __future__ import annotations

import pyarrow as pa
import pytest

from spark_llmdata.kernels import sentences


def count(text: str, rule: str) -> int:
    (n,) = sentences.count(pa.array([text]), rule).to_pylist()
    return n


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("...", 0),
        ("One. Two! Three?", 3),
        ("Nr. five, 3.14 (or so.) and more.", 1),
        ("a line\nand another\n\n", 2),
    ],
)
def test_uax29_by_hand(text: str, expected: int) -> None:
    assert count(text, "uax29") == expected


def test_null_has_no_count() -> None:
    assert sentences.count(pa.array(["a", None, ""], pa.string_view())).to_pylist() == [1, None, 0]


def test_errors_name_what_is_wrong_and_what_is_known() -> None:
    with pytest.raises(ValueError, match=r'unknown sentence rule "punkt"; expected one of: uax29, datatrove'):
        sentences.count(pa.array(["a"]), "punkt")
    with pytest.raises(ValueError, match="column text is Int64; expected text"):
        sentences.count(pa.array([1]))
