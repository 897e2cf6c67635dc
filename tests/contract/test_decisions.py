"""Stages whose thresholds can be changed afterwards: what they keep of a document is enough to decide again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.batch import Batch
from spark_llmdata.errors import SettingsError
from spark_llmdata.stage import RowStage
from spark_llmdata.stages import BUILTIN
from spark_llmdata.verdict import Judgement
from tests.contract.cases import batch_of, cases, stage_of

ROW_KINDS = [k for k, s in BUILTIN.items() if issubclass(s, RowStage)]
RETUNABLE = [k for k in ROW_KINDS if BUILTIN[k].retunable]

#: Tried for every threshold; which of them a setting can have, its type says.
VALUES: tuple[Any, ...] = (0, 0.01, 0.5, 1, 2, 4, 9, 70, None, False, True, "remove", ["fr"], {"en": 0.99})


def stored(stage: RowStage, docs: Batch, found: Judgement) -> Batch:
    """What a segment would hold of the documents: scores as doubles under their names in tables, and `lang`."""
    own = dict(zip(stage.score_columns(), stage.scores, strict=True))
    scores = {column: found.scores[name].cast(pa.float64()) for column, name in own.items()}
    return Batch({"lang": docs.raw("lang")}, docs.alive, {**docs._scores, **scores})


def verdicts(found: Judgement) -> list[tuple[Any, ...]]:
    columns = (found.keep, found.reason, found.score, found.threshold)
    return [tuple(map(repr, row)) for row in zip(*(c.tolist() for c in columns), strict=True)]


def variants(stage: RowStage, setting: str) -> Iterator[RowStage]:
    """The stage with other values of a setting."""
    for value in VALUES:
        settings = {**stage.model_dump(), setting: value}
        try:
            other = type(stage)(**settings)
        except SettingsError:
            continue
        if getattr(other, setting) != getattr(stage, setting):
            yield other


def stages_of(kind: str) -> list[RowStage]:
    stages = [BUILTIN[kind](), *(stage_of(kind, case) for case in cases(kind))]
    return [s for i, s in enumerate(stages) if s not in stages[:i]]


def documents_of(kind: str) -> Batch:
    stage = BUILTIN[kind]()
    return batch_of([c["given"] for c in cases(kind)], stage.needed_scores() | {"language_score"})


@pytest.mark.parametrize("kind", ROW_KINDS)
def test_what_can_be_changed_is_decided_by_rules(kind):
    stage = BUILTIN[kind]
    assert stage.retunable <= set(stage.model_fields) - {"id", "preset"}
    assert bool(stage.retunable) == (stage.list_rules is not RowStage.list_rules)


@pytest.mark.parametrize("kind", RETUNABLE)
def test_stored_scores_decide_as_the_documents_did(kind):
    for stage in stages_of(kind):
        docs = documents_of(kind)
        docs.remove(np.arange(len(docs)) % 5 == 4)
        found = stage.judge(docs)
        assert verdicts(stage.decide(stored(stage, docs, found))) == verdicts(found)


@pytest.mark.parametrize("kind", RETUNABLE)
def test_a_threshold_changes_verdicts_and_nothing_measured(kind):
    for setting in BUILTIN[kind].retunable:
        differed = False
        for i, stage in enumerate(stages_of(kind)):
            if differed and i > 1:
                break
            docs = documents_of(kind)
            found = stage.judge(docs)
            for other in variants(stage, setting):
                again = other.judge(docs)
                assert {n: repr(v.to_pylist()) for n, v in again.scores.items()} == {
                    n: repr(v.to_pylist()) for n, v in found.scores.items()
                }
                assert verdicts(other.decide(stored(stage, docs, found))) == verdicts(again)
                differed |= verdicts(again) != verdicts(found)
                if found.text is not None:
                    later = again.onward if again.onward is not None else again.text
                    assert later == (found.onward if found.onward is not None else found.text)
        assert differed, f"no value of {setting} changes a verdict"


PIECES = [
    "the cat and the dog. ",
    "Lorem ipsum dolor. ",
    "{ x } ",
    "# … ",
    "\n",
    "\n\n",
    "a@acme.de ",
    "12 ",
    "- to be\n",
]


@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.none(), min_size=1, max_size=5))
def test_any_text_is_decided_alike(texts):
    for kind in RETUNABLE:
        stage = BUILTIN[kind]()
        docs = batch_of([{"lang": "en"} | ({} if t is None else {"text": t}) for t in texts], {"language_score"})
        found = stage.judge(docs)
        assert verdicts(stage.decide(stored(stage, docs, found))) == verdicts(found)
