"""Texts become markup by being escaped, whatever they hold."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from spark_llmdata.report.page.markup import (
    Html,
    escape,
    join,
    make_slug,
    name_unshown,
    show_blank,
    tag,
    write_name,
    write_prose,
    write_sentence,
)


@given(st.text())
def test_a_text_comes_back_from_the_page(text: str) -> None:
    element = html.fragment_fromstring(tag("p", text, title=text))
    assert element.text_content() == name_unshown(text)
    # Parsers read an attribute's lines as they are written, but for what HTML gives back as LF.
    assert element.get("title") == name_unshown(text)


@given(st.text())
def test_prose_loses_nothing_but_the_backticks_of_names(text: str) -> None:
    element = html.fragment_fromstring(tag("p", write_prose(text)))
    assert element.text_content().replace("`", "") == name_unshown(text).replace("`", "")


def test_markup_goes_in_as_it_is_and_nothing_leaves_nothing() -> None:
    assert tag("p", Html("<b>x</b>"), None, "<y>") == "<p><b>x</b>&lt;y&gt;</p>"
    assert join(["a", None, Html("<br>")], " & ") == "a &amp; <br>"
    assert tag("input", id="a", hidden=True, open=False, title=None) == '<input id="a" hidden>'


def test_names_between_backticks_are_code() -> None:
    assert write_prose("fewer than `min_words` words") == "fewer than <code>min_words</code> words"
    assert write_prose("one ` alone") == "one ` alone"


@pytest.mark.parametrize(
    ("text", "told"),
    [("a\u202eb", "U+202E"), ("\x1b[0m", "U+001B"), ("\U000e0041", "U+E0041"), ("\udc80", "U+DC80"), ("\r", "U+000D")],
)
def test_what_cannot_be_shown_is_told_by_its_number(text: str, told: str) -> None:
    assert f'<span class="unshown">{told}</span>' in escape(text)
    assert told in name_unshown(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("documents went", "Documents went."),
        ("dedup.minhash: 14 bands!", "dedup.minhash: 14 bands!"),
        ("`limit` was set", "<code>limit</code> was set."),
        ("", "."),
    ],
)
def test_a_sentence_begins_and_ends(text: str, told: str) -> None:
    assert write_sentence(text) == told


@pytest.mark.parametrize("text", ["می‌خواهم", "👩‍🚀", "ไทย\u200bภาษา", "a\tb\nc", "soft\u00adhyphen", "\u200fשלום"])
def test_what_scripts_need_stays(text: str) -> None:
    assert escape(text) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("\u200b\u200b", ["U+200B ×2"]),
        (" \n", ["space", "line end"]),
        ("\u00a0", ["no-break space"]),
        ("\u3164", ["U+3164"]),
    ],
)
def test_what_shows_nothing_is_told_where_it_is_marked(text: str, told: list[str]) -> None:
    assert html.fragment_fromstring(tag("del", show_blank(text))).xpath("span/text()") == told


def test_what_shows_something_is_shown_as_it_is() -> None:
    assert show_blank("می‌خواهم <b>") == escape("می‌خواهم <b>")


def test_lines_end_in_one_way() -> None:
    assert escape("a\r\nb") == "a\nb"


def test_a_slug_is_fit_for_an_id() -> None:
    assert make_slug("filter.gopher_quality") == "filter-gopher_quality"
    names = ["filter.url", "filter-url", "Filter.url", "שלום", "עולם", "", "w" * 4_000, "\ud800"]
    slugs = [make_slug(name) for name in names]
    assert len(set(slugs)) == len(names)
    assert all(re.fullmatch("[a-z0-9_-]{1,80}", slug) for slug in slugs)


def test_a_name_may_break_behind_its_dots_and_dashes() -> None:
    assert write_name("gopher_quality.too_few") == "gopher_<wbr>quality.<wbr>too_<wbr>few"
    assert write_name("_<b>..x_") == "_<wbr>&lt;b&gt;..<wbr>x_"
