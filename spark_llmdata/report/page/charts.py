"""The charts of the page: bars by name, columns, a histogram with its threshold, what other thresholds keep."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spark_llmdata.report.page.amounts import tell_count, tell_number, tell_share
from spark_llmdata.report.page.drawing import draw, load_altair, make_data
from spark_llmdata.report.page.markup import Html, shorten
from spark_llmdata.report.page.model import ThresholdView

#: A chart is as wide as a phone shows without shrinking it.
WIDTH = 316
_INNER = WIDTH - 48
_HEIGHT = 140
#: Edges of bars that are named below a histogram.
_LABELS = 5
_ROW = 34
#: What is removed is hatched: it differs from what is kept without its color, too. The page defines the pattern.
FILLS = {
    "kept": "var(--kept)",
    "removed": "url(#hatch-removed)",
    "rejected": "var(--rejected)",
    "aside": "var(--predicted)",
}


@dataclass(frozen=True)
class Bar:
    """A bar with its name and figures above it; parts by the name of their fill, a marker where one was expected."""

    label: str
    told: str
    parts: Mapping[str, float]
    marker: float | None = None


def draw_bars(bars: Sequence[Bar], name: str, title: str, description: str) -> Html:
    """Bars below each other, of one scale."""
    alt = load_altair()
    longest = max((max(sum(bar.parts.values()), bar.marker or 0) for bar in bars), default=0) or 1
    scale = alt.Scale(domain=[0, longest], nice=False)
    x = alt.X("begin:Q", scale=scale, axis=None)
    pixels = {"scale": None, "axis": None}
    pieces, texts, markers = [], [], []
    for number, bar in enumerate(bars):
        top, begin = number * _ROW, 0.0
        for fill, length in bar.parts.items():
            row = {"begin": begin, "end": begin + length, "top": top + 18, "bottom": top + 28}
            pieces.append(row | {"fill": FILLS.get(fill, f"var(--{fill})")})
            begin += length
        texts.append({"label": shorten(bar.label), "told": bar.told, "top": top + 13})
        if bar.marker is not None:
            markers.append({"begin": bar.marker, "top": top + 15, "bottom": top + 31})
    fill = alt.Fill("fill:N", scale=None, legend=None)
    layers = [
        alt.Chart(make_data(pieces))
        .mark_rect(aria=False)
        .encode(x=x, x2="end:Q", y=alt.Y("top:Q", **pixels), y2="bottom:Q", fill=fill),
        alt.Chart(make_data(texts))
        .mark_text(align="left", baseline="alphabetic", aria=False)
        .encode(x=alt.value(0), y=alt.Y("top:Q", **pixels), text="label:N"),
        alt.Chart(make_data(texts))
        .mark_text(align="right", baseline="alphabetic", aria=False, color="var(--muted)")
        .encode(x=alt.value(WIDTH), y=alt.Y("top:Q", **pixels), text="told:N"),
    ]
    if markers:
        layers.append(
            alt.Chart(make_data(markers))
            .mark_rule(aria=False, color="var(--ink)", strokeWidth=2)
            .encode(x=x, y=alt.Y("top:Q", **pixels), y2="bottom:Q")
        )
    chart = alt.layer(*layers).properties(width=WIDTH, height=_ROW * len(bars))
    return draw(chart, name, title, description)


def draw_columns(columns: Mapping[str, int], name: str, title: str, description: str, x_title: str) -> Html:
    """Columns beside each other with their counts on top."""
    alt = load_altair()
    data = make_data([{"label": k, "n": v, "told": tell_count(v)} for k, v in columns.items()])
    x = alt.X("label:N", sort=None, title=x_title, axis=alt.Axis(labelAngle=0, ticks=False))
    y = alt.Y("n:Q", axis=None)
    bars = alt.Chart(data).mark_bar(aria=False, fill=FILLS["kept"]).encode(x=x, y=y)
    texts = alt.Chart(data).mark_text(dy=-7, aria=False, fontSize=11).encode(x=x, y=y, text="told:N")
    chart = alt.layer(bars, texts).properties(width=WIDTH - 8, height=_HEIGHT)
    return draw(chart, name, title, description)


def draw_histogram(view: ThresholdView, name: str) -> Html:
    """The scores around a threshold: how many of these documents pass and fail. A bin is a bar, however wide it is."""
    alt = load_altair()
    fill = alt.Fill("fill:N", scale=None, legend=None)
    rows = []
    for number, bin_ in enumerate(view.bins):
        at = 0
        for outcome, n in (("kept", bin_.kept), ("removed", bin_.removed)):
            if n:
                rows.append({"b": number + 0.05, "e": number + 0.95, "from": at, "to": at + n, "fill": FILLS[outcome]})
            at += n
    x = _make_axis(alt, view, shorten(view.score, 44))
    labels = "format(datum.value, datum.value < 1000 ? ',d' : '.3~s')"
    axis = alt.Axis(tickCount=3, tickMinStep=1, labelExpr=labels, domain=False, ticks=False)
    y = alt.Y("from:Q", title="documents", axis=axis)
    bars = alt.Chart(make_data(rows)).mark_rect(aria=False).encode(x=x, x2="e:Q", y=y, y2="to:Q", fill=fill)
    chart = alt.layer(bars, *_draw_threshold(alt, view, x)).properties(width=_INNER, height=_HEIGHT)
    kept, removed = (sum(getattr(b, outcome) for b in view.bins) for outcome in ("kept", "removed"))
    told = f"{tell_count(kept)} pass and {tell_count(removed)} fail"
    told = f"Documents by {view.score}. The threshold is {tell_number(view.threshold)}: {told}."
    return draw(chart, name, f"Histogram of {view.score}", told)


def draw_retention(view: ThresholdView, name: str) -> Html:
    """How many would pass other thresholds, in percent of those that have the score; laid out as the histogram."""
    alt = load_altair()
    points = [(place, p) for p in view.retention if (place := _find_place(view, p.threshold)) is not None]
    data = make_data([{"b": place, "s": 100 * p.documents / (view.documents or 1)} for place, p in points])
    x = _make_axis(alt, view, "threshold")
    axis = alt.Axis(values=[0, 50, 100], domain=False, ticks=False)
    y = alt.Y("s:Q", title="pass, %", scale=alt.Scale(domain=[0, 100]), axis=axis)
    line = alt.Chart(data).mark_line(aria=False, color=FILLS["kept"], strokeWidth=2).encode(x=x, y=y)
    dots = alt.Chart(data).mark_point(aria=False, filled=True, fill=FILLS["kept"], size=22).encode(x=x, y=y)
    chart = alt.layer(line, dots, *_draw_threshold(alt, view, x)).properties(width=_INNER, height=_HEIGHT)
    least, most = (f((p for _, p in points), key=lambda p: p.documents) for f in (min, max))
    told = " and ".join(
        f"{tell_share(p.documents, view.documents)} at {tell_number(p.threshold)}" for p in (least, most)
    )
    return draw(chart, name, f"Passing other thresholds of {view.score}", f"Between {told} would pass.")


def _find_place(view: ThresholdView, value: float) -> float | None:
    """Where a score stands in the histogram: 2.5 is the middle of the third bar; None outside of all."""
    for number, bin_ in enumerate(view.bins):
        if bin_.begin <= value <= bin_.end:
            begin, end, at = bin_.begin, bin_.end, value
            if view.scale == "log" and begin > 0 and math.isfinite(end):
                begin, end, at = math.log(begin), math.log(end), math.log(at)
            width = end - begin
            return number + ((at - begin) / width if width > 0 and math.isfinite(width) else 0)
    return None


def _make_axis(alt: Any, view: ThresholdView, title: str) -> Any:
    """Bars of one width with some of their edges named; beyond the outermost there is nothing, so they have no name."""
    named = _choose_edges([tell_number(bin_.begin) for bin_ in view.bins])
    told = {str(number): tell_number(view.bins[number].begin) for number in named}
    expression = f"{json.dumps(told)}[datum.value]"
    scale = alt.Scale(domain=[0, len(view.bins)], nice=False, zero=False)
    return alt.X("b:Q", title=title, scale=scale, axis=alt.Axis(values=named, labelExpr=expression, grid=False))


def _choose_edges(labels: Sequence[str]) -> list[int]:
    """Which inner edges are named: evenly spread, those with the shortest names: 0.2, 0.4 rather than 0.175, 0.375."""
    least = max(1, math.ceil((len(labels) - 1) / _LABELS))
    choices = [range(first, len(labels), step) for step in (least, least + 1) for first in range(1, step + 1)]
    wide: list[range] = [choice for choice in choices if len(choice) > 1] or [range(1, len(labels))]
    return list(min(wide, key=lambda edges: _mean([len(labels[n]) for n in edges])))


def _mean(lengths: Sequence[int]) -> float:
    return sum(lengths) / max(len(lengths), 1)


def _draw_threshold(alt: Any, view: ThresholdView, x: Any) -> list[Any]:
    """The threshold as a line, and on which side of it documents go."""
    place = _find_place(view, view.threshold)
    if place is None:
        return []
    is_left = place < len(view.bins) / 2
    data = make_data([{"b": place, "told": f"fails {view.removes} {tell_number(view.threshold)}"}])
    rule = alt.Chart(data).mark_rule(aria=False, color="var(--ink)", strokeWidth=1.5, strokeDash=[4, 3]).encode(x=x)
    text = alt.Chart(data).mark_text(
        aria=False, align="left" if is_left else "right", dx=-2 if is_left else 2, fontSize=11
    )
    return [rule, text.encode(x=x, y=alt.value(-8), text="told:N")]
