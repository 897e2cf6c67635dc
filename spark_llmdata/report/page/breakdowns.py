"""What the corpus is made of: languages, lengths, hosts, sources, licenses; tokens where they were counted."""

from __future__ import annotations

from spark_llmdata.report.page.amounts import tell_bytes, tell_count, tell_share
from spark_llmdata.report.page.markup import Html, join, tag
from spark_llmdata.report.page.model import Breakdown, Report, Share
from spark_llmdata.report.page.table import Column, write_bar, write_section, write_table

_TITLES = {
    "language": "Languages",
    "length": "Lengths",
    "host": "Hosts",
    "source": "Sources",
    "license": "Licenses",
}
_LEAD = "All documents and those that are left. A bar is all of a line; its solid part was kept, its hatched part not."


def write_breakdowns(report: Report) -> Html:
    """A table for each, what is not listed summed up in its last line."""
    tables = [_write_breakdown(breakdown) for breakdown in report.breakdowns if breakdown.shares]
    lead = _LEAD if tables else "Nothing is known of what the documents are."
    section = tag("div", *tables, class_="tables") if tables else None
    return write_section("breakdowns", "What it is made of", tag("p", lead, class_="lead"), section)


def _write_breakdown(breakdown: Breakdown) -> Html:
    title = _TITLES[breakdown.by]
    columns = [Column(breakdown.by.capitalize(), is_number=False)]
    columns += [Column(name) for name in ("Documents", "Kept", "of these", "Words kept", "Text kept")]
    most = max(share.read for share in breakdown.shares)
    rows = [_write_row(share, max(most, share.kept)) for share in breakdown.shares]
    if breakdown.rest is not None:
        rows.append(_write_row(breakdown.rest, None))
    table = write_table(f"Documents by {breakdown.by}", columns, rows)
    return tag("div", tag("h3", title, id=f"by-{breakdown.by}"), table)


def _write_row(share: Share, most: int | None) -> tuple[Html | str, ...]:
    """A line; what is summed up is no bar on the scale of the others."""
    parts = [("kept", share.kept), ("removed", max(share.read - share.kept, 0))]
    read = tell_count(share.read)
    return (
        tag("bdi", share.label),
        read if most is None else write_bar(parts, most, read),
        tell_count(share.kept),
        tell_share(share.kept, share.read),
        tell_count(share.kept_words),
        tell_bytes(share.kept_bytes),
    )


def write_tokens(report: Report) -> Html:
    """Tokens by source and the rest of what was asked; without a tokenizer how to have them counted."""
    if report.tokenizer is None:
        how = tag("code", "llmdata report --tokenizer FILE")
        told = tag("p", "Not counted. ", how, " counts the tokens of the corpus by source.", class_="lead")
        return write_section("tokens", "Tokens", told)
    lead = tag("p", "Counted by ", tag("code", report.tokenizer), ", in the documents that were kept.", class_="lead")
    tables = []
    for breakdown in report.breakdowns:
        shares = [*breakdown.shares, *([breakdown.rest] if breakdown.rest else [])]
        if any(share.tokens is not None for share in shares):
            tables.append(_write_tokens(breakdown, shares))
    return write_section("tokens", "Tokens", lead, *tables)


def _write_tokens(breakdown: Breakdown, shares: list[Share]) -> Html:
    total = sum(share.tokens or 0 for share in shares)
    most = max(share.tokens or 0 for share in shares)
    columns = [Column(breakdown.by.capitalize(), is_number=False)]
    columns += [Column(name) for name in ("Tokens", "Share", "Tokens per word", "Bytes per token")]
    rows = [
        (
            tag("bdi", share.label),
            write_bar([("kept", share.tokens or 0)], most, tell_count(share.tokens)),
            tell_share(share.tokens, total),
            _divide(share.tokens, share.kept_words),
            _divide(share.kept_bytes, share.tokens),
        )
        for share in shares
    ]
    told = tag("p", f"{tell_count(total)} tokens by {breakdown.by}.", class_="aside")
    return join([told, write_table(f"Tokens by {breakdown.by}", columns, rows)])


def _divide(part: int | None, whole: int | None) -> str:
    return "–" if part is None or not whole else f"{part / whole:.2f}"
