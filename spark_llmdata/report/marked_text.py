"""A text with what stages took out of it and put into it, and what counted against it, as pieces in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from spark_llmdata.kernels.changes import Change
from spark_llmdata.report.changes import Mark
from spark_llmdata.spans import Span

#: Characters that are shown rather than the words that so many were left out.
_SLACK = 40


@dataclass(frozen=True)
class Piece:
    """Bytes of a text, and who put them there, who took them out, what they count for, and which secret they are.

    All four are None for what is as it always was.
    """

    data: bytes
    put: str | None = None
    taken: str | None = None
    counts: str | None = None
    secret: str | None = None


class _Place(NamedTuple):
    begin: int
    end: int


class MarkedText:
    """The pieces of a text on its way through stages. Places are bytes of the text as it is now."""

    def __init__(self, text: str) -> None:
        self.pieces: list[Piece] = [Piece(text.encode())]

    @classmethod
    def of_marks(cls, text: str, marks: Sequence[Mark]) -> MarkedText:
        """A text of which only is known where changes are; an ellipsis stands for what was taken out."""
        data, at = text.encode(), 0
        marked = cls("")
        marked.pieces.clear()
        for mark in marks:
            name = f"{mark.stage.rpartition('.')[2]}.{mark.kind}"
            marked.pieces.append(Piece(data[at : mark.begin]))
            put = Piece(data[mark.begin : mark.end], put=name)
            marked.pieces.append(put if put.data else Piece("…".encode(), taken=name))
            at = mark.end
        marked.pieces.append(Piece(data[at:]))
        return marked

    @property
    def current(self) -> bytes:
        """The text as it is now."""
        return b"".join(piece.data for piece in self.pieces if piece.taken is None)

    def change(self, noun: str, changes: Sequence[Change], after: bytes) -> None:
        """Let a stage change the text into `after`."""
        result: list[Piece] = []
        grown = 0
        for piece, inside, closed in self._overlay([_Place(c.begin, c.end) for c in changes]):
            if piece is not None:
                kind = None if inside is None else f"{noun}.{changes[inside].kind}"
                result.append(replace(piece, taken=kind) if kind else piece)
            elif closed is not None:
                change = changes[closed]
                begin = change.begin + grown
                grown += change.length - (change.end - change.begin)
                if change.length:
                    result.append(Piece(after[begin : begin + change.length], put=f"{noun}.{change.kind}"))
        self.pieces = result

    def mark(self, noun: str, spans: Iterable[Span]) -> None:
        """Mark what counts against the document."""
        named = [span._replace(kind=f"{noun}.{span.kind}") for span in spans]
        self._note(named, lambda piece, kind: replace(piece, counts=kind))

    def hide(self, spans: Iterable[Span]) -> None:
        """Mark what is not to be shown."""
        self._note(spans, lambda piece, kind: replace(piece, secret=kind))

    def has_secrets(self) -> bool:
        """Whether something is not to be shown."""
        return any(piece.secret for piece in self.pieces)

    def visible(self) -> str:
        """All that is to be shown, with what was taken out; NUL stands for a secret."""
        return b"".join(b"\0" if piece.secret else piece.data for piece in self.pieces).decode(errors="replace")

    def _note(self, spans: Iterable[Span], note: Callable[[Piece, str], Piece]) -> None:
        chosen: list[Span] = []
        for span in sorted(spans, key=lambda span: (span.begin, -span.end)):
            if not chosen or chosen[-1].end <= span.begin:
                chosen.append(span)
        result = []
        for piece, inside, _ in self._overlay([_Place(span.begin, span.end) for span in chosen]):
            if piece is not None:
                result.append(piece if inside is None else note(piece, chosen[inside].kind))
        self.pieces = result

    def _overlay(self, places: Sequence[_Place]) -> Iterator[tuple[Piece | None, int | None, int | None]]:
        """The pieces, cut at places in order: each with the place it lies in, and between them each place that ends."""
        at = number = 0
        for piece in self.pieces:
            if piece.taken is not None:
                yield piece, None, None
                continue
            begin, end = at, at + len(piece.data)
            while at < end:
                while number < len(places) and places[number].end <= at:
                    yield None, None, number
                    number += 1
                inside = number < len(places) and places[number].begin <= at
                stop = end
                if number < len(places):
                    stop = min(stop, places[number].end if inside else places[number].begin)
                yield replace(piece, data=piece.data[at - begin : stop - begin]), number if inside else None, None
                at = stop
                if inside and places[number].end == at:
                    yield None, None, number
                    number += 1
        for last in range(number, len(places)):
            yield None, None, last

    def tell(self, *, private: bool, context: int | None) -> list[dict[str, Any]]:
        """The pieces as plain facts; of a secret its kind alone, unless `private`.

        With `context` so many characters are left beside marks; `left_out` counts what is not there.
        """
        told: list[dict[str, Any]] = []
        for piece in self._joined():
            text = piece.data.decode(errors="replace")
            marks = {name: getattr(piece, name) for name in ("put", "taken", "counts", "secret")}
            facts = {name: mark for name, mark in marks.items() if mark is not None}
            told.append({"text": None if piece.secret and not private else text} | facts)
        if context is None:
            return told
        last = len(told) - 1
        return [part for i, facts in enumerate(told) for part in _shorten(facts, context, i == 0, i == last)]

    def _joined(self) -> Iterator[Piece]:
        """Neighbors with the same marks as one piece."""
        held: Piece | None = None
        for piece in self.pieces:
            if held is not None and replace(held, data=b"") == replace(piece, data=b""):
                held = replace(held, data=held.data + piece.data)
            else:
                if held is not None and held.data:
                    yield held
                held = piece
        if held is not None and held.data:
            yield held


def _shorten(facts: dict[str, Any], context: int, is_first: bool, is_last: bool) -> Iterator[dict[str, Any]]:
    """The ends of a piece; of one without marks only those beside marks."""
    text = facts["text"]
    is_plain = set(facts) == {"text"}
    before = 0 if is_plain and is_first else context
    behind = 0 if is_plain and is_last else context
    if text is None or len(text) <= before + behind + _SLACK:
        yield facts
        return
    marks = {name: mark for name, mark in facts.items() if name != "text"}
    if before:
        yield {"text": text[:before]} | marks
    yield {"text": None, "left_out": len(text) - before - behind} | marks
    if behind:
        yield {"text": text[len(text) - behind :]} | marks
