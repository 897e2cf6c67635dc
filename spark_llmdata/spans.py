"""Places in a text that count for a rule: lines, what is repeated, what a pattern finds. Found only to be shown."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple


class Span(NamedTuple):
    """Bytes [begin, end) of a text in UTF-8, and in a word or two what they are."""

    kind: str
    begin: int
    end: int


def split(text: str, separator: str = "\n") -> list[tuple[str, Span]]:
    """The parts of a text between matches of a pattern, but for those of white space, each with its place."""
    parts, at, begin = [], 0, 0
    for match in [*re.finditer(separator, text), None]:
        end = match.start() if match else len(text)
        part = text[at:end]
        size = len(part.encode())
        if part.strip():
            parts.append((part, Span("", begin, begin + size)))
        if match:
            begin += size + len(match[0].encode())
            at = match.end()
    return parts


def mark_lines(text: str, kind: str, choose: Callable[[list[str]], Sequence[bool]]) -> list[Span]:
    """The lines that are chosen: `choose` gets all that are not blank and says of each whether it counts."""
    parts = split(text)
    chosen = choose([part for part, _ in parts])
    return [span._replace(kind=kind) for (_, span), counts in zip(parts, chosen, strict=True) if counts]


def mark_repeats(text: str, kind: str, separator: str, *, first_too: bool) -> list[Span]:
    """The parts between separators that occur more than once: each time, or from the second time on."""
    parts = [(part.strip(), span) for part, span in split(text, separator)]
    counts = Counter(part for part, _ in parts)
    seen: set[str] = set()
    spans = []
    for part, span in parts:
        if counts[part] > 1 and (first_too or part in seen):
            spans.append(span._replace(kind=kind))
        seen.add(part)
    return spans


def mark_pattern(text: str, kind: str, pattern: str) -> list[Span]:
    """All places that a regular expression finds, nothing but empty ones left out."""
    spans, at, begin = [], 0, 0
    for match in re.finditer(pattern, text):
        begin += len(text[at : match.start()].encode())
        at = match.start()
        if match[0]:
            spans.append(Span(kind, begin, begin + len(match[0].encode())))
    return spans
