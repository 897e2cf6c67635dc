"""The page in a real Chromium: opened as a file, offline, by wide and narrow readers, in the dark, by the keyboard."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spark_llmdata.report.page.palette import COLORS, measure_contrast
from spark_llmdata.report.page.render import render
from tests.report.page import specimen

api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

#: The texts of the page that are seen, each with its color and that of the ground below it.
LIST_TEXTS = """() => {
  const found = new Map();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    const isDrawn = element.namespaceURI.endsWith("svg");
    let ground = element;
    while (ground && getComputedStyle(ground).backgroundColor === "rgba(0, 0, 0, 0)") ground = ground.parentElement;
    const style = getComputedStyle(element);
    const pair = [isDrawn ? style.fill : style.color, getComputedStyle(ground || document.body).backgroundColor];
    found.set(pair.join(" on "), [...pair, walker.currentNode.data.trim().slice(0, 40)]);
  }
  return [...found.values()];
}"""
OPEN_ALL = "() => document.querySelectorAll('details').forEach(d => { d.open = true; })"
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A Chromium of the machine's own."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on this machine: the page was not looked at")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Pages as files."""
    folder: Path = tmp_path_factory.mktemp("pages")
    addresses = {}
    for name, make in {"report": specimen.make_report, "hostile": specimen.make_hostile}.items():
        file = folder / f"{name}.html"
        file.write_text(render(make()), "utf-8")
        addresses[name] = file.as_uri()
    return addresses


def open_page(browser: Any, address: str, width: int = 1280, **settings: Any) -> Any:
    """A page that reports what it asked for and what its console said, in `page.said`."""
    context = browser.new_context(viewport={"width": width, "height": 900}, offline=True, **settings)
    page = context.new_page()
    page.said = []
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.on("dialog", lambda dialog: page.said.append(dialog.message))
    page.on("request", lambda request: page.said.append(request.url) if request.url.startswith("http") else None)
    page.goto(address)
    return page


def press_until(page: Any, condition: str, limit: int) -> None:
    """Go on by the Tab key until the focus is where it should be."""
    for _ in range(limit):
        page.keyboard.press("Tab")
        if page.evaluate(f"() => {{ const e = document.activeElement; return {condition}; }}"):
            return
    pytest.fail(f"the keyboard does not reach it: {condition}")


@pytest.mark.parametrize("name", ["report", "hostile"])
@pytest.mark.parametrize("width", [360, 768, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_opens_offline_and_fits(browser: Any, addresses: dict[str, str], name: str, width: int, scheme: str) -> None:
    page = open_page(browser, addresses[name], width, color_scheme=scheme)
    assert page.evaluate(OVERFLOW) <= 0
    page.evaluate(OPEN_ALL)
    assert page.evaluate(OVERFLOW) <= 0
    assert page.said == []
    assert page.title().startswith("fineweb: 43.8 % kept" if name == "report" else "<script>docum")
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_is_legible(browser: Any, addresses: dict[str, str], scheme: str) -> None:
    page = open_page(browser, addresses["report"], color_scheme=scheme)
    page.evaluate(OPEN_ALL)
    texts = page.evaluate(LIST_TEXTS)
    assert len(texts) > 10
    for color, ground, text in texts:
        assert measure_contrast(_as_hex(color), _as_hex(ground)) >= 4.5, f"{color} on {ground}: {text}"
    page.context.close()


def _as_hex(color: str) -> str:
    assert color.startswith("rgb("), color
    return "#" + "".join(f"{int(part):02x}" for part in color[4:-1].split(","))


def test_the_theme_is_changed_by_the_keyboard(browser: Any, addresses: dict[str, str]) -> None:
    page = open_page(browser, addresses["report"], color_scheme="light")
    ground = "() => getComputedStyle(document.documentElement).getPropertyValue('--page')"
    press_until(page, "e.id === 'theme'", 5)
    assert page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle") != "none"
    assert page.inner_text("#theme") == "Dark theme"
    assert page.evaluate(ground) == COLORS["page"][0]
    page.keyboard.press("Enter")
    assert page.inner_text("#theme") == "Light theme"
    assert page.evaluate(ground) == COLORS["page"][1]
    page.emulate_media(media="print")
    assert page.evaluate(ground) == COLORS["page"][0], "paper is white"
    page.context.close()


def test_a_dark_system_gives_a_dark_page_that_can_be_light(browser: Any, addresses: dict[str, str]) -> None:
    page = open_page(browser, addresses["report"], color_scheme="dark")
    ground = "() => getComputedStyle(document.documentElement).getPropertyValue('--page')"
    assert page.evaluate(ground) == COLORS["page"][1]
    page.click("#theme")
    assert page.evaluate(ground) == COLORS["page"][0]
    page.context.close()


def test_what_is_folded_opens_by_the_keyboard(browser: Any, addresses: dict[str, str]) -> None:
    page = open_page(browser, addresses["report"])
    press_until(page, "e.tagName === 'SUMMARY' && e.closest('section > details:not([open])')", 80)
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.parentElement.open")
    page.context.close()


def test_a_link_opens_what_it_names(browser: Any, addresses: dict[str, str]) -> None:
    name = "removed-filter-gopher_quality--gopher_quality-too_few_stop_words"
    page = open_page(browser, f"{addresses['report']}#{name}")
    assert page.evaluate(f"() => document.getElementById('{name}').open")
    other = "removed-filter-url--url-blocked_domain"
    page.click(f"a[href='#{other}']")
    page.wait_for_function(f"document.getElementById('{other}').open")
    page.context.close()


def test_a_malformed_link_ends_nothing(browser: Any, addresses: dict[str, str]) -> None:
    page = open_page(browser, f"{addresses['report']}#%")
    assert page.locator("#filter").is_visible()
    assert page.said == []
    page.context.close()


def test_examples_are_filtered_by_their_text(browser: Any, addresses: dict[str, str]) -> None:
    page = open_page(browser, addresses["report"])
    page.evaluate(OPEN_ALL)
    every = page.locator(".example:visible").count()
    page.fill("#filter", "isn t spring")
    assert page.locator(".example:visible").count() == 0
    page.fill("#filter", "SPRING 1981")
    found = page.locator(".example:visible").count()
    assert 0 < found < every
    assert page.inner_text("#found") == f"{found} of {page.locator('.example').count()} examples"
    page.fill("#filter", "")
    assert page.locator(".example:visible").count() == every
    page.context.close()


def test_a_phone_filters_too_and_goes_to_what_was_found(browser: Any, addresses: dict[str, str]) -> None:
    page = open_page(browser, addresses["report"], 360, reduced_motion="reduce")
    box = page.locator("#filter")
    assert box.is_visible()
    assert box.bounding_box()["width"] >= 150
    page.fill("#filter", "SPRING 1981")
    page.keyboard.press("Enter")
    bar, found = page.locator("nav").bounding_box(), page.locator(".example:visible").first.bounding_box()
    assert bar["height"] < 150, "most of the screen is for the report"
    assert bar["height"] <= found["y"] + 1 < 400, "what was found stands below the bar"
    assert page.evaluate(OVERFLOW) <= 0
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_table_that_scrolls_shows_that_there_is_more(browser: Any, addresses: dict[str, str], scheme: str) -> None:
    page = open_page(browser, addresses["report"], 360, color_scheme=scheme)
    for caption in ("Rules with a threshold", "The funnel in numbers"):
        table = page.locator(f".wide[aria-label='{caption}']")
        table.scroll_into_view_if_needed()
        assert table.evaluate("e => e.scrollWidth - e.clientWidth") > 40

        def look(side: str, table: Any = table) -> bytes:
            """The ground at a side of the table, in the blank above the titles of its columns."""
            box = table.bounding_box()
            left = box["x"] + 2 if side == "left" else box["x"] + box["width"] - 5
            return page.screenshot(clip={"x": left, "y": box["y"] + 2, "width": 3, "height": 2})

        begin = look("left"), look("right")
        table.evaluate("e => { e.scrollLeft = e.scrollWidth; }")
        end = look("left"), look("right")
        assert begin[1] != end[1], "a shadow where there is more to the right"
        assert begin[0] != end[0], "and to the left, once it is scrolled"
    page.context.close()


def test_on_paper_nothing_is_cut_off_at_the_side(browser: Any, addresses: dict[str, str]) -> None:
    page = open_page(browser, addresses["report"], 700)  # as wide as a sheet of A4
    page.emulate_media(media="print")
    wide = page.evaluate(
        """() => [...document.querySelectorAll('main *')].filter(e => e.checkVisibility() && !e.closest('caption, svg')
            && e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
            .map(e => e.outerHTML.slice(0, 120))"""
    )
    assert wide == []
    page.context.close()


def test_it_can_be_read_without_its_script(browser: Any, addresses: dict[str, str]) -> None:
    page = open_page(browser, addresses["report"], java_script_enabled=False)
    assert page.locator("#theme").is_hidden()
    assert page.locator(".filter").is_hidden()
    assert page.locator("h2:visible").count() >= 10
    assert page.locator("svg[role=img]:visible").count() >= 5
    page.context.close()


def test_what_scrolls_takes_the_focus_and_has_a_name(browser: Any, addresses: dict[str, str]) -> None:
    page = open_page(browser, addresses["hostile"], 360)
    page.evaluate(OPEN_ALL)
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('main *')].filter(e => e.checkVisibility()
            && e.namespaceURI.endsWith('xhtml') && (e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 1
            && ['auto', 'scroll'].includes(getComputedStyle(e).overflowX)
            || e.scrollHeight > e.clientHeight + 1 && ['auto', 'scroll'].includes(getComputedStyle(e).overflowY))
            && !(e.tabIndex >= 0 && e.getAttribute('aria-label'))).map(e => e.outerHTML.slice(0, 200))"""
    )
    assert nameless == []
    page.context.close()


def test_what_does_not_scroll_is_no_stop_on_the_way(browser: Any, addresses: dict[str, str]) -> None:
    page = open_page(browser, addresses["report"], 1280)
    stops = page.locator("[role=group]").count()
    assert stops > 3
    page.evaluate(OPEN_ALL)
    page.wait_for_function(
        """() => [...document.querySelectorAll('[role=group][tabindex]')].every(
            e => e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight)"""
    )
    assert page.locator("[role=group][tabindex]").count() < stops
    page.context.close()
