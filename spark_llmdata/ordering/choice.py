"""The order that costs least on a sample: greedy, with what each stage removes of what the others leave."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from spark_llmdata.verdict import BoolArray, FloatArray

#: Another order has to save this share of the cost: less is noise, and stored results of the old order are worth more.
MIN_GAIN = 0.1
#: Stages whose costs per removed document differ by no more than this share come in the recipe's order.
TIE = 0.1


@dataclass(frozen=True)
class Measured:
    """Stages of one segment in the recipe's order, judging the same n documents, each seeing all of them.

    `removes` (stages, n) says whom each would remove, `cost` (stages, n) the seconds it takes for each document,
    without the splitting into words: `splits` names for each stage those it needs (stages with equal names share one),
    `split_cost` (n,) the seconds of each. `before` holds for each stage those that must come before it.
    """

    removes: BoolArray
    cost: FloatArray
    splits: tuple[frozenset[Hashable], ...]
    split_cost: Mapping[Hashable, FloatArray]
    before: tuple[frozenset[int], ...]

    def __len__(self) -> int:
        """Return the number of stages."""
        return len(self.removes)


class Progress:
    """Documents on their way through stages: who is left, which splittings are made, what it cost, in seconds."""

    def __init__(self, measured: Measured) -> None:
        self.measured = measured
        self.alive: BoolArray = np.ones(measured.removes.shape[1], dtype=bool)
        self.made: frozenset[Hashable] = frozenset()
        self.spent = 0.0

    def after(self, stages: Sequence[int]) -> Progress:
        """Where one is behind these stages, in this order."""
        m, result = self.measured, Progress(self.measured)
        result.alive, result.made, result.spent = self.alive, self.made, self.spent
        for s in stages:
            needed = sum((m.split_cost[key] for key in m.splits[s] - result.made), m.cost[s])
            result.spent += float(needed[result.alive].sum())
            result.made |= m.splits[s]
            result.alive = result.alive & ~m.removes[s]
        return result


def cost_of(measured: Measured, order: Sequence[int]) -> float:
    """Seconds for all documents in that order."""
    return Progress(measured).after(order).spent


def order_greedily(measured: Measured, tie: float = TIE) -> tuple[int, ...]:
    """The stage next with the least cost per document it removes of those left, and so on.

    A stage that has to wait for others is taken together with them: a model that removes nothing may pay by the filter
    that reads its score. Where nothing removes anything more, the recipe's order goes on.
    """
    here, order = Progress(measured), list[int]()
    while len(order) < len(measured):
        waiting = [s for s in range(len(measured)) if s not in order]
        units = [_with_predecessors(measured, s, order) for s in waiting]
        rates = [_rate(here, here.after(unit)) for unit in units]
        best = min(rates)
        unit = next(u for u, rate in zip(units, rates, strict=True) if rate <= best * (1 + tie))
        here = here.after(unit)
        order += unit
    return tuple(order)


def choose_order(measured: Measured, min_gain: float = MIN_GAIN) -> tuple[int, ...]:
    """The greedy order where it saves at least that share of the cost of the recipe's order; else the recipe's."""
    own = tuple(range(len(measured)))
    found, cost = order_greedily(measured), cost_of(measured, own)
    saved = cost - cost_of(measured, found)
    return found if saved > 0 and saved >= min_gain * cost else own


def _with_predecessors(measured: Measured, stage: int, placed: Sequence[int]) -> list[int]:
    """The stage behind all it has to wait for that is not placed yet, in the recipe's order."""
    wanted, found = [stage], {stage}
    while wanted:
        new = measured.before[wanted.pop()] - found - set(placed)
        found |= new
        wanted += new
    return sorted(found)


def _rate(here: Progress, there: Progress) -> float:
    """Seconds per document removed on the way."""
    removed = int(here.alive.sum() - there.alive.sum())
    return (there.spent - here.spent) / removed if removed else float("inf")
