"""Connected components of an undirected graph by union-find: memory grows with the nodes, not with the edges."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from spark_llmdata import _native

__all__ = ["Components"]

REVISION = 1


class Components:
    """Collects edges; a component is called by its smallest node.

    Nodes are text or binary in any layout, in the order of their (UTF-8) bytes, or int64, in the order of the numbers;
    up to 2^32. Each takes its bytes and about 24 more.
    """

    def __init__(self) -> None:
        self._graph = _native.Components()
        self._type: pa.DataType | None = None

    def push(self, a: pa.Array, b: pa.Array) -> None:
        """Take in edges `a[i]` to `b[i]`; one from a node to itself makes it known, and the same again is nothing.

        Raises:
            ValueError: a node is null, of another kind than the others or of none of these; lengths differ.
        """
        self._graph.push(a, b)
        self._type = self._type or a.type

    def __len__(self) -> int:
        """How many distinct nodes have come."""
        return len(self._graph)

    def labels(self, rows: int = 65_536) -> Iterator[pa.RecordBatch]:
        """Columns `node` (each once) and `component` in batches of up to `rows`, of the type that came first.

        Raises:
            ValueError: a batch has more than 2 GiB.
        """
        for begin in range(0, len(self), rows):
            found = pa.record_batch(self._graph.labels(begin, rows))
            columns = [column.cast(self._type) for column in found.columns]
            yield pa.RecordBatch.from_arrays(columns, names=found.schema.names)
