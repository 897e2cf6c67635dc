"""The plain-Python twin of the connected components: slow, obvious, and the oracle of its tests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def components(edges: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    """The smallest node that can be reached from each node."""
    neighbors: dict[Any, set[Any]] = {}
    for a, b in edges:
        neighbors.setdefault(a, set()).add(b)
        neighbors.setdefault(b, set()).add(a)
    labels: dict[Any, Any] = {}
    for start in sorted(neighbors):
        waiting = [start]
        while waiting:
            node = waiting.pop()
            if node not in labels:
                labels[node] = start
                waiting += neighbors[node]
    return labels
