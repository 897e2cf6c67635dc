"""A sample is chosen by hash: nested, the same in any order; what is not in it ends unread."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.errors import UsageError
from spark_llmdata.plan import make_plan, request_digest
from spark_llmdata.portion import Sampling, describe_portion, is_cut, sampling_of, tell_portion
from spark_llmdata.recipe import load_recipe
from spark_llmdata.schema import RECORD
from spark_llmdata.segment import Segment

IDS = pa.array([f"{i:032x}" for i in range(20_000)])


def taken(share: float, seed: int = 0) -> set[str]:
    return set(IDS.filter(pa.array(Sampling(share, seed).takes(IDS, pa.nulls(len(IDS), pa.string())))).to_pylist())


def test_a_smaller_sample_is_part_of_a_larger_one_and_of_its_size():
    one, ten, ninety = taken(0.01), taken(0.1), taken(0.9)
    assert one < ten < ninety
    assert [round(len(s) / len(IDS), 2) for s in (one, ten, ninety)] == [0.01, 0.1, 0.9]


def test_these_documents_are_in_the_sample_for_ever():
    first = [180, 1733, 1912, 5180, 5211, 6015, 6695, 9862, 10775, 11700, 13331, 15005, 15055, 17130, 18490]
    assert sorted(int(i, 16) for i in taken(0.001)) == first


def test_another_seed_is_another_sample():
    both = taken(0.1) & taken(0.1, seed=1)
    assert 100 < len(both) < 320  # a tenth of a tenth of 20,000, for independent samples


@given(st.lists(st.text("0123456789abcdef", min_size=32, max_size=32), max_size=50), st.integers(0, 49))
def test_neighbors_decide_nothing(ids: list[str], cut: int):
    def takes(ids: list[str]) -> list[bool]:
        return list(Sampling(0.5).takes(pa.array(ids, pa.string()), pa.nulls(len(ids), pa.string())))

    whole, parts = takes(ids), [takes(part) for part in (ids[:cut], ids[cut:])]
    assert whole == parts[0] + parts[1]


def test_what_could_not_be_read_is_in_the_sample_by_its_place():
    """All of it was in, and a sample of an input with few rejects seemed to be rejected for the most part."""
    places = pa.array([f"file:{n}" for n in range(10_000)])
    found = Sampling(0.1).takes(pa.nulls(len(places), pa.string()), places)
    assert 900 < int(found.sum()) < 1_100
    known = Sampling(0.1).takes(places, pa.array(["elsewhere"] * len(places)))
    assert list(known) == list(found), "a known id counts, wherever it lies"


@pytest.mark.parametrize("share", [0, 1, -0.1, 5, float("nan")])
def test_a_share_is_between_nothing_and_everything(share: float):
    with pytest.raises(UsageError, match="above 0 and below 1"):
        Sampling(share)


def record(**columns: object) -> dict[str, object]:
    return {"file": "f", "offset": 0, "source": "s", "rejected": False, **columns}


def test_nothing_is_stored_of_what_is_not_in_the_sample():
    rows = [
        record(ordinal=i, raw_hash=bytes([i] * 16), url=f"u{i}", text="some words", meta=[("a", "b")], payload=b"p")
        for i in range(100)
    ]
    rows += [record(ordinal=100 + i, raw_hash=bytes([i] * 16), rejected=True, defect="bad_json") for i in range(100)]
    rows.append(record(ordinal=200, rejected=True, defect="truncated"))  # no bytes, no id
    batch = pa.RecordBatch.from_pylist(rows, schema=RECORD)
    (out,) = Segment((), True, sampling=Sampling(0.5)).judge(batch, "p")
    assert out.num_rows == len(rows)
    got = out.to_pylist()
    left_out = [r for r in got if r["verdict"] and r["verdict"]["reason"] == "read.not_sampled"]
    assert 60 < len(left_out) < 140
    for row in left_out:
        assert not row["kept"]
        assert not row["rejected"]
        assert row["doc_id"]
        assert [row[n] for n in ("text", "meta", "payload", "words", "bytes")] == [None] * 5
    whole = {r["ordinal"]: r for batch in Segment((), True).judge(batch, "p") for r in batch.to_pylist()}
    sampled = [r for r in got if r not in left_out]
    assert sampled == [whole[r["ordinal"]] for r in sampled]  # the others are as without a sample
    assert got[-1]["rejected"]  # what has no bytes is in every sample


def test_no_html_is_extracted_of_what_is_not_in_the_sample():
    rows = [record(ordinal=i, raw_hash=bytes([i] * 16), html=b"<p>x") for i in range(50)]
    segment = Segment((), True, sampling=Sampling(0.2))
    docs = segment.documents(pa.RecordBatch.from_pylist(rows, schema=RECORD))
    assert docs.alive.sum() == 50 - docs.raw("html").null_count
    assert 0 < docs.alive.sum() < 25


def test_a_sample_has_tables_of_its_own():
    recipe = load_recipe("quickstart", ())
    plans = [make_plan(recipe, sampling) for sampling in (None, Sampling(0.1), Sampling(0.1, 1), Sampling(0.1))]
    names = [plan.segments[0].table for plan in plans]
    assert names[1] == names[3]
    assert len({*names}) == 3
    assert len({request_digest(plan, ()) for plan in plans}) == 3
    assert len({request_digest(plans[0], (), limit) for limit in (None, 5, 6)}) == 3


def test_a_portion_is_told_in_words():
    assert tell_portion(None) == ""
    assert tell_portion(describe_portion(Sampling(0.01), None, False)) == "a sample of 1 %"
    both = describe_portion(Sampling(0.005, 7), 1000, True)
    assert tell_portion(both) == "a sample of 0.5 % (seed 7) of the first 1,000 records"
    assert sampling_of(both) == Sampling(0.005, 7)
    assert is_cut(both)
    assert not is_cut(describe_portion(None, 1000, False))
    assert "no more" in tell_portion(describe_portion(None, 1000, False))
