"""Rules asked of stored scores, and counted around their thresholds: without Spark."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_llmdata.report.page.collect_thresholds import _choose_rules, _try
from spark_llmdata.report.page.histogram import make_axis
from spark_llmdata.report.page.records import SCORE
from spark_llmdata.report.page.rules import REMOVES, RuleKey, measure, name_score, name_setting, read_scores
from spark_llmdata.report.page.tally import BAR, KEEPS, NEAR, CountScores, Rule
from spark_llmdata.stages import BUILTIN
from spark_llmdata.stages.filter.fineweb import FineWeb
from spark_llmdata.stages.filter.gopher_quality import GopherQuality

FEW = RuleKey("filter.gopher_quality", "too_few_words", "<", 50.0)


def rows(words: list[float | None], langs: list[str | None] | None = None) -> pa.RecordBatch:
    """Rows as `Records.ended` gives them, with the scores of filter.gopher_quality."""
    n = len(words)
    columns = {
        "doc_id": pa.array([f"{(7 * i) % 1009:032x}" for i in range(n)]),
        "segment": pa.array([0] * n),
        "part": pa.array(["p"] * n),
        "ordinal": pa.array(range(n), pa.int64()),
        "lang": pa.array(langs or [None] * n, pa.string()),
        "words": pa.array([None if w is None else int(w) for w in words], pa.int64()),
    }
    for name in GopherQuality().score_columns():
        own = words if name == "gopher_quality_n_words" else [None if w is None else 5.0 for w in words]
        columns[f"{SCORE}{name}"] = pa.array(own, pa.float64())
    return pa.RecordBatch.from_pydict(columns)


@pytest.mark.parametrize(
    ("stage", "reason", "score", "setting"),
    [
        (GopherQuality(), "too_few_words", "words", "filter.gopher_quality.min_words"),
        (
            GopherQuality(),
            "too_many_ellipses",
            "ellipses per word",
            "filter.gopher_quality.max_symbol_ratio",
        ),
        (FineWeb(id="filter.lines"), "empty", "lines that are not blank", None),
    ],
)
def test_what_a_rule_measures_and_what_sets_it(stage, reason, score, setting) -> None:
    assert (name_score(stage, reason), name_setting(stage, reason)) == (score, setting)


def test_the_thresholds_of_a_rule_stand_together_that_of_most_documents_first() -> None:
    by_language = {"de": {"min_words": 20}, "fr": {"min_words": 30}}
    stage = GopherQuality(by_language=by_language)
    sample = rows([40.0] * 6, ["de", "fr", "en", "fr", "en", "en"])
    rules = [rule.key for rule, _ in _choose_rules([stage], [sample])]
    assert [(key.reason, key.bound) for key in rules[:3]] == [
        ("too_few_words", 50),
        ("too_few_words", 30),
        ("too_few_words", 20),
    ]
    reasons = list(dict.fromkeys(key.reason for key in rules))
    assert reasons == [reason for reason in stage.reasons if reason in reasons]
    assert len(rules) == len({(key.reason, key.bound) for key in rules}) > len(reasons)


def test_every_builtin_stage_with_thresholds_can_be_asked() -> None:
    named = {}
    for kind in ("filter.gopher_quality", "filter.gopher_repetition", "filter.fineweb", "filter.c4"):
        stage = BUILTIN[kind]()
        docs = read_scores(rows([60.0]))
        scores = {name: pa.array([0.5]) for name in stage.score_columns()}
        for reason in stage.list_rules(docs.measured(scores)):
            named[kind, reason] = name_setting(stage, reason)
    assert sum(name is not None for name in named.values()) > 20


def test_languages_have_thresholds_of_their_own() -> None:
    stage = GopherQuality(by_language={"de": {"min_words": 80}}, language_data={})
    docs = read_scores(rows([60, 70, 80, None], ["en", "de", "de-AT", "en"]))
    found = {m.key: m for m in measure([stage], docs) if m.key.reason == "too_few_words"}
    assert {key.bound: list(m.rows) for key, m in found.items()} == {
        50.0: [0],
        80.0: [1, 2],
    }


@settings(max_examples=60)
@given(st.lists(st.none() | st.integers(0, 120).map(float), max_size=80), st.integers(1, 5), st.integers(1, 30))
def test_counting_by_batches_is_counting(words: list[float | None], shown: int, size: int) -> None:
    batch = rows(words)
    known = [w for w in words if w is not None]
    axis = make_axis(np.array(known), 50)
    count = CountScores((GopherQuality(language_data={}),), (Rule(FEW, axis, axis.thresholds(50)),), shown)
    (found,) = count(batch.slice(i, size) for i in range(0, len(words), size))
    lines = found.to_pylist()
    bars = {line["slot"]: line for line in lines if line["kind"] == BAR}
    assert sum(line["kept"] for line in bars.values()) == sum(w >= 50 for w in known)
    assert sum(line["removed"] for line in bars.values()) == sum(w < 50 for w in known)
    slots = Counter(int(np.searchsorted(axis.edges, w, side="right")) for w in known)
    assert {slot: line["kept"] + line["removed"] for slot, line in bars.items()} == slots
    assert all(line["low"] <= line["high"] for line in bars.values())
    keeps = {
        axis.thresholds(50)[line["slot"]]: (line["kept"], line["words"]) for line in lines if line["kind"] == KEEPS
    }
    assert keeps == {t: (sum(w >= t for w in known), sum(w for w in known if w >= t)) for t in axis.thresholds(50)}
    names = batch.column("doc_id").to_pylist()
    for side, goes in ((0, True), (1, False)):
        near = [line["doc_id"] for line in lines if line["kind"] == NEAR and line["slot"] == side]
        wanted = sorted((abs(w - 50), names[i]) for i, w in enumerate(words) if w is not None and (w >= 50) == goes)
        assert near == [name for _, name in wanted[:shown]]


def test_operators_are_those_of_rules() -> None:
    values = np.array([1.0, 2.0, 3.0])
    assert {op: REMOVES[op](values, 2).tolist() for op in REMOVES} == {
        "<": [True, False, False],
        "<=": [True, True, False],
        ">": [False, False, True],
        ">=": [False, True, True],
    }


class Broken(GopherQuality):
    """A stage whose rules cannot be asked of stored scores."""

    def list_rules(self, docs):
        raise KeyError("text")


def test_a_stage_that_cannot_be_asked_is_told_and_left_out() -> None:
    batches = [rows([60.0])]
    assert _try(GopherQuality(), batches) is None
    assert _try(Broken(), batches) == (
        "thresholds of filter.gopher_quality are missing, its rules cannot be asked: KeyError: 'text'"
    )


def test_languages_are_named_where_they_have_other_thresholds() -> None:
    stage = GopherQuality(by_language={"de": {"min_words": 80}}, language_data={})
    found = dict(_choose_rules([stage], [rows([60, 70, 80, None], ["en", "de", None, "fr"])]))
    labels = {(rule.key.reason, rule.key.bound): names for rule, names in found.items()}
    assert labels["too_few_words", 50.0] == ("en", None)
    assert labels["too_few_words", 80.0] == ("de",)
    assert labels["too_many_words", 100_000.0] is None
