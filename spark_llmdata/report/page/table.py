"""Tables and the parts that every section has: headings with links, things that fold, bars inside lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from spark_llmdata.report.page.charts import FILLS
from spark_llmdata.report.page.markup import Content, Html, join, tag

#: Tables of more columns stand closer.
_DENSE = 7
_MARKUP = re.compile("<[^>]*>")
#: Characters of a word that has to break somewhere.
_LONG = 48


@dataclass(frozen=True)
class Column:
    """A column; numbers stand at the right."""

    title: Content
    is_number: bool = True


def write_table(caption: str, columns: Sequence[Column], rows: Iterable[Sequence[Content]]) -> Html:
    """A table whose first column names its rows; wider than the page it scrolls by itself."""
    head = tag("tr", *(tag("th", c.title, scope="col", class_="n" if c.is_number else None) for c in columns))
    body = [_write_row(row, columns) for row in rows]
    table = tag("table", tag("caption", caption), tag("thead", head), tag("tbody", *body))
    kind = "wide dense" if len(columns) > _DENSE else "wide"
    return tag("div", table, class_=kind, tabindex=0, role="group", aria_label=caption)


def _write_row(row: Sequence[Content], columns: Sequence[Column]) -> Html:
    name, *others = row
    kind = "n" if columns[0].is_number else "long" if _is_long(name or "") else None
    cells = [tag("th", name, scope="row", class_=kind)]
    for column, cell in zip(columns[1:], others, strict=True):
        cells.append(tag("td", cell, class_="n" if column.is_number else None))
    return tag("tr", *cells)


def _is_long(name: str) -> bool:
    return any(len(word) > _LONG for word in _MARKUP.sub("", name).split())


def write_section(name: str, title: str, *inner: Content) -> Html:
    """A section that a link can name, and that link beside its heading."""
    link = tag("a", "#", href=f"#{name}", aria_label=f"Link to {title}")
    return tag("section", tag("div", tag("h2", title), link, class_="heading"), *inner, id=name)


def fold(name: str | None, summary: Html, *inner: Content, is_open: bool = False) -> Html:
    """A thing that opens."""
    return tag("details", tag("summary", summary), tag("div", *inner, class_="inner"), id=name, open=is_open)


def fold_numbers(*inner: Content) -> Html:
    """The numbers of a chart, for those who cannot see it or want them exactly."""
    return tag("details", tag("summary", "The numbers of this chart"), *inner, class_="numbers")


def write_figure(chart: Html, numbers: Html | None = None) -> Html:
    """A chart and its numbers."""
    return tag("figure", chart, numbers)


def draw_inline(parts: Iterable[tuple[str, float]], whole: float) -> Html:
    """A bar inside a line, beside the number that it shows: parts by the name of their fill."""
    begin, drawn = 0.0, []
    for fill, length in parts:
        width = 100 * length / whole if whole else 0
        drawn.append(Html(f'<rect x="{begin:.1f}" width="{width:.1f}" height="8" fill="{FILLS[fill]}"/>'))
        begin += width
    inner = join(drawn)
    return tag("svg", inner, viewBox="0 0 100 8", preserveAspectRatio="none", class_="bar", aria_hidden="true")


def write_bar(parts: Iterable[tuple[str, float]], whole: float, told: str) -> Html:
    """A number at the right of its cell, its bar at the left."""
    return tag("span", draw_inline(parts, whole), tag("span", told), class_="barred")


def write_pair(name: str, value: Content) -> Html:
    """A name and what it stands for, in a list of facts."""
    return tag("div", tag("dt", name), tag("dd", value))
