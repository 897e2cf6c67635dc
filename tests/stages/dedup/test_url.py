"""dedup.url: independent of partitions, its evidence, and a run with it."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from datetime import datetime, timedelta, timezone

import pytest

import spark_llmdata as sl
from spark_llmdata.errors import UsageError
from spark_llmdata.kernels import reference_urls
from spark_llmdata.stages.dedup.url import DedupUrl
from tests.runner.corpora import good_text, write_jsonl

pytestmark = pytest.mark.spark

DAY = datetime(2024, 5, 1, tzinfo=timezone.utc)


def pages(n: int = 150) -> list[tuple[str, str | None, datetime | None]]:
    draw = random.Random(3)
    parts = ["/", "/a", "/A", "?utm_x=1", "?b=1", "#c", "%41", "/.."]
    rows: list[tuple[str, str | None, datetime | None]] = []
    for _ in range(n):
        host = draw.choice(["http://a.com", "https://www.a.com", "HTTP://A.com:80", "a.com", ""])
        url = host + "".join(draw.choices(parts, k=draw.randint(0, 2)))
        date = None if draw.random() < 0.2 else DAY + timedelta(days=draw.randint(-3, 3))
        rows.append((f"{draw.random():.12f}", url if draw.random() < 0.9 else None, date))
    return rows


def survivors(rows, form: str, latest: bool) -> dict[str, str]:
    """The removed ids with their survivors, by the twin."""
    groups = defaultdict(list)
    for doc_id, url, date in rows:
        page = url and reference_urls.normalize(url, form)
        if page:
            age = (DAY - date).total_seconds() if date else float("inf")
            groups[page].append((age if latest else 0, doc_id))
    return {doc_id: min(group)[1] for group in groups.values() for _, doc_id in group if doc_id != min(group)[1]}


@pytest.mark.parametrize("partitions", [1, 2, 7])
def test_partitions_and_order_do_not_matter(spark, partitions):
    rows = pages()
    docs = spark.createDataFrame(rows, "doc_id string, url string, date timestamp").repartition(partitions)
    for form, prefer in [("strict", "latest"), ("c4", "first"), ("surt", "first")]:
        expected = survivors(rows, form, prefer == "latest")
        assert len(expected) > 20
        judged = DedupUrl(mode=form, prefer=prefer)(docs).where("NOT kept").select("doc_id", "verdict.survivor")
        found = judged.collect()
        assert {row.doc_id: row.survivor for row in found} == expected
        assert len(found) == len(expected)


def test_evidence_names_the_page_and_how_many_share_it(spark):
    long = "https://a.example/" + "x/" * 500
    rows = [("a", "http://www.a.example/?q"), ("b", "http://a.example?q"), ("c", "http://m.a.example/?q#"), ("d", long)]
    docs = spark.createDataFrame([*rows, ("e", long)], "doc_id string, url string")
    judged = {r.doc_id: r.verdict for r in DedupUrl()(docs).collect()}
    assert judged["a"] is judged["d"] is None
    assert json.loads(judged["b"].evidence) == {"documents_with_this_url": 3, "url": "http://a.example?q"}
    assert judged["c"].evidence == judged["b"].evidence
    assert judged["e"].evidence == json.dumps({"documents_with_this_url": 2, "url": long[:120]}, separators=(",", ":"))
    assert (judged["b"].stage, judged["b"].reason, judged["b"].similarity) == ("dedup.url", "url.same_url", None)


def test_a_frame_that_lacks_what_the_settings_need_is_refused(spark):
    docs = spark.createDataFrame([("a", "http://a.example/")], "doc_id string, url string")
    for prefer, missing in [("latest", "date"), ("longest", "text")]:
        with pytest.raises(UsageError, match=f"{missing} is missing"):
            DedupUrl(prefer=prefer)(docs)
    with pytest.raises(UsageError, match="url is missing"):
        DedupUrl()(docs.drop("url"))


def test_a_run_with_both_comparisons(spark, tmp_path):
    """Real segments: the date, the source, the stored bytes and a score column are there for the order."""
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        """
name: both
stages:
  - filter.gopher_quality
  - dedup.url: {prefer: latest}
  - dedup.exact:
      normalize: alphanumeric
      survivor: [priority, "score:gopher_quality_n_words", longest, oldest]
      priority: {first: 1}
""",
        "utf-8",
    )
    same, other = good_text(1), good_text(2)
    first = [
        {"id": "old", "url": "https://www.a.example/?utm_source=x", "text": other, "date": "2023-01-01"},
        {"id": "short", "url": "https://b.example/", "text": same, "date": "2024-01-01"},
        {"id": "none", "text": other + " of"},
        {"id": "none too", "text": other + " of", "date": "2020-01-01"},
    ]
    second = [
        {"id": "new", "url": "https://a.example", "text": good_text(3), "date": "2024-01-01"},
        {"id": "more words", "url": "https://c.example/", "text": same.upper(), "date": "2024-01-01"},
    ]
    write_jsonl(tmp_path / "first.jsonl", first)
    write_jsonl(tmp_path / "second.jsonl", second)
    given = [f"{source}={tmp_path / source}.jsonl" for source in ("first", "second")]
    run = sl.run(str(recipe), input=given, store=tmp_path / "store", spark=spark)
    assert {row.id for row in run.corpus.collect()} == {"new", "short", "none too"}
    assert run.counts["removed"] == 3
