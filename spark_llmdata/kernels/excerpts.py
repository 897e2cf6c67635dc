"""Pieces of texts for people to read: what a verdict shows of the text that decided."""

from __future__ import annotations

import pyarrow as pa

from spark_llmdata import _native

__all__ = ["cut"]


def cut(text: pa.Array, begin: pa.Array, end: pa.Array, max_chars: int) -> pa.StringArray:
    """Of every row the bytes `[begin, end)` (uint32) of its text in UTF-8, cut to `max_chars` code points.

    The first is a whole one, from before `begin` if need be.
    Null where the text or a bound is, where nothing is left, or where the end is not one of a code point.

    Raises:
        ValueError: the text is no text, a bound is no uint32, or the lengths differ.
    """
    return _native.excerpt(text, begin, end, max_chars)
