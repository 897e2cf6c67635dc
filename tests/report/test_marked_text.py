"""Pieces of a text on its way through stages."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.kernels.changes import Change
from spark_llmdata.report.changes import locate
from spark_llmdata.report.marked_text import MarkedText, Piece
from spark_llmdata.spans import Span
from tests.kernels.test_changes import edit, edits

places = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 6)), max_size=4)


def told(text: MarkedText, **options: Any) -> list[dict[str, Any]]:
    return text.tell(**({"private": False, "context": None} | options))


@given(st.text("abcdeé", max_size=20), st.lists(edits, max_size=4))
def test_both_texts_are_in_the_pieces(text: str, stages: list[Any]) -> None:
    marked, now = MarkedText(text), text
    for number, gaps in enumerate(stages):
        after, changes = edit(now, gaps, "k")
        marked.change(f"s{number}", changes, after.encode())
        now = after
        assert marked.current.decode() == now
    pieces = told(marked)
    assert "".join(p["text"] for p in pieces if "put" not in p) == text
    assert "".join(p["text"] for p in pieces if "taken" not in p) == now
    assert all(a.keys() != b.keys() or a != b | {"text": a["text"]} for a, b in zip(pieces, pieces[1:], strict=False))


def test_by_hand() -> None:
    marked = MarkedText("Menu\nIt is [1]so.")
    marked.mark("r", [Span("short", 0, 4)])
    marked.change("c4", [Change("few_words", 0, 5, 0), Change("citation", 11, 14, 0)], b"It is so.")
    marked.change("x", [Change("word", 6, 8, 4)], b"It is thus.")
    assert told(marked) == [
        {"text": "Menu", "taken": "c4.few_words", "counts": "r.short"},
        {"text": "\n", "taken": "c4.few_words"},
        {"text": "It is "},
        {"text": "[1]", "taken": "c4.citation"},
        {"text": "so", "taken": "x.word"},
        {"text": "thus", "put": "x.word"},
        {"text": "."},
    ]


@given(st.text("abcde", min_size=1, max_size=20), edits, places)
def test_what_is_hidden_stays_hidden_however_it_is_changed(text: str, gaps: Any, hidden: Any) -> None:
    secret = "".join(chr(0x4E00 + i) for i in range(len(text)))  # every character tells where it stood
    marked = MarkedText(secret)
    spans = [Span("email", 3 * begin, 3 * min(begin + size, len(text))) for begin, size in hidden if begin < len(text)]
    marked.hide(spans)
    chosen = sorted(spans, key=lambda span: (span.begin, -span.end))
    kept, end = [], 0
    for span in chosen:
        if span.begin >= end:
            kept.append(span)
            end = max(end, span.end)
    after, changes = edit(secret, gaps, "k")
    marked.change("s", changes, after.encode())
    shown = "".join(piece["text"] or "" for piece in told(marked))
    assert not any(secret.encode()[span.begin : span.end].decode() in shown for span in kept if span.begin < span.end)
    assert all(c in "".join(piece["text"] for piece in told(marked, private=True)) for c in secret)


def test_only_what_stands_beside_marks_is_told_with_a_context() -> None:
    marked = MarkedText("a" * 100 + "X" + "b" * 200 + "Y" + "c" * 100)
    marked.change("s", [Change("k", 100, 101, 0), Change("k", 301, 302, 0)], b"a" * 100 + b"b" * 200 + b"c" * 100)
    assert told(marked, context=5) == [
        {"text": None, "left_out": 95},
        {"text": "aaaaa"},
        {"text": "X", "taken": "s.k"},
        {"text": "bbbbb"},
        {"text": None, "left_out": 190},
        {"text": "bbbbb"},
        {"text": "Y", "taken": "s.k"},
        {"text": "ccccc"},
        {"text": None, "left_out": 95},
    ]


class Counted(bytes):
    """Bytes that count how many of them were copied."""

    copied = 0

    def __getitem__(self, key: Any) -> Any:
        part = super().__getitem__(key)
        Counted.copied += len(part)
        return Counted(part)


def test_each_byte_is_copied_once_however_many_places_there_are() -> None:
    line = b"A line of words.\r\n"
    marked = MarkedText("")
    marked.pieces = [Piece(Counted(line * 500))]
    changes = [Change("line_end", at, at + 1, 0) for at in range(len(line) - 2, len(line) * 500, len(line))]
    marked.change("unicode", changes, line.replace(b"\r", b"") * 500)
    assert marked.current == line.replace(b"\r", b"") * 500
    assert Counted.copied == len(line) * 500


def test_a_text_of_which_only_the_places_of_changes_are_known() -> None:
    # "ab cd ef" -> "ab [C] ef" -> "[C] ef"
    changes = [
        {"stage": "clean.one", "kind": "c", "begin": 3, "end": 5, "length": 3},
        {"stage": "clean.two", "kind": "head", "begin": 0, "end": 3, "length": 0},
    ]
    marked = MarkedText.of_marks("[C] ef", locate(changes))
    assert told(marked) == [
        {"text": "…", "taken": "two.head"},
        {"text": "[C]", "put": "one.c"},
        {"text": " ef"},
    ]
    assert marked.current == b"[C] ef"
