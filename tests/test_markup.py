"""HTML for notebooks: escaped, without script, with what is left out said."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from spark_llmdata import markup

EVIL = "<script>alert('x')</script> & \"q\""


class Checked(HTMLParser):
    """Fails where tags are not closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text: list[str] = []
        self.feed(page)
        assert self.tags == []

    def handle_starttag(self, tag, attrs):
        assert not [name for name, _ in attrs if name.startswith("on")]
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.tags.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.mark.parametrize(
    "page",
    [
        markup.block(EVIL, markup.note(EVIL), ""),
        markup.table((EVIL, "n"), [(EVIL, 1)]),
        markup.facts({EVIL: EVIL}),
        markup.marked("taken", EVIL, EVIL),
        markup.preformatted(markup.escape(EVIL)),
    ],
)
def test_everything_is_escaped(page):
    assert "<script" not in page
    assert EVIL in "".join(Checked(page).text)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1234567, "1,234,567"), (0.123456789, "0.123457"), (1e9, "1e+09"), (None, ""), (True, "True"), ("a<b", "a&lt;b")],
)
def test_values(value, shown):
    assert markup.escape(value) == shown


def test_numbers_stand_at_the_right_and_rows_left_out_are_told():
    page = markup.table(("name", "n"), [("a", 1), ("b", None), ("c", 3)], limit=2)
    assert 'text-align:right">1</td>' in page
    assert 'text-align:left">a</td>' in page
    assert ">3</td>" not in page
    assert "and 1 more" in page
    assert markup.table(("name",), []) == ""


def test_facts_without_a_value_are_left_out():
    page = markup.facts({"by": None, "run": "r", "words": 1234, "none": ""})
    assert Checked(page).text == ["run", "r", "words", "1,234"]


def test_colors_are_tints_that_suit_dark_and_light():
    page = "".join(markup.marked(kind, "x", "by whom") for kind in ("taken", "put", "counts"))
    assert page.count("rgba(") == 3
    assert 'title="by whom"' in page
    assert "color:#" not in page
