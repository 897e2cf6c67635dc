"""C4's rules on lines, and what they find that condemns a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from spark_llmdata import _native

__all__ = ["DEFECTS", "LineRules", "edit_pages"]

#: Raised by whoever changes what is edited or measured.
REVISION = 2

#: What condemns a page, in the order in which a line is asked: lorem ipsum, a curly bracket, a bad word.
DEFECTS: tuple[str, ...] = ("lorem", "curly", "bad")


@dataclass(frozen=True)
class LineRules:
    """What is asked of lines; lengths in code points, words between white space."""

    max_word_chars: int | None
    remove_citations: bool
    end_marks: str
    min_line_words: int
    count_words_late: bool  # when citations are gone
    javascript: bool
    policy: bool
    keep_layout: bool
    bad_words: Sequence[str] = ()
    bad_words_inside: bool = False
    sentences: str = "uax29"


def edit_pages(text: pa.Array, rules: LineRules) -> pa.RecordBatch:
    """Apply the rules of C4 to lines (Raffel et al. 2020, arXiv 1910.10683, 2.2; TFDS, datatrove 0.10, DCLM).

    A line is asked in this order and goes at the first: a word too long; (citations go); no end mark, or an ellipsis;
    too few words; "javascript"; policy. On the way, lines with lorem ipsum (before javascript), a curly bracket
    (behind it) or a bad word (last) are told. Lines are Python's, stripped and joined by line feeds; with
    `keep_layout` they are parted by line feeds and left as they are, and empty ones stay. The text is stripped.

    One row per row of `text`, null in every column where it is null:

    * `text`, null where nothing changed; `edits` (int64): lines removed or changed, 1 if only white space was;
    * `n_chars` of the text given; `n_lines` that are left and not empty; `n_sentences` of these, each by itself;
    * for each of `DEFECTS`: `n_*_lines`, and first and last byte (exclusive) of the first of them, as it was:
      `*_begin`, `*_end` (uint32), and about where in it the defect is: `*_at`;
    * `changes`: lists of `schema.CHANGE`, null where nothing changed. Lines that went are `long_word`, `no_end_mark`,
      `few_words`, `javascript` or `policy`, with a line end beside them; `citation` and `space` are pieces.

    Raises:
        ValueError: the rule for sentences is unknown, or the column is no text.
    """
    return pa.record_batch(_native.c4_pages(text, **vars(replace(rules, bad_words=list(rules.bad_words)))))
