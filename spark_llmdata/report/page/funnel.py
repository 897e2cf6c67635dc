"""The funnel: what every stage was shown, took and left, as charts of documents, words and bytes and as a table."""

from __future__ import annotations

from collections.abc import Callable

from spark_llmdata.report.page.amounts import plural, tell_bytes, tell_count, tell_share, tell_short
from spark_llmdata.report.page.charts import Bar, draw_bars
from spark_llmdata.report.page.markup import Html, join, tag
from spark_llmdata.report.page.model import Report
from spark_llmdata.report.page.table import Column, write_figure, write_section, write_table

_LEAD = "What came to each stage, what it took out, and what it left to the next, counted in documents."


def write_funnel(report: Report) -> Html:
    """Three charts, as far as words and bytes are known, and the numbers of all."""
    if not report.funnel:
        return write_section("funnel", "Funnel", tag("p", "The recipe has no stage that judges.", class_="lead"))
    charts = [_draw_documents(report), *_draw_amounts(report)]
    legend = tag(
        "p",
        *(tag("span", tag("span", class_=f"key {name}"), told) for name, told in _list_outcomes(report)),
        class_="legend",
    )
    lead = tag("p", _LEAD, _tell_aside(report), class_="lead")
    return write_section("funnel", "Funnel", lead, legend, tag("div", *charts, class_="charts"), _write_numbers(report))


def _tell_aside(report: Report) -> Html | None:
    aside = report.records - report.documents
    if not aside:
        return None
    return join([f" {tell_count(aside)} of {plural(report.records, 'record')} are set aside and do not come in."])


def _list_outcomes(report: Report) -> list[tuple[str, str]]:
    outcomes = [("kept", "left"), ("removed", "removed")]
    return [*outcomes, ("rejected", "rejected")] if any(step.rejected for step in report.funnel) else outcomes


def _draw_documents(report: Report) -> Html:
    bars = [
        Bar(
            step.stage,
            _tell_step(step.removed + step.rejected, step.kept, tell_short),
            {"kept": step.kept, "removed": step.removed, "rejected": step.rejected},
        )
        for step in report.funnel
    ]
    told = f"{tell_count(report.documents)} documents were read, {tell_count(report.kept)} are left at the end."
    return write_figure(join([tag("h3", "Documents"), draw_bars(bars, "funnel-documents", "Documents by stage", told)]))


def _draw_amounts(report: Report) -> list[Html]:
    """Words and bytes; a chart of which nothing is known is left out."""
    charts = []
    for title, unit, tell in (("Words", "words", tell_short), ("Text", "bytes", tell_bytes)):
        bars = []
        for step in report.funnel:
            kept, removed = (getattr(step, f"{side}_{unit}") for side in ("kept", "removed"))
            if kept is not None:
                told = _tell_step(removed or 0, kept, tell)
                bars.append(Bar(step.stage, told, {"kept": kept, "removed": removed or 0}))
        if bars:
            last = getattr(report, f"kept_{unit}")
            described = f"{tell(last)} are left after the last stage."
            chart = draw_bars(bars, f"funnel-{unit}", f"{title} by stage", described)
            charts.append(write_figure(join([tag("h3", title), chart])))
    return charts


def _tell_step(gone: int, left: int, tell: Callable[[int], str]) -> str:
    return f"−{tell(gone)} → {tell(left)}" if gone else tell(left)


def _write_numbers(report: Report) -> Html:
    titles = ("Came in", "Removed", "of what came", "Rejected", "Left", "of all documents", "Words left", "Text left")
    columns = [Column("Stage", is_number=False), *map(Column, titles)]
    rows = [
        (
            tag("code", step.stage),
            tell_count(step.shown),
            tell_count(step.removed),
            tell_share(step.removed, step.shown),
            tell_count(step.rejected),
            tell_count(step.kept),
            tell_share(step.kept, report.documents),
            tell_count(step.kept_words),
            tell_bytes(step.kept_bytes),
        )
        for step in report.funnel
    ]
    return write_table("The funnel in numbers", columns, rows)
