"""Numbers are told as people read them, and never say more than is so."""

from __future__ import annotations

import pytest

from spark_llmdata.report.page import amounts


@pytest.mark.parametrize(
    ("number", "told"),
    [(0, "0"), (9_999, "9,999"), (10_000, "10.0 k"), (999_499, "999 k"), (999_500, "1.00 M"), (39_092_391, "39.1 M")],
)
def test_short(number: int, told: str) -> None:
    assert amounts.tell_short(number) == told


@pytest.mark.parametrize(
    ("number", "told"),
    [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1_000, "1.00 kB"), (999_999, "1.00 MB"), (10**18, "1000 PB")],
)
def test_bytes(number: int, told: str) -> None:
    assert amounts.tell_bytes(number) == told


@pytest.mark.parametrize(
    ("part", "whole", "told"),
    [
        (0, 9, "0 %"),
        (9, 9, "100 %"),
        (1, 146_000, "< 0.1 %"),
        (145_999, 146_000, "> 99.9 %"),
        (1, 3, "33.3 %"),
        (1, 0, "–"),
    ],
)
def test_share(part: int, whole: int, told: str) -> None:
    assert amounts.tell_share(part, whole) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.04, "0.0 s"), (9.96, "10 s"), (59.6, "1 min 0 s"), (133, "2 min 13 s"), (3_660, "1 h 1 min"), (None, "–")],
)
def test_seconds(seconds: float | None, told: str) -> None:
    assert amounts.tell_seconds(seconds) == told


@pytest.mark.parametrize(
    ("number", "told"),
    [(50.0, "50"), (0.1, "0.1"), (0.123456, "0.1235"), (1234.56, "1,234.6"), (float("inf"), "inf"), (1e-7, "1e-07")],
)
def test_number(number: float, told: str) -> None:
    assert amounts.tell_number(number) == told


@pytest.mark.parametrize(
    ("number", "other", "told"),
    [
        (0.64996, 0.65, "0.64996"),
        (0.5, 0.65, "0.5"),
        (0.65, 0.65, "0.65"),
        (49.99999, 50, "49.99999"),
        (0.1 + 0.2, 0.3, "0.30000000000000004"),
    ],
)
def test_beside_another_number(number: float, other: float, told: str) -> None:
    assert amounts.tell_beside(number, other) == told


@pytest.mark.parametrize(
    ("part", "told"), [(0, "none"), (1, "fewer than 1"), (500, "50"), (999, "more than 99"), (1_000, "100")]
)
def test_of_a_hundred(part: int, told: str) -> None:
    assert amounts.tell_one_in(part, 1_000) == told
