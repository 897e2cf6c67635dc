"""MinHash of a batch of texts: signatures, and the keys under which texts with similar sets of shingles meet.

A signature holds, for each of `bands * rows` permutations, the smallest value over the text's set of shingles (see
`kernels.shingles`). A hash x of the set is folded to 32 bits, `x ^ (x >> 32)`; permutation i maps it to `a * x + b`
modulo 2^32, where a is the upper half, made odd, and b the lower half of the i-th number that splitmix64 gives from the
seed 0x6d696e6861736831. The key of a band is the xxh3_64 (seed 0) of its number and its `rows` minima, 4 bytes
little-endian each. Two texts of Jaccard similarity s share a key with probability `1 - (1 - s**rows)**bands`.

`kernels.reference_shingles` says the same as code.
"""

from __future__ import annotations

import pyarrow as pa

from spark_llmdata import _native

__all__ = ["band_keys", "choose_bands", "signatures"]

#: Raised by whoever changes a text's signature or keys; those of shingles and words count besides.
REVISION = 1


def signatures(text: pa.Array, words: str, ngram: int, bands: int, rows: int) -> pa.FixedSizeListArray:
    """Sign each text: `bands * rows` uint32. Null for null and for a text without words, which resembles nothing.

    Raises:
        ValueError: the text is no text, the rule of words is unknown, a number is 0, or there are over 2^20 hashes.
        OverflowError: a number is negative.
    """
    return pa.array(_native.minhash_signatures(text, words, ngram, bands, rows))


def band_keys(text: pa.Array, words: str, ngram: int, bands: int, rows: int) -> pa.FixedSizeListArray:
    """Find each text's keys: `bands` uint64. Null for null and for a text without words, which resembles nothing.

    Raises:
        ValueError: the text is no text, the rule of words is unknown, a number is 0, or there are over 2^20 hashes.
        OverflowError: a number is negative.
    """
    return pa.array(_native.minhash_band_keys(text, words, ngram, bands, rows))


def choose_bands(num_hashes: int, threshold: float, recall: float) -> tuple[int, int]:
    """Give `(bands, rows)` with the most rows that find a pair at `threshold` with probability `recall` or more.

    `rows` is the largest r for which b = num_hashes // r bands miss it with `(1 - threshold**r)**b <= 1 - recall`; the
    more rows, the fewer pairs below the threshold are candidates.

    Raises:
        ValueError: no r will do, `num_hashes` is not within 1 and 2^20, or a share is not within 0 (excluded) and 1.
        OverflowError: `num_hashes` is negative.
    """
    return _native.choose_bands(num_hashes, threshold, recall)
