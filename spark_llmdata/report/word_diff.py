"""What differs between two texts, word by word, for people and for programs."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

#: Words of each text that are compared, what both begin and end with not counted: more would take minutes.
MAX_WORDS = 50_000
#: Up to here words that are frequent are looked up as well, which gives finer differences and takes longer.
FINE_WORDS = 1_000
#: Unchanged words that are shown on either side of a difference.
CONTEXT = 8

_MARKS = {"removed": ("[-", "-]", "\x1b[31m"), "added": ("{+", "+}", "\x1b[32m")}
_PLAIN = "\x1b[0m"


@dataclass(frozen=True)
class Piece:
    """Neighboring words that both texts have (`same`), only the first (`removed`) or only the second (`added`).

    `left_out` counts words that were not compared.
    """

    kind: str
    words: tuple[str, ...]
    left_out: int = 0


def diff(first: str, second: str) -> list[Piece]:
    """Compare two texts by their words, which are what white space separates; white space itself is not compared."""
    a, b = first.split(), second.split()
    head = _common(a, b)
    tail = _common(a[head:][::-1], b[head:][::-1])
    pieces = [Piece("same", tuple(a[:head]))]
    pieces += _differ(a[head : len(a) - tail], b[head : len(b) - tail])
    pieces.append(Piece("same", tuple(a[len(a) - tail :])))
    return [p for p in pieces if p.words]


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _differ(a: Sequence[str], b: Sequence[str]) -> Iterator[Piece]:
    rest = max(len(a) - MAX_WORDS, 0), max(len(b) - MAX_WORDS, 0)
    a, b = a[:MAX_WORDS], b[:MAX_WORDS]
    matcher = difflib.SequenceMatcher(None, a, b, autojunk=max(len(a), len(b)) > FINE_WORDS)
    for what, a_from, a_to, b_from, b_to in matcher.get_opcodes():
        if what == "equal":
            yield Piece("same", tuple(a[a_from:a_to]))
        else:
            yield Piece("removed", tuple(a[a_from:a_to]))
            yield Piece("added", tuple(b[b_from:b_to]))
    for kind, left_out in zip(("removed", "added"), rest, strict=True):
        if left_out:
            yield Piece(kind, (f"... ({left_out:,} more words, not compared)",), left_out)


def render(pieces: Sequence[Piece], *, colored: bool = False, width: int = 100) -> str:
    """Lines of text: [-removed-], {+added+}, long unchanged stretches as their number of words.

    What a terminal would obey instead of showing it is replaced.
    """
    lines: list[str] = []
    line, used, color = "", 0, ""
    for word, kind in _words(pieces):
        on = _MARKS[kind][2] if colored and kind in _MARKS else ""
        if used and used + 1 + len(word) > width:
            lines.append(line + (_PLAIN if color else ""))
            line, used, color = "", 0, ""
        if color != on:
            line += _PLAIN if color else ""
        line += (" " if used else "") + (on if color != on else "") + word
        used += (1 if used else 0) + len(word)
        color = on
    return "\n".join([*lines, line + (_PLAIN if color else "")])


def _words(pieces: Sequence[Piece]) -> Iterator[tuple[str, str]]:
    """What is shown, word by word, each with the kind of its piece."""
    for i, piece in enumerate(pieces):
        words = ["".join(c if c.isprintable() else "\ufffd" for c in word) for word in piece.words]
        if piece.kind == "same":
            words = _shorten(words, CONTEXT if i > 0 else 0, CONTEXT if i < len(pieces) - 1 else 0)
        else:
            opening, closing, _ = _MARKS[piece.kind]
            words[0] = opening + words[0]
            words[-1] += closing
        yield from ((word, piece.kind) for word in words)


def _shorten(words: list[str], before: int, after: int) -> list[str]:
    """Keep the words beside differences; a gap of a few words costs more to tell than to show."""
    gap = len(words) - before - after
    if gap <= CONTEXT:
        return words
    return [*words[:before], f"... ({gap:,} words) ...", *words[len(words) - after :]]
