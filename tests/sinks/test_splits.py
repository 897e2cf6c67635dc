"""Splits: clusters of any size are dealt out so that the shares are met, and none is divided."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.sinks.clusters import Clusters
from spark_llmdata.sinks.splits import deal, find_limit, with_splits

SHARES = {"train": 0.9, "validation": 0.06, "test": 0.04}


@given(st.lists(st.integers(6, 900), max_size=60), st.integers(-9, 9))
def test_no_split_gets_more_than_a_cluster_too_much(sizes, seed):
    named = {f"c{i}": size for i, size in enumerate(sizes)}
    dealt = deal(named, SHARES, seed)
    assert set(dealt) == set(named)
    held = Counter[str]()
    for name, split in dealt.items():
        held[split] += named[name]
    for split, share in SHARES.items():
        assert held[split] - share * sum(sizes) < max(sizes, default=1)
        assert share * sum(sizes) - held[split] < len(SHARES) * max(sizes, default=1)


def test_order_and_seed():
    """By size; among equals by seed, not by the order in which they are named."""
    sizes = {f"c{i}": 10 for i in range(40)}
    assert deal(sizes, SHARES, 1) == deal(dict(reversed(sizes.items())), SHARES, 1)
    assert deal(sizes, SHARES, 1) != deal(sizes, SHARES, 2)
    assert deal({"small": 6, "large": 100}, SHARES, 0)["large"] == "train"


def test_small_clusters_go_by_a_hash():
    assert find_limit({"train": 0.99, "validation": 0.01}, 1000) == 5
    assert find_limit({"train": 0.99, "validation": 0.01}, 10**6) == 200
    assert find_limit({"train": 1 - 1e-9, "validation": 1e-9}, 10**9) == 10**5


@pytest.mark.spark
def test_shares_are_met_with_large_clusters(spark):
    """Half of the documents are in five clusters; by a hash one of them could fill a split."""
    docs = spark.createDataFrame([(f"d{i:04}",) for i in range(2000)], "doc_id string").repartition(3)
    members = [(f"d{i:04}", f"d{i % 5:04}") for i in range(1000)]
    clusters = Clusters(spark.createDataFrame(members, "doc_id string, first string"), 5, 1000, 200)
    rows = with_splits(docs, clusters, {"train": 0.7, "validation": 0.3}, 4, 2000).collect()
    assert len(rows) == 2000
    split = {row.doc_id: row.split for row in rows}
    assert set(rows[0].asDict()) == {"doc_id", "split"}
    for doc_id, first in members:
        assert split[doc_id] == split[first]
    assert abs(Counter(split.values())["validation"] / 2000 - 0.3) < 0.07
