"""Line ends, short lines and repeated lines: what FineWeb's own rules look at."""

from __future__ import annotations

import pyarrow as pa

from spark_llmdata import _native
from spark_llmdata.kernels.words import Words

__all__ = ["measure_lines"]

#: Raised by whoever changes what is measured of the same words.
REVISION = 2


def measure_lines(words: Words, short_line_chars: int = 30, *, trim: bool = False) -> pa.RecordBatch:
    """Measure what FineWeb's rules look at (Penedo et al. 2024, arXiv 2406.17557, 3.6; datatrove 0.10).

    One row per row of `words`, null where it is not alive; a null text measures as an empty one. Lines are parted by
    line feeds; those of white space alone do not count. Characters are code points. With `trim` the white space at the
    end of a line, such as a carriage return, is no part of it.

    * `n_lines` (int64);
    * `punctuated_line_ratio`: lines whose last character ends sentences (159 characters in all scripts, no quotes);
    * `short_line_ratio`: lines of at most `short_line_chars` characters;
    * `dup_line_char_ratio`: characters of second and later equal lines, of all characters but line feeds;
    * `newline_ratio`: line feeds per word;
    * `line_begin`, `line_end` (uint32): bytes of the line whose repeats hold most; 0 and 0 where none is repeated.
    """
    return pa.record_batch(_native.fineweb_lines(words, short_line_chars, trim))
