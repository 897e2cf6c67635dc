"""What can be asked of an export, and how it is refused; where shards end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.errors import UsageError
from spark_llmdata.sinks.layout import Layout, parse_size, parse_splits
from spark_llmdata.sinks.shards import _ends, _first_behind


def test_sizes():
    assert [parse_size(s) for s in ("256MB", "1.5GiB", "2000", "64 KiB", "1gb")] == [
        256_000_000,
        3 << 29,
        2000,
        65536,
        10**9,
    ]
    for wrong in ("", "MB", "12", "-5MB", "1TB", "256 M", "1e9"):
        with pytest.raises(UsageError, match="256MB"):
            parse_size(wrong)


def test_splits():
    assert parse_splits("train=0.98, validation=0.01,test=0.01") == {"train": 0.98, "validation": 0.01, "test": 0.01}
    for wrong, said in {
        "train": "'train' is no share",
        "train=1.5": "'train=1.5' is no share",
        "Train=1": "'Train=1' is no share",
        "../x=1": "is no share",
        "a=nan,b=1": "'a=nan' is no share",
        "a=0.5,a=0.5": "'a' stands twice",
        "a=0.5,b=0.4": "add up to 0.9; expected 1",
    }.items():
        with pytest.raises(UsageError, match=said):
            parse_splits(wrong)


@pytest.mark.parametrize(
    ("layout", "kind", "said"),
    [
        (Layout(shard_bytes=5000, shard_rows=5), "jsonl", "give one of them"),
        (Layout(shard_rows=0), "jsonl", "--shard-rows 0"),
        (Layout(compression="zstd"), "jsonl-dolma", "jsonl-dolma has none, gzip, bzip2"),
        (Layout(compression="gzp"), "parquet", "did you mean 'gzip'"),
        (Layout(seed=3), "parquet", "--seed belongs to"),
        (Layout(seed=1 << 64, shuffle=True), "parquet", "64 bits"),
        (Layout(splits={"a/../b": 1.0}), "jsonl", "'a/../b=1.0' is no share"),
        (Layout(splits={"train": 0.9}), "jsonl", "add up to 0.9"),
    ],
)
def test_what_cannot_be_is_refused(layout, kind, said):
    with pytest.raises(UsageError, match=said):
        layout.check(kind)


@given(
    st.lists(st.lists(st.integers(1, 9), max_size=6), min_size=1, max_size=8),
    st.integers(1, 30) | st.fractions(1, 30),  # exact: a shard ends where it is full, not by how numbers are rounded
)
def test_a_shard_ends_at_the_document_where_it_is_full(ranges, target):
    """Against counting document by document."""
    rows = [(at * 100 + i, amount) for at, amounts in enumerate(ranges) for i, amount in enumerate(amounts)]
    expected, before = {}, 0
    for place, amount in rows:
        expected.setdefault(int(before // target), place)
        before += amount
    sums = [(at, sum(amounts)) for at, amounts in enumerate(ranges) if amounts]
    by_range = {at: [(p, a) for p, a in rows if p // 100 == at] for at, _ in sums}
    cuts = {_first_behind(by_range[at], left, (at + 1) * 100) for at, left in _ends(sums, target)}
    cuts -= {(sums[-1][0] + 1) * 100} if sums else set()
    starts = sorted({min((p for p, _ in rows if p >= cut), default=None) for cut in sorted(cuts)} - {None})
    assert starts == sorted(expected.values())[1:]
    assert len(starts) == len(cuts)  # no shard is empty
