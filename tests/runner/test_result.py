"""What a run shows of itself, printed and in a notebook."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

from spark_llmdata.runner import RunResult
from spark_llmdata.runner.counting import StageCount

RESULT = RunResult(
    "20260101T000000-1a2b3c4d",
    "mine",
    {"read": 1200, "created": 0, "kept": 1000, "removed": 199, "rejected": 1},
    [StageCount("read", 1200, rejected=1, seconds=2.04), StageCount("filter.x", 1199, removed=199)],
    [{"reason": "x.<b>", "outcome": "removed", "documents": 199, "example": "https://a.example/?<i>&b"}],
    3,
    "00ff-1000",
    12.34,
    (),
    SimpleNamespace(builds=lambda name: SimpleNamespace(path=f"store/{name}")),
)


def test_printed_it_is_a_few_lines():
    assert repr(RESULT) == (
        "run 20260101T000000-1a2b3c4d of recipe mine: read 1,200, kept 1,000, removed 199, rejected 1\n"
        "  read: 1,200 in, 1 out, 1,199 kept\n"
        "  filter.x: 1,199 in, 199 out, 1,000 kept\n"
        "corpus store/corpus version 3, content 00ff-1000, 12.3 s"
    )


def test_a_notebook_shows_stages_and_reasons_escaped():
    page = RESULT._repr_html_()
    assert "x.&lt;b&gt;" in page
    assert "https://a.example/?&lt;i&gt;&amp;b" in page
    assert ">1,199</td>" in page
    assert "<i>" not in page


def test_what_is_to_be_known_is_said():
    assert "done before, not run again" in repr(replace(RESULT, found=True))
    assert "not reproducible" in replace(RESULT, reproducible=False)._repr_html_()
