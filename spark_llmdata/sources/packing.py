"""Files cut into splits, and splits put together in tasks of a sensible number of bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from spark_llmdata.sources import index_lines
from spark_llmdata.sources.inputs import plan_splits
from spark_llmdata.sources.split import InputFile, Split

#: Bytes of input a task reads, unless one file is larger: small enough to balance, large enough to pay for a task.
TASK_BYTES = (1 << 20, 64 << 20)
#: Bytes of a file that is cut: small enough that a small input is read by all cores, and its progress seen.
SPLIT_BYTES = (4 << 20, 64 << 20)
#: Into how many tasks an input is cut, where these bounds allow it.
TASKS = 64


def cut(files: Sequence[InputFile]) -> list[Split]:
    """Splits of files, numbered in their order (see `plan_splits`)."""
    return plan_splits(files, _share_of(sum(f.size for f in files), SPLIT_BYTES))


def pack(splits: Sequence[Split]) -> Iterator[tuple[Split, ...]]:
    """Splits in tasks, in order."""
    target = _share_of(sum(map(_weigh, splits)), TASK_BYTES)
    task: list[Split] = []
    held = 0
    for split in splits:
        if task and (held + _weigh(split) > target or len(task) == 1000):
            yield tuple(task)
            task, held = [], 0
        task.append(split)
        held += _weigh(split)
    if task:
        yield tuple(task)


def _weigh(split: Split) -> int:
    """Bytes that a task reads for a split; those of an index stand for more of archives."""
    return (split.end - split.begin) * (index_lines.WEIGHT if split.file.format == "cdx" else 1)


def _share_of(total: int, bounds: tuple[int, int]) -> int:
    """A task's part of so many bytes, within bounds."""
    low, high = bounds
    return min(max(total // TASKS, low), high)
