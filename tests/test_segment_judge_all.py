"""`judge: all` on plain Arrow: removed rows get every score, and nothing else of them changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.batch import Batch
from spark_llmdata.segment import Segment
from spark_llmdata.stage import RowStage
from spark_llmdata.stages.clean.pii import Pii
from spark_llmdata.stages.clean.refinedweb_lines import RefinedwebLines
from spark_llmdata.stages.filter.c4 import C4
from spark_llmdata.stages.filter.fineweb import FineWeb
from spark_llmdata.stages.filter.gopher_quality import GopherQuality
from spark_llmdata.stages.filter.language import FilterLanguage
from spark_llmdata.verdict import Judgement
from tests.test_segment import Poisoned, Upper, records

#: Scores of later stages are there, and `lang` is what they saw; all else of a row is the same.
DIFFERENT = ("scores", "lang")


class Tell(RowStage):
    """Says that every text is French."""

    provides = frozenset({"lang"})
    scores = {"score": "always one"}

    def judge(self, docs: Batch) -> Judgement:
        n = len(docs)
        lang = pa.array(["fr" if ok else None for ok in docs.text.is_valid().to_pylist()], pa.string())
        return Judgement.keep_all(n, columns={"lang": lang}, scores={"score": pa.array(np.ones(n))})


def both(stages: list[RowStage], *rows: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    batch = records(*rows)
    alive, everything = (
        [row for part in Segment(tuple(stages), True, judged=judged).judge(batch, "p") for row in part.to_pylist()]
        for judged in ("alive", "all")
    )
    return alive, everything


def check_the_rest(alive: list[dict[str, Any]], everything: list[dict[str, Any]]) -> None:
    for one, other in zip(alive, everything, strict=True):
        assert {k: repr(v) for k, v in one.items() if k not in DIFFERENT} == {
            k: repr(v) for k, v in other.items() if k not in DIFFERENT
        }
        if one["kept"]:
            assert repr(one) == repr(other)
        known = {name: value for name, value in one["scores"].items() if value is not None}
        assert known.items() <= other["scores"].items()


def test_removed_rows_have_the_scores_of_later_stages():
    stages = [GopherQuality(min_words=5, min_stop_words=0), Upper(), Tell(), FineWeb()]
    alive, everything = both(stages, {"text": "too short", "lang": "de"}, {"text": "it is long enough, I think."})
    check_the_rest(alive, everything)
    short = everything[0]
    assert short["verdict"]["reason"] == "gopher_quality.too_few_words"
    assert (short["text"], short["edits"], short["kept"]) == ("too short", None, False)
    assert alive[0]["scores"]["fineweb_n_lines"] is alive[0]["scores"]["upper_length"] is None
    assert (short["scores"]["fineweb_n_lines"], short["scores"]["upper_length"]) == (1, 9)
    assert (alive[0]["lang"], short["lang"]) == ("de", "fr")


def test_later_stages_see_the_text_as_if_the_row_had_stayed():
    page = "One sentence stands here alone.\nno sentence\nTotal 1"
    strict, loose = ([C4(min_sentences=n), GopherQuality(min_words=1)] for n in (3, 1))
    removed, kept = both(strict, {"text": page})[1][0], both(loose, {"text": page})[1][0]
    assert (removed["verdict"]["reason"], removed["text"]) == ("c4.too_few_sentences", page)
    assert kept["text"] == "One sentence stands here alone."
    assert removed["scores"] == kept["scores"]
    lines = "These are the words of the page.\n3 likes"
    strict, loose = ([RefinedwebLines(max_removed_word_ratio=r), FineWeb()] for r in (0.0, None))
    removed, kept = both(strict, {"text": lines})[1][0], both(loose, {"text": lines})[1][0]
    assert (removed["kept"], removed["text"]) == (False, lines)
    assert removed["scores"] == kept["scores"]


def test_what_fails_on_a_removed_row_changes_nothing():
    rows = [{"text": "boring poison"}, {"text": "poison"}, {"text": "fine"}, {"text": None}, {"text": "boring"}]
    first = GopherQuality(min_words=0, max_words=1, min_stop_words=0, min_mean_word_length=0)
    alive, everything = both([first, Poisoned(), Upper()], *rows)
    check_the_rest(alive, everything)
    verdicts = [row["verdict"] and row["verdict"]["reason"] for row in everything]
    removed = "gopher_quality.too_many_words"
    assert verdicts == [removed, "poisoned.failed", None, "read.no_text", "poisoned.boring"]
    assert [row["scores"]["upper_length"] for row in everything] == [None, None, 4, None, 6]


PIECES = st.sampled_from(
    ["The cat and the dog sat. ", "Lorem ipsum. ", "{ ", "\n", "3 likes\n", "a@acme.de ", "poison "]
)
TEXTS = st.lists(PIECES, max_size=30).map("".join) | st.none()


@given(st.lists(TEXTS, min_size=1, max_size=6))
def test_only_scores_and_lang_of_removed_rows_differ(texts):
    stages = [
        RefinedwebLines(),
        C4(),
        GopherQuality(min_words=5),
        Poisoned(),
        Tell(),
        FilterLanguage(score="tell_score"),
    ]
    check_the_rest(*both([*stages, Pii(max_found=1)], *({"text": t, "lang": "en"} for t in texts)))
