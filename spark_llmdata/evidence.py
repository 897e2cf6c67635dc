"""Evidence: what a verdict shows of the text that decided, as JSON of bounded length."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from spark_llmdata.kernels import excerpts
from spark_llmdata.verdict import MAX_EVIDENCE


def quote(text: pa.Array, begin: npt.NDArray[np.uint32], end: npt.NDArray[np.uint32]) -> npt.NDArray[np.object_]:
    """Evidence {"at": [begin, end], "text": piece} of each row, (n,): the bytes of its text; none where it is empty."""
    quoted = np.full(len(text), None, dtype=object)
    rows = np.flatnonzero(np.asarray(begin) < np.asarray(end))
    if len(rows):
        pieces = excerpts.cut(text.take(pa.array(rows)), pa.array(begin[rows]), pa.array(end[rows]), MAX_EVIDENCE)
        places = zip(np.asarray(begin)[rows].tolist(), np.asarray(end)[rows].tolist(), pieces.to_pylist(), strict=True)
        quoted[rows] = [None if piece is None else say(at=[b, e], text=piece) for b, e, piece in places]
    return quoted


def say(**facts: Any) -> str:
    """Facts as JSON of at most `MAX_EVIDENCE` characters: the last, which is a text, is cut where they are too long."""
    said = json.dumps(facts, ensure_ascii=False)
    if len(said) <= MAX_EVIDENCE:
        return said
    name, last = facts.popitem()
    kept = last.removesuffix("…")[:MAX_EVIDENCE]
    # Little by little, since a character may be written as several.
    while kept and len(said) > MAX_EVIDENCE:
        kept = kept[:-4]
        said = json.dumps(facts | {name: f"{kept}…"}, ensure_ascii=False)
    return said


def withhold(said: str) -> str:
    """Evidence without the text it quotes, which its length in characters stands for; places and numbers stay."""
    try:
        facts = json.loads(said)
    except ValueError:
        facts = said
    if not isinstance(facts, dict):
        return json.dumps({"characters": len(str(facts))})
    quoted = facts.pop("text", None)
    if isinstance(quoted, str):
        facts["characters"] = len(quoted)
    return json.dumps(facts, ensure_ascii=False)
