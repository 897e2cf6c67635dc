"""Web pages: what they say of themselves, and their text without the tags."""

from __future__ import annotations

import pyarrow as pa

from spark_llmdata import _native

__all__ = ["FACTS", "read", "strip"]

#: Raised by whoever changes what is read of a page or left of it.
REVISION = 1

#: What a page may say of itself, each from the strongest place that says it: `title` (Open Graph and the like, else the
#: first `<title>`), `author`, `published` (as it is written), `language` (of `<html>`, else of `<meta>`),
#: `canonical_url` (`<link rel=canonical>`, else Open Graph).
FACTS: tuple[str, ...] = tuple(_native.PAGE_FACTS)


def read(pages: pa.Array) -> pa.RecordBatch:
    """Read the facts of each page (text): a column (large_string) by each name of `FACTS`, null where nothing is said.

    Character references stay as they are written; a value of more than 1024 bytes is none. The columns
    `tags` and `attributes` (int64) are the number of start tags and the most attributes that one of them has.

    Raises:
        ValueError: the column is no text.
    """
    return pa.record_batch(_native.read_page_facts(pages))


def strip(pages: pa.Array) -> pa.Array:
    """The text of each page (large_string) without its tags; character references stay as they are written.

    Left out are scripts, styles, the head, `noscript`, `template`, `svg` and `math`. A block is a line of its own,
    cells are parted by a space, white space is one space but in `pre`, no line is empty.

    Raises:
        ValueError: the column is no text.
    """
    return pa.array(_native.strip_pages(pages))
