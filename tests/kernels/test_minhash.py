"""MinHash against its twin in Python, and against the probabilities it promises."""

from __future__ import annotations

import gzip
import json
import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.kernels import minhash, shingles
from spark_llmdata.kernels import reference_shingles as reference

BANDS, ROWS = 28, 4
LEVELS = [level / 20 for level in range(1, 20)]

texts = st.text(st.sampled_from("abcdeé語 ") | st.characters(exclude_categories=("Cs",)), max_size=80)


def numbers(lists: pa.FixedSizeListArray) -> Any:
    """The lists as a matrix."""
    return lists.flatten().to_numpy().reshape(len(lists), -1)


# By the twin and another implementation of the hash.
def test_a_text_has_the_signature_of_this_revision() -> None:
    text = pa.array(["the quick brown fox jumps over the lazy dog"])
    assert minhash.REVISION == 1
    signature = [1221346859, 905883671, 703435051, 43452325, 2607727961, 39742056]
    assert minhash.signatures(text, "runs", 5, 2, 3).to_pylist() == [signature]
    keys = [0x2BE3E1DD425E1305, 0x49374442E29B3F2D]
    assert minhash.band_keys(text, "runs", 5, 2, 3).to_pylist() == [keys]


def test_the_references_generator_gives_its_published_numbers() -> None:
    assert reference.splitmix64(1234567, 3) == [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert reference.splitmix64(0, 1) == [0xE220A8397B1DCDAF]


@given(st.lists(st.none() | texts, max_size=4), st.integers(1, 30), st.integers(1, 9))
def test_signatures_are_the_references(rows: list[str | None], bands: int, per_band: int) -> None:
    column = pa.array(rows, pa.string())
    found = minhash.signatures(column, "runs", 2, bands, per_band)
    assert found.type == pa.list_(pa.uint32(), bands * per_band)
    sets = shingles.sets(column, "runs", 2).to_pylist()
    assert found.to_pylist() == [reference.signature(own, bands * per_band) if own else None for own in sets]


def test_thousands_of_permutations_are_the_references() -> None:
    column = pa.array(["one two three four five six seven eight"])
    (own,) = shingles.sets(column, "runs", 3).to_pylist()
    assert minhash.signatures(column, "runs", 3, 450, 20).to_pylist() == [reference.signature(own, 9000)]


def test_a_key_is_that_of_its_band_and_rows() -> None:
    # Rows that agree give one key, in one band; the same rows in another band give another.
    rows = [f"{a} {b}" for a in range(40) for b in range(3)]
    column = pa.array(rows)
    keys = numbers(minhash.band_keys(column, "runs", 1, 6, 1))
    signatures = numbers(minhash.signatures(column, "runs", 1, 6, 1))
    for band in range(6):
        pairs = set(zip(signatures[:, band].tolist(), keys[:, band].tolist(), strict=True))
        assert len(pairs) == len({minimum for minimum, _ in pairs}) == len({key for _, key in pairs}) > 5
    assert len(np.unique(keys)) == sum(len(np.unique(keys[:, band])) for band in range(6))


def test_what_has_no_words_has_no_signature() -> None:
    column = pa.array(["a", None, "", " -- "])
    for found in (minhash.signatures(column, "runs", 5, 2, 2), minhash.band_keys(column, "runs", 5, 2, 2)):
        assert [row is None for row in found.to_pylist()] == [False, True, True, True]
        assert found.null_count == 3
    assert minhash.band_keys(column, "runs", 5, 2, 2).type == pa.list_(pa.uint64(), 2)
    assert minhash.band_keys(column.slice(0, 0), "runs", 5, 2, 2).to_pylist() == []


def make_pairs(similarity: float, count: int, union: int = 200) -> tuple[list[str], list[str]]:
    """Pairs of texts whose sets of words have exactly that Jaccard similarity."""
    rng = random.Random(f"{similarity} {count}")
    shared = round(similarity * union)
    assert shared == pytest.approx(similarity * union)
    left, right = [], []
    for _ in range(count):
        words = [f"w{number}" for number in rng.sample(range(10**9), union)]
        half = shared + (union - shared) // 2
        left.append(" ".join(words[:half]))
        right.append(" ".join(words[:shared] + words[half:]))
    return left, right


@pytest.mark.parametrize("similarity", LEVELS)
def test_bands_hit_as_often_as_promised(similarity: float) -> None:
    count = 300
    sides = [pa.array(side) for side in make_pairs(similarity, count)]
    for bands, rows in [(28, 4), (14, 8), (56, 2)]:
        left, right = (numbers(minhash.band_keys(side, "runs", 1, bands, rows)) for side in sides)
        assert_share((left == right).any(axis=1).sum(), 1 - reference.miss_rate(similarity, bands, rows), count)


@pytest.mark.parametrize("similarity", [0.2, 0.5, 0.8])
def test_no_permutation_is_biased(similarity: float) -> None:
    count = 2000
    sides = [pa.array(side) for side in make_pairs(similarity, count)]
    left, right = (numbers(minhash.signatures(side, "runs", 1, BANDS, ROWS)) for side in sides)
    assert_share((left == right).sum(), similarity, left.size)
    # The worst of 112, for which chance alone leaves three standard deviations behind.
    deviations = ((left == right).sum(axis=0) - similarity * count) / math.sqrt(count * similarity * (1 - similarity))
    assert np.abs(deviations).max() <= 4.5
    assert 0.6 <= np.square(deviations).mean() <= 1.5


def assert_share(hits: int, probability: float, count: int) -> None:
    """Within three standard deviations of the binomial, or one hit where that is less."""
    assert abs(hits - probability * count) <= max(3 * math.sqrt(count * probability * (1 - probability)), 1)


def test_real_pairs_have_their_similarity_and_meet_as_often_as_promised(shared_data: Path) -> None:
    folder = shared_data / "03_dedup" / "derived"
    with gzip.open(folder / "scurve_docs.jsonl.gz", "rt") as lines:
        documents = {row["id"]: row["text"] for row in map(json.loads, lines)}
    pairs = [json.loads(line) for line in (folder / "scurve_pairs.jsonl").read_text().splitlines()]
    assert len(pairs) == 570
    expected: dict[float, list[float]] = {}
    hits: dict[float, int] = {}
    for pair in pairs:
        both = pa.array([documents[pair["a"]], documents[pair["b"]]])
        (similarity,) = shingles.similarities(both.slice(0, 1), both[1].as_py(), "runs", 5)["jaccard"].to_pylist()
        assert similarity == pytest.approx(pair["jaccard_word5"], abs=6e-6)
        left, right = numbers(minhash.band_keys(both, "runs", 5, BANDS, ROWS))
        expected.setdefault(pair["target"], []).append(1 - reference.miss_rate(similarity, BANDS, ROWS))
        hits[pair["target"]] = hits.get(pair["target"], 0) + int((left == right).any())
    assert len(expected) == 19
    for level, chances in expected.items():
        deviation = math.sqrt(sum(chance * (1 - chance) for chance in chances))
        assert abs(hits[level] - sum(chances)) <= max(3 * deviation, 1), level


@given(st.integers(1, 300), st.floats(0.05, 1), st.floats(0.05, 0.99999))
def test_bands_are_chosen_as_the_reference_does(num_hashes: int, threshold: float, recall: float) -> None:
    expected = reference.choose_bands(num_hashes, threshold, recall)
    if expected is None:
        with pytest.raises(ValueError, match=f"{num_hashes} hashes cannot find pairs at"):
            minhash.choose_bands(num_hashes, threshold, recall)
        return
    assert minhash.choose_bands(num_hashes, threshold, recall) == expected


def test_bands_by_hand() -> None:
    assert minhash.choose_bands(112, 0.8, 0.9999) == (28, 4)
    assert minhash.choose_bands(112, 0.8, 0.92) == (14, 8)
    assert minhash.choose_bands(1, 1.0, 1.0) == (1, 1)


def test_errors_name_what_is_wrong_and_what_to_do() -> None:
    text = pa.array(["a"])
    with pytest.raises(ValueError, match="10 hashes cannot find pairs at 0.1 with probability 0.99.*expected more"):
        minhash.choose_bands(10, 0.1, 0.99)
    with pytest.raises(ValueError, match="threshold is 0; expected more than 0, at most 1"):
        minhash.choose_bands(10, 0.0, 0.99)
    with pytest.raises(ValueError, match="num_hashes is 0; expected 1 to"):
        minhash.choose_bands(0, 0.5, 0.99)
    with pytest.raises(ValueError, match="bands x rows is 0 x 4; expected both at least 1"):
        minhash.signatures(text, "runs", 5, 0, 4)
    with pytest.raises(ValueError, match="bands x rows is 1048577 x 1"):
        minhash.band_keys(text, "runs", 5, 2**20 + 1, 1)
    with pytest.raises(ValueError, match='unknown word rule "letters"'):
        minhash.signatures(text, "letters", 5, 2, 2)
    with pytest.raises(ValueError, match="column text is Int64; expected text"):
        minhash.band_keys(pa.array([1]), "runs", 5, 2, 2)
