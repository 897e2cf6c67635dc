"""Bars of equal width or equal ratio around a threshold, which is always an edge: plain numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from spark_llmdata.verdict import FloatArray

#: Bars of a histogram, the two at its ends included, which hold all that lies farther out.
BINS = 40
#: A score whose values spread so many times over is told by ratios.
_WIDE = 30.0
#: Other thresholds of which is told what they would keep.
OTHERS = 10


@dataclass(frozen=True)
class Axis:
    """The inner edges, in order; values below the first and from the last on make two more bars."""

    edges: tuple[float, ...]
    scale: Literal["linear", "log"]

    def thresholds(self, threshold: float) -> tuple[float, ...]:
        """Some of the edges, evenly spread, and the threshold itself."""
        step = max(1, math.ceil(len(self.edges) / OTHERS))
        at = self.edges.index(threshold)
        return tuple(edge for number, edge in enumerate(self.edges) if (number - at) % step == 0)


def make_axis(sample: FloatArray, threshold: float) -> Axis:
    """Lay edges over a sample of values, but for the farthest hundredth on each side.

    The threshold is one of the edges. Whole numbers get edges at whole numbers; values that spread far get edges of
    equal ratio.
    """
    low, high = (float(v) for v in np.quantile(sample, [0.01, 0.99])) if len(sample) else (threshold, threshold)
    low, high = min(low, threshold), max(high, threshold)
    is_whole = bool(len(sample)) and bool(np.all(sample == np.floor(sample))) and threshold == math.floor(threshold)
    positive = sample[sample > 0]
    if is_whole and len(positive) and threshold > 0:
        low = max(low, 1.0)
    if low > 0 and high > 10 and high / low > _WIDE:  # shares stay linear
        return Axis(_by_ratio(low, high, threshold, is_whole), "log")
    width = _round_up((high - low) / (BINS - 2)) if high > low else max(abs(threshold), 1.0) / 10
    if is_whole:
        width = max(1.0, math.ceil(width))
    first, last = math.floor((low - threshold) / width), math.ceil((high - threshold) / width)
    if is_whole and high == threshold + last * width:
        last += 1  # the highest value gets a bar of its own
    steps = range(first, max(last, first + 1) + 1)
    return Axis(tuple(_clean(threshold + k * width, width) if k else threshold for k in steps), "linear")


def _by_ratio(low: float, high: float, threshold: float, is_whole: bool) -> tuple[float, ...]:
    ratio = (high / low) ** (1 / (BINS - 4))
    first = math.floor(math.log(low / threshold, ratio))
    last = math.ceil(math.log(high / threshold, ratio))
    edges = {float(f"{threshold * ratio**k:.3g}") for k in range(first, last + 1)} | {threshold}
    return tuple(sorted({float(round(edge)) for edge in edges} if is_whole else edges))


def _round_up(width: float) -> float:
    """The next larger of 1, 2, 2.5, 5, 10 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(width))
    return float(next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= width * (1 - 1e-9)))


def _clean(value: float, width: float) -> float:
    """Without the noise of the multiplication: ten digits of the width are more than a score has."""
    return round(value, 10 - math.floor(math.log10(width))) + 0.0
