"""RefinedWeb's corrections of lines."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from spark_llmdata import _native
from spark_llmdata.kernels.words import Words

__all__ = ["LineRules", "correct_lines"]

#: Raised by whoever changes what is corrected.
REVISION = 2


@dataclass(frozen=True)
class LineRules:
    """What is asked of lines; words are those of the rule of `words`, shares those of a line's code points."""

    max_upper_ratio: float | None = 0.5
    max_digit_ratio: float | None = 0.999999
    counters: bool = True
    min_line_words: int = 2
    max_snippet_words: int | None = 10
    any_three: bool = False  # "Read more" goes with any three characters behind it
    trim: bool = True  # white space at the end of a line is no part of it, and stays where the line stays as it is


def correct_lines(words: Words, rules: LineRules) -> pa.RecordBatch:
    """Remove and shorten lines (Penedo et al. 2023, arXiv 2306.01116, G.2; DCLM's configuration).

    A line that is not empty goes if: too much of it is upper case; too much of it are digits; it is a counter ("3
    likes"); it has too few words. From lines of at most `max_snippet_words` words go "items in cart" anywhere, "Read
    more..." at the end and "Sign-in" at the start, with a space before or behind, whatever their case; a line of
    which nothing is left goes. Lines are parted by line feeds; a text that changed is stripped.

    One row per row of `words`, null where it is not alive; a null text is an empty one: `text`, null where nothing
    changed; `edits` (int64), lines removed or changed; `n_words` as they were; `removed_word_ratio`, of them, in words
    of the rule of `words`; `line_begin`, `line_end` (uint32), bytes of the first line removed or changed, 0 and 0
    without one; `changes`, lists of `schema.CHANGE`, null where nothing changed: lines that went (`upper`, `digits`,
    `counter`, `few_words`, or by the last snippet) with a line end beside them, `items_in_cart`, `read_more`,
    `sign_in`, and `space` around the text.
    """
    return pa.record_batch(_native.refinedweb_lines(words, **vars(rules)))
