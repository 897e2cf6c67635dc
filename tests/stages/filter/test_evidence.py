"""What verdicts of the filters show of the text that decided."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata import evidence
from spark_llmdata.batch import Batch
from spark_llmdata.stages.clean.refinedweb_lines import RefinedwebLines
from spark_llmdata.stages.filter.c4 import C4
from spark_llmdata.stages.filter.fineweb import FineWeb
from spark_llmdata.stages.filter.gopher_repetition import GopherRepetition


def shown(stage, *texts):
    said = stage.judge(Batch({"text": pa.array(texts)})).evidence
    assert all(each is None or len(each) <= 200 for each in said)
    return [each and json.loads(each)["text"] for each in said]


def test_c4_shows_what_condemned_the_page_however_long_its_line():
    far = "é word " * 100 + "and { here."
    assert shown(C4(), "This line has a { in it.", far)[0] == "This line has a { in it."
    assert "{ here." in shown(C4(), far)[0]
    assert "Lorem ipsum" in shown(C4(), "x " * 500 + "Lorem ipsum is here.")[0]
    assert "darn" in shown(C4(bad_words=["darn"]), "x " * 500 + "and darn it is here.")[0]
    assert shown(C4(), "too few", "This page is kept for it has three. One, two. Three.") == [None, None]


def test_repetition_shows_the_line_or_the_words():
    line = "the same line of ten words is here every time"
    assert shown(GopherRepetition(), f"{line}\n{line}\nanother") == [line]
    assert shown(GopherRepetition(), "new york is new york") == ["new york"]
    assert shown(GopherRepetition(), "", "one two three") == [None, None]


def test_fineweb_shows_the_repeated_line():
    line = "This line is long enough to be no short line."
    assert shown(FineWeb(), f"{line}\n{line}", line, "short") == [line, None, None]


def test_refinedweb_shows_the_first_line_that_went():
    assert shown(RefinedwebLines(), "one line of words\nMENU HERE\nOTHER MENU") == ["MENU HERE"]


def test_rows_taken_out_before_show_nothing():
    for stage in (C4(), GopherRepetition(), FineWeb(), RefinedwebLines()):
        docs = Batch({"text": pa.array(["This line has a { in it.", "x\nx"])})
        docs.remove(np.array([True, False]))
        assert stage.judge(docs).evidence[0] is None


def test_what_is_withheld_leaves_place_and_length():
    line = "This line is long enough to be no short line."
    (said, *_) = FineWeb().judge(Batch({"text": pa.array([f"é\n{line}\n{line}"])})).evidence
    assert json.loads(said) == {"at": [3, 3 + len(line)], "text": line}
    assert json.loads(evidence.withhold(said)) == {"at": [3, 3 + len(line)], "characters": len(line)}
    assert json.loads(evidence.withhold('{"entry": "x.com"}')) == {"entry": "x.com"}
    assert json.loads(evidence.withhold('"what a stage of one\'s own says"')) == {"characters": 30}
    assert json.loads(evidence.withhold("no JSON")) == {"characters": 7}


@given(st.text(st.sampled_from('a"\\é\n\x01…'), max_size=400))
def test_evidence_shows_as_much_as_has_room(text):
    said = evidence.say(at=[1, 2], text=text)
    assert len(said) <= 200
    shown = json.loads(said)["text"]
    assert shown == text or (shown.endswith("…") and text.startswith(shown[:-1]))
    assert shown == text or len(said) > 200 - 4 * 6
