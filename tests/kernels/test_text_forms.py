"""Text forms: their hashes against the twin, and which texts they join."""

from __future__ import annotations

import hashlib
import unicodedata

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.kernels import hashing, text_forms
from spark_llmdata.kernels.reference_text_forms import bring

# Characters that this Python's Unicode does not know yet may have got properties in the kernel's.
known = st.characters(codec="utf-8").filter(lambda c: unicodedata.category(c) != "Cn")
telling = st.sampled_from(" \t\n\x1c\x85\xa0\u2003\u3000aAbB1!?.-éÉ\u0301\u0308ΣσςİıßẞǅﬁΩ①Ⅷｘ９কিका❤\ufe0f\u200d가가")
texts = st.text(known | telling, max_size=40)


@given(st.lists(st.none() | texts, max_size=8), st.sampled_from(text_forms.FORMS))
def test_hashes_are_those_of_the_twins_forms(rows, form):
    found = text_forms.hash_forms(pa.array(rows, pa.string()), form, with_sha256=True)
    expected = [None if row is None else bring(row, form) for row in rows]
    facts = hashing.text_facts(pa.array(expected, pa.string()))
    assert found.column("hi").equals(facts.column("hi"))
    assert found.column("lo").equals(facts.column("lo"))
    digests = [None if text is None else hashlib.sha256(text.encode()).digest() for text in expected]
    assert found.column("sha256").to_pylist() == digests


def joined(form: str, *rows: str) -> bool:
    found = text_forms.hash_forms(pa.array(rows), form)
    assert found.schema.names == ["hi", "lo"]
    return len({tuple(row.values()) for row in found.to_pylist()}) == 1


@pytest.mark.parametrize(
    ("first", "rows"),
    [
        ("none", ["a", "a"]),
        ("nfc", ["é", "e\u0301"]),
        ("whitespace_lower", ["A\u3000b ", "a  B"]),
        ("whitespace_lower", ["", " \n"]),
        ("alphanumeric", ["a, b", "A-B", "ａｂ"]),
        (None, ["!!!", "???"]),
        (None, ["কি", "কা"]),
        (None, ["a1", "a2"]),
    ],
)
def test_each_form_forgets_what_the_one_before_does(first, rows):
    begin = len(text_forms.FORMS) if first is None else text_forms.FORMS.index(first)
    assert [joined(form, *rows) for form in text_forms.FORMS] == [i >= begin for i in range(len(text_forms.FORMS))]


def test_errors_name_what_is_wrong():
    with pytest.raises(ValueError, match='unknown form "lower"; expected none, nfc, whitespace_lower or alphanumeric'):
        text_forms.hash_forms(pa.array(["a"]), "lower")
    with pytest.raises(ValueError, match="column text is Int64; expected text"):
        text_forms.hash_forms(pa.array([1]), "nfc")
