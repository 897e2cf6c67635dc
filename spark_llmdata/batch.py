"""A batch of documents as a row stage sees it: Arrow columns, and analyses of the text shared between stages."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import numpy as np
import numpy.typing as npt
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
        self._parts: dict[Hashable, tuple[npt.NDArray[np.int64], Batch]] = {}
        self._whole: tuple[Batch, npt.NDArray[np.int64]] | None = None  # of a part: the batch and its rows there

    def __contains__(self, name: str) -> bool:
        """Return whether there is a column of that name."""
        return name in self._columns

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
        if name not in self._scores and self._whole is not None:
            whole, rows = self._whole
            return whole.score(name).take(pa.array(rows))
        if name not in self._scores:
            known = ", ".join(sorted(self._scores)) or "none"
            raise UsageError(f"no stage before this one gave the score {name!r}; there is {known}")
        return mask(self._scores[name], self.alive)

    def measured(self, scores: Mapping[str, pa.Array]) -> Batch:
        """What a decision may read: `lang` and the scores, those just measured among them (cast to double)."""
        lang = self._columns.get("lang", pa.nulls(self._n, pa.string()))
        doubles = {name: values.cast(pa.float64()) for name, values in scores.items()}
        found = Batch({"lang": lang}, self.alive, {**self._scores, **doubles})
        found._whole = self._whole
        return found

    def raw(self, name: str) -> pa.Array:
        """Return a column with the values of removed rows too: what is stored, not what is judged."""
        return self._columns[name]

    def replace(self, name: str, values: pa.Array) -> None:
        """Set a column; a new text is a new revision and forgets the analyses of the old one."""
        self._columns[name] = values
        self._shown.pop(name, None)
        self._parts.clear()
        if name == "text":
            self._words.clear()

    def remove(self, gone: BoolArray) -> None:
        """Take rows out of what later stages see; analyses already made are kept and go on with the rows alive."""
        if gone.any():
            self.alive = self.alive & ~gone
            self._shown.clear()
            self._words = {rule: found.restrict(pa.array(self.alive)) for rule, found in self._words.items()}
            for rows, part in self._parts.values():
                part.remove(gone[rows])

    def part(self, name: Hashable, rows: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], Batch]:
        """Return rows, in ascending order, as a batch of their own, and which rows it holds.

        Until a column is replaced there is one part of a name, with its analyses; rows that were removed since are in
        it, not alive. So a name has to stand for the same rows, or fewer, each time it is asked for.
        """
        if name not in self._parts:
            taken = {column: values.take(pa.array(rows)) for column, values in self._columns.items()}
            part = self._make_part(name, taken, self.alive[rows])
            part._whole = (self, rows)
            self._parts[name] = (rows, part)
        return self._parts[name]

    def _make_part(self, name: Hashable, columns: Mapping[str, pa.Array], alive: BoolArray) -> Batch:
        return Batch(columns, alive)

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
