"""`clean.unicode`: mending by ftfy, counts, and that only suspects are shown to it."""

from __future__ import annotations

import builtins

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata import extras
from spark_llmdata.batch import Batch
from spark_llmdata.errors import MissingExtra
from spark_llmdata.kernels.changes import Change
from spark_llmdata.kernels.reference_changes import apply
from spark_llmdata.stages.clean.unicode import CleanUnicode


def judged(stage: CleanUnicode, *texts: str | None):
    return stage.judge(Batch({"text": pa.array(texts, pa.string())}))


def test_lines_are_mended_each_by_itself():
    pytest.importorskip("ftfy")
    found = judged(CleanUnicode(), "Ã©tÃ©\n日本\nÃ©\r\nok", None, "ok")
    assert found.text.to_pylist() == ["été\n日本\né\nok", None, None]
    assert found.scores["n_mended_lines"].to_pylist() == [2, None, 0]
    assert found.edits.tolist() == [3, 0, 0]
    assert found.keep.all()


def test_only_suspects_are_shown_to_the_library(monkeypatch):
    ftfy = pytest.importorskip("ftfy")
    seen: list[str] = []
    mend = ftfy.fix_encoding
    monkeypatch.setattr(ftfy, "fix_encoding", lambda line: [seen.append(line), mend(line)][1])
    judged(CleanUnicode(), "plain", "L’été à Œuvres", "Это «пример»", "ascii\nÃ©")
    assert seen == ["Ã©"]


def test_changes_are_counted():
    stage = CleanUnicode(mojibake=False, max_newlines=1)
    found = judged(stage, "a\u200b\r\n\r\n\u202ee\u0301", "a")
    assert found.text.to_pylist() == ["a\né", None]
    assert found.edits.tolist() == [1 + 2 + 1 + 1 + 1, 0]
    assert found.edits.dtype == np.int64


def test_quotation_marks_alone_are_an_edit():
    pytest.importorskip("ftfy")
    found = judged(CleanUnicode(uncurl_quotes=True), "“a”")
    assert (found.text.to_pylist(), found.edits.tolist()) == (['"a"'], [1])


@given(st.text(st.sampled_from("aé“’\u02bc \n\r\u200b\u0301Ã©\xa0"), max_size=30))
def test_changes_of_all_parts_are_told_in_the_text_that_came(text):
    pytest.importorskip("ftfy")
    found = judged(CleanUnicode(uncurl_quotes=True), text)
    after = found.text[0].as_py()
    changes = [Change(**change) for change in found.changes[0].as_py() or ()]
    assert apply(text, text if after is None else after, changes) == (text if after is None else after)
    assert {change.kind for change in changes} <= set(CleanUnicode.changes)


def test_changes_name_what_was_mended():
    pytest.importorskip("ftfy")
    text = "a cafÃ© “b”\r\nc"
    (found,) = judged(CleanUnicode(uncurl_quotes=True), text).changes.to_pylist()
    assert [(c["kind"], text.encode()[c["begin"] : c["end"]].decode(), c["length"]) for c in found] == [
        ("mojibake", "Ã©", 2),
        ("quote", "“", 1),
        ("quote", "”", 1),
        ("line_end", "\r", 0),
    ]


def test_the_library_is_asked_for_only_where_it_is_used(monkeypatch):
    real = builtins.__import__

    def refuse(name, *rest):
        if name.split(".")[0] == "ftfy":
            raise ImportError("No module named 'ftfy'")
        return real(name, *rest)

    def absent(name, *, needed_by):
        raise MissingExtra(f"{needed_by} needs {name}, which is not installed")

    monkeypatch.setattr(builtins, "__import__", refuse)
    monkeypatch.setattr(extras, "version", absent)
    plain = CleanUnicode(mojibake=False)
    assert plain.fingerprint()["libraries"] == {}
    assert judged(plain, "Ã©\0").text.to_pylist() == ["Ã©"]
    with pytest.raises(MissingExtra, match=r"clean.unicode \(mojibake, uncurl_quotes\) needs ftfy"):
        CleanUnicode().fingerprint()


def test_a_control_character_to_keep_is_one():
    with pytest.raises(ValueError, match="'x' is no control character"):
        CleanUnicode(keep_controls="\tx")


@pytest.mark.parametrize("text", ["日Ã©" * 300_000, "Ã©ÃƒÂ©" * 200_000 + "日", "\x85é" * 500_000, "Ã©\n" * 100_000])
def test_hostile_texts_take_linear_time(text):
    """Work that grew with the square of their length would take hours, in the library as well."""
    pytest.importorskip("ftfy")
    found = judged(CleanUnicode(), text)
    assert found.edits[0] > 0
