"""Excerpts, and the evidence made of them."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata import evidence
from spark_llmdata.kernels import excerpts
from spark_llmdata.verdict import MAX_EVIDENCE


def test_pieces_are_cut_by_code_points() -> None:
    begin, end = pa.array([1, 0, 0, None, 2], pa.uint32()), pa.array([7, 1, 0, 1, 3], pa.uint32())
    texts = pa.array(["añ中xyz", "ab", "c", "d", "añ"])
    assert excerpts.cut(texts, begin, end, 2).to_pylist() == ["ñ中", "a", None, None, "ñ"]


def test_bounds_of_another_type_are_refused() -> None:
    with pytest.raises(ValueError, match="a bound is Int64; expected uint32"):
        excerpts.cut(pa.array(["a"]), pa.array([0]), pa.array([1]), 1)


def test_evidence_quotes_where_there_is_something() -> None:
    begin, end = np.array([0, 2], np.uint32), np.array([3, 2], np.uint32)
    quoted = evidence.quote(pa.array(["one two", "one two"]), begin, end)
    assert quoted.tolist() == ['{"at": [0, 3], "text": "one"}', None]


@given(st.text(max_size=400))
def test_evidence_is_json_of_bounded_length(text: str) -> None:
    said = evidence.say(rule="x", text=text)
    assert len(said) <= MAX_EVIDENCE
    shown = json.loads(said)["text"]
    assert shown == text or (shown.endswith("…") and text.startswith(shown[:-1]))
