"""What a run does not know, or has not done, is said or left out, and nothing is drawn wrong for it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from lxml import html
from lxml.etree import _Element

from spark_llmdata.report.page.breakdowns import write_breakdowns
from spark_llmdata.report.page.clusters import write_clusters
from spark_llmdata.report.page.costs import write_costs
from spark_llmdata.report.page.funnel import write_funnel
from spark_llmdata.report.page.head import write_head
from spark_llmdata.report.page.model import Bin, Piece, Retention
from spark_llmdata.report.page.reasons import write_rejects, write_removals
from spark_llmdata.report.page.thresholds import write_thresholds
from tests.report.page import specimen

REPORT = specimen.make_report()


def parse(markup: str) -> _Element:
    return html.fragment_fromstring(markup)


def read_table(root: _Element, caption: str) -> list[list[str]]:
    rows = root.xpath(f".//table[caption = '{caption}']/tbody/tr")
    return [[" ".join(cell.text_content().split()) for cell in row] for row in rows]


def test_a_funnel_without_words_draws_documents_alone() -> None:
    steps = tuple(
        replace(step, removed_words=None, kept_words=None, removed_bytes=None, kept_bytes=None)
        for step in REPORT.funnel
    )
    root = parse(write_funnel(replace(REPORT, funnel=steps)))
    assert len(root.xpath(".//svg[@role='img']")) == 1
    rows = read_table(root, "The funnel in numbers")
    assert rows[0] == ["extract.html", "146,218", "4,212", "2.9 %", "318", "141,688", "96.9 %", "–", "–"]


def test_the_bars_of_a_funnel_are_to_scale() -> None:
    drawing = parse(write_funnel(REPORT)).xpath(".//svg[@role='img']")[0]
    widths = [float(path.get("d").partition("h")[2].partition("v")[0]) for path in drawing.xpath(".//path[@fill]")]
    step = REPORT.funnel[0]
    assert widths[0] / widths[1] == pytest.approx(step.kept / step.removed, rel=0.02)
    assert sum(widths[:3]) == pytest.approx(316, abs=0.5), "the longest bar is as wide as the chart"


def test_bins_that_reach_far_are_bars_like_the_others() -> None:
    view = replace(
        specimen.make_view(),
        scale="log",
        bins=(Bin(-math.inf, 10, 0, 5), Bin(10, 50, 0, 20), Bin(50, 250, 60, 0), Bin(250, math.inf, 9, 0)),
        retention=(Retention(10, 89, 8_900), Retention(50, 69, 6_900), Retention(110, 40, 4_000)),
        documents=94,
    )
    root = parse(write_thresholds(replace(REPORT, thresholds=(view,))))
    histogram, retention = root.xpath(".//svg[@role='img']")
    assert [text for text in histogram.xpath(".//text/text()") if text in {"10", "50", "250"}] == ["10", "50", "250"]
    marks = [
        float(drawing.xpath(".//line[@stroke-dasharray]/@transform")[0][10:-1].split(",")[0])
        for drawing in (histogram, retention)
    ]
    assert marks == [134, 134], "two of four bars are left of the threshold, in both charts"


def test_a_rule_without_scores_is_told_without_charts() -> None:
    view = replace(specimen.make_view(), bins=(), retention=(), kept_examples=(), removed_examples=(), documents=0)
    root = parse(write_thresholds(replace(REPORT, thresholds=(view,))))
    assert not root.xpath(".//svg[@role='img']")
    assert "0 documents with this score" in root.text_content()


def test_scores_that_are_not_complete_are_said_to_be() -> None:
    exact, other = specimen.make_view(), specimen.make_view(1)
    assert exact.exact
    assert not other.exact
    told = [parse(write_thresholds(replace(REPORT, thresholds=(view,)))).text_content() for view in (exact, other)]
    assert ["an earlier rule removed have none" in one for one in told] == [False, True]


def test_what_is_summed_up_is_no_bar_beside_the_others() -> None:
    root = parse(write_breakdowns(REPORT))
    hosts = root.xpath(".//table[caption = 'Documents by host']/tbody/tr")
    assert hosts[0].xpath(".//svg")
    assert not hosts[-1].xpath(".//svg")
    assert read_table(root, "Documents by host")[-1][:3] == ["31,204 others", "137,000", "58,000"]


def test_a_run_that_is_not_reproducible_says_so() -> None:
    root = parse(write_head(replace(REPORT, reproducible=False, caveats=())))
    assert "1 thing to bear in mind" in root.text_content()
    assert "not reproducible" in root.text_content()
    assert "to bear in mind" not in parse(write_head(replace(REPORT, caveats=()))).text_content()


def test_a_time_without_a_zone_is_told_with_that_of_the_machine() -> None:
    begin = REPORT.started.astimezone()
    for started in (begin, begin.replace(tzinfo=None)):
        root = parse(write_head(replace(REPORT, started=started)))
        assert root.xpath("string(.//time/@datetime)") == begin.isoformat()
        assert root.xpath("string(.//time)").endswith(begin.strftime("%H:%M %Z"))


def test_reasons_are_told_where_they_belong_the_most_first() -> None:
    removed = read_table(parse(write_removals(REPORT)), "Documents removed, by reason")
    assert [row[1] for row in removed] == ["38,411", "11,392", "9,873", "9,020", "5,100", "4,212", "3,907"]
    rejected = read_table(parse(write_rejects(REPORT)), "Records rejected, by reason")
    assert [row[0] for row in rejected] == ["read.damaged_member", "extract.not_decoded", "judge.failed"]
    assert "Every record could be read" in parse(write_rejects(replace(REPORT, reasons=()))).text_content()


def test_clusters_of_all_sizes_are_counted() -> None:
    root = parse(write_clusters(REPORT))
    counted = {row[0]: row[1] for row in read_table(root, "Clusters by size")}
    assert counted == {"2": "2,811", "3": "904", "4": "311", "5–9": "120", "10–19": "61", "20–49": "9", "100+": "1"}
    gone = sum((size - 1) * n for size, n in REPORT.cluster_sizes.items())
    assert f"{gone:,} documents went for 4,217 survivors" in root.text_content()


def test_a_copy_that_differs_in_nothing_says_so() -> None:
    cluster = REPORT.clusters[0]
    member = replace(cluster.members[0], difference=(Piece("cut", "96 words"),))
    root = parse(write_clusters(replace(REPORT, clusters=(replace(cluster, members=(member,)),))))
    assert "No word differs." in root.text_content()
    assert "No word differs." not in parse(write_clusters(REPORT)).text_content()


def test_edges_with_short_names_are_named() -> None:
    edges = [f"{n * 0.025:g}" for n in range(41)]
    view = replace(
        specimen.make_view(), threshold=0.65, bins=tuple(Bin(float(b), float(b) + 0.025, 1, 0) for b in edges[:40])
    )
    root = parse(write_thresholds(replace(REPORT, thresholds=(view,))))
    texts = root.xpath(".//svg[@role='img']")[0].xpath(".//text/text()")
    assert {"0.1", "0.3", "0.5", "0.7", "0.9"} <= set(texts)


def test_a_cost_without_a_prediction_shows_none() -> None:
    bare = {f"predicted_{name}": None for name in ("rows", "bytes", "seconds", "memory_bytes")}
    costs = tuple(replace(cost, **bare) for cost in REPORT.costs)  # type: ignore[arg-type]
    root = parse(write_costs(replace(REPORT, costs=costs)))
    assert "predicted" not in root.xpath("string(.//tbody)")
    assert "what the plan had predicted" not in root.text_content()
    rows = read_table(root, "Costs by pass, measured and predicted")
    assert rows[2] == ["compare dedup.minhash", "75,000", "88.0 MB", "1 min 4 s", "1,172", "–"]
    assert [row[3] for row in rows if "reused" in row[3]] == ["9.0 s, reused", "reused"]


def test_passes_are_told_apart_by_their_stages() -> None:
    drawing = parse(write_costs(REPORT)).xpath(".//svg[@role='img']")[0]
    assert [t for t in drawing.xpath(".//text/text()") if t[0].isalpha()] == [
        "read and 3 stages",
        "dedup.exact",
        "dedup.minhash",
        "corpus",
    ]
    assert drawing.xpath("string(./desc)") == "All passes took 6 min 36 s."
    assert "took 6 min 36 s" in parse(write_head(REPORT)).text_content()
    judged = replace(REPORT.costs[3], seconds=2.0)
    drawing = parse(write_costs(replace(REPORT, costs=(judged,)))).xpath(".//svg[@role='img']")[0]
    assert "clean.pii and 1 more" in drawing.xpath(".//text/text()")


def test_what_is_no_document_is_told_once_and_is_part_of_no_share() -> None:
    head = parse(write_head(REPORT))
    figures = [" ".join(box.text_content().split()) for box in head.xpath(".//dl[@class='figures']/div")]
    assert figures[:2] == ["Documents146,218of 150,331 records read", "Kept63,98143.8 %"]
    assert head.xpath("string(.//a[@href='#set-aside'])") == "4,113 records"
    funnel = parse(write_funnel(REPORT))
    assert read_table(funnel, "The funnel in numbers")[0][1] == "146,218"
    assert "4,113 of 150,331 records are set aside" in funnel.text_content()
    removals = parse(write_removals(REPORT))
    assert removals.xpath(".//h3[@id='set-aside']")
    assert read_table(removals, "Records set aside, by reason") == [
        ["read.not_content", "4,113", "100 %", "0", "0 bytes"]
    ]
    removed = read_table(removals, "Documents removed, by reason")
    assert sum(int(row[1].replace(",", "")) for row in removed) == REPORT.removed
    plain = replace(REPORT, records=REPORT.documents, reasons=REPORT.reasons[:-1])
    for write in (write_head, write_funnel, write_removals):
        assert "set aside" not in parse(write(plain)).text_content().lower()
    nothing = parse(write_head(replace(REPORT, documents=0, kept=0, removed=0, rejected=0))).text_content()
    assert "No document was read. Set aside as no documents: 150,331 records." in nothing


def test_a_rule_says_what_fails_it_and_not_what_went_by_it() -> None:
    root = parse(write_thresholds(REPORT))
    titles = root.xpath(".//table[caption = 'Rules with a threshold']//th[@scope='col']/text()")
    assert titles == ["Rule", "Fails", "Have a score", "Fail it"]
    assert "emoved by it" not in root.text_content()
    assert root.xpath(".//h4/text()") == ["Just fail", "Just pass"] * 2


def test_thresholds_of_single_languages_are_told_apart() -> None:
    views = tuple(replace(specimen.make_view(), languages=language) for language in (None, "de", "fr, pt"))
    root = parse(write_thresholds(replace(REPORT, thresholds=views)))
    rules = [row[0] for row in read_table(root, "Rules with a threshold")]
    assert "(" not in rules[0].removeprefix(views[0].reason)
    assert [rule.rpartition("(")[2] for rule in rules[1:]] == ["de)", "fr, pt)"]
