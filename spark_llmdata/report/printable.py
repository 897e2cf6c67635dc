"""What documents bring along, fit for a terminal; and what became of one, in the first lines of `why` and `show`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def printable(text: str, keep: str = "") -> str:
    """A text with what a terminal would obey instead of showing it escaped, but the characters to `keep`."""
    return "".join(c if c.isprintable() or c in keep else c.encode("unicode_escape").decode("ascii") for c in text)


def tell_outcome(facts: Mapping[str, Any]) -> list[str]:
    """What became of a document, and by whom it was removed; not every score has a threshold."""
    lines = [f"{printable(str(facts['url'] or facts['doc_id']))}: {facts['outcome']}"]
    if facts["reason"]:
        measured = "" if facts["score"] is None else f": {facts['score']:g}"
        if measured and facts["threshold"] is not None:
            measured += f", the threshold is {facts['threshold']:g}"
        lines.append(f"  by {facts['stage']}, {facts['reason']}{measured}")
    return lines
