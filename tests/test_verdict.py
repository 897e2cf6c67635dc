"""Judgements: the first failing rule decides, and joining slices loses nothing."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from spark_llmdata.verdict import Judgement, concat


def test_first_failing_takes_the_first_rule_in_order():
    j = Judgement.first_failing(
        short=(pa.array([1, 9, 1, None]), "<", 5),
        loud=(pa.array([0.9, 0.9, 0.1, 0.9]), ">", 0.5),
    )
    assert j.keep.tolist() == [False, False, False, False]
    assert j.reason.tolist() == ["short", "loud", "short", "loud"]
    assert j.score.tolist() == [1, 0.9, 1, 0.9]
    assert j.threshold.tolist() == [5, 0.5, 5, 0.5]


@pytest.mark.parametrize(("op", "kept"), [("<", [5, 6]), ("<=", [6]), (">", [4, 5]), (">=", [4])])
def test_bounds_are_as_written(op, kept):
    values = pa.array([4, 5, 6])
    j = Judgement.first_failing(rule=(values, op, 5))
    assert [v for v, k in zip(values.to_pylist(), j.keep, strict=True) if k] == kept


def test_first_failing_without_rules_is_refused():
    with pytest.raises(ValueError, match="at least one rule"):
        Judgement.first_failing()


def test_concat_fills_what_only_some_parts_have():
    a = Judgement.keep_all(2, text=pa.array(["x", None]), edits=np.array([1, 0]), scores={"s": pa.array([1.0, 2.0])})
    b = Judgement.remove_where(np.array([True]), "bad", rejected=np.array([True]), columns={"lang": pa.array(["en"])})
    j = concat([a, b])
    assert j.keep.tolist() == [True, True, False]
    assert j.reason.tolist() == [None, None, "bad"]
    assert j.rejected.tolist() == [False, False, True]
    assert j.text.to_pylist() == ["x", None, None]
    assert j.edits.tolist() == [1, 0, 0]
    assert j.scores["s"].to_pylist() == [1.0, 2.0, None]
    assert j.columns["lang"].to_pylist() == [None, None, "en"]
