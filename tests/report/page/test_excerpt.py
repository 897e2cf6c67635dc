"""Excerpts: what is marked stays, long texts are cut, and it is said how much is left out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.report.marked_text import MarkedText
from spark_llmdata.report.page.excerpt import (
    MAX_CHARS,
    MAX_WORDS,
    WORDS_BESIDE,
    describe_evidence,
    make_difference,
    make_excerpt,
)
from spark_llmdata.report.page.model import Piece
from spark_llmdata.report.word_diff import diff
from spark_llmdata.spans import Span


def tell(text: str, *spans: tuple[int, int], secrets: tuple[tuple[int, int], ...] = ()) -> tuple[Piece, ...]:
    marked = MarkedText(text)
    marked.hide([Span("email", *place) for place in secrets])
    marked.mark("rule", [Span("bad", *place) for place in spans])
    return make_excerpt(marked.tell(private=False, context=None))


def test_a_short_text_is_shown_whole_with_its_marks() -> None:
    assert tell("some bad words", (5, 8)) == (
        Piece("plain", "some "),
        Piece("condemned", "bad"),
        Piece("plain", " words"),
    )


def test_of_a_long_text_without_marks_the_beginning_is_shown() -> None:
    assert tell("x" * 5000) == (Piece("plain", "x" * MAX_CHARS), Piece("cut", "4,300 characters"))


def test_of_a_long_text_the_marks_are_shown_with_what_stands_beside_them() -> None:
    text = "a" * 3000 + "BAD" + "b" * 3000
    pieces = tell(text, (3000, 3003))
    assert [p.kind for p in pieces] == ["cut", "plain", "condemned", "plain", "cut"]
    assert pieces[0].text == "2,880 characters"
    assert pieces[2].text == "BAD"


def test_a_secret_is_its_kind_and_no_reason_to_leave_the_beginning() -> None:
    text = "Begin. " + "x" * 300 + "one@acme.de" + "y" * 2000
    pieces = tell(text, secrets=((307, 318),))
    assert pieces[0].text.startswith("Begin.")
    assert pieces[1] == Piece("private", "email")
    assert "acme" not in repr(pieces)


@given(
    st.text(max_size=60), st.integers(1, 60), st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 50)), max_size=5)
)
def test_nothing_is_longer_than_an_excerpt_and_nothing_unaccounted(part: str, times: int, places) -> None:
    text = part * times
    size = len(text.encode())
    spans = [(b, min(b + n, size)) for b, n in places if b < size]
    pieces = tell(text, *spans)
    shown = sum(len(p.text) for p in pieces if p.kind != "cut")
    cut = sum(int(p.text.split()[0].replace(",", "")) for p in pieces if p.kind == "cut")
    assert shown <= MAX_CHARS + 300
    if all(0 <= b <= size for b, _ in spans) and text.isascii():
        assert shown + cut == len(text)


def test_a_difference_is_shown_with_words_beside_it() -> None:
    first = " ".join(f"w{i}" for i in range(100))
    pieces = make_difference(diff(first, first.replace("w50", "NEW")))
    assert [p.kind for p in pieces] == ["cut", "plain", "removed", "added", "plain", "cut"] or [
        p.kind for p in pieces
    ] == ["cut", "plain", "removed", "added", "cut", "plain"]
    assert next(p.text for p in pieces if p.kind == "added") == "NEW"
    assert len(next(p.text for p in pieces if p.kind == "plain").split()) == WORDS_BESIDE


def test_a_difference_of_everything_is_cut() -> None:
    pieces = make_difference(diff(" ".join(map(str, range(1000))), " ".join(f"x{i}" for i in range(1000))))
    assert sum(len(p.text.split()) for p in pieces if p.kind != "cut") <= MAX_WORDS
    assert pieces[-1] == Piece("cut", f"{2000 - MAX_WORDS:,} words")


def test_equal_texts_have_no_difference() -> None:
    assert {p.kind for p in make_difference(diff("one two " * 50, "one two " * 50))} <= {"plain", "cut"}


def test_evidence_in_words() -> None:
    assert describe_evidence({"at": [3, 9], "text": "lorem"}) == "“lorem”"
    assert describe_evidence({"shared": 4, "survivor_shingles": 7}) == "shared 4, survivor shingles 7"
    assert describe_evidence({"same_shingles": True}) == "same shingles"
    assert describe_evidence({"error": "no end"}) == "no end"
    assert describe_evidence("as it is") == "as it is"
    assert describe_evidence(None) is None
    assert describe_evidence({"at": [1, 2]}) is None
