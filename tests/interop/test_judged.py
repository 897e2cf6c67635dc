"""What a stage gives for a pandas frame: a frame, which a notebook shows as verdicts."""

from __future__ import annotations

import copy
import pickle

import pandas as pd

from spark_llmdata.stages.filter.c4 import C4
from spark_llmdata.stages.filter.gopher_quality import GopherQuality

LONG = "The cat and the dog have to be fed with what there is in the house of the old man. " * 8
FRAME = pd.DataFrame({"text": ["<b>short</b>", LONG, None]}, index=["a", "b", "c"])


def test_a_notebook_shows_reasons_and_the_first_rows():
    page = GopherQuality()(FRAME)._repr_html_()
    assert "3 documents: 1 kept, 2 not" in page
    assert "gopher_quality.too_few_words" in page
    assert "read.no_text" in page
    assert "&lt;b&gt;short&lt;/b&gt;" in page
    assert "<b>" not in page
    assert LONG not in page
    assert page.index("too_few_words") < page.index(">kept<")


def test_many_rows_are_cut():
    page = GopherQuality()(pd.DataFrame({"text": ["too short"] * 500}))._repr_html_()
    assert "and 490 rows more" in page
    assert len(page) < 10_000


def test_it_is_a_frame_like_any_other():
    judged = GopherQuality()(FRAME)
    assert isinstance(judged, pd.DataFrame)
    assert type(judged[judged.kept]) is type(judged.drop(columns="verdict")) is pd.DataFrame
    assert type(pickle.loads(pickle.dumps(judged))) is pd.DataFrame
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(judged)), pd.DataFrame(judged))
    assert copy.copy(judged).kept.tolist() == [False, True, False]
    assert repr(judged) == repr(pd.DataFrame(judged))


def test_another_stage_takes_it():
    assert C4(min_sentences=1)(GopherQuality()(FRAME)).kept.tolist() == [False, True, False]


def test_one_that_was_changed_is_shown_as_pandas_does():
    judged = GopherQuality()(FRAME)
    del judged["verdict"]
    assert "dataframe" in judged._repr_html_()


def test_none_are_shown_as_none():
    assert "0 documents: 0 kept, 0 not" in GopherQuality()(FRAME.iloc[:0])._repr_html_()
