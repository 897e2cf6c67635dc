"""Extraction's budgets: checked before the parser, found in hostile pages at once, reached by no real page."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from resiliparse.extract import html2text

from spark_llmdata.extraction import Justext
from spark_llmdata.extraction.decoding import Decoded
from spark_llmdata.kernels.reference_pages import read
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
        ("<select>" + "<option>" * 100_000, "too_many_options", 100_000, 20_000),
        ("<body a=1>" * 100_000, "too_many_attributes", 100_000, 1_000),
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


@given(st.lists(st.sampled_from([*TAGS, "<!-- c -->", "<!DOCTYPE html>", "<3", "< b>"]), max_size=40))
def test_budgets_decide_as_the_counts_say(parts):
    page = "".join(parts)
    for budget in (1, 3, 6):
        found = judge(page, max_tags=budget)
        assert (found.reason[0] == "too_many_tags") == (read(page)["markup"] > budget)
        found = judge(page, max_depth=budget)
        assert (found.reason[0] == "too_deep") == (read(page)["depth"] > budget)


def test_a_reject_has_no_text_and_a_page_without_text_has_an_empty_one():
    assert judge("<b><b>deep", max_depth=1).text.to_pylist() == [None]
    assert judge("<br>").text.to_pylist() == [""]


def pages(shared_data) -> Iterator[bytes]:
    from warcio.archiveiterator import ArchiveIterator

    for path in sorted((shared_data / "02_html_extraction" / "as_warc").glob("*.warc.gz")):
        with path.open("rb") as archive:
            for record in ArchiveIterator(archive):
                if record.rec_type == "response":
                    yield record.content_stream().read()


def test_real_pages_are_far_from_the_budgets(shared_data):
    html = pa.array(list(pages(shared_data)), pa.binary())
    assert len(html) > 100
    found = Decoded.of(html, pa.nulls(len(html), pa.string()), 1 << 30)
    stage = ExtractHtml()
    assert max(found.size.to_pylist()) * 5 < stage.max_html_bytes
    budgets = {
        "markup": Justext.max_tags,
        "depth": stage.max_depth,
        "attributes": stage.max_attributes,
        "options": stage.max_options,
    }
    for name, budget in budgets.items():
        assert max(found.measured.column(name).to_pylist()) * 5 < budget, name
