"""Evidence: what a verdict shows of the text that decided, as JSON of bounded length."""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from spark_llmdata.kernels import excerpts

#: Characters of a verdict's evidence.
MAX_CHARS = 200


def quote(text: pa.Array, begin: npt.NDArray[np.uint32], end: npt.NDArray[np.uint32]) -> npt.NDArray[np.object_]:
    """Evidence {"text": piece} of each row, (n,): the bytes `[begin, end)` of its text; none where there is nothing."""
    quoted = np.full(len(text), None, dtype=object)
    rows = np.flatnonzero(np.asarray(begin) < np.asarray(end))
    if len(rows):
        pieces = excerpts.cut(text.take(pa.array(rows)), pa.array(begin[rows]), pa.array(end[rows]), MAX_CHARS)
        quoted[rows] = [None if piece is None else say(text=piece) for piece in pieces.to_pylist()]
    return quoted


def say(**facts: str) -> str:
    """Facts as JSON of at most 200 characters: the last is cut where they are too long."""
    said = json.dumps(facts, ensure_ascii=False)
    while len(said) > MAX_CHARS:
        name, last = facts.popitem()
        facts[name] = last[: -max(len(said) - MAX_CHARS, 8)].removesuffix("…")[:-1] + "…"
        said = json.dumps(facts, ensure_ascii=False)
    return said
