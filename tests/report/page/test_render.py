"""The page as a file: well-formed, told in order, with names for all it shows, and nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import re
import sys
from collections.abc import Callable

import pytest
from lxml import html
from lxml.etree import _Element

from spark_llmdata import extras
from spark_llmdata.errors import MissingExtra
from spark_llmdata.report.page.model import Report
from spark_llmdata.report.page.palette import COLORS, SHAPES, TEXTS, measure_contrast
from spark_llmdata.report.page.render import MAX_MANIFEST, render
from tests.report.page import specimen

REPORTS: dict[str, Callable[[], Report]] = {
    "report": specimen.make_report,
    "empty": specimen.make_empty,
    "hostile": specimen.make_hostile,
}
VOID = {"br", "col", "input", "link", "meta", "wbr"}


@pytest.fixture(scope="module", params=REPORTS)
def page(request: pytest.FixtureRequest) -> str:
    """Each of the reports as a page."""
    return render(REPORTS[request.param]())


@pytest.fixture(scope="module")
def told() -> str:
    """The page of a report as a run gives it."""
    return render(specimen.make_report())


def parse(page: str) -> _Element:
    return html.document_fromstring(page)


def list_tags(page: str) -> list[str]:
    """The tags of a page as they are written; style and script hold none."""
    body = re.sub(r"(<(style|script)>).*?(</\2>)", r"\1\3", page, flags=re.DOTALL)
    return re.findall(r"<[^>]*>", body)


def test_what_opens_is_closed_in_turn(page: str) -> None:
    assert page.startswith("<!doctype html>\n<html")
    opened: list[str] = []
    for tag in list_tags(page)[1:]:
        name = re.match(r"</?([a-zA-Z0-9]+)", tag)
        assert name, tag
        if tag.startswith("</"):
            assert opened.pop() == name[1]
        elif name[1] not in VOID and not tag.endswith("/>"):
            opened.append(name[1])
    assert not opened


def test_a_tag_names_an_attribute_once_and_quotes_its_value(page: str) -> None:
    for tag in list_tags(page)[1:]:
        if tag.startswith("</"):
            continue
        attributes = re.fullmatch(r"<[a-zA-Z0-9]+((?: [a-zA-Z:-]+\d?(?:=\"[^\"]*\")?)*)\s*/?>", tag)
        assert attributes, tag
        names = re.findall(r" ([a-zA-Z:-]+\d?)(?:=\"[^\"]*\")?", attributes[1])
        assert len(names) == len(set(names)), tag


def test_ids_are_unique_and_links_lead_somewhere(page: str) -> None:
    root = parse(page)
    ids = root.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z0-9_-]+", one) for one in ids)
    named = set(ids)
    for link in root.xpath("//a/@href"):
        assert link[0] == "#", link
        assert link[1:] in named, link
    for references in root.xpath("//@aria-labelledby | //@aria-describedby | //label/@for"):
        assert set(references.split()) <= named
    used = set(re.findall(r"url\(#([^)]+)\)", page))
    assert used <= named


def test_headings_skip_no_level(page: str) -> None:
    levels = [int(heading.tag[1]) for heading in parse(page).xpath("//h1|//h2|//h3|//h4|//h5|//h6")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))


def test_every_section_of_the_contents_is_there_in_order(page: str) -> None:
    root = parse(page)
    assert root.xpath("//nav//li/a/@href") == [f"#{one}" for one in root.xpath("//section/@id")]
    assert len(root.xpath("//section")) == 10


def test_every_picture_has_a_text(page: str) -> None:
    for picture in parse(page).xpath("//svg"):
        if picture.get("aria-hidden") == "true":
            continue
        assert picture.get("role") == "img"
        titles = [picture.xpath(f"./{name}/text()") for name in ("title", "desc")]
        assert all(len(title) == 1 and title[0].strip() for title in titles)
        beside = picture.xpath("ancestor::section[1]//table")
        assert beside, "no table tells the numbers of this chart"
    assert not parse(page).xpath("//img")


def test_what_is_hidden_from_readers_of_the_screen_has_its_number_beside_it(told: str) -> None:
    for bar in parse(told).xpath("//*[@class='barred']"):
        assert re.search(r"\d", bar.text_content()), html.tostring(bar)


def test_nothing_is_loaded_and_nothing_may_be(page: str) -> None:
    root = parse(page)
    policy = root.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert policy.startswith("default-src 'none';")
    for name in ("style", "script"):
        content = root.xpath(f"//{name}")
        assert len(content) == 1
        digest = base64.b64encode(hashlib.sha256(content[0].text.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
        assert not re.search(r"@import|url\((?!#)|https?:", content[0].text)
    assert "unsafe" not in policy
    assert "http" not in policy
    assert not root.xpath("//@style | //@src | //@srcset | //@*[starts-with(name(), 'on')]")
    assert {link.split(":")[0] for link in root.xpath("//link/@href")} == {"data"}
    assert root.xpath("name(//meta[@http-equiv]/preceding-sibling::*[last()])") == "meta", "the policy comes first"


def test_tables_have_names_and_their_cells_belong_to_titles(page: str) -> None:
    for table in parse(page).xpath("//table"):
        assert table.xpath("string(caption)").strip()
        columns = table.xpath("thead/tr/th[@scope='col']")
        for row in table.xpath("tbody/tr"):
            assert len(row) == len(columns)
            assert row[0].tag == "th"


def test_hostile_texts_are_texts() -> None:
    page = render(specimen.make_hostile())
    root = parse(page)
    assert len(root.xpath("//script")) == len(root.xpath("//style")) == 1
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufffe]", page)
    boxes = set(root.xpath("//span[@class='unshown']/text()"))
    assert boxes >= {"U+0000", "U+001B", "U+009F", "U+202E", "U+2066", "U+FEFF", "U+FFFE", "U+E0041"}
    shown = root.xpath("string(//body)")
    for text in specimen.HOSTILE[:3] + specimen.HOSTILE[6:]:
        assert text in shown
    assert set(root.xpath("//*[contains(@class, 'text')]/@dir")) == {"auto"}


def test_marks_are_elements_that_mean_something(told: str) -> None:
    root = parse(told)
    for name in ("mark", "del", "ins"):
        assert root.xpath(f"//*[contains(@class, 'text')]//{name}"), name
    assert root.xpath("//span[@class='private']/text()")[0] == "<email>"


def test_a_rule_is_told_with_its_threshold_and_both_sides(told: str) -> None:
    rule = parse(told).xpath("//details[starts-with(@id, 'threshold-1-')]")[0]
    charts = rule.xpath(".//svg[@role='img']")
    assert len(charts) == 2
    for chart in charts:
        assert "fails below 50" in chart.xpath(".//text/text()")
        assert chart.xpath(".//line[@stroke-dasharray]")
    sides = rule.xpath(".//*[@class='sides']/div")
    assert [side.xpath("string(h4)") for side in sides] == ["Just fail", "Just pass"]
    assert [len(side.xpath(".//article")) for side in sides] == [3, 3]


def test_a_histogram_says_how_many_pass_and_fail(told: str) -> None:
    view = specimen.make_view()
    removed = sum(one.removed for one in view.bins)
    described = parse(told).xpath("string(//desc[@id='threshold-1-gopher_quality-too_few_words-histogram-desc'])")
    assert f"{view.documents - removed:,} pass and {removed:,} fail" in described


def test_the_colors_of_charts_are_those_of_the_theme(told: str) -> None:
    colors = set(parse(told).xpath("//svg[@role='img']//@fill | //svg[@role='img']//@stroke"))
    assert colors
    assert all(re.fullmatch(r"none|transparent|var\(--[a-z-]+\)|url\(#hatch-removed\)", one) for one in colors), colors
    assert {one[6:-1] for one in colors if one.startswith("var")} <= set(COLORS)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_texts_are_legible_and_shapes_stand_out(theme: int) -> None:
    for pairs, least in ((TEXTS, 4.5), (SHAPES, 3.0)):
        for name, ground in pairs:
            contrast = measure_contrast(COLORS[name][theme], COLORS[ground][theme])
            assert contrast >= least, f"{name} on {ground}: {contrast:.2f}"


def test_contrast_is_that_of_wcag() -> None:
    assert measure_contrast("#000000", "#ffffff") == pytest.approx(21)
    assert measure_contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_a_report_at_its_bounds_stays_small() -> None:
    page = render(specimen.make_full())
    assert 1_000_000 < len(page.encode()) < 5_000_000
    ids = parse(page).xpath("//@id")
    assert len(ids) == len(set(ids))
    manifest = parse(page).xpath("//*[@id='manifest-json']//code")[0].text_content()
    assert len(manifest) == MAX_MANIFEST
    assert "more characters; the store has all of it" in page


def test_without_the_library_that_draws_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    extras.require.cache_clear()
    try:
        with pytest.raises(MissingExtra, match=r"llmdata report needs vl_convert.*spark-llmdata\[report\]"):
            render(specimen.make_empty())
    finally:
        extras.require.cache_clear()


def test_the_same_report_gives_the_same_page(told: str) -> None:
    assert render(specimen.make_report()) == told
