"""Dates: one reading of date strings for every format."""

from __future__ import annotations

import pyarrow as pa

from spark_llmdata import _native
from spark_llmdata.schema import TIMESTAMP

__all__ = ["parse"]


def parse(text: pa.Array) -> pa.Array:
    """Timestamps (microseconds, UTC) of `YYYY-MM-DD[THH:MM[:SS[.f]][zone]]` or `YYYYMMDDhhmmss`, else null.

    Without a zone a time is UTC; fractions are cut at microseconds.
    """
    return pa.array(_native.parse_dates(text)).cast(TIMESTAMP)
