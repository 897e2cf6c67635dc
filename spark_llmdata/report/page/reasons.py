"""Why documents are not in the corpus: every reason with its numbers and its examples."""

from __future__ import annotations

from collections.abc import Sequence

from spark_llmdata.report.page.amounts import plural, tell_bytes, tell_count, tell_share
from spark_llmdata.report.page.cards import write_examples
from spark_llmdata.report.page.markup import Html, join, make_slug, tag, write_name, write_prose
from spark_llmdata.report.page.model import ReasonGroup, Report
from spark_llmdata.report.page.table import Column, fold, write_bar, write_section, write_table

_LEAD = (
    "A document goes by the first reason that holds. Highlighted is what counted against it; "
    "the command below an excerpt shows all of the document."
)
_REJECTS = "Records that could not be read, decoded, extracted or judged. None is lost in silence: each has its place."
#: What could not be read need not have been a document.
_NOUNS = {"removed": "document", "rejected": "record", "aside": "record"}
_SET_ASIDE = (
    "Records that hold no document, such as requests in an archive, or that are in no sample. They are counted nowhere "
    "else on this page: no share is one of records."
)
#: The place in the page of what is no document.
ASIDE = "set-aside"


def write_removals(report: Report) -> Html:
    """Reasons that removed documents, and below them what is no document."""
    groups, aside = _sort(report, "removed"), _sort(report, "aside")
    lead = tag("p", _LEAD if groups else "No document was removed.", class_="lead")
    inner = _write_groups(groups)
    if aside:
        inner += [tag("h3", "Set aside", id=ASIDE), tag("p", _SET_ASIDE, class_="lead"), *_write_groups(aside)]
    return write_section("removals", "Removals by reason", lead, *inner)


def write_rejects(report: Report) -> Html:
    """Reasons for which records could not be read or judged."""
    groups = _sort(report, "rejected")
    lead = _REJECTS if groups else "Every record could be read and judged."
    return write_section("rejects", "Rejects", tag("p", lead, class_="lead"), *_write_groups(groups))


def name_group(group: ReasonGroup) -> str:
    """The id of a reason's place in the page."""
    return f"{group.outcome}-{make_slug(group.stage)}--{make_slug(group.reason)}"


def _sort(report: Report, outcome: str) -> list[ReasonGroup]:
    groups = [group for group in report.reasons if group.outcome == outcome]
    return sorted(groups, key=lambda group: (-group.documents, group.stage, group.reason))


def _write_groups(groups: Sequence[ReasonGroup]) -> list[Html]:
    if not groups:
        return []
    noun = _NOUNS[groups[0].outcome].capitalize() + "s"
    outcome = groups[0].outcome
    caption = f"{noun} {'set aside' if outcome == 'aside' else outcome}, by reason"
    total = sum(group.documents for group in groups)
    titles = (noun, f"of {tell_count(total)}", "Words", "Text")
    columns = [Column("Reason", is_number=False), *map(Column, titles)]
    most = groups[0].documents
    rows = [
        (
            tag("a", write_name(group.reason), href=f"#{name_group(group)}"),
            write_bar([(outcome, group.documents)], most, tell_count(group.documents)),
            tell_share(group.documents, total),
            tell_count(group.words),
            tell_bytes(group.bytes),
        )
        for group in groups
    ]
    each = [_write_group(g, is_open=g is groups[0] and outcome != "aside") for g in groups]
    return [write_table(caption, columns, rows), *each]


def _write_group(group: ReasonGroup, *, is_open: bool) -> Html:
    summary = join(
        [
            tag("h3", write_name(group.reason)),
            tag("span", plural(group.documents, _NOUNS[group.outcome]), class_="count"),
            tag("span", write_prose(group.meaning), class_="meaning") if group.meaning else None,
        ]
    )
    told = f"{plural(len(group.examples), 'example')} of {tell_count(group.documents)}, by {group.stage}."
    if not group.examples:
        told = f"By {group.stage}; there is no example."
    examples = write_examples(group.examples)
    return fold(name_group(group), summary, tag("p", told, class_="aside"), examples, is_open=is_open)
