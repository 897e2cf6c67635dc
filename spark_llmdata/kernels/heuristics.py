"""Surface statistics of documents, for the rules that decide by them."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from spark_llmdata import _native
from spark_llmdata.kernels.words import Words

__all__ = ["gopher_quality"]

#: Raised by whoever changes what is measured of the same words.
REVISION = 1


def gopher_quality(words: Words, stop_words: Sequence[str], definitions: str = "gopher") -> pa.RecordBatch:
    """Measure what the Gopher quality rules look at (Rae et al. 2021, arXiv 2112.11446, A.1.1).

    One row per row of `words`, null in every column where it is not alive; a null text measures as an empty one.

    * `n_words` (int64), `mean_word_length` (code points);
    * `hash_ratio`: `#` per word; `ellipsis_ratio`: `...` (from the left, without overlap) and `…` per word; where
      there are no words, the number of symbols;
    * `bullet_line_ratio`: lines that start, after white space, with one of • ‣ ● ▪ ◦ * -; `ellipsis_line_ratio`: lines
      that end, before white space, with `...` or `…`; both of the lines (parted by line feeds) that are not blank;
    * `alpha_word_ratio`: words with a code point that is Alphabetic (Unicode);
    * `n_stop_words` (int64): how many different ones of `stop_words` occur as words, code points in lower case;
    * `symbol_ratio`: `hash_ratio` and `ellipsis_ratio` together.

    Ratios without a divisor are 0.0. That is the paper's reading, `definitions` "gopher". Others:

    * `datatrove`: `n_words` and `mean_word_length` are of words that are not made of 281 symbols alone; the other
      ratios are of all words; lines are Python's, empty ones too, and bullets are • and -; alphabetic is what
      Python's `isalpha` says; stop words count as they are written.
    * `dclm`, of words parted by white space: `n_words` are those that begin with a letter or digit; `. . .` is an
      ellipsis too, and bullets are ● • * -; `n_stop_words` counts every stop word, in lower case.

    Raises:
        ValueError: the definitions are unknown.
    """
    return pa.record_batch(_native.gopher_quality(words, list(stop_words), definitions))
