"""Bars around a threshold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.report.page.histogram import BINS, OTHERS, make_axis

values = st.lists(st.floats(-1e6, 1e6).map(lambda v: round(v, 4)), max_size=50)


@given(values, st.floats(-1e4, 1e4).map(lambda v: round(v, 3)))
def test_the_threshold_is_an_edge_and_edges_ascend(sample: list[float], threshold: float) -> None:
    axis = make_axis(np.array(sample), threshold)
    assert threshold in axis.edges
    assert list(axis.edges) == sorted(set(axis.edges))
    assert 2 <= len(axis.edges) <= BINS + 2
    assert threshold in axis.thresholds(threshold)
    assert set(axis.thresholds(threshold)) <= set(axis.edges)
    assert len(axis.thresholds(threshold)) <= OTHERS + 1


@given(st.lists(st.integers(0, 20_000), min_size=1, max_size=60), st.integers(0, 200))
def test_counts_have_edges_at_counts(sample: list[int], threshold: int) -> None:
    edges = make_axis(np.array(sample, dtype=float), float(threshold)).edges
    assert all(edge == round(edge) for edge in edges)


def test_shares_get_round_edges() -> None:
    axis = make_axis(np.linspace(0, 1, 1001), 0.3)
    assert axis.scale == "linear"
    assert axis.edges[:3] == (0.0, 0.05, 0.1)
    assert {0.3, 0.95, 1.0} <= set(axis.edges)


def test_values_that_spread_far_are_told_by_ratios() -> None:
    axis = make_axis(np.array([3, 10, 40, 60, 200, 1000, 9000] * 20, dtype=float), 50)
    assert axis.scale == "log"
    ratios = np.array(axis.edges[20:]) / np.array(axis.edges[19:-1])
    assert ratios == pytest.approx(ratios.mean(), rel=0.05)


def test_a_sample_of_nothing_and_of_one_value() -> None:
    assert 50 in make_axis(np.array([]), 50).edges
    assert 0 in make_axis(np.array([0.0, 0.0]), 0).edges
    assert make_axis(np.array([1.0, 2, 3] * 10), 2).edges == (1, 2, 3, 4)
