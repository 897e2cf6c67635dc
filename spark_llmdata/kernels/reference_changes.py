"""The oracle of changes: with them a text before gives the text after, and nothing but them differs."""

from __future__ import annotations

from collections.abc import Sequence

from spark_llmdata.kernels.changes import Change


def apply(before: str, after: str, changes: Sequence[Change]) -> str:
    """The text before, with what stands at each change's place in the text after instead of what stood there.

    Raises:
        ValueError: the changes are out of order, meet, or change nothing.
    """
    old, new = before.encode(), after.encode()
    result, done, grown = b"", 0, 0
    for change in changes:
        if not done <= change.begin <= change.end <= len(old) or (change.begin == change.end and not change.length):
            raise ValueError(f"{change} stands where the change before ends at {done}, in {len(old)} bytes")
        place = change.begin + grown
        result += old[done : change.begin] + new[place : place + change.length]
        done = change.end
        grown += change.length - (change.end - change.begin)
    return (result + old[done:]).decode()
