"""Web pages: what they say of themselves, and their text without the tags."""

from __future__ import annotations

import pyarrow as pa

from spark_llmdata import _native

__all__ = ["COUNTS", "FACTS", "read", "strip"]

#: Raised by whoever changes what is read of a page or left of it.
REVISION = 3

#: What a page may say of itself, each from the strongest place that says it: `title` (Open Graph and the like, else the
#: first `<title>`), `author`, `published` (as it is written), `language` (of `<html>`, else of `<meta>`),
#: `canonical_url` (`<link rel=canonical>`, else Open Graph).
FACTS: tuple[str, ...] = tuple(_native.PAGE_FACTS)

#: What a page is made of: `tags` (start tags), `markup` (tags of both kinds, comments, declarations), `attributes` (the
#: most of one element; those of all `<html>` are one's, and those of all `<body>`), `depth` (the most elements open at
#: once, as the tags stand in the page: an end tag without its start tag counts for nothing, and elements whose end tag
#: may be left out, as `p` and `li`, do not count, nor those that `/>` closes in a drawing), `options` (markup within
#: `select`). All but `tags` count what stands in `textarea`, `title` and the like, which is markup for some parsers.
COUNTS: tuple[str, ...] = tuple(_native.PAGE_COUNTS)


def read(pages: pa.Array) -> pa.RecordBatch:
    """Read each page (text): a column (large_string) by each name of `FACTS`, one (int64) by each of `COUNTS`.

    A fact is null where nothing is said, or more than 1024 bytes; character references stay as they are written.

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
