"""A stage called on a frame: what comes back fits the frame that came; calls can follow one another."""

from __future__ import annotations

import gzip

import pandas as pd
import pyarrow as pa
import pytest

from spark_llmdata.errors import EnvironmentProblem, UsageError
from spark_llmdata.stages.clean.refinedweb_lines import RefinedwebLines
from spark_llmdata.stages.clean.unicode import CleanUnicode
from spark_llmdata.stages.dedup.exact import DedupExact
from spark_llmdata.stages.extract.html import ExtractHtml
from spark_llmdata.stages.filter.c4 import C4
from spark_llmdata.stages.filter.fineweb import FineWeb
from spark_llmdata.stages.filter.gopher_quality import GopherQuality
from spark_llmdata.stages.filter.gopher_repetition import GopherRepetition
from spark_llmdata.stages.filter.http import FilterHttp
from spark_llmdata.stages.filter.language import FilterLanguage
from spark_llmdata.stages.filter.url import FilterUrl
from spark_llmdata.stages.score.language import ScoreLanguage

SHORT = "This is a short but a fine line. Here is one more of those. And this is the last one."
LONG = "The cat and the dog have to be fed with what there is in the house of the old man. " * 8


def test_rows_keep_the_index_of_the_frame():
    frame = pd.DataFrame({"text": ["x", LONG, "y"]}, index=[7, 3, 5])
    some = frame[frame.text != "x"]
    judged = GopherQuality()(some)
    assert judged.index.tolist() == [3, 5]
    assert some.assign(kept=judged.kept).kept.tolist() == [True, False]


@pytest.mark.parametrize("kind", ["arrow", "pandas"])
def test_who_was_removed_stays_removed(kind):
    table = pa.table({"text": [SHORT, LONG, "{ code }"]})
    first = GopherQuality()(table.to_pandas() if kind == "pandas" else table)
    second = C4(min_sentences=1)(first)
    third = FineWeb()(second)
    rows = (third if kind == "arrow" else pa.Table.from_pandas(third)).to_pylist()
    assert [row["kept"] for row in rows] == [False, True, False]
    assert [row["verdict"] and row["verdict"]["reason"] for row in rows] == [
        "gopher_quality.too_few_words", None, "gopher_quality.too_few_words",
    ]  # fmt: skip
    assert rows[0]["text"] == SHORT
    assert rows[0]["scores"]["gopher_quality_n_words"] == 20
    assert rows[0]["scores"]["c4_n_lines"] is None
    assert {name.rsplit("_n_", 1)[0] for name in rows[1]["scores"] if "_n_" in name} >= {"gopher_quality", "c4"}


def test_a_filter_reads_the_scores_of_a_stage_before_another():
    judged = GopherQuality()(ScoreLanguage()(pa.table({"text": [LONG, SHORT]})))
    found = FilterLanguage()(judged).to_pylist()
    assert [row["kept"] for row in found] == [True, False]
    assert found[1]["verdict"]["reason"] == "gopher_quality.too_few_words"
    assert found[1]["lang"] == "en"


def test_a_missing_score_is_no_fault_of_the_rows():
    with pytest.raises(UsageError, match="no stage before this one gave the score 'language_score'; there is none"):
        FilterLanguage()(pd.DataFrame({"text": ["a"], "lang": ["en"]}))


def test_files_that_are_broken_are_no_fault_of_the_rows(tmp_path):
    junk = tmp_path / "junk.bin"
    junk.write_bytes(b"no model")
    with pytest.raises(UsageError, match=r"junk\.bin"):
        ScoreLanguage(model=str(junk))(pd.DataFrame({"text": ["a"]}))
    packed = bytearray(gzip.compress(b"blocked.example\n" * 100))
    packed[12:16] = b"\xff\xff\xff\xff"
    (tmp_path / "domains.gz").write_bytes(packed)
    with pytest.raises(EnvironmentProblem, match=r"domains\.gz cannot be read here"):
        FilterUrl(domains=[str(tmp_path / "domains.gz")])(pd.DataFrame({"url": ["https://a.example/"]}))


def test_another_model_than_planned_is_refused(tmp_path):
    stage = ScoreLanguage()
    stage.fingerprint()
    assert stage(pa.table({"text": [LONG]}))["lang"].to_pylist() == ["en"]
    stage._planned = "0" * 64
    with pytest.raises(EnvironmentProblem, match="is not the one the run was planned with"):
        stage(pa.table({"text": [LONG]}))


def test_columns_that_a_stage_does_not_need_may_be_anything():
    frame = pd.DataFrame({"text": [LONG], "date": ["in May"], "lang": [["en"]], "id": [{"a": 1}]})
    judged = GopherQuality()(frame)
    assert judged.kept.tolist() == [True]
    assert judged.date.tolist() == ["in May"]
    with pytest.raises(UsageError, match="needs the column lang as string, it is list"):
        FilterLanguage(threshold=None)(frame)


def test_a_comparison_says_what_kind_of_frame_it_needs():
    with pytest.raises(UsageError, match=r"not a pandas DataFrame; spark\.createDataFrame"):
        DedupExact()(pd.DataFrame({"doc_id": ["a"], "text": ["b"]}))


@pytest.mark.parametrize(
    "stage", [C4(), FineWeb(), GopherQuality(), GopherRepetition(), CleanUnicode(), RefinedwebLines()]
)
def test_a_row_without_text_is_not_kept_in_silence(stage):
    judged = stage(pd.DataFrame({"text": [LONG, None]}))
    assert judged.kept.tolist()[1] is False
    verdict = judged.verdict[1]
    assert (verdict["stage"], verdict["reason"], verdict["score"]) == ("read", "read.no_text", None)
    assert "no text" in verdict["evidence"]
    again = stage(judged)
    assert again.verdict[1] == verdict


def test_a_stage_that_needs_no_text_judges_rows_without():
    frame = pd.DataFrame({"text": [None], "url": ["http://a.example/"]})
    assert FilterUrl(exclude_domains=["a.example"])(frame).verdict[0]["reason"] == "url.excluded_domain"


def test_meta_of_pandas_is_a_dict_or_nothing():
    meta = [{"http_status": "404"}, {"http_status": 200, "truncated": "length"}, None, {}]
    frame = pd.DataFrame({"content_type": ["text/html"] * 4})
    for column in (pd.Series(meta[:1] + meta[2:]), pd.Series(meta[1:])):
        judged = FilterHttp()(frame.iloc[: len(column)].assign(meta=column))
        expected = [{"404": False}.get((m or {}).get("http_status"), not (m or {}).get("truncated")) for m in column]
        assert judged.kept.tolist() == expected
    nothing = FilterHttp()(pd.DataFrame({"content_type": ["text/html", None], "meta": [None, None]}))
    assert nothing.kept.tolist() == [True, True]


PAGE = (
    "<html lang=de><head><title>Cats &amp; dogs</title><meta charset=iso-8859-1><meta name=author content=Me></head>"
    "<p>caf\xe9 and more words"
)
SAID = {"title": "Cats & dogs", "author": "Me", "html_lang": "de", "charset": "windows-1252", "charset_source": "meta"}


def test_a_page_in_a_frame_says_what_it_says_of_itself():
    frame = pd.DataFrame({"html": [PAGE.encode("latin-1"), b"", None], "text": [None, None, "there"]})
    judged = ExtractHtml()(frame)
    assert judged.text.tolist() == ["caf\xe9 and more words", "", "there"]
    assert judged.meta.tolist() == [SAID, {"charset": "utf-8", "charset_source": "utf8"}, None]
    again = ExtractHtml(replace_facts=True)(judged)
    assert again.meta.tolist() == judged.meta.tolist()


@pytest.mark.parametrize("given", [{"meta": [{"title": "mine", "k": "v"}]}, {"meta": [None]}, {}])
def test_what_a_frame_said_before_stays(given):
    judged = ExtractHtml()(pd.DataFrame({"html": [PAGE.encode("latin-1")], **given}))
    held = (given.get("meta") or [None])[0] or {}
    assert judged.meta[0] == {**SAID, **held}
    [row] = ExtractHtml()(pa.table({"html": [PAGE.encode("latin-1")]})).to_pylist()
    assert dict(row["meta"]) == SAID


@pytest.mark.parametrize("own", [7, '{"a": 1}', ["a", "b"]])
def test_a_column_meta_that_is_no_map_stays_as_it_is(own):
    page = pa.table({"html": [PAGE.encode("latin-1")], "meta": [own]})
    judged = ExtractHtml()(page)
    assert judged.column("meta").equals(page.column("meta"))
    assert judged.column("text").to_pylist() == ["caf\xe9 and more words"]
    with pytest.raises(UsageError, match="needs the column meta as map<string, string>, it is"):
        FilterHttp()(page.append_column("content_type", pa.array(["text/html"])))


@pytest.mark.spark
def test_frames_of_spark_give_what_those_of_pandas_give(spark):
    frame = pd.DataFrame({"html": [PAGE.encode("latin-1"), b"<title>x</title><p>y"]})
    rows = ExtractHtml()(spark.createDataFrame(frame)).orderBy("text").collect()
    assert [row.meta for row in rows] == ExtractHtml()(frame).meta.tolist()


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"text": [1, 2]}, "needs the column text as string, it is int64; cast it"),
        ({"text": ["\ud800"]}, "cannot read the frame: .*surrogates not allowed"),
        ({"text": ["a", 1]}, "cannot read the frame: "),
        ({}, "needs the column text; there are no columns"),
    ],
)
def test_frames_that_hold_no_texts_are_refused(columns, said):
    with pytest.raises(UsageError, match=said):
        GopherQuality()(pd.DataFrame(columns))
