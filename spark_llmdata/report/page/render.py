"""The page: one file of HTML that needs no network, no server and no script to be read."""

from __future__ import annotations

import base64
import hashlib
import json
from importlib.resources import files

from spark_llmdata.report.page.amounts import tell_bytes, tell_share
from spark_llmdata.report.page.breakdowns import write_breakdowns, write_tokens
from spark_llmdata.report.page.clusters import write_clusters
from spark_llmdata.report.page.costs import write_costs
from spark_llmdata.report.page.drawing import load_altair
from spark_llmdata.report.page.edits import write_edits
from spark_llmdata.report.page.funnel import write_funnel
from spark_llmdata.report.page.head import write_head
from spark_llmdata.report.page.markup import Html, join, shorten, tag
from spark_llmdata.report.page.model import Report
from spark_llmdata.report.page.palette import write_css
from spark_llmdata.report.page.reasons import write_rejects, write_removals
from spark_llmdata.report.page.table import fold, write_section
from spark_llmdata.report.page.thresholds import write_thresholds

#: Characters of the manifest that the page holds; the store has all of it.
MAX_MANIFEST = 200_000

_SECTIONS = {
    "funnel": ("Funnel", write_funnel),
    "removals": ("Removals by reason", write_removals),
    "thresholds": ("Thresholds", write_thresholds),
    "clusters": ("Duplicates", write_clusters),
    "edits": ("Edits", write_edits),
    "breakdowns": ("What it is made of", write_breakdowns),
    "tokens": ("Tokens", write_tokens),
    "rejects": ("Rejects", write_rejects),
    "costs": ("Costs", write_costs),
}
_HATCH = Html(
    '<svg width="0" height="0" class="patterns" aria-hidden="true"><defs>'
    '<pattern id="hatch-removed" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="5" height="5" fill="var(--removed)" opacity="0.55"/>'
    '<rect width="2.5" height="5" fill="var(--removed)"/></pattern></defs></svg>'
)
_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Cpath fill='%231b6ca8' d='M1 2h14v3H1zm2 5h10v3H3z'/%3E%3Cpath fill='%23b3541e' d='M6 12h4v3H6z'/%3E%3C/svg%3E"
)


def render(report: Report) -> str:
    """A report as one HTML5 document. MissingExtra where the extra `report` is not installed."""
    load_altair()
    style, script = Html(write_css() + _read("page.css")), Html(_read("page.js"))
    policy = (
        f"default-src 'none'; style-src {_allow(style)}; script-src {_allow(script)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", _title(report)),
        tag("link", rel="icon", href=_ICON),
        tag("style", style),
    )
    sections = [write(report) for _, write in _SECTIONS.values()]
    main = tag("main", write_head(report), *sections, _write_manifest(report), id="main")
    skip = tag("a", "Skip to the report", href="#main", class_="skip")
    body = tag("body", skip, _HATCH, _write_bar(report), main, tag("script", script))
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _title(report: Report) -> str:
    """The title holds no elements: what cannot be shown is told by number there."""
    return f"{shorten(report.recipe)}: {tell_share(report.kept, report.documents)} kept, run {shorten(report.run, 60)}"


def _write_bar(report: Report) -> Html:
    """Contents, the filter of examples and the button of the theme; what needs the script is shown by it."""
    names = {name: title for name, (title, _) in _SECTIONS.items()} | {"manifest": "Manifest"}
    links = tag("ol", *(tag("li", tag("a", title, href=f"#{name}")) for name, title in names.items()))
    search = tag(
        "div",
        tag("label", "Filter examples", for_="filter"),
        tag("input", id="filter", type="search", placeholder="words, host, doc_id", autocomplete="off"),
        tag("p", id="found", role="status"),
        class_="filter",
        hidden=True,
    )
    button = tag("button", "Dark", id="theme", type="button", hidden=True)
    top = tag("a", tag("bdi", shorten(report.recipe)), href="#top", class_="top")
    return tag("nav", top, button, links, search, aria_label="Contents")


def _write_manifest(report: Report) -> Html:
    lead = tag("p", "What was run on what: enough to run it again and get the same corpus.", class_="lead")
    text = json.dumps(report.manifest, indent=2, ensure_ascii=False, default=str)
    size = tell_bytes(len(text.encode(errors="replace")))
    cut = None
    if len(text) > MAX_MANIFEST:
        cut = tag("p", f"Cut: {len(text) - MAX_MANIFEST:,} more characters; the store has all of it.", class_="aside")
        text = text[:MAX_MANIFEST]
    code = tag("pre", tag("code", text), tabindex=0, role="group", aria_label="Manifest")
    summary = join([tag("h3", "All of it"), tag("span", f"{size} of JSON", class_="count")])
    return write_section("manifest", "Manifest", lead, fold("manifest-json", summary, cut, code))


def _read(name: str) -> str:
    return files("spark_llmdata.report.page").joinpath(name).read_text("utf-8")


def _allow(content: str) -> str:
    digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
    return f"'sha256-{digest}'"
