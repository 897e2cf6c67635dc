"""The plain-Python twin of the kernels for near-duplicates: slow, obvious, and the oracle of their tests.

Hashing needs a function `xxh3(data) -> int` for xxh3_64 with seed 0, which Python does not have.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Collection, Sequence

from spark_llmdata.kernels import reference

Hash = Callable[[bytes], int]

# First and last code points of the blocks of scripts without spaces between words.
_SPACELESS = (
    *((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x1950, 0x19DF), (0x1A20, 0x1AAF), (0x1B00, 0x1B7F)),
    *((0x3000, 0x312F), (0x31A0, 0x31BF), (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF)),
    *((0xA000, 0xA4CF), (0xA980, 0xA9FF), (0xAA60, 0xAADF), (0xF900, 0xFAFF), (0xFF66, 0xFF9F), (0x11700, 0x1174F)),
    *((0x16FE0, 0x18DFF), (0x1AFF0, 0x1B16F), (0x1B170, 0x1B2FF), (0x20000, 0x2FA1F), (0x30000, 0x3FFFF)),
)
_SEED = 0x6D696E6861736831
_64 = 2**64 - 1
_32 = 2**32 - 1


def split(text: str, words: str) -> list[str]:
    """The words of a text by the rule of that name, in lower case and in order."""
    lower = text.lower()
    if words == "runs":
        return re.findall(r"\w+", lower)
    if words == "mixed":
        return _split_mixed(lower)
    return {"uax29": reference.split_uax29, "whitespace": reference.split_whitespace}[words](lower)


def _split_mixed(lower: str) -> list[str]:
    found: list[str] = []
    word = ""
    for c in lower:
        is_mark = unicodedata.category(c).startswith("M")
        is_word = c.isalnum() or c == "_"
        if word and (is_mark or (is_word and not _is_apart(c) and not _is_apart(word[0]))):
            word += c
            continue
        if word:
            found.append(word)
        word = c if is_word else ""
    return [*found, word] if word else found


def _is_apart(c: str) -> bool:
    return any(first <= ord(c) <= last for first, last in _SPACELESS)


def shingles(words: Sequence[str], ngram: int) -> set[str]:
    """Every `ngram` consecutive words joined by a space; of fewer words all of them."""
    if len(words) < ngram:
        return {" ".join(words)} if words else set()
    return {" ".join(words[i : i + ngram]) for i in range(len(words) - ngram + 1)}


def shingle_set(text: str, words: str, ngram: int, xxh3: Hash) -> list[int]:
    """The hashes of a text's shingles, sorted, each once."""
    return sorted({xxh3(shingle.encode()) for shingle in shingles(split(text, words), ngram)})


def similarity(a: Collection[object], b: Collection[object]) -> tuple[float, float]:
    """Jaccard similarity and containment of two sets; 0 where one is empty."""
    shared = len(set(a) & set(b))
    if not a or not b:
        return 0.0, 0.0
    return shared / len(set(a) | set(b)), shared / min(len(a), len(b))


def splitmix64(seed: int, count: int) -> list[int]:
    """The first numbers of the generator of that name."""
    found = []
    for i in range(1, count + 1):
        z = (seed + i * 0x9E3779B97F4A7C15) & _64
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & _64
        z = (z ^ z >> 27) * 0x94D049BB133111EB & _64
        found.append(z ^ z >> 31)
    return found


def permutations(count: int) -> list[tuple[int, int]]:
    """The constants a and b of the first permutations."""
    return [(z >> 32 | 1, z & _32) for z in splitmix64(_SEED, count)]


def signature(hashes: Collection[int], count: int) -> list[int]:
    """The smallest value of each permutation over the folded hashes, of which there is at least one."""
    folded = [(x ^ x >> 32) & _32 for x in hashes]
    return [min((a * x + b) & _32 for x in folded) for a, b in permutations(count)]


def band_keys(signature: Sequence[int], rows: int, xxh3: Hash) -> list[int]:
    """The key of each band: the hash of its number and its rows, 4 bytes little-endian each."""
    bands = [signature[i : i + rows] for i in range(0, len(signature), rows)]
    return [
        xxh3(b"".join(number.to_bytes(4, "little") for number in (band, *minima))) for band, minima in enumerate(bands)
    ]


def miss_rate(similarity: float, bands: int, rows: int) -> float:
    """The probability that two sets of that Jaccard similarity share no key; operations in the kernel's order."""
    agree = math.prod([similarity] * rows)
    return math.prod([1 - agree] * bands)


def choose_bands(num_hashes: int, threshold: float, recall: float) -> tuple[int, int] | None:
    """Bands and rows with the most rows that find a pair at the threshold with that probability; None if none do."""
    choices = [(num_hashes // rows, rows) for rows in range(num_hashes, 0, -1)]
    return next((choice for choice in choices if miss_rate(threshold, *choice) <= 1 - recall), None)
