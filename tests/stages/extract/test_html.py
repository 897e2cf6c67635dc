"""Extraction's budgets: checked before the parser, found in hostile pages at once, reached by no real page."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from resiliparse.extract import html2text

from spark_llmdata.extraction.budget import count_tags, measure_depth
from spark_llmdata.kernels import charset
from spark_llmdata.stages.extract.html import ExtractHtml
from spark_llmdata.verdict import Judgement
from tests.contract.cases import batch_of

TAGS = [
    "<div>",
    "</div>",
    "<B>",
    "</b>",
    "<p>",
    "</p>",
    "<li>",
    "<br/>",
    "</i>",
    "<span class='x'>",
    "</SPAN >",
    "text",
]


def judge(page: str, **settings: int) -> Judgement:
    return ExtractHtml(**settings).judge(batch_of([{"html": page}]))


@pytest.mark.parametrize(
    ("page", "reason", "score", "threshold"),
    [
        ("<div>" * 400_000, "too_deep", 400_000, 4_000),
        ("<div></i>" * 400_000, "too_deep", 400_000, 4_000),
        ("<p>" * 1_000_001, "too_many_tags", 1_000_001, 1_000_000),
        ("<" + "x" * (16 << 20), "too_large", (16 << 20) + 1, 16 << 20),
    ],
)
def test_a_hostile_page_never_reaches_the_parser(page, reason, score, threshold, monkeypatch):
    monkeypatch.setattr(html2text, "extract_plain_text", lambda *_, **__: pytest.fail("the page was parsed"))
    began = time.process_time()
    found = judge(page)
    assert time.process_time() - began < 20, "one search through the page, not one for each tag"
    assert (found.keep[0], found.rejected[0], found.reason[0]) == (False, True, reason)
    assert (found.score[0], found.threshold[0]) == (score, threshold)


def test_a_page_at_its_budget_is_parsed():
    assert judge("<div>" * 4_000 + "words in here").keep[0]
    assert not judge("<div>" * 4_001 + "words in here").keep[0]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "iso-8859-1"])
def test_what_is_counted_does_not_depend_on_the_encoding(encoding):
    page = batch_of([{"html_hex": ("<div>" * 9 + "x").encode(encoding).hex()}])
    found = ExtractHtml(max_depth=8).judge(page)
    assert (found.reason[0], found.score[0]) == ("too_deep", 9)


@given(st.lists(st.sampled_from(TAGS), max_size=40))
def test_depth_is_that_of_open_elements(tags):
    """Against the plain definition: of each name, the start tags that no end tag has met yet."""
    nested = [t.strip("<> ").split(" ")[0].lower() for t in tags if t[0] == "<"]
    nested = [t for t in nested if t.strip("/") in ("div", "b", "i", "span")]
    still_open: list[str] = []
    deepest = 0
    for tag in nested:
        if not tag.startswith("/"):
            still_open.append(tag)
        elif tag[1:] in still_open:
            still_open.remove(tag[1:])
        deepest = max(deepest, len(still_open))
    assert measure_depth("".join(tags)) == deepest


@given(st.lists(st.sampled_from([*TAGS, "<!-- c -->", "<!DOCTYPE html>", "<3", "< b>"]), max_size=40))
def test_budgets_decide_as_the_counts_say(parts):
    """The cheap bounds in front let nothing pass that the counts would not."""
    page = "".join(parts)
    for budget in (1, 3, 6):
        found = judge(page, max_tags=budget)
        assert (found.reason[0] == "too_many_tags") == (count_tags(page) > budget)
        found = judge(page, max_depth=budget)
        assert (found.reason[0] == "too_deep") == (measure_depth(page) > budget)


def test_a_reject_has_no_text_and_a_page_without_text_has_an_empty_one():
    assert judge("<b><b>deep", max_depth=1).text.to_pylist() == [None]
    assert judge("<br>").text.to_pylist() == [""]


def pages(shared_data) -> Iterator[str]:
    from warcio.archiveiterator import ArchiveIterator

    for path in sorted((shared_data / "02_html_extraction" / "as_warc").glob("*.warc.gz")):
        with path.open("rb") as archive:
            for record in ArchiveIterator(archive):
                if record.rec_type == "response":
                    data = pa.array([record.content_stream().read()])
                    yield charset.decode(data, pa.array([None], pa.string())).column("text")[0].as_py()


def test_real_pages_are_far_from_the_budgets(shared_data):
    seen = [(measure_depth(page), count_tags(page), len(page.encode())) for page in pages(shared_data)]
    assert len(seen) > 100
    stage = ExtractHtml()
    budgets = (stage.max_depth, stage.max_tags, stage.max_html_bytes)
    assert all(max(values) * 5 < budget for values, budget in zip(zip(*seen, strict=True), budgets, strict=True))
