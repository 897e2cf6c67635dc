"""Sentences of a batch of texts, counted."""

from __future__ import annotations

import pyarrow as pa

from spark_llmdata import _native

__all__ = ["RULES", "count"]

#: Raised by whoever changes how many sentences a text has.
REVISION = 1

#: `uax29`: segments between Unicode sentence boundaries (UAX #29) that hold an alphanumeric code point.
#: `datatrove`: as many as datatrove's filters see in English, by spaCy 3.8's sentencizer; any text has at least one.
RULES: tuple[str, ...] = tuple(_native.SENTENCE_RULES)


def count(text: pa.Array, rule: str = "uax29") -> pa.Int64Array:
    """Count the sentences of every text: int64, null for null. `rule` is the rule's name.

    Raises:
        ValueError: the rule is unknown, the column is no text, or one text has 4 GiB or more.
    """
    return _native.count_sentences(text, rule)
