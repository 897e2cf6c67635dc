"""What the run cost, pass by pass: predicted and measured."""

from __future__ import annotations

from spark_llmdata.report.page.amounts import UNKNOWN, plural, tell_bytes, tell_count, tell_seconds, tell_short
from spark_llmdata.report.page.charts import Bar, draw_bars
from spark_llmdata.report.page.markup import Html, join, tag
from spark_llmdata.report.page.model import Cost, Report
from spark_llmdata.report.page.table import Column, fold, write_figure, write_section, write_table

_LEAD = "Each pass over the data: what was measured, and below it what the plan had predicted."


def write_costs(report: Report) -> Html:
    """A chart of the seconds and a table of everything."""
    if not report.costs:
        return write_section("costs", "Costs", tag("p", "Nothing was measured.", class_="lead"))
    lead = _LEAD if any(_is_predicted(cost) for cost in report.costs) else "Each pass over the data, as measured."
    chart = _draw_seconds(report)
    section = tag("div", chart, class_="charts") if chart is not None else None
    return write_section("costs", "Costs", tag("p", lead, class_="lead"), section, _write_numbers(report))


def _is_predicted(cost: Cost) -> bool:
    known = (cost.predicted_rows, cost.predicted_bytes, cost.predicted_seconds, cost.predicted_memory_bytes)
    return any(value is not None for value in known)


def _draw_seconds(report: Report) -> Html | None:
    measured = [cost for cost in report.costs if cost.seconds is not None]
    if not measured:
        return None
    bars = []
    for cost in measured:
        bars.append(Bar(_label(cost), _tell_time(cost), {"kept": cost.seconds or 0}, cost.predicted_seconds))
    chart = draw_bars(bars, "cost-seconds", "Seconds by pass", f"All passes took {tell_seconds(report.seconds)}.")
    note = "The upright line is what was predicted." if any(bar.marker is not None for bar in bars) else None
    caption = tag("figcaption", note) if note else None
    return write_figure(join([tag("h3", "Time by pass"), chart]), caption)


def _label(cost: Cost) -> str:
    """What tells a pass from the others: its stages, of which there is room for one, else what it does."""
    if not cost.stages:
        return cost.step
    if cost.step == "read":
        return f"read and {plural(len(cost.stages), 'stage')}"
    more = len(cost.stages) - 1
    return f"{cost.stages[0]} and {more} more" if more else cost.stages[0]


def _tell_time(cost: Cost) -> str:
    """A pass whose results were there takes time, too, to find them."""
    if not cost.reused:
        return tell_seconds(cost.seconds)
    return "reused" if cost.seconds is None else f"{tell_seconds(cost.seconds)}, reused"


def _write_numbers(report: Report) -> Html:
    columns = [Column("Pass", is_number=False)]
    columns += [Column(name) for name in ("Rows", "Bytes", "Time", "Rows/s", "Memory")]
    rows = [
        (
            _name_pass(cost),
            _both(tell_count(cost.rows), tell_count(cost.predicted_rows)),
            _both(tell_bytes(cost.bytes), tell_bytes(cost.predicted_bytes)),
            _both(_tell_time(cost), tell_seconds(cost.predicted_seconds)),
            tell_short(cost.rows / cost.seconds) if cost.rows and cost.seconds and not cost.reused else UNKNOWN,
            _both(tell_bytes(cost.memory_bytes), tell_bytes(cost.predicted_memory_bytes)),
        )
        for cost in report.costs
    ]
    return write_table("Costs by pass, measured and predicted", columns, rows)


def _name_pass(cost: Cost) -> Html:
    name = tag("code", cost.step)
    if not cost.stages or list(cost.stages) == [cost.step]:
        return name
    if len(cost.stages) == 1:
        return join([name, tag("small", f" {cost.stages[0]}")])
    listed = tag("ul", *(tag("li", tag("code", stage)) for stage in cost.stages))
    return join([name, fold(None, join([f"{len(cost.stages)} stages"]), listed)])


def _both(measured: str, predicted: str) -> Html:
    if predicted == UNKNOWN:
        return join([measured])
    return join([measured, tag("small", f"predicted {predicted}", class_="predicted")])
