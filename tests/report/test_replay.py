"""A document judged again, without Spark."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata import Judgement, RowStage
from spark_llmdata.kernels.reference_changes import apply
from spark_llmdata.report.replay import compare, find_counting, find_private, replay
from spark_llmdata.stages.clean.pii import Pii
from spark_llmdata.stages.clean.unicode import CleanUnicode
from spark_llmdata.stages.filter.c4 import C4
from spark_llmdata.stages.filter.fineweb import FineWeb
from spark_llmdata.stages.filter.gopher_quality import GopherQuality
from spark_llmdata.stages.filter.gopher_repetition import GopherRepetition


def columns(text: str | None) -> dict[str, pa.Array]:
    return {"text": pa.array([text], pa.string()), "doc_id": pa.array(["0" * 32])}


def test_each_stage_sees_what_the_one_before_left() -> None:
    stages = [CleanUnicode(mojibake=False), C4(min_sentences=1), Pii(mode="tag"), GopherQuality(), C4()]
    steps = replay(stages, columns("Menu\r\nThis line is to a@acme.de only.\r\n"))
    assert [step.after for step in steps] == [
        "Menu\nThis line is to a@acme.de only.\n",
        "This line is to a@acme.de only.",
        "This line is to [EMAIL] only.",
        "This line is to [EMAIL] only.",
    ]
    assert [[change.kind for change in step.changes] for step in steps] == [
        ["line_end", "line_end"],
        ["no_end_mark", "space"],
        ["email"],
        [],
    ]
    assert [step.reason for step in steps] == [None, None, None, "too_few_words"]


class Shout(RowStage):
    """Edits without a word about where; its scores are read by the stage behind."""

    reasons = {"loud": "is loud"}
    scores = {"n": "n"}

    def judge(self, docs):
        texts = pa.array([text.upper() for text in docs.text.to_pylist()])
        return Judgement.keep_all(len(docs), text=texts, scores={"n": pa.array([7] * len(docs))})


class Listen(RowStage):
    """Removes by a score of the stage before."""

    reasons = {"loud": "is loud"}

    def judge(self, docs):
        return Judgement.first_failing(loud=(docs.score("shout_n"), ">", 6))


def test_a_stage_that_does_not_say_what_it_changed() -> None:
    one, two = replay([Shout(), Listen()], columns("A quiet B"))
    assert [tuple(change) for change in one.changes] == [("edited", 2, 7, 5)]
    assert two.reason == "loud"
    assert replay([Listen()], columns("x"), {"shout_n": pa.array([1.0])})[0].reason is None


@given(st.text("aéb", max_size=8), st.text("aéb", max_size=8))
def test_compared_texts_differ_there_alone(before: str, after: str) -> None:
    if before != after:
        assert apply(before, after, [compare(before, after)]) == after


def test_without_a_text_nobody_is_asked() -> None:
    assert replay([GopherQuality()], columns(None)) == []


def test_private_places_are_found_wherever_they_stand() -> None:
    (span,) = find_private([Pii()], (columns("é a@acme.de"), {})) or ()
    assert tuple(span) == ("email", 3, 12)


class HideNames(RowStage):
    """Takes names out; wants to know more of a document than its text."""

    reads = frozenset({"source"})
    edits = frozenset({"text"})
    private = True

    def judge(self, docs):
        assert docs.score("shout_n")[0].as_py() == 7
        texts = [
            t.replace("Ann", f"[{s}]") for t, s in zip(docs.text.to_pylist(), docs["source"].to_pylist(), strict=True)
        ]
        return Judgement.keep_all(len(docs), text=pa.array(texts))


def test_a_private_stage_sees_the_document_as_it_is() -> None:
    facts = columns("I am Ann.") | {"source": pa.array(["web"])}
    (span,) = find_private([HideNames()], (facts, {"shout_n": pa.array([7.0])})) or ()
    assert tuple(span) == ("edited", 5, 8)
    _, step = replay([Shout(), HideNames()], facts)
    assert find_private([HideNames()], step.seen) == []


@pytest.mark.parametrize("scores", [{}, {"shout_n": pa.array([1.0])}])
def test_where_a_private_stage_cannot_say_it_nobody_says_that_nothing_is_private(scores: dict[str, pa.Array]) -> None:
    facts = columns("I am Ann.") | {"source": pa.array(["web"])}
    assert find_private([Pii(), HideNames()], (facts, scores)) is None
    assert find_private([HideNames()], (columns("I am Ann."), {"shout_n": pa.array([7.0])})) is None


@pytest.mark.parametrize(
    ("stage", "text", "reason", "marked"),
    [
        (
            C4(),
            "a { b\nThis line has a { in it.\nAnd so on it goes.",
            "curly_bracket",
            ["This line has a { in it."],
        ),
        (C4(bad_words=("darn",)), "This is a darn é line.", "bad_words", ["This is a darn é line."]),
        (
            FineWeb(),
            "é short\nA line that is long enough, it is.\nshort",
            "too_many_short_lines",
            ["é short", "short"],
        ),
        (FineWeb(), "é no end\nEnd.\nno end", "too_few_punctuated_lines", ["é no end", "no end"]),
        (FineWeb(), "é\nb\né\nb", "too_many_dup_line_chars", ["é", "b"]),
        (GopherQuality(), "• a\nb\n - c\n• d", "too_many_bullets", ["• a", " - c", "• d"]),
        (GopherQuality(), "a...\nb\nc…", "too_many_ellipsis_lines", ["a...", "c…"]),
        (GopherQuality(), "## a # é...", "too_many_hashes", ["##", "#"]),
        (GopherQuality(), "a", "too_few_words", []),
        (GopherRepetition(), "é\nb\né\nc", "too_many_dup_lines", ["é", "é"]),
        (GopherRepetition(preset="datatrove"), "é\nb\né\nc", "too_many_dup_lines", ["é"]),
        (GopherRepetition(), "é a\n\nb\n\né a", "too_many_dup_paragraphs", ["é a", "é a"]),
        (GopherRepetition(), "é a b é a c é a", "top_2_gram", ["é a"] * 3),
        (GopherRepetition(), "", "empty", []),
        (CleanUnicode(), "é\ufffd\ufffd a\ufffd", "too_many_replacements", ["\ufffd\ufffd", "\ufffd"]),
        (Pii(), "é a@acme.de", "too_many", ["a@acme.de"]),
    ],
)
def test_places_that_count(stage: RowStage, text: str, reason: str, marked: list[str]) -> None:
    spans = find_counting(stage, columns(text), f"{stage.noun}.{reason}")
    assert [text.encode()[span.begin : span.end].decode() for span in spans] == marked
