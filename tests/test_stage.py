"""Presets of a stage; the context of a corpus stage: what is settled is computed once, counted and hashed."""

from __future__ import annotations

import os

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.errors import SettingsError, UsageError
from spark_llmdata.stage import Context
from spark_llmdata.stages.clean.pii import Pii
from spark_llmdata.stages.filter.fineweb import FineWeb
from spark_llmdata.stages.filter.gopher_quality import GopherQuality


def test_a_preset_is_defaults_of_other_settings():
    assert FineWeb(preset="datatrove").max_dup_line_char_ratio == 0.01
    assert FineWeb(preset="datatrove", max_dup_line_char_ratio=0.5).max_dup_line_char_ratio == 0.5
    assert FineWeb() == FineWeb(preset="paper")


def test_what_a_preset_sets_is_spelled_out_and_reads_back():
    stage = FineWeb(preset="datatrove", max_newline_ratio=None)
    settings = stage.settings()
    assert (settings["words"], settings["short_line_chars"], settings["max_newline_ratio"]) == ("datatrove", 30, None)
    assert FineWeb(**settings) == stage


@pytest.mark.parametrize("preset", ["gopher", None, 3, ["paper"]])
def test_an_unknown_preset_is_refused(preset):
    with pytest.raises(
        UsageError, match="filter.fineweb.preset: .* does not fit: input should be 'paper' or 'datatrove'"
    ):
        FineWeb(preset=preset)


def test_a_constructor_says_what_a_recipe_says():
    with pytest.raises(SettingsError) as told:
        FineWeb(max_short_line_ratio=2, short_line_char=3)
    assert isinstance(told.value, UsageError)
    assert str(told.value).splitlines() == [
        "filter.fineweb.max_short_line_ratio: 2 does not fit: input should be less than or equal to 1",
        "filter.fineweb.short_line_char: unknown setting, did you mean 'short_line_chars'?; it has "
        + ", ".join(FineWeb.model_fields),
    ]
    with pytest.raises(SettingsError, match="`min_words: 9` and `max_words: 5` leave nothing"):
        GopherQuality(min_words=9, max_words=5)


NOT_A_NAME = st.sampled_from(["", ".", "..", "a/b", "A", "1", "-a", "a b", "a.b", "_a", "é"])


@given(NOT_A_NAME)
def test_a_name_is_a_folders(name):
    kept = []
    with pytest.raises(UsageError, match="cannot settle under the name"):
        Context(None, lambda rows, name: kept.append(name)).settle(None, name)
    assert not kept


@pytest.mark.spark
def test_settling_computes_once(spark):
    def draw(batches):
        for batch in batches:
            yield pa.record_batch({"drawn": [os.urandom(8) for _ in range(batch.num_rows)]})

    settled = Context(spark).settle(spark.range(100).mapInArrow(draw, "drawn binary"), "drawn")
    assert settled.count == 100
    assert settled.rows.collect() == settled.rows.collect()


@pytest.mark.spark
def test_a_digest_is_that_of_the_set_of_rows(spark):
    def settle(rows, parts=1):
        return Context(spark).settle(spark.createDataFrame(rows, "a string, b bigint").repartition(parts), "x")

    rows = [("a", 1), ("b", 2), ("c", None)]
    one = settle(rows)
    assert one.digest == settle(rows[::-1], 3).digest
    assert one.digest.endswith("-3")
    assert len({one.digest, settle([*rows[:2], ("c", 3)]).digest, settle(rows[:2]).digest}) == 3
    assert settle([]).digest == f"{0:016x}-0"
    assert settle([("a", 1)] * 2).digest != settle([]).digest


@pytest.mark.spark
def test_a_name_stands_for_one_data_frame(spark):
    ctx = Context(spark)
    ctx.settle(spark.range(3), "a")
    with pytest.raises(UsageError, match="'a' was settled before"):
        ctx.settle(spark.range(4), "a")
    assert Context(spark).settle(spark.range(4), "a").count == 4


@pytest.mark.parametrize(
    ("stage", "settings", "said"),
    [
        (GopherQuality, {"min_stop_words": 9}, "asks for more different words than `stop_words` has, 8"),
        (GopherQuality, {"stop_words": ("The", "of course", "a")}, "names 'The', 'of course', which match nothing"),
        (
            Pii,
            {"mode": "tag", "replacements": {"email": ("x",)}},
            "`mode: tag` writes tags, and `replacements` of email",
        ),
        (Pii, {"replacements": {"card": ("x",)}}, "`replacements` names card, which `types` does not"),
    ],
)
def test_settings_that_would_do_nothing_are_refused(stage, settings, said) -> None:
    with pytest.raises(SettingsError, match=said):
        stage(**settings)
