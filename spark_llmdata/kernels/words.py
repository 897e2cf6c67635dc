"""Words of a batch of texts: found once, kept in native memory, read there by every kernel that needs words."""

from __future__ import annotations

import pyarrow as pa

from spark_llmdata import _native
from spark_llmdata._native import Words

__all__ = ["RULES", "Words", "are_symbols", "split"]

#: Raised by whoever changes which words a text has.
REVISION = 1

#: `uax29`: segments between Unicode word boundaries (UAX #29) that hold an alphabetic or numeric code point.
#: `whitespace`: maximal runs of code points that are not Unicode White_Space. `datatrove`: what datatrove's filters see
#: in English, the tokens of spaCy 3.8's rules without white space; punctuation is words too.
#: `dictionary`: as `uax29`, with Chinese, Japanese, Thai, Lao, Khmer and Burmese parted by ICU's dictionaries.
RULES: tuple[str, ...] = tuple(_native.WORD_RULES)


def split(text: pa.Array, alive: pa.BooleanArray | None = None, rule: str = "uax29") -> Words:
    """Find the words of every row of `text` (null has none) that is alive; without `alive` all rows are.

    The result is a handle as long as `text`, which it keeps without a copy. `counts()` gives words per row: int64, null
    where the row is not alive or its text is null. `lists()` gives the words themselves, for looking at:
    list<large_string>, null in the same places. `restrict(alive)` gives a handle on the same words for the rows that
    are alive in both masks; nothing is split again. `rule` is the rule's name.

    Raises:
        ValueError: the rule is unknown, the text is no text, the lengths differ, or one text has 4 GiB or more.
    """
    return _native.split_words(text, alive, rule)


def are_symbols(words: pa.Array) -> pa.BooleanArray:
    """Tell of each word whether datatrove counts it among the symbols: it has only punctuation and control characters.

    Null for null.

    Raises:
        ValueError: the column is no text.
    """
    return _native.are_symbol_words(words)
