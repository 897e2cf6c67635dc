"""Rules with a threshold: where it lies among the scores, what another would keep, and who is next to it."""

from __future__ import annotations

from collections.abc import Sequence

from spark_llmdata.report.page.amounts import plural, tell_count, tell_number, tell_share
from spark_llmdata.report.page.cards import write_example
from spark_llmdata.report.page.charts import draw_histogram, draw_retention
from spark_llmdata.report.page.markup import Html, join, make_slug, tag, write_name, write_prose, write_sentence
from spark_llmdata.report.page.model import Bin, Example, Report, ThresholdView
from spark_llmdata.report.page.table import (
    Column,
    fold,
    fold_numbers,
    write_bar,
    write_figure,
    write_section,
    write_table,
)

_LEAD = (
    "Where each threshold lies among the scores, how many documents would pass another one, and those next to it on "
    "both sides: it is well placed if you agree with both. A document that fails several rules goes by the first; "
    "copies of a record are left out."
)


def write_thresholds(report: Report) -> Html:
    """An overview of the rules, and each by itself."""
    views = report.thresholds
    if not views:
        return write_section("thresholds", "Thresholds", tag("p", "No rule of this run has one.", class_="lead"))
    names = [_name(view, number) for number, view in enumerate(views)]
    columns = [Column("Rule", is_number=False), Column("Fails")]
    columns += [Column(title) for title in ("Have a score", "Fail it")]
    rows = []
    for view, name in zip(views, names, strict=True):
        failing = _count_failing(view.bins)
        share = f"{tell_count(failing)} · {tell_share(failing, view.documents)}" if failing else "0"
        bar = write_bar([("removed", failing)], view.documents, share)
        of = f" ({view.languages})" if view.languages else ""
        link = join(
            [tag("a", write_name(view.reason), href=f"#{name}"), " ", tag("small", write_prose(view.score), of)]
        )
        rule = f"{view.removes} {tell_number(view.threshold)}"
        rows.append((link, rule, tell_count(view.documents), bar))
    table = write_table("Rules with a threshold", columns, rows)
    each = [_write_view(view, name, is_open=not i) for i, (view, name) in enumerate(zip(views, names, strict=True))]
    return write_section("thresholds", "Thresholds", tag("p", _LEAD, class_="lead"), table, *each)


def _name(view: ThresholdView, number: int) -> str:
    return f"threshold-{number + 1}-{make_slug(view.reason)}"


def _count_failing(bins: Sequence[Bin]) -> int:
    return sum(bin_.removed for bin_ in bins)


def _write_view(view: ThresholdView, name: str, *, is_open: bool) -> Html:
    bound = f" {view.removes} {tell_number(view.threshold)}"
    rule = tag("span", "fails: ", write_prose(view.score), bound, class_="count")
    of = tag("span", f"language {view.languages}", class_="count") if view.languages else None
    summary = join([tag("h3", write_name(view.reason)), rule, of])
    known = f"{plural(view.documents, 'document')} with this score"
    if not view.exact and not view.note:
        known += "; those that an earlier rule removed have none"
    setting = None if view.setting is None else join([" Set by ", tag("code", view.setting), "."])
    note = (" ", write_sentence(view.note)) if view.note else ()
    figures = []
    if view.bins:
        figures.append(write_figure(draw_histogram(view, f"{name}-histogram"), _write_bins(view)))
    if len(view.retention) > 1:
        figures.append(write_figure(draw_retention(view, f"{name}-retention"), _write_retention(view)))
    return fold(
        name,
        summary,
        tag("p", f"{known}.", setting, *note, class_="aside"),
        tag("div", *figures, class_="charts") if figures else None,
        _write_sides(view),
        is_open=is_open,
    )


def _write_bins(view: ThresholdView) -> Html:
    columns = [Column("From"), Column("to below"), Column("Pass"), Column("Fail")]
    rows = [(tell_number(b.begin), tell_number(b.end), tell_count(b.kept), tell_count(b.removed)) for b in view.bins]
    return fold_numbers(write_table(f"Documents by {view.score}", columns, rows))


def _write_retention(view: ThresholdView) -> Html:
    now = min(view.retention, key=lambda point: abs(point.threshold - view.threshold))
    rows = []
    for point in view.retention:
        label = tell_number(point.threshold)
        more = point.documents - now.documents
        rows.append(
            (
                tag("strong", label, " (now)") if point.threshold == view.threshold else label,
                tell_count(point.documents),
                tell_share(point.documents, view.documents),
                f"{more:+,}".replace("-", "−") if more else "0",
                tell_count(point.words),
            )
        )
    columns = [Column(title) for title in ("Threshold", "Pass", "Share", "Difference", "Words that pass")]
    return fold_numbers(write_table(f"Passing other thresholds of {view.score}", columns, rows))


def _write_sides(view: ThresholdView) -> Html | None:
    """Documents on both sides, beside each other; each side nearest first."""
    if not view.kept_examples and not view.removed_examples:
        return None
    return tag(
        "div",
        _write_side("removed", "Just fail", view.removed_examples),
        _write_side("kept", "Just pass", view.kept_examples),
        class_="sides",
    )


def _write_side(outcome: str, title: str, examples: Sequence[Example]) -> Html:
    heading = tag("h4", tag("span", class_=f"key {outcome}"), title)
    if not examples:
        return tag("div", heading, tag("p", "no document", class_="aside"))
    return tag("div", heading, *(write_example(example) for example in examples))
