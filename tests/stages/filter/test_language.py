"""`filter.language`: its presets are spelled out, and settings that contradict each other are refused."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from spark_llmdata.batch import Batch
from spark_llmdata.errors import UsageError
from spark_llmdata.stages.filter.language import FilterLanguage


def test_presets_are_spelled_out_and_overridden():
    stage = FilterLanguage(preset="fineweb", keep=["de"])
    assert stage.settings() == {
        "preset": "fineweb", "keep": ["de"], "threshold": 0.65, "thresholds": {}, "at_threshold": "remove",
        "score": "language_score",
    }  # fmt: skip
    assert FilterLanguage(**stage.settings()) == stage
    assert FilterLanguage(preset="ccnet").keep is None


def test_a_threshold_of_a_language_that_goes():
    with pytest.raises(UsageError, match="names fr, which `keep` does not"):
        FilterLanguage(keep=["en"], thresholds={"fr": 0.5})
    assert FilterLanguage(keep=None, thresholds={"fr": 0.5}).thresholds == {"fr": 0.5}


@pytest.mark.parametrize("settings", [{"keep": []}, {"threshold": 1.2}, {"preset": "c4"}, {"thresholds": {"en": -1}}])
def test_settings_that_make_no_sense(settings: dict[str, object]):
    with pytest.raises(UsageError):
        FilterLanguage(**settings)


def test_scores_are_wanted_where_a_threshold_is():
    assert FilterLanguage().needed_scores() == {"language_score"}
    assert FilterLanguage(threshold=None).needed_scores() == set()
    assert FilterLanguage(threshold=None, thresholds={"en": 0.1}, score="x").needed_scores() == {"x"}


def test_evidence_of_a_long_label_names_the_language_too():
    batch = Batch({"lang": pa.array(["x" * 300, "de", None])}, scores={"language_score": pa.array([0.9] * 3)})
    said = FilterLanguage().judge(batch).evidence.tolist()
    assert said[0].startswith('{"lang": "xxx')
    assert len(said[0]) <= 200
    assert said[1:] == ['{"lang": "de"}', '{"lang": null}']


def test_scores_of_a_batch_are_shown_like_its_columns():
    scores = {"language_score": pa.array([0.1, 0.2, 0.3])}
    batch = Batch({"lang": pa.array(["en"] * 3)}, scores=scores)
    batch.remove(np.array([False, True, False]))
    assert batch.score("language_score").to_pylist() == [0.1, None, 0.3]
    assert batch.slice(1, 3).score("language_score").to_pylist() == [None, 0.3]
    scores["later"] = pa.array([1.0, 2.0, 3.0])
    assert batch.score("later").to_pylist() == [1.0, None, 3.0]
    with pytest.raises(UsageError, match="gave the score 'other'; there is language_score, later"):
        batch.score("other")
