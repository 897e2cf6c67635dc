"""A judgement made rule by rule: the first that says so removes a document."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spark_llmdata.verdict import BoolArray, Judgement, as_float


class FirstRule:
    """A judgement of n documents under construction; who is removed by a rule is not looked at by the next."""

    def __init__(self, n: int) -> None:
        self.keep = np.ones(n, dtype=bool)
        self.reason, self.evidence = np.full(n, None, dtype=object), np.full(n, None, dtype=object)
        self.score, self.threshold = np.full(n, np.nan), np.full(n, np.nan)

    def remove(
        self,
        bad: pa.Array,
        reason: str,
        say: Callable[[int], str] | None = None,
        measured: pa.Array | None = None,
        threshold: float = np.nan,
    ) -> None:
        """Remove where `bad`, which null is not; `say` gives a row's evidence, `measured` the number that decided."""
        gone: BoolArray = np.asarray(pc.fill_null(bad, False)) & self.keep
        self.keep &= ~gone
        self.reason[gone] = reason
        if measured is not None:
            self.score[gone] = as_float(measured)[gone]
            self.threshold[gone] = threshold
        if say is not None:
            for i in np.flatnonzero(gone):
                self.evidence[i] = say(int(i))

    def finish(self, scores: dict[str, pa.Array]) -> Judgement:
        """The judgement, with what was measured."""
        return Judgement(self.keep, self.reason, self.score, self.threshold, self.evidence, scores=scores)
