"""Charts of Altair as SVG that lives in the page: its colors, its fonts, a name, a description, no network."""

from __future__ import annotations

import io
import re
from typing import Any
from xml.etree import ElementTree

from spark_llmdata import extras
from spark_llmdata.report.page.markup import Html, name_unshown, tag

_SVG = "http://www.w3.org/2000/svg"
#: What the page says better itself: fonts and colors by its style sheet, what the chart is by its title.
_UNUSED = {"class", "role", "pointer-events", "font-family", "version", "width", "height", "style", "stroke-miterlimit"}
_LONG = re.compile(r"-?\d+\.\d{2,}")
_INK = "var(--ink)"
_MUTED = "var(--muted)"


def load_altair() -> Any:
    """The library, and behind it the one that draws without a browser; MissingExtra where they are not installed."""
    extras.require("vl_convert", extra="report", needed_by="llmdata report")
    return extras.require("altair", extra="report", needed_by="llmdata report")


def draw(chart: Any, name: str, title: str, description: str) -> Html:
    """A chart as an inline image called `title`; `name` is unique in the page."""
    alt = load_altair()
    styled = chart.configure(
        background="transparent",
        padding=2,
        axis=alt.AxisConfig(
            labelColor=_MUTED,
            titleColor=_MUTED,
            labelFontSize=11,
            labelPadding=5,
            titleFontSize=11,
            titleFontWeight="normal",
            gridColor="var(--line)",
            domainColor="var(--edge)",
            tickColor="var(--edge)",
            tickSize=4,
        ),
        view=alt.ViewConfig(stroke=None),
        text=alt.MarkConfig(color=_INK, fontSize=12),
    )
    written = io.StringIO()
    styled.save(written, format="svg")
    root = ElementTree.fromstring(written.getvalue())
    width = root.get("width", "340")
    _strip(root)
    drawn = "".join(_write(child) for child in root)
    return tag(
        "svg",
        tag("title", name_unshown(title), id=f"{name}-title"),
        tag("desc", name_unshown(description), id=f"{name}-desc"),
        Html(drawn),
        viewBox=root.get("viewBox"),
        width=width,
        role="img",
        aria_labelledby=f"{name}-title",
        aria_describedby=f"{name}-desc",
        fill="none",
    )


def make_data(rows: list[dict[str, Any]]) -> Any:
    """Rows for a chart; what cannot be shown in their texts is told by number."""
    clean = [{k: name_unshown(v) if isinstance(v, str) else v for k, v in row.items()} for row in rows]
    return load_altair().Data(values=clean)


def _strip(element: ElementTree.Element) -> None:
    """Take out what is not seen and what the page says itself."""
    for child in list(element):
        _strip(child)
        if _is_empty(child):
            element.remove(child)
    for key in list(element.attrib):
        value = element.attrib[key]
        if key in _UNUSED or key.startswith("aria-") or (key, value) in {("opacity", "1"), ("stroke-width", "1")}:
            del element.attrib[key]
        else:
            element.set(key, _LONG.sub(lambda found: f"{float(found.group()):.1f}", value))


def _is_empty(element: ElementTree.Element) -> bool:
    name = element.tag.rpartition("}")[2]
    if name == "g":
        return len(element) == 0
    if element.get("display") == "none":
        return True
    return name == "path" and (not element.get("d") or not ({"fill", "stroke"} & set(element.attrib)))


def _write(element: ElementTree.Element) -> str:
    """SVG as HTML writes it: without namespaces."""
    for part in element.iter():
        part.tag = part.tag.rpartition("}")[2]
    return ElementTree.tostring(element, encoding="unicode").rstrip()
