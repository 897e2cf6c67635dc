"""Duplicates: how large the clusters are, who survived, and what differs in those that went, word by word."""

from __future__ import annotations

from collections.abc import Mapping

from spark_llmdata.report.page.amounts import plural, tell_count
from spark_llmdata.report.page.cards import MAX_NAME, write_example, write_pieces
from spark_llmdata.report.page.charts import draw_columns
from spark_llmdata.report.page.markup import Html, join, shorten, tag
from spark_llmdata.report.page.model import Cluster, Member, Report
from spark_llmdata.report.page.table import Column, fold, fold_numbers, write_figure, write_section, write_table

_LEAD = (
    "Documents that are alike, of which one stays. In those that went, struck out is what only the survivor has, "
    "underlined what only the removed document has."
)
#: From: to, in documents.
_SIZES = ((2, 2), (3, 3), (4, 4), (5, 9), (10, 19), (20, 49), (50, 99), (100, None))


def write_clusters(report: Report) -> Html:
    """The sizes of all clusters, and some of them with their members."""
    if not report.clusters and not report.cluster_sizes:
        told = "No document was removed for another, or no stage of the recipe looks for duplicates."
        return write_section("clusters", "Duplicates", tag("p", told, class_="lead"))
    each = [_write_cluster(cluster, n, is_open=n == 1) for n, cluster in enumerate(report.clusters, 1)]
    sizes = _write_sizes(report.cluster_sizes) if report.cluster_sizes else None
    return write_section("clusters", "Duplicates", tag("p", _LEAD, class_="lead"), sizes, *each)


def _write_sizes(sizes: Mapping[int, int]) -> Html:
    columns = {}
    for least, most in _SIZES:
        label = f"{least}+" if most is None else str(least) if least == most else f"{least}–{most}"
        n = sum(count for size, count in sizes.items() if size >= least and (most is None or size <= most))
        if n:
            columns[label] = n
    clusters, removed = sum(sizes.values()), sum((size - 1) * count for size, count in sizes.items())
    told = f"{plural(clusters, 'cluster')}; {plural(removed, 'document')} went for {tell_count(clusters)} survivors."
    chart = draw_columns(columns, "cluster-sizes", "Clusters by size", told, "documents in a cluster")
    rows = [(size, tell_count(n)) for size, n in columns.items()]
    names = [Column("Documents in a cluster"), Column("Clusters")]
    numbers = fold_numbers(write_table("Clusters by size", names, rows))
    largest = f"The largest holds {tell_count(max(sizes))} documents."
    text = tag("p", told, " ", largest, class_="aside")
    return tag("div", write_figure(join([tag("h3", "Clusters by size"), text, chart]), numbers), class_="sizes")


def _write_cluster(cluster: Cluster, number: int, *, is_open: bool) -> Html:
    name = f"cluster-{number}"
    alike = [m.similarity for m in cluster.members if m.similarity is not None]
    told = f"{tell_count(cluster.size)} documents, by {cluster.stage}"
    if alike:
        least, most = f"{min(alike):.3f}", f"{max(alike):.3f}"
        told += f", similarity {least}" if least == most else f", similarity {least} to {most}"
    summary = join([tag("h3", tag("bdi", shorten(cluster.survivor.name, MAX_NAME))), tag("span", told, class_="count")])
    shown = [_write_member(member) for member in cluster.members]
    more = cluster.size - 1 - len(cluster.members)
    return fold(
        name,
        summary,
        tag("h4", tag("span", class_="key kept"), "Survivor"),
        write_example(cluster.survivor),
        tag("h4", tag("span", class_="key removed"), "Removed for it"),
        tag("div", *shown, class_="cards"),
        tag("p", f"{plural(more, 'more document')} went for it.", class_="aside") if more > 0 else None,
        is_open=is_open,
    )


def _write_member(member: Member) -> Html:
    name, text = member.example.name, None
    if any(piece.kind in ("removed", "added") for piece in member.difference):
        text = write_pieces(member.difference, member.example.lang, f"differences of {shorten(name, MAX_NAME)}")
    elif member.difference:
        text = tag("p", "No word differs.", class_="text")
    return write_example(member.example, similarity=member.similarity, text=text)
