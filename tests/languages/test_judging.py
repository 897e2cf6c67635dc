"""Batches in several languages: each document is judged as in a batch of its own."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.batch import Batch
from spark_llmdata.isolation import judge_safely
from spark_llmdata.languages.judging import judge_by_language
from spark_llmdata.stages.clean.refinedweb_lines import RefinedwebLines
from spark_llmdata.stages.filter.c4 import C4
from spark_llmdata.stages.filter.fineweb import FineWeb
from spark_llmdata.stages.filter.gopher_quality import GopherQuality
from spark_llmdata.stages.filter.gopher_repetition import GopherRepetition
from spark_llmdata.stages.filter.language import FilterLanguage

STAGES = [GopherQuality(min_words=5), GopherRepetition(), FineWeb(), C4(min_sentences=1), RefinedwebLines()]
TEXTS = [
    "All human beings are born free and equal in dignity and rights. They have reason.\nread more...",
    "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de raison.",
    "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心。\n3 likes",
    "same line here.\nsame line here.\nsame line here.\nLOUD WORDS ONLY",
    "",
    None,
]
documents = st.lists(
    st.tuples(st.sampled_from(TEXTS), st.sampled_from([None, "en", "fra_Latn", "fr", "zh-Hans", "is", "und"])),
    max_size=8,
)


def batch(docs, alive=None) -> Batch:
    columns = {"text": pa.array([t for t, _ in docs], pa.string()), "lang": pa.array([x for _, x in docs], pa.string())}
    return Batch(columns, alive)


def rows(found, n: int) -> list[dict]:
    """What is said of each row, without what has no meaning for a row that stays."""
    said = []
    for i in range(n):
        row = {"keep": bool(found.keep[i]), "text": found.text[i].as_py() if found.text is not None else None}
        row["edits"] = int(found.edits[i]) if found.edits is not None else 0
        row |= {name: values[i].as_py() for name, values in found.scores.items() if values[i].is_valid}
        if not row["keep"]:
            values = {name: getattr(found, name) for name in ("reason", "score", "threshold", "evidence")}
            row |= {name: None if told is None else told[i] for name, told in values.items()}
        said.append(row)
    return said


@pytest.mark.parametrize("stage", STAGES, ids=lambda s: s.name)
@given(docs=documents)
def test_a_document_is_judged_as_if_alone(stage, docs) -> None:
    together = rows(judge_safely(stage, batch(docs)), len(docs))
    for doc, found in zip(docs, together, strict=True):
        variant = stage.variant(doc[1])
        alone = rows(variant.judge(batch([doc])), 1) if variant else [{"keep": True, "text": None, "edits": 0}]
        assert str([found]) == str(alone)  # as text, since NaN is not equal to itself


def test_children_judge_by_language_too() -> None:
    docs = [(text, lang) for text in TEXTS for lang in ("en", "fr", "zh", "is", None)]
    here, there = (judge_safely(STAGES[3], batch(docs), isolated=isolated) for isolated in (False, True))
    assert str(rows(here, len(docs))) == str(rows(there, len(docs)))
    assert {reason for reason in here.reason if reason}


@given(documents, st.data())
def test_rows_that_are_gone_are_in_no_group(docs, data) -> None:
    alive = np.array(data.draw(st.lists(st.booleans(), min_size=len(docs), max_size=len(docs))), dtype=bool)
    seen: list[str | None] = []

    def note(stage, part):
        seen.extend(part["lang"].filter(pa.array(part.alive)).to_pylist())
        return stage.judge(part)

    judge_by_language(STAGES[0], batch(docs, alive), note)
    expected = [lang for (_, lang), here in zip(docs, alive, strict=True) if here and lang != "is"]
    assert sorted(seen, key=str) == sorted(expected, key=str)


def test_a_language_without_settings_is_passed_on_without_scores() -> None:
    found = judge_safely(GopherQuality(), batch([("too short", "is"), ("too short", "en")]))
    assert found.keep.tolist() == [True, False]
    assert found.scores["n_words"].to_pylist() == [None, 2]
    alone = judge_safely(GopherQuality(), batch([("too short", "is")]))
    assert (alone.keep.tolist(), alone.scores) == ([True], {})


def test_a_batch_in_one_language_is_judged_as_it_is() -> None:
    docs = batch([(TEXTS[0], None), (TEXTS[3], "en"), (TEXTS[0], "eng_Latn")])
    given = []
    judge_by_language(STAGES[0], docs, lambda stage, part: given.append((stage, part)) or stage.judge(part))
    assert given == [(STAGES[0], docs)]


def test_a_batch_without_the_column_is_judged_as_it_is() -> None:
    docs = Batch({"text": pa.array([TEXTS[0]])})
    assert judge_safely(STAGES[0], docs).keep.tolist() == STAGES[0].judge(docs).keep.tolist()


def test_stages_without_languages_see_everything() -> None:
    other = FilterLanguage(threshold=None)
    docs = batch([("a", "is"), ("b", "en")])
    seen = []
    judge_by_language(other, docs, lambda stage, part: seen.append((stage, part)) or stage.judge(part))
    assert seen == [(other, docs)]


def test_words_of_a_group_are_found_once() -> None:
    docs = batch([(TEXTS[0], "en"), (TEXTS[1], "fr"), (TEXTS[2], "zh"), (TEXTS[2], "zh")])
    found = []
    for _ in range(2):
        judge_by_language(STAGES[0], docs, lambda s, part: found.append(part.words(s.words)) or s.judge(part))
        docs.remove(np.array([False, False, True, False]))
    assert [words.rule for words in found[:3]] == ["uax29", "uax29", "dictionary"]
    assert found[2].counts().null_count == 0
    assert docs.part(("zh",), np.array([3]))[1].words("dictionary").counts()[0].as_py() is None
    docs.replace("text", pa.array(["a b"] * 4))
    assert docs.part(("zh",), np.array([3]))[1].words("dictionary").counts().to_pylist() == [2]


def test_a_part_reads_what_was_measured_since() -> None:
    scores: dict[str, pa.Array] = {}
    docs = Batch({"text": pa.array(["a", "b", "c"])}, scores=scores)
    part = docs.part("odd", np.array([0, 2]))[1]
    scores["x"] = pa.array([1.0, 2.0, 3.0])
    assert part.score("x").to_pylist() == [1.0, 3.0]
