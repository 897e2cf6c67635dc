"""Settings are the run's, and batches are measured as the twin measures; no Spark."""

from __future__ import annotations

from datetime import datetime, timezone

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.kernels import reference_shingles
from spark_llmdata.report.similarity import Measure, Settings, measure_pair
from spark_llmdata.stages.dedup.minhash import DedupMinhash
from spark_llmdata.store.ledger import RunRecord

PLAIN = Settings("runs", 2, "jaccard", "strict", "none", True)
TEXT = st.lists(st.sampled_from("abc"), max_size=12).map(" ".join)


def settings_of(*stages: dict) -> Settings:
    now = datetime.now(timezone.utc)
    return Settings.of(RunRecord("r", "done", "x", now, now, {"recipe": {"stages": list(stages)}}))


def test_settings_are_those_of_the_recipe():
    minhash = {"kind": "dedup.minhash", "words": "mixed", "ngram": 3, "similarity": "containment"}
    url, exact = {"kind": "dedup.url", "mode": "c4"}, {"kind": "dedup.exact", "normalize": "nfc"}
    again = {"kind": "dedup.minhash", "words": "uax29", "ngram": 9, "similarity": "jaccard"}
    assert settings_of(url, exact, minhash, again) == Settings("mixed", 3, "containment", "c4", "nfc", True)


def test_settings_without_such_stages_are_their_defaults():
    stage = DedupMinhash()
    expected = Settings(stage.words, stage.ngram, stage.similarity, "strict", "none", False)
    assert settings_of({"kind": "filter.gopher_quality", "ngram": 77}) == expected


def batch(texts: list[str | None], urls: list[str | None]) -> pa.RecordBatch:
    n = len(texts)
    arrays = [pa.array(["p"] * n), pa.array(range(n), pa.int64()), pa.array([0] * n, pa.int32())]
    names = ["part", "ordinal", "level", "url", "text"]
    return pa.RecordBatch.from_arrays([*arrays, pa.array(urls, pa.string()), pa.array(texts, pa.string())], names)


@given(TEXT, st.lists(st.none() | TEXT, max_size=6))
def test_batches_are_measured_as_the_twin_measures(own, texts):
    (found,) = Measure(own, None, PLAIN)([batch(texts, [None] * len(texts))])
    shingled = reference_shingles.shingles(reference_shingles.split(own, "runs"), 2)
    for row, text in zip(found.to_pylist(), texts, strict=True):
        assert row["same_text"] is (text == own)
        if text is None:
            assert (row["jaccard"], row["containment"]) == (None, None)
            continue
        others = reference_shingles.shingles(reference_shingles.split(text, "runs"), 2)
        expected = reference_shingles.similarity(others, shingled)
        assert (row["jaccard"], row["containment"]) == pytest.approx(expected)
        assert measure_pair(text, own, PLAIN) == pytest.approx(expected)


def test_texts_and_addresses_are_the_same_in_the_run_s_forms():
    its = Settings("runs", 2, "jaccard", "surt", "whitespace_lower", True)
    measure = Measure("One two", its.page("https://www.a.example/x/?utm_source=y"), its)
    texts = ["one  TWO", "one two three", None, "One two"]
    urls = ["http://a.example/x", "https://b.example/x", "https://a.example/x#top", None]
    (found,) = measure([batch(texts, urls)])
    assert found.column("same_text").to_pylist() == [True, False, False, True]
    assert found.column("same_url").to_pylist() == [True, False, True, False]


def test_a_document_without_address_shares_none():
    (found,) = Measure("a", PLAIN.page(None), PLAIN)([batch(["b", "c"], [None, ""])])
    assert found.column("same_url").to_pylist() == [False, False]
    assert PLAIN.page("") is None


def test_texts_without_words_are_told():
    assert PLAIN.has_words("a")
    assert not PLAIN.has_words("!!! ...")
    assert not PLAIN.has_words("")
