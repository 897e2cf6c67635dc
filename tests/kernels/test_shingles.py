"""Sets of shingles against their twin in Python, `re` and an independent hash."""

from __future__ import annotations

import gzip
import json
import re
import unicodedata
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.kernels import reference_shingles as reference
from spark_llmdata.kernels import shingles

# xxh3_64 by another implementation; the lengths fall into each of its code paths.
GOLDEN = {
    "a": 0xE6C632B61E964E1F,
    "abc": 0x78AF5F94892F3950,
    "x" * 16: 0xDF76FF0D7F0D9EDF,
    "x" * 17: 0x89975E6B7D2F5A11,
    "the quick brown fox jumps": 0x90602C70EE7F6208,
    "y" * 128: 0x22B1C31676FB61BA,
    "y" * 129: 0xED2AC973732F0769,
    "z" * 240: 0xBF0E0B40AF0C6DF2,
    "z" * 241: 0xC9B6E99DE4449036,
    "w" * 1024: 0xF8E8F69A222D094A,
    "w" * 5000: 0xDC1153DA57F4ABE9,
}
TYPES = [pa.string(), pa.large_string(), pa.string_view()]

# Python's tables are older than the kernel's: what they do not know yet (Cn) proves nothing.
known = st.characters(exclude_categories=("Cs", "Cn"))
hard = st.sampled_from("ΣσςİıǅßﬁÅ_½²ªⅣⓐⒶ٣१〇々ーกิ่ຮ\u0301\u0345\u200d\u00ad'’.· \x1c\x85\u3000語かカ한नाम𠀀😀")
texts = st.text(known | hard | st.sampled_from("abAB01 ,"), max_size=120)
latin = st.text(st.characters(max_codepoint=0x24F, exclude_categories=("Cn", "Cf")), max_size=120)


def find_sets(rows: list[str | None], words: str = "runs", ngram: int = 5) -> list[list[int] | None]:
    return shingles.sets(pa.array(rows, pa.string()), words, ngram).to_pylist()


def xxh3(data: bytes) -> int:
    """The native hash of a shingle, which GOLDEN holds fast: what is joined by spaces is a shingle of itself."""
    ((found,),) = find_sets([data.decode()], "whitespace", 10**9)
    return found


def find_set(text: str, words: str, ngram: int) -> list[int]:
    (found,) = find_sets([text], words, ngram)
    assert found is not None
    return found


def read_declarations(shared_data: Path) -> dict[str, str]:
    """The Universal Declaration by language, one text each."""
    found: dict[str, list[str]] = {}
    with gzip.open(shared_data / "04_langid" / "udhr_paragraphs.jsonl.gz", "rt") as lines:
        for row in map(json.loads, lines):
            found.setdefault(row["code"], []).append(row["text"])
    return {code: "\n".join(paragraphs) for code, paragraphs in found.items()}


def test_shingles_hash_to_golden_values() -> None:
    assert {text: xxh3(text.encode()) for text in GOLDEN} == GOLDEN
    assert find_set("The quick, brown fox -- jumps!", "runs", 5) == [GOLDEN["the quick brown fox jumps"]]


def test_a_text_has_the_sets_of_this_revision() -> None:
    text = "It's 3.14 o'clock: ΟΔΟΣ, 我说English, नाम, ที่นี่! \u0301"
    found = {words: [hex(x) for x in find_set(text, words, 7)] for words in shingles.RULES}
    assert shingles.REVISION == 1
    assert found == {
        "runs": [
            *("0xb884361625be374", "0x8e9f1458c0c38830", "0x91345ca6eb5e1f83"),
            *("0x9b0f236952b43aa2", "0xc57ffb61e6dcb565", "0xca9da011aea0832f"),
        ],
        "mixed": [
            *("0x38ecb5df0d61b78b", "0x3aa071697ba087cf", "0x5e1dea38a536538e", "0x8e9f1458c0c38830"),
            *("0xb007a06138b5871e", "0xbf32c9cd951cd351", "0xe6f2d0c9f8f6a10d"),
        ],
        "uax29": ["0x292675574497279e", "0x34a0e9e56c7325db", "0x38ecb5df0d61b78b", "0xe8181d91418635ad"],
        "whitespace": ["0x33e8e0e0ea4c2765", "0x81c2b28230d14378"],
    }


@given(texts, st.integers(1, 6))
def test_runs_are_what_re_finds(text: str, ngram: int) -> None:
    words = re.findall(r"\w+", text.lower())
    expected = sorted({xxh3(shingle.encode()) for shingle in reference.shingles(words, ngram)})
    assert find_set(text, "runs", ngram) == expected


@given(texts, st.sampled_from(["runs", "mixed", "whitespace"]), st.integers(1, 6))
def test_sets_are_the_references(text: str, words: str, ngram: int) -> None:
    assert find_set(text, words, ngram) == reference.shingle_set(text, words, ngram, xxh3)


@given(latin, st.integers(1, 6))
def test_sets_of_uax29_words_are_the_references(text: str, ngram: int) -> None:
    assert find_set(text, "uax29", ngram) == reference.shingle_set(text, "uax29", ngram, xxh3)


def test_every_code_point_python_knows_is_lowered_and_classed_alike() -> None:
    # Each between letters, where it shows whether it parts them, and behind one that it may be final to.
    points = [chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) not in {"Cn", "Cs"}]
    rows = [f"a{c}bΣ{c}" for c in points]
    for words in ("runs", "mixed"):
        expected = [" ".join(reference.split(row, words)) for row in rows]
        differing = [
            hex(ord(c))
            for c, native, joined in zip(
                points, find_sets(list(rows), words, 10), find_sets(expected, "whitespace", 10), strict=True
            )
            if native != joined
        ]
        # Python 3.11's Unicode 14 has it as a cased letter, the kernel's as one without case: not final before it.
        assert set(differing) <= {"0x295"}


@pytest.mark.parametrize("words", ["runs", "mixed"])
def test_real_texts_in_every_language_have_the_references_sets(shared_data: Path, words: str) -> None:
    rows = list(read_declarations(shared_data).values())[::9]
    assert len(rows) > 50
    distinct = [reference.shingles(reference.split(row, words), 5) for row in rows]
    joined = sorted(set().union(*distinct))
    hashes = dict(zip(joined, (x[0] for x in find_sets(list(joined), "whitespace", 5) if x), strict=True))
    assert find_sets(list(rows), words) == [sorted(map(hashes.__getitem__, row)) for row in distinct]


@pytest.mark.parametrize("code", ["cmn_hans", "jpn", "tha", "lao", "iii"])
def test_one_lost_character_changes_few_shingles_of_mixed_words(shared_data: Path, code: str) -> None:
    text = read_declarations(shared_data)[code]
    middle = next(i for i in range(len(text) // 2, len(text)) if text[i].isalnum())
    edited = pa.array([text[:middle] + text[middle + 1 :]])
    found = {words: shingles.similarities(edited, text, words, 5)["jaccard"][0].as_py() for words in ("runs", "mixed")}
    sizes = {words: len(find_set(text, words, 5)) for words in found}
    assert sizes["mixed"] > 2 * sizes["runs"]
    assert found["mixed"] > 0.99
    assert found["mixed"] > found["runs"]


@given(st.lists(st.none() | texts, max_size=5), texts, st.sampled_from(shingles.RULES), st.integers(1, 3))
def test_similarities_are_those_of_the_sets(rows: list[str | None], other: str, words: str, ngram: int) -> None:
    found = shingles.similarities(pa.array(rows, pa.string()), other, words, ngram)
    assert found.schema == pa.schema({"jaccard": pa.float64(), "containment": pa.float64()})
    theirs = find_set(other, words, ngram)
    expected = [None if own is None else reference.similarity(own, theirs) for own in find_sets(rows, words, ngram)]
    pairs = zip(found["jaccard"].to_pylist(), found["containment"].to_pylist(), strict=True)
    assert [None if pair == (None, None) else pair for pair in pairs] == expected


def test_similarities_by_hand() -> None:
    rows = pa.array(["a b c", "A, b; c d", "x", "", None, "b c d e f g"])
    found = shingles.similarities(rows, "a b c d", "runs", 2)
    assert found["jaccard"].to_pylist() == [2 / 3, 1.0, 0.0, 0.0, None, 2 / 6]
    assert found["containment"].to_pylist() == [1.0, 1.0, 0.0, 0.0, None, 2 / 3]
    assert shingles.similarities(pa.array([""]), "", "runs", 2)["jaccard"].to_pylist() == [0.0]


@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_every_layout_and_slice_of_text_has_its_sets(kind: pa.DataType) -> None:
    text = pa.array(["before", "a b", None, "", "c"], kind).slice(1)
    found = shingles.sets(text, "runs", 1)
    assert found.type == pa.list_(pa.field("item", pa.uint64()))
    assert found.to_pylist() == [sorted([GOLDEN["a"], xxh3(b"b")]), None, [], [xxh3(b"c")]]
    assert shingles.sets(text.slice(0, 0), "runs", 1).to_pylist() == []


def test_errors_name_what_is_wrong_and_what_is_known() -> None:
    text = pa.array(["a"])
    with pytest.raises(ValueError, match=r'rule "letters"; expected one of: runs, mixed, uax29, whitespace'):
        shingles.sets(text, "letters", 5)
    with pytest.raises(ValueError, match="ngram is 0; a shingle has at least 1 word"):
        shingles.sets(text, "runs", 0)
    with pytest.raises(ValueError, match="ngram is 0"):
        shingles.similarities(text, "a", "runs", 0)
    with pytest.raises(OverflowError):
        shingles.sets(text, "runs", -1)
    with pytest.raises(ValueError, match="column text is Int64; expected text"):
        shingles.sets(pa.array([1]), "runs", 5)
    assert shingles.RULES == ("runs", "mixed", "uax29", "whitespace")
