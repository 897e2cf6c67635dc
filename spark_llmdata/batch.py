"""A batch of documents as a row stage sees it: Arrow columns, and analyses of the text shared between stages."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from spark_llmdata.errors import UsageError
from spark_llmdata.kernels import words
from spark_llmdata.verdict import BoolArray


class Batch:
    """n documents. Rows that an earlier stage removed are null in every column, so that no stage spends time on them.

    Analyses (words, ...) are made once for a revision of the text and shared by all stages; an edit makes a new
    revision, and analyses of the old one are never handed out again.
    """

    def __init__(
        self,
        columns: Mapping[str, pa.Array],
        alive: BoolArray | None = None,
        scores: Mapping[str, pa.Array] | None = None,
    ) -> None:
        self._columns = dict(columns)
        self._scores = {} if scores is None else scores  # not a copy: what stages measure is seen by those behind
        self._n = len(next(iter(self._columns.values())))
        self.alive: BoolArray = np.ones(self._n, dtype=bool) if alive is None else alive.copy()
        self._shown: dict[str, pa.Array] = {}
        self._words: dict[str, words.Words] = {}

    def __len__(self) -> int:
        """Return the number of rows, removed ones included."""
        return self._n

    def __getitem__(self, name: str) -> pa.Array:
        """Return a column, null where the row is not alive."""
        if name not in self._columns:
            raise KeyError(f"no column {name!r}; a batch has {', '.join(sorted(self._columns))}")
        if name not in self._shown:
            self._shown[name] = mask(self._columns[name], self.alive)
        return self._shown[name]

    @property
    def text(self) -> pa.Array:
        """The text: string (n,), null where the row is not alive."""
        return self["text"]

    def words(self, rule: str = "uax29") -> words.Words:
        """Return the words of the current text by a rule (see kernels.words), in native memory."""
        if rule not in self._words:
            self._words[rule] = words.split(self._columns["text"], pa.array(self.alive), rule)
        return self._words[rule]

    def score(self, name: str) -> pa.Array:
        """Return a score column (double) that an earlier stage measured, null where the row is not alive."""
        if name not in self._scores:
            known = ", ".join(sorted(self._scores)) or "none"
            raise UsageError(f"no stage before this one gave the score {name!r}; there is {known}")
        return mask(self._scores[name], self.alive)

    def raw(self, name: str) -> pa.Array:
        """Return a column with the values of removed rows too: what is stored, not what is judged."""
        return self._columns[name]

    def replace(self, name: str, values: pa.Array) -> None:
        """Set a column; a new text is a new revision and forgets the analyses of the old one."""
        self._columns[name] = values
        self._shown.pop(name, None)
        if name == "text":
            self._words.clear()

    def remove(self, gone: BoolArray) -> None:
        """Take rows out of what later stages see; analyses already made are kept and go on with the rows alive."""
        if gone.any():
            self.alive = self.alive & ~gone
            self._shown.clear()
            self._words = {rule: found.restrict(pa.array(self.alive)) for rule, found in self._words.items()}

    def slice(self, begin: int, end: int) -> Batch:
        """Return rows [begin, end) as a batch of their own."""
        part = {name: column.slice(begin, end - begin) for name, column in self._columns.items()}
        scores = {name: column.slice(begin, end - begin) for name, column in self._scores.items()}
        return Batch(part, self.alive[begin:end], scores)


def mask(column: pa.Array, alive: BoolArray) -> pa.Array:
    """The column with rows that are not alive null, sharing its buffers where the type has flat buffers."""
    if alive.all():
        return column
    if pa.types.is_nested(column.type) or pa.types.is_dictionary(column.type):
        return column.take(pa.array(np.arange(len(column)), mask=~alive))
    valid = alive if column.null_count == 0 else alive & np.asarray(column.is_valid())
    bits = np.concatenate([np.zeros(column.offset, dtype=bool), valid])
    bitmap = pa.py_buffer(np.packbits(bits, bitorder="little").tobytes())
    return pa.Array.from_buffers(column.type, len(column), [bitmap, *column.buffers()[1:]], offset=column.offset)
