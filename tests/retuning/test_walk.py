"""Walking stored rows through the stages with other thresholds, against judging the documents with them. No Spark."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.plan import make_plan
from spark_llmdata.recipe import Gates, Read, Recipe, Write
from spark_llmdata.retuning.border import SHOWN, find_sides
from spark_llmdata.retuning.change import Change
from spark_llmdata.retuning.tasks import SCORE, read_scores
from spark_llmdata.retuning.walk import KEPT, WAITS, Walk, Way, list_steps
from spark_llmdata.stage import RowStage
from spark_llmdata.stages.clean.pii import Pii
from spark_llmdata.stages.clean.refinedweb_lines import RefinedwebLines
from spark_llmdata.stages.clean.unicode import CleanUnicode
from spark_llmdata.stages.dedup.exact import DedupExact
from spark_llmdata.stages.filter.c4 import C4
from spark_llmdata.stages.filter.fineweb import FineWeb
from spark_llmdata.stages.filter.gopher_quality import GopherQuality
from spark_llmdata.stages.filter.language import FilterLanguage
from spark_llmdata.verdict import Judgement
from tests.test_segment import Poisoned, Upper, records
from tests.test_segment_judge_all import Tell


def plan(stages, judged="alive"):
    return make_plan(Recipe("r", Read(), tuple(stages), Gates(), Write(), judge=judged))


def changed(stages: list[RowStage], **settings: Any) -> list[RowStage]:
    """The stages with other settings, given as `noun__setting`."""
    others = []
    for stage in stages:
        own = {k.partition("__")[2]: v for k, v in settings.items() if k.partition("__")[0] == stage.noun}
        others.append(type(stage)(**{**stage.model_dump(), **own}))
    return others


def judged_rows(stages, docs, judged="alive") -> pa.RecordBatch:
    segment = plan(stages, judged).segments[0].segment
    return pa.Table.from_batches(list(segment.judge(records(*docs), "p"))).combine_chunks().to_batches()[0]


def verdict(rows: pa.RecordBatch, name: str) -> pa.Array:
    return pc.struct_field(rows.column("verdict"), name)


def walk_again(before, after, docs, judged="alive") -> tuple[Way, pa.RecordBatch]:
    rows = judged_rows(before, docs, judged)
    walk = Walk(list_steps(plan(before), plan(after)), judged)
    struct = rows.column("scores") if "scores" in rows.schema.names else pa.array([{}] * rows.num_rows)
    names = [f.name for f in struct.type]
    plain = {"lang": rows.column("lang")}
    scores = {f"{SCORE}{n}": pc.struct_field(struct, n) for n in walk.columns(names)}
    read = read_scores(pa.RecordBatch.from_pydict(plain | scores))
    ended = (verdict(rows, "stage"), verdict(rows, "reason"), rows.column("rejected"), rows.column("words"))
    return walk.follow(read, *ended), rows


def compare(before, after, docs, judged="alive") -> list[str]:
    """Walk, judge, and compare row by row; rows that wait are not known. Returns the outcomes."""
    way, _ = walk_again(before, after, docs, judged)
    assert not way.doubtful.any()
    really = judged_rows(after, docs)
    reasons, kept = verdict(really, "reason").to_pylist(), really.column("kept").to_pylist()
    for i, outcome in enumerate(way.outcome):
        if outcome != WAITS:
            assert (outcome == KEPT, way.reason[i]) == (kept[i], reasons[i]), docs[i]
    return way.outcome.tolist()


PAGES = st.lists(
    st.sampled_from(
        ["The cat and the dog sat there. ", "Lorem ipsum. ", "{ ", "\n", "3 likes\n", "poison ", "boring "]
    ),
    max_size=30,
).map("".join)
STAGES = [Tell(), RefinedwebLines(), C4(), FilterLanguage(keep=("fr",), score="tell_score"), FineWeb(), GopherQuality()]
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "refinedweb_lines__max_removed_word_ratio": st.sampled_from([None, 0.0, 0.05, 0.5]),
        "c4__min_sentences": st.integers(0, 6),
        "c4__drop_lorem_ipsum": st.booleans(),
        "c4__drop_curly_bracket": st.booleans(),
        "language__threshold": st.sampled_from([0.5, 1.0]),
        "language__keep": st.sampled_from([("fr",), ("de",), None]),
        "fineweb__max_short_line_ratio": st.sampled_from([None, 0.1, 0.9]),
        "fineweb__max_dup_line_char_ratio": st.sampled_from([None, 0.01, 0.5]),
        "gopher_quality__min_words": st.integers(0, 60),
        "gopher_quality__min_stop_words": st.integers(0, 4),
    },
)


@pytest.mark.parametrize("judged", ["alive", "all"])
@given(st.lists(PAGES, min_size=1, max_size=8), SETTINGS)
def test_the_walk_ends_where_the_documents_do(judged, texts, settings):
    outcomes = compare(STAGES, changed(STAGES, **settings), [{"text": t, "lang": "de"} for t in texts], judged)
    if judged == "all":
        assert WAITS not in outcomes


@given(st.lists(PAGES, min_size=1, max_size=8), st.integers(0, 60), st.booleans())
def test_failures_and_stages_without_scores_are_not_guessed(texts, words, everything):
    stages = [GopherQuality(min_words=20, min_stop_words=0), Poisoned(), FineWeb()]
    docs = [*({"text": t} for t in texts), {"text": None}, {"defect": "bad_json", "rejected": True}]
    outcomes = compare(stages, changed(stages, gopher_quality__min_words=words), docs, "all" if everything else "alive")
    if words >= 20:
        assert WAITS not in outcomes


GOOD = "The cat and the dog sat there, and that is all."


def outcomes(before, after, docs, judged="alive"):
    way, _ = walk_again(before, after, docs, judged)
    return [(o, s, r) for o, s, r in zip(way.outcome, way.stage, way.reason, strict=True)]


def test_who_comes_back_waits_for_the_first_stage_that_has_not_seen_it():
    before = [GopherQuality(min_words=50), FineWeb(), DedupExact()]
    after = [GopherQuality(min_words=5), FineWeb(), DedupExact()]
    docs = [{"text": GOOD}, {"text": "The end."}, {"text": " ".join([GOOD] * 9)}]
    removed = ("removed", "filter.gopher_quality", "gopher_quality.too_few_words")
    stays = ("removed", "filter.fineweb", "fineweb.too_many_dup_line_chars")
    assert outcomes(before, after, docs)[:2] == [(WAITS, "filter.fineweb", None), removed]
    assert outcomes(before, after, docs, "all")[:2] == [(WAITS, "dedup.exact", None), removed]
    assert outcomes(before, after, [{"text": "\n".join([GOOD] * 3)}], "all") == [stays]


def test_a_lang_that_is_replaced_behind_is_not_known():
    before = [GopherQuality(min_words=50, language_data={}), FilterLanguage(keep=("de",), threshold=None), Tell()]
    after = changed(before, gopher_quality__min_words=1)
    docs = [{"text": GOOD, "lang": "de"}]
    assert outcomes(before, after, docs, "all") == [(WAITS, "filter.language", None)]
    assert outcomes(before[:2], after[:2], docs, "all") == [(KEPT, None, None)]


class TellLatin(Tell):
    """Says that every text is in a language without settings."""

    edits = frozenset({"lang"})

    def judge(self, docs):
        found = super().judge(docs)
        found.columns["lang"] = pa.array(["la"] * len(docs), pa.string())
        return found


class Unsaid(RowStage):
    """Does nothing, and does not say so."""

    def judge(self, docs):
        return Judgement.keep_all(len(docs))


class Said(Unsaid):
    edits = frozenset()


@pytest.mark.parametrize(
    ("behind", "known"), [([TellLatin()], False), ([Said(), Unsaid()], False), ([Said(), FineWeb()], True)]
)
def test_settings_by_a_language_that_may_be_replaced_behind_are_not_known(behind, known):
    text = ("Gallia est omnis divisa in partes tres " * 9) + "a@acme.de b@acme.de"
    before = [Pii(max_found=1), GopherQuality(), *behind]
    way, rows = walk_again(before, changed(before, pii__max_found=10), [{"text": text}], "all")
    assert verdict(rows, "reason").to_pylist() == ["pii.too_many"]
    removed = ("removed", "filter.gopher_quality", "gopher_quality.too_few_stop_words")
    told = (way.outcome[0], way.stage[0], way.reason[0])
    assert told == (removed if known else (WAITS, "filter.gopher_quality", None))


def test_mended_texts_come_back_with_judge_all():
    before = [GopherQuality(min_words=50), CleanUnicode(mojibake=False), FineWeb()]
    after = changed(before, gopher_quality__min_words=5, unicode__max_replacement_ratio=0.1)
    docs = [{"text": GOOD + "\u200b"}, {"text": GOOD + "\ufffd" * 30}]
    assert compare(before, after, docs, "all") == [KEPT, "removed"]
    assert outcomes(before, after, docs, "all")[1][1:] == ("clean.unicode", "unicode.too_many_replacements")


@pytest.mark.parametrize("behind", [[], [Upper()]])
def test_who_comes_back_without_a_text_is_not_kept(behind):
    before = [FilterLanguage(keep=("de",), threshold=None), *behind]
    after = changed(before, language__keep=("de", "fr"))
    docs = [{"text": text, "lang": "fr"} for text in (None, "Un mot")]
    assert judged_rows(after, docs).column("kept").to_pylist() == [False, True]
    assert outcomes(before, after, docs, "all")[0] == (WAITS, "read", None)
    alive = (WAITS, "upper", None) if behind else (KEPT, None, None)
    assert outcomes(before, after, docs) == [(WAITS, "read", None), alive]


def test_a_stricter_threshold_takes_from_all_that_come_behind():
    before = [GopherQuality(min_words=1), FineWeb(), DedupExact()]
    after = [GopherQuality(min_words=30), FineWeb(), DedupExact()]
    removed = ("removed", "filter.gopher_quality", "gopher_quality.too_few_words")
    short = "\n".join([GOOD] * 2)
    assert outcomes(before, after, [{"text": GOOD}, {"text": short}, {"text": " ".join([GOOD] * 9)}]) == [
        removed, removed, (KEPT, None, None),
    ]  # fmt: skip


def test_a_verdict_that_scores_do_not_give_is_noticed():
    class Moody(GopherQuality):
        def judge(self, docs):
            found = super().judge(docs)
            found.keep[:] = True
            return found

    docs = [{"text": "The end."}]
    way, _ = walk_again([Moody(min_words=5)], [Moody(min_words=9)], docs)
    assert way.doubtful.tolist() == [True]


def sides(before, after, docs, changes):
    way, rows = walk_again(before, after, docs)
    walk = Walk(list_steps(plan(before), plan(after)), "alive")
    struct = rows.column("scores")
    scores = {f"{SCORE}{f.name}": pc.struct_field(struct, f.name) for f in struct.type}
    read = read_scores(pa.RecordBatch.from_pydict({"lang": rows.column("lang")} | scores))
    return list(find_sides(walk, changes, way, read, rows.column("doc_id"), verdict(rows, "reason"))), rows


def test_the_nearest_documents_on_both_sides():
    before, after = [GopherQuality(min_words=10, min_stop_words=0)], [GopherQuality(min_words=20, min_stop_words=0)]
    docs = [{"text": "word " * n + "x" * (n % 3)} for n in range(3, 60) for _ in range(2)]
    docs = [d | {"id": str(i)} for i, d in enumerate(docs)]
    change = Change("filter.gopher_quality", "min_words", 10, 20)
    (keeps, removes), rows = sides(before, after, docs, [change])
    assert (keeps.removes, removes.removes) == (False, True)
    assert {keeps.reason, removes.reason} == {"gopher_quality.too_few_words"}
    ids = rows.column("doc_id").to_pylist()
    n_words = pc.struct_field(rows.column("scores"), "gopher_quality_n_words").to_pylist()
    for side in (keeps, removes):
        every = [i for i, n in enumerate(n_words) if (n < 20) == side.removes]
        nearest = sorted(every, key=lambda i: (abs(n_words[i] - 20) / 20, ids[i]))[:SHOWN]
        assert side.rows.tolist() == nearest
        assert side.distance.tolist() == [abs(n_words[i] - 20) / 20 for i in nearest]
        assert set(side.threshold) == {20}
        assert set(side.threshold_was) == {10}


def test_a_removed_record_and_its_copies_are_told_once():
    before, after = [GopherQuality(min_words=10, min_stop_words=0)], [GopherQuality(min_words=20, min_stop_words=0)]
    docs = [{"text": "word " * n} for n in (5, 5, 5, 6)]
    ((side,), rows) = sides(before, after, docs, [Change("filter.gopher_quality", "min_words", 10, 20)])
    ids = rows.column("doc_id").to_pylist()
    assert len(set(ids)) == 2
    assert [ids[i] for i in side.rows] == [ids[3], ids[0]]


def test_the_nearest_of_all_languages_and_of_one():
    labels = ["de", "deu_Latn", "fr", "en", None]
    loose = {"min_stop_words": 0, "min_mean_word_length": 0, "min_alpha_word_ratio": 0}
    docs = [{"text": "wort " * n, "lang": lang, "id": f"{lang}{n}"} for n in range(3, 60) for lang in labels]
    before, after = [GopherQuality(min_words=10, **loose)], [GopherQuality(min_words=20, **loose)]
    found, rows = sides(before, after, docs, [Change("filter.gopher_quality", "min_words", 10, 20)])
    assert [(side.removes, len(side.rows)) for side in found] == [(False, SHOWN), (True, SHOWN)]
    lang = rows.column("lang").to_pylist()
    assert {lang[i] for side in found for i in side.rows} == set(labels)
    for side in found:
        assert side.distance.tolist() == sorted(abs(score - 20) / 20 for score in side.score)
        assert side.distance.max() <= 4 / 20
    of_two = [GopherQuality(min_words=10, by_language={"de": {"min_words": 20}, "fr": {"min_words": 30}}, **loose)]
    german, french = (Change("filter.gopher_quality", "min_words", 10, n, la) for n, la in ((20, "de"), (30, "fr")))
    found, rows = sides(before, of_two, docs, [german, french])
    told = [(side.change, {lang[i] for i in side.rows}, set(side.threshold)) for side in found]
    assert told == [(0, {"de", "deu_Latn"}, {20})] * 2 + [(1, {"fr"}, {30})] * 2


def test_a_setting_of_two_rules_and_a_threshold_of_its_own():
    docs = [{"text": "# the cat and that was it, " * 2}, {"text": "the cat and the ... " * 5}]
    loose, strict = GopherQuality(min_words=1, max_symbol_ratio=1), GopherQuality(min_words=1, max_symbol_ratio=0.2)
    found, _ = sides([loose], [strict], docs, [Change("filter.gopher_quality", "max_symbol_ratio", 1, 0.2)])
    rules = {side.reason for side in found}
    assert rules == {"gopher_quality.too_many_hashes", "gopher_quality.too_many_ellipses"}
    many = [{"id": f"{i}", "text": "a", "lang": "de"} for i in range(3)]
    before = [Tell(), FilterLanguage(keep=None, score="tell_score", threshold=0.5)]
    after = [Tell(), FilterLanguage(keep=None, score="tell_score", threshold=0.5, thresholds={"fr": 0.75})]
    found, _ = sides(before, after, many, [Change("filter.language", "thresholds", {}, {"fr": 0.75})])
    assert [(s.removes, s.threshold.tolist(), s.score.tolist()) for s in found] == [(False, [0.75] * 3, [1.0] * 3)]
    dropped, _ = sides([GopherQuality(min_words=1)], [GopherQuality(min_words=1, max_symbol_ratio=None)], docs, [
        Change("filter.gopher_quality", "max_symbol_ratio", 0.1, None)
    ])  # fmt: skip
    assert {s.threshold[0] for s in dropped} == {0.1}  # where a rule is not asked any more, by what it was
    assert np.isfinite(dropped[0].distance).all()
