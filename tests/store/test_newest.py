"""Which run is meant by "the newest corpus": never one over a part of its input, where another one is done."""

from __future__ import annotations

import warnings
from datetime import datetime, timezone

import pytest

from spark_llmdata.errors import PartOfInput
from spark_llmdata.store.delta import CORPUS, TRIALS
from spark_llmdata.store.ledger import RunRecord, newest

NOW = datetime(2024, 5, 1, tzinfo=timezone.utc)
PART = {"limit": 5, "cut": True}


def record(run, version, table=CORPUS, portion=None, state="done"):
    facts = {"portion": portion} if portion else {}
    return RunRecord(run, state, "r", NOW, NOW, facts, version, table=table)


def test_a_later_part_is_not_the_newest_corpus():
    runs = [record("a", 0), record("b", 1), record("c", 7, TRIALS, PART), record("d", 8, TRIALS, PART)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert newest(runs).run == "b"
        assert newest(runs[:1] + runs[2:]).run == "a"


def test_a_part_that_was_built_into_the_corpus_is_none_either():
    assert newest([record("a", 0), record("b", 1, CORPUS, PART)]).run == "a"


def test_the_corpus_that_was_committed_last_is_the_newest():
    assert newest([record("a", 4), record("b", 3)]).run == "a"


def test_of_parts_alone_the_newest_is_taken_and_told():
    runs = [
        record("a", 9, CORPUS, PART),
        record("b", 1, TRIALS, PART),
        record("c", 0, TRIALS, {"sample": 0.1, "seed": 0}),
    ]
    with pytest.warns(PartOfInput, match="run b, the newest one, looked at the first 5 records"):
        assert newest(runs).run == "b"


def test_where_nothing_is_done_the_last_that_began_is_meant():
    runs = [record("a", None, state="failed"), record("b", None, TRIALS, PART, "started")]
    assert newest(runs).run == "b"
