"""What is measured: every stage sees every document as it would in the recipe's order, and words are split once."""

from __future__ import annotations

import os
import signal

import numpy as np
import pyarrow as pa
import pytest

from spark_llmdata.ordering.measurement import measure
from spark_llmdata.segment import Segment
from spark_llmdata.stages.filter.fineweb import FineWeb
from spark_llmdata.stages.filter.gopher_quality import GopherQuality
from tests.ordering.stages import Counting, Guess, Long, OnScore, Peek, Upper
from tests.test_segment import Poisoned, records


def measured(stages, *rows):
    return measure(Segment(tuple(stages), reads=True), [records(*rows)], repeats=1)


ROWS = [{"text": "one two"}, {"text": "three " * 40}, {"text": "a"}, {"text": "b c"}]


def test_every_stage_sees_every_document():
    found = measured([Long(), Counting(), OnScore()], *ROWS)
    assert found.measured.removes.tolist() == [
        [False, True, False, False],
        [True, True, False, True],
        [False, False, True, False],
    ]
    assert found.measured.before == (frozenset(), frozenset(), frozenset({0}))
    assert found.documents == 4


def test_what_was_not_read_or_has_no_text_is_not_judged():
    found = measured(
        [Long(), Counting()], *ROWS, {"defect": "bad_json", "rejected": True}, {"url": "https://a.example"}
    )
    assert found.documents == 4


def test_an_edited_text_is_seen_as_edited():
    class Shouting(Counting):
        edits = frozenset()

        def judge(self, docs):
            seen.append(docs.text.to_pylist())
            return super().judge(docs)

    seen: list[list[str | None]] = []
    measured([Upper(), Shouting()], *ROWS)
    assert seen[0] == [r["text"].upper() for r in ROWS]


def test_words_are_named_by_rule_and_edition_of_the_text():
    stages = [
        Counting(),
        Counting(id="again"),
        Counting(id="other", words="whitespace"),
        Upper(),
        Counting(id="behind"),
    ]
    found = measured(stages, *ROWS).measured
    first, again, other, none, behind = found.splits
    assert first == again == {("uax29", 0, None)}
    assert (other, none, behind) == ({("whitespace", 0, None)}, frozenset(), {("uax29", 1, None)})
    assert set(found.split_cost) == first | other | behind


def test_words_of_documents_by_language_are_noticed_too():
    """Whichever stage comes first: the splittings are not among its own costs, and the one behind uses them too."""
    rows = [row | {"lang": lang} for row, lang in zip(ROWS, ["en", "de", "en", "de"], strict=True)]
    stages = [GopherQuality(), FineWeb()]
    for order in (stages, stages[::-1]):
        found = measured([*order, FineWeb(language_data={}, id="all")], *rows)
        first, second, alike = found.measured.splits
        assert first == second == {(rule, 0, (lang,)) for rule in ("", "uax29") for lang in ("en", "de")}
        assert alike == {("uax29", 0, None)}
        assert set(found.measured.split_cost) == first | alike
        assert [n.reads for n in found.needs[:2]] == [{"text", "lang"}] * 2


def test_what_is_read_of_a_part_is_read():
    class Parting(Peek):
        edits = frozenset()

        def judge(self, docs):
            _, part = docs.part("all", np.arange(len(docs)))
            return super().judge(part)

    found = measured([Long(), Guess(), Parting()], *ROWS)
    assert found.needs[2].reads == {"text", "lang", "the score long_chars"}


def test_texts_cost_by_their_bytes_and_others_alike():
    found = measured([Long(), OnScore()], *ROWS).measured
    by_bytes, alike = found.cost
    assert by_bytes[1] == pytest.approx(by_bytes.sum() * 240 / 251)
    assert np.allclose(alike, alike[0])


def test_what_a_stage_reads_without_saying_so_is_noticed():
    found = measured([Long(), Guess(), Peek()], *ROWS)
    assert found.needs[2].reads == {"text", "lang", "the score long_chars"}
    assert found.measured.before[2] == {0, 1}


def test_a_document_that_makes_a_stage_fail_is_one_it_removes():
    found = measured([Poisoned(), Long()], *ROWS, {"text": "poison"})
    assert found.measured.removes[0].tolist()[-1] is True
    assert found.measured.before[1] == {0}, "Poisoned does not say what it changes"


def test_a_document_that_ends_its_process_is_not_measured():
    class Deadly(Long):
        edits = frozenset()

        def judge(self, docs):
            if "deadly" in docs.text.to_pylist():
                os.kill(os.getpid(), signal.SIGKILL)
            return super().judge(docs)

    found = measured([Long(), Deadly(id="deadly")], *ROWS, {"text": "deadly"})
    assert found.documents == 4
    assert found.measured.removes.tolist() == [[False, True, False, False]] * 2


def test_no_documents():
    found = measure(Segment((Long(), Counting()), reads=True), [pa.RecordBatch.from_pylist([], records().schema)])
    assert (found.documents, found.measured.removes.shape) == (0, (2, 0))
