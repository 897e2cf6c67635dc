r"""Sets of shingles of a batch of texts, and how alike two such sets are.

A shingle is `ngram` consecutive words of the text in lower case, joined by one space; a text with fewer words has one
of all its words, a text without words has none. A set holds the xxh3_64 (seed 0) of each. Lower case is `str.lower`'s.

`runs`: words are maximal runs of letters, numbers (general categories L* and N*) and `_`, what `re` finds by `\w+`.
Marks that combine part words, so that vowel signs of Indic scripts are lost, and Chinese, Japanese or Thai text has one
word between two marks of punctuation. Known from other tools, good for English.

`mixed`: as `runs`, but marks continue the word they follow, and each code point of a script without spaces between
words (Han, Kana, Bopomofo, Yi, Tangut, Nushu, Thai, Lao, Myanmar, Khmer, Tai, Javanese, Balinese) is a word with the
marks behind it.

`uax29` and `whitespace`: the words of `kernels.words`.
"""

from __future__ import annotations

import pyarrow as pa

from spark_llmdata import _native

__all__ = ["RULES", "sets", "similarities"]

#: Raised by whoever changes which shingles a text has, or their hashes.
REVISION = 1

#: Names of what counts as a word.
RULES: tuple[str, ...] = tuple(_native.SHINGLE_WORDS)


def sets(text: pa.Array, words: str, ngram: int) -> pa.ListArray:
    """Find each text's set of shingles: sorted, distinct uint64; null for null.

    The result is a list, or a large list where the texts have 2 GiB or more.

    Raises:
        ValueError: the text is no text, the rule of words is unknown, or `ngram` is 0.
        OverflowError: `ngram` is negative.
    """
    return pa.array(_native.shingle_sets(text, words, ngram))


def similarities(text: pa.Array, other: str, words: str, ngram: int) -> pa.RecordBatch:
    """Compare each text with `other`: float64 columns `jaccard` and `containment`, null for null.

    Of sets A and B, `jaccard` is |A and B| / |A or B|, `containment` |A and B| / min(|A|, |B|); both are 0.0 where a
    set is empty.

    Raises:
        ValueError: the text is no text, the rule of words is unknown, or `ngram` is 0.
        OverflowError: `ngram` is negative.
    """
    return pa.record_batch(_native.similarities(text, other, words, ngram))
