"""What is shown of a text: the places that are marked and some words beside them, never all of a long text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from spark_llmdata.report.page.model import Piece, PieceKind
from spark_llmdata.report.word_diff import Piece as WordPiece

#: Characters of an excerpt, and of what is left beside each mark.
MAX_CHARS = 700
BESIDE = 120
#: Words of a difference that are shown, and those left beside each change.
MAX_WORDS = 140
WORDS_BESIDE = 8


def make_excerpt(pieces: Sequence[Mapping[str, Any]], limit: int = MAX_CHARS) -> tuple[Piece, ...]:
    """Shorten a text, as `MarkedText.tell` gives it, to its marks and what stands beside them, or to its beginning."""
    marked = [i for i, facts in enumerate(pieces) if any(facts.get(name) for name in _KINDS)]
    found: list[Piece] = []
    left = limit
    for number, facts in enumerate(pieces):
        kind, text = _kind(facts)
        if kind == "plain" and marked:
            shown = _shorten(text, number < marked[0], number > marked[-1], left)
        elif kind == "private":
            shown = [(kind, text)] if left > 0 else [("cut", text)]
        else:
            shown = _begin(kind, text, left)
        for one, part in shown:
            left -= len(part) if one != "cut" else 0
            found.append(Piece(one, part))
    return tuple(_tell_cuts(found))


def _kind(facts: Mapping[str, Any]) -> tuple[PieceKind, str]:
    """What a piece is to the reader: a secret is told by its kind alone."""
    if facts.get("secret") and facts["text"] is None:
        return "private", str(facts["secret"])
    for name, kind in _KINDS.items():
        if facts.get(name):
            return kind, facts["text"]
    return "plain", facts["text"]


_KINDS: Mapping[str, PieceKind] = {"taken": "removed", "put": "added", "counts": "condemned"}


def _shorten(text: str, is_first: bool, is_last: bool, left: int) -> list[tuple[PieceKind, str]]:
    """What stands beside marks; of what lies before the first and behind the last only the near end."""
    before, behind = (0 if is_first else BESIDE), (0 if is_last else BESIDE)
    if left <= 0:
        return [("cut", text)]
    if len(text) <= before + behind + 20:
        return [("plain", text)]
    parts: list[tuple[PieceKind, str]] = [
        ("plain", text[:before]),
        ("cut", text[before : len(text) - behind]),
        ("plain", text[len(text) - behind :]),
    ]
    return [part for part in parts if part[1]]


def _begin(kind: PieceKind, text: str, left: int) -> list[tuple[PieceKind, str]]:
    if len(text) <= max(left, 0):
        return [(kind, text)]
    parts: list[tuple[PieceKind, str]] = [(kind, text[: max(left, 0)]), ("cut", text[max(left, 0) :])]
    return [part for part in parts if part[1]]


def _tell_cuts(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Neighboring cuts as one, which says how much it stands for."""
    cut = 0
    for piece in pieces:
        if piece.kind == "cut":
            cut += len(piece.text)
            continue
        if cut:
            yield Piece("cut", _characters(cut))
            cut = 0
        if piece.text:
            yield piece
    if cut:
        yield Piece("cut", _characters(cut))


def _characters(n: int) -> str:
    return f"{n:,} character" + ("" if n == 1 else "s")


def make_difference(pieces: Sequence[WordPiece]) -> tuple[Piece, ...]:
    """What differs between two texts with some words beside it; words only the second has are `added`."""
    found: list[Piece] = []
    left = MAX_WORDS
    cut = 0
    last = len(pieces) - 1
    for number, piece in enumerate(pieces):
        words = list(piece.words)
        if left <= 0:
            cut += len(words)
            continue
        if piece.kind == "same":
            before, behind = (0 if number == 0 else WORDS_BESIDE), (0 if number == last else WORDS_BESIDE)
            gap = len(words) - before - behind
            if gap > WORDS_BESIDE:
                found += [Piece("plain", " ".join(words[:before])), Piece("cut", f"{gap:,} words")]
                words = words[len(words) - behind :] if behind else []
            found.append(Piece("plain", " ".join(words)))
            left -= min(len(words), before + behind)
        else:
            found.append(Piece("removed" if piece.kind == "removed" else "added", " ".join(words[:left])))
            cut += max(len(words) - left, 0)
            left -= len(words)
    if cut:
        found.append(Piece("cut", f"{cut:,} words"))
    return tuple(piece for piece in found if piece.text)


def describe_evidence(evidence: Any) -> str | None:
    """Evidence in words: JSON taken apart, a quotation in quotation marks; places in bytes are left out."""
    if evidence is None:
        return None
    if not isinstance(evidence, Mapping):
        return evidence if isinstance(evidence, str) else json.dumps(evidence, ensure_ascii=False)
    told = []
    for name, value in evidence.items():
        if name == "at":
            continue
        if name in ("text", "error"):
            told.append(f"“{value}”" if name == "text" else str(value))
        elif value is True:
            told.append(name.replace("_", " "))
        else:
            said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            told.append(f"{name.replace('_', ' ')} {said}")
    return ", ".join(told) or None
