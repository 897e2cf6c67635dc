"""How much of documents is repeated, for the rules that decide by it."""

from __future__ import annotations

import pyarrow as pa

from spark_llmdata import _native
from spark_llmdata.kernels.words import Words

__all__ = ["PARTS", "RATIOS", "gopher_repetition"]

#: Raised by whoever changes what is measured of the same words.
REVISION = 2

#: What is looked for; `spans` has a place in the text for each.
PARTS: tuple[str, ...] = ("line", "paragraph", *(f"{n}_gram" for n in range(2, 11)))

#: The columns that are shares of a text.
RATIOS: tuple[str, ...] = (
    *("dup_line_ratio", "dup_paragraph_ratio", "dup_line_char_ratio", "dup_paragraph_char_ratio"),
    *(f"top_{n}_gram_char_ratio" for n in (2, 3, 4)),
    *(f"dup_{n}_gram_char_ratio" for n in range(5, 11)),
)


def gopher_repetition(words: Words, definitions: str = "gopher") -> pa.RecordBatch:
    """Measure what Gopher's rules on repetition look at (Rae et al. 2021, arXiv 2112.11446, A.1.1).

    One row per row of `words`, null in every column but `spans` where it is not alive; a null text measures as an
    empty one. Characters are code points. Columns: `n_lines` (int64), `RATIOS` (float64), and `spans`
    (22 x uint32): for each of `PARTS` first and last byte (exclusive) of the line and the paragraph whose repeats
    hold most, of the most frequent 2- to 4-gram, of the first repeated 5- to 10-gram; two zeros where there is none.

    `definitions`:

    * `gopher`: lines are parted by line feeds, paragraphs by two or more; white space around them, that at the ends of
      a paragraph's lines, and empty ones do not count. Every occurrence of a repeated segment counts; characters are
      shares of those of all segments. Of n = 2, 3, 4 the longest of the n-grams that occur most often counts each
      time, if it occurs twice; of n = 5 ... 10 each word counts that is part of a repeated n-gram; shares of the
      characters of all words.
    * `dclm`: the same of words that begin with a letter or a digit; white space at the ends of lines counts.
    * `datatrove`: lines and paragraphs are what stands between runs of line feeds, also nothing; second and later
      occurrences count; the n-gram that occurs most often and first counts with its spaces, also if it occurs once;
      n-grams met before count, going on behind each of them; characters are shares of those of the text.

    Raises:
        ValueError: the definitions are unknown.
    """
    return pa.record_batch(_native.gopher_repetition(words, definitions))
