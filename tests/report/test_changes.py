"""Places of changes, brought into the text after all of them."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.report.changes import Mark, locate


def change(stage: str, begin: int, end: int, length: int) -> dict[str, Any]:
    return {"stage": stage, "kind": "k", "begin": begin, "end": end, "length": length}


def test_by_hand() -> None:
    # "ab cd ef" -> "ab XXX ef" -> "Y XXX " -> the mark of XXX moves with what stands before it
    changes = [change("a", 3, 5, 3), change("b", 0, 2, 1), change("b", 7, 9, 0)]
    assert locate(changes) == [Mark("b", "k", 0, 1), Mark("a", "k", 2, 5), Mark("b", "k", 6, 6)]
    assert locate([change("a", 3, 5, 3), change("b", 4, 9, 1)]) == [Mark("b", "k", 4, 5)]
    assert locate([]) == []


@given(st.lists(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(0, 4)), max_size=4), max_size=4))
def test_what_a_stage_put_is_what_the_marks_cut_out(stages: list[list[tuple[int, int, int]]]) -> None:
    """Every stage writes a letter of its own; a mark then cuts out that letter alone, and none of it is left out."""
    text, changes = "." * 12, []
    for number, gaps in enumerate(stages):
        begin, done, after = 0, 0, ""
        for gap, width, length in gaps:
            begin = done + gap
            if begin + width > len(text):
                break
            changes.append(change(str(number), begin, begin + width, length))
            after += text[done:begin] + str(number) * length
            done = begin + width
        text = after + text[done:]
    marks = locate(changes)
    assert marks == sorted(marks, key=lambda mark: (mark.begin, mark.end))
    covered = list(text)
    for mark in marks:
        assert set(text[mark.begin : mark.end]) <= {mark.stage}
        covered[mark.begin : mark.end] = "." * (mark.end - mark.begin)
    # Of an earlier stage's letters some may have lost their mark to a later change; of the last one's none.
    assert not changes or changes[-1]["stage"] not in covered
