"""Which stages may change places: what they read and change decides, and who says nothing stays where it is."""

from __future__ import annotations

import pytest

from spark_llmdata.ordering.commuting import find_conflict, find_predecessors, needs_of
from spark_llmdata.stage import RowStage
from spark_llmdata.stages.clean.pii import Pii
from spark_llmdata.stages.clean.unicode import CleanUnicode
from spark_llmdata.stages.extract.html import ExtractHtml
from spark_llmdata.stages.filter.c4 import C4
from spark_llmdata.stages.filter.fineweb import FineWeb
from spark_llmdata.stages.filter.gopher_quality import GopherQuality
from spark_llmdata.stages.filter.gopher_repetition import GopherRepetition
from spark_llmdata.stages.filter.http import FilterHttp
from spark_llmdata.stages.filter.language import FilterLanguage
from spark_llmdata.stages.filter.url import FilterUrl
from spark_llmdata.stages.score.language import ScoreLanguage
from tests.ordering.stages import Guess, Long, MyQuality, OnScore, Peek, Relocate, Silent, Upper


def conflict(first: RowStage, second: RowStage) -> str | None:
    return find_conflict(needs_of(first), needs_of(second))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (GopherQuality(), GopherRepetition()),
        (FineWeb(), GopherQuality()),
        (FilterUrl(), FilterHttp()),
        (C4(), FilterUrl()),
        (CleanUnicode(), FilterUrl()),
        (Upper(), FilterUrl()),
        (ScoreLanguage(), FilterUrl()),
        (FilterLanguage(), GopherQuality()),
        (FilterLanguage(), C4()),
        (Long(), GopherQuality()),
        (Relocate(), C4()),
    ],
)
def test_neither_changes_what_the_other_reads(first, second):
    assert conflict(first, second) is None
    assert conflict(second, first) is None


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        (C4(), FineWeb(), "filter.fineweb reads text, which filter.c4 makes"),
        (FineWeb(), C4(), "filter.fineweb reads text, which filter.c4 changes"),
        (C4(), CleanUnicode(), "clean.unicode reads text, which filter.c4 makes"),
        (ScoreLanguage(), FilterLanguage(), "lang, the score language_score, which score.language makes"),
        (C4(), ScoreLanguage(), "score.language reads text, which filter.c4 makes"),
        (ScoreLanguage(), GopherQuality(), "filter.gopher_quality reads lang, which score.language makes"),
        (Guess(), ScoreLanguage(), "both change lang"),
        (Guess(), FilterLanguage(threshold=None), "filter.language reads lang, which guess makes"),
        (Long(), OnScore(), "on_score reads the score long_chars, which long makes"),
        (Relocate(), FilterUrl(), "filter.url reads url, which relocate makes"),
        (FilterUrl(), Relocate(), "filter.url reads url, which relocate changes"),
        (CleanUnicode(), FilterHttp(), "filter.http reads text, which clean.unicode makes"),
        (Pii(), FilterUrl(), "clean.pii: private"),
        (FilterUrl(), ExtractHtml(), "extract.html: extracts"),
        (Silent(), FilterUrl(), "silent: your own stage, whose class does not say"),
        (FilterUrl(), MyQuality(), "filter.gopher_quality: your own stage"),
    ],
)
def test_what_holds_two_stages(first, second, why):
    assert why in conflict(first, second)
    assert conflict(second, first) is not None


def test_a_score_is_no_document_column_of_its_name():

    class Scorer(Long):
        edits = frozenset()
        scores = {"hash": "named as a column of the reader is"}

    class Reading(Long):
        edits = frozenset()
        requires = frozenset({"raw_hash"})

    assert Scorer(id="raw").score_columns() == ("raw_hash",)
    assert find_conflict(needs_of(Scorer(id="raw")), needs_of(Reading())) is None


def test_what_was_seen_to_be_read_counts_too():
    guess, peek = needs_of(Guess()), needs_of(Peek())
    assert find_conflict(guess, peek) is None
    seen = needs_of(Peek(), frozenset({"lang", "the score long_chars"}))
    assert find_conflict(guess, seen) == "peek reads lang, which guess makes"
    assert find_conflict(needs_of(Long()), seen) == "peek reads the score long_chars, which long makes"


def test_predecessors_name_those_in_front_only():
    needs = [needs_of(s) for s in (GopherQuality(), FilterUrl(), C4(), FineWeb())]
    assert [set(found) for found in find_predecessors(needs)] == [set(), set(), {0}, {2}]
