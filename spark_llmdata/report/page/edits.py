"""What stages changed in texts: how often, and both sides in an excerpt."""

from __future__ import annotations

from spark_llmdata.report.page.amounts import plural, tell_count
from spark_llmdata.report.page.cards import write_examples
from spark_llmdata.report.page.markup import Html, join, make_slug, tag
from spark_llmdata.report.page.model import EditGroup, Report
from spark_llmdata.report.page.table import Column, fold, write_bar, write_section, write_table

_LEAD = (
    "Stages that clean change texts and keep the document. Struck out is what was taken out, underlined what was "
    "put in; the text before and after can be read from it."
)


def write_edits(report: Report) -> Html:
    """The stages that changed texts, each with what it did."""
    if not report.edits:
        return write_section("edits", "Edits", tag("p", "No stage changed a text.", class_="lead"))
    columns = [Column("Stage", is_number=False), Column("Documents changed"), Column("Changes")]
    most = max(group.documents for group in report.edits)
    rows = [
        (
            tag("a", group.stage, href=f"#{_name(group)}"),
            write_bar([("kept", group.documents)], most, tell_count(group.documents)),
            tell_count(group.changes),
        )
        for group in report.edits
    ]
    each = [_write_group(group, is_open=not i) for i, group in enumerate(report.edits)]
    table = write_table("Changes by stage", columns, rows)
    return write_section("edits", "Edits", tag("p", _LEAD, class_="lead"), table, *each)


def _name(group: EditGroup) -> str:
    return f"edits-{make_slug(group.stage)}"


def _write_group(group: EditGroup, *, is_open: bool) -> Html:
    told = f"{plural(group.changes, 'change')} in {plural(group.documents, 'document')}"
    summary = join([tag("h3", group.stage), tag("span", told, class_="count")])
    ordered = sorted(group.kinds.items(), key=lambda kind: (-kind[1], kind[0]))
    kinds = [tag("li", tag("code", kind), f" {tell_count(n)}") for kind, n in ordered]
    listed = tag("ul", *kinds, class_="kinds") if kinds else None
    return fold(_name(group), summary, listed, write_examples(group.examples), is_open=is_open)
