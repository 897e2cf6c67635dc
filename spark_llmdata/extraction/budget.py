"""What is counted of a page before a parser sees it: tags and depth, as they stand in the page."""

from __future__ import annotations

import re

_TAG = re.compile(r"<[a-zA-Z/!]")
_NESTING_TAG = re.compile(r"<(/?[a-z][^\s/>]*)")
#: Elements that hold no others (void), or whose end tag may be left out: these nest only by means of others.
_NOT_NESTING = frozenset(
    "area base br col embed hr img input link meta param source track wbr "
    "body caption colgroup dd dt head html li optgroup option p rb rp rt rtc tbody td tfoot th thead tr".split()
)


def exceeds_tags(page: str, limit: int) -> int | None:
    """The number of tags if it is larger than the limit; where a cheap bound says no, nothing is counted."""
    if page.count("<") <= limit:
        return None
    tags = count_tags(page)
    return tags if tags > limit else None


def exceeds_depth(page: str, limit: int) -> int | None:
    """The depth if it is larger than the limit; where a cheap bound says no, nothing is measured."""
    begins = page.count("<")
    if begins <= limit or begins - page.count("</") <= limit:
        return None
    depth = measure_depth(page)
    return depth if depth > limit else None


def count_tags(page: str) -> int:
    """Tags, comments and declarations: every `<` before a letter, `/` or `!`, wherever it stands."""
    return sum(1 for _ in _TAG.finditer(page))


def measure_depth(page: str) -> int:
    """The largest number of elements open at once, as the tags stand in the page.

    An end tag without its start tag counts for nothing. Elements that need no end tag are left out: thousands of
    unclosed list items stand beside each other, not in each other.
    """
    still_open: dict[str, int] = {}
    depth = deepest = 0
    for tag in _NESTING_TAG.findall(page.lower()):
        if tag[0] != "/":
            if tag not in _NOT_NESTING:
                still_open[tag] = still_open.get(tag, 0) + 1
                depth += 1
                if depth > deepest:
                    deepest = depth
        elif still_open.get(tag[1:]):
            still_open[tag[1:]] -= 1
            depth -= 1
    return deepest
