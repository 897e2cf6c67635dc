"""The head of the page: which run, how much it kept, and what to bear in mind."""

from __future__ import annotations

from spark_llmdata.report.page.amounts import (
    plural,
    tell_bytes,
    tell_count,
    tell_one_in,
    tell_seconds,
    tell_share,
    tell_short,
)
from spark_llmdata.report.page.markup import Html, join, shorten, tag, write_sentence
from spark_llmdata.report.page.model import Report
from spark_llmdata.report.page.reasons import ASIDE, name_group
from spark_llmdata.report.page.table import draw_inline, write_pair

_TOP = 3
_MAX_NAME = 80


def write_head(report: Report) -> Html:
    """The recipe as the page's heading, the run, the figures, the caveats."""
    # Spark gives times without a zone, in that of the machine: they are told with it.
    begin = report.started if report.started.tzinfo else report.started.astimezone()
    started = begin.strftime("%d %B %Y, %H:%M %Z").strip().lstrip("0")
    about = join(
        [
            join(["run ", tag("code", report.run)]),
            tag("time", started, datetime=begin.isoformat()),
            f"took {tell_seconds(report.seconds)}",
        ],
        " · ",
    )
    return tag(
        "header",
        tag("p", "Corpus report", class_="kind"),
        tag("h1", tag("bdi", shorten(report.recipe, _MAX_NAME))),
        tag("p", about, class_="about"),
        _write_figures(report),
        tag("p", _tell(report), class_="summary"),
        _write_caveats(report),
        _write_facts(report),
        id="top",
    )


def _write_figures(report: Report) -> Html:
    parts = [("kept", report.kept), ("removed", report.removed), ("rejected", report.rejected)]
    of = "read" if report.records == report.documents else f"of {plural(report.records, 'record')} read"
    boxes = [_write_figure("Documents", report.documents, None, of)]
    whole = report.documents
    boxes += [_write_figure(name.capitalize(), n, whole, tell_share(n, whole)) for name, n in parts]
    return tag("div", tag("dl", *boxes, class_="figures"), draw_inline(parts, whole), class_="result")


def _write_figure(name: str, number: int, whole: int | None, told: str) -> Html:
    key = None if whole is None else tag("span", class_=f"key {name.lower()}")
    return tag("div", tag("dt", key, name), tag("dd", tag("strong", tell_count(number)), tag("span", told)))


def _tell(report: Report) -> Html:
    """The figures as a sentence, and the reasons that took most."""
    if not report.records:
        return join(["Nothing was read."])
    aside = report.records - report.documents
    beside = None
    if aside:
        beside = join([" Set aside as no documents: ", tag("a", plural(aside, "record"), href=f"#{ASIDE}"), "."])
    if not report.documents:
        return join(["No document was read.", beside])
    kept, removed, rejected = (tell_one_in(n, report.documents) for n in (report.kept, report.removed, report.rejected))
    told = f"Of every 100 documents {kept} stayed, {removed} went by a rule"
    could = "" if rejected == "none" else f" and {rejected} could not be read or judged"
    left = f" What stayed holds {tell_short(report.kept_words)} words, {tell_bytes(report.kept_bytes)} of text."
    groups = sorted((g for g in report.reasons if g.outcome == "removed"), key=lambda g: -g.documents)[:_TOP]
    if not groups:
        return join([f"{told}{could}.{left}", beside])
    links = [
        join([tag("a", shorten(g.reason, _MAX_NAME), href=f"#{name_group(g)}"), f" ({tell_count(g.documents)})"])
        for g in groups
    ]
    return join([f"{told}{could}.{left} Most went by ", join(links, ", "), ".", beside])


def _write_caveats(report: Report) -> Html | None:
    caveats = list(report.caveats)
    if not report.reproducible and not any("reproduc" in c for c in caveats):
        caveats.append("This run is not reproducible: the same input may give another corpus.")
    if not caveats:
        return None
    title = plural(len(caveats), "thing") + " to bear in mind"
    items = tag("ul", *(tag("li", write_sentence(caveat)) for caveat in caveats))
    return tag("aside", tag("h2", title), items, class_="caveats", aria_label=title)


def _write_facts(report: Report) -> Html:
    return tag(
        "dl",
        write_pair("Store", tag("code", report.store)),
        write_pair("Documents", tag("code", f"{report.table} version {report.corpus_version}")),
        write_pair("Content hash", tag("code", report.content_hash)),
        write_pair("Reproducible", "yes" if report.reproducible else "no"),
        class_="facts-list",
    )
