"""What a person reads of duplicates: every case of a fate in words, in 100 columns; no Spark."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from spark_llmdata.report.listing import WIDTH, describe_duplicates, describe_pair

A, B, C, D = (letter * 32 for letter in "abcd")
SETTINGS = {"words": "runs", "ngram": 5, "similarity": "jaccard", "has_minhash": True, "threshold": 0.5}


def document(doc_id: str, **facts: Any) -> dict[str, Any]:
    plain = {"id": None, "url": f"https://{doc_id[0]}.example/", "outcome": "kept", "stage": None, "reason": None}
    place = {"location": {"file": "pages.jsonl", "offset": 7}}
    return {"doc_id": doc_id, "survivor": None, "stays": None} | plain | place | facts


def removed(doc_id: str, survivor: str, last: str | None = None, **facts: Any) -> dict[str, Any]:
    went = {"outcome": "removed", "stage": "dedup.minhash", "reason": "minhash.near_duplicate", "survivor": survivor}
    stays = {"doc_id": last or survivor, "url": None, "outcome": "kept"}
    return document(doc_id, **went, stays=stays) | facts


def similar(row: dict[str, Any], *how: str, jaccard: float | None = 0.75, containment: float | None = 0.9) -> dict:
    return row | {"how": list(how), "jaccard": jaccard, "containment": containment}


def listing(own: dict[str, Any] | None, *rows: dict[str, Any], **facts: Any) -> str:
    survivor = {"doc_id": A, "url": "https://a.example/", "outcome": "kept", "stage": None}
    cluster = {"survivor": survivor, "records": 4, "removed": {"dedup.minhash": 2, "read": 1}}
    plain = {"run": "r1", "run_state": "done", "settings": SETTINGS, "removed_text": "all", "searched": 1234}
    its = {"document": own, "called_the_same": [], "cluster": cluster, "without_text": {}, "found": len(rows)}
    its["similar"] = list(rows)
    text = describe_duplicates(deepcopy(plain | its | facts))
    assert max(map(len, text.splitlines())) <= WIDTH
    return text


def item(row: dict[str, Any], own: dict[str, Any] | None = None, *others: dict[str, Any]) -> str:
    """The lines of the first row, as one line."""
    lines = listing(own or document(A), row, *others).splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith("  1 "))
    end = next((i for i, line in enumerate(lines) if line.startswith("  2 ")), len(lines))
    return " ".join(" ".join(lines[begin:end]).split())


def test_records_that_are_called_the_same_are_told():
    others = [{"doc_id": doc_id, "url": None, "outcome": "removed"} for doc_id in (B, C)]
    found = " ".join(listing(document(A), called_the_same=others).split())
    assert f"not meant 2 other records are called the same; ask by doc_id: {B} (removed), {C} (removed)" in found
    others = [{"doc_id": doc_id, "url": None, "outcome": "kept"} for doc_id in (B, C, D, B)]
    assert "4 other records" in listing(document(A), called_the_same=others)
    assert "and 1 more" in " ".join(listing(document(A), called_the_same=others).split())


def test_a_listing_in_full():
    rows = [
        similar(removed(A, A, stage="read", reason="read.duplicate_record"), "same_record", jaccard=1.0),
        similar(removed(B, A), "near_duplicate", "same_url"),
        similar(document(C), "near_duplicate"),
    ]
    assert listing(document(A), *rows, found=5, without_text={"removed": 3}, removed_text="none") == (
        "https://a.example/: kept\n"
        f"  doc_id    {A}\n"
        "  record    pages.jsonl:7\n"
        "  cluster   4 records: it stays; removed for it: 2 by dedup.minhash, 1 by read\n"
        "  compared  every stored text, by shingles of 5 words (runs), as the run's dedup.minhash; jaccard\n"
        "            from 0.5 on\n"
        "  searched  1,234 other records of run r1; not compared were 3 without a stored text (3 removed;\n"
        "            write.removed_text: none)\n"
        "\n"
        "  #  jaccard  contained\n"
        "  1    1.000      0.900  same record: removed by read, as a copy\n"
        "                         pages.jsonl:7\n"
        "  2    0.750      0.900  near-duplicate, same URL: removed by dedup.minhash for this document\n"
        f"                         {B} https://b.example/\n"
        "  3    0.750      0.900  near-duplicate: kept\n"
        f"                         {C} https://c.example/\n"
        "\n"
        "3 of 5 shown; --limit N shows more"
    )


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (document(B), "same text: kept"),
        (document(B, outcome="pending"), "same text: pending"),
        (
            document(B, outcome="removed", stage="filter.x", reason="x.too_short"),
            "same text: removed by filter.x (too_short)",
        ),
        (document(B, outcome="rejected", stage="read", reason="read.bad"), "same text: rejected by read (bad)"),
        (removed(B, A), "same text: removed by dedup.minhash for this document"),
        (removed(B, C), "same text: removed by dedup.minhash for #2"),
        (removed(B, D), f"same text: removed by dedup.minhash for {D}"),
        (removed(B, D, C), f"same text: removed by dedup.minhash for {D}, which was removed for #2"),
        (
            removed(B, A, stays={"doc_id": A, "url": None, "outcome": "removed"}),
            "same text: removed by dedup.minhash for this document (removed)",
        ),
    ],
)
def test_fates(row, told):
    expected = f"1 0.750 0.900 {told} {B} https://b.example/"
    assert item(similar(row, "same_text"), None, similar(document(C), "near_duplicate")) == expected


def test_an_address_that_does_not_fit_has_a_line_of_its_own():
    url = "https://b.example/" + "x" * 50
    lines = listing(document(A), similar(document(B, url=url), "same_text")).splitlines()
    assert [line.strip() for line in lines[-2:]] == [B, url]


def test_without_text_nothing_is_measured():
    told = item(similar(document(B, url=None, id="b7"), "same_url", jaccard=None, containment=None))
    assert told == f"1 - - same URL: kept {B} b7"


def test_a_copy_of_another_record_is_told_by_its_place():
    copy = removed(B, B, stage="read", reason="read.duplicate_record")
    assert item(similar(copy, "same_text")) == f"1 0.750 0.900 same text: removed by read, as a copy {B} pages.jsonl:7"


def test_the_cluster_of_one_that_went():
    assert f"cluster   4 records: {A} https://a.example/ stays;" in listing(removed(B, A))
    assert "cluster   4 records: #1 https://a.example/ stays;" in listing(
        removed(B, A), similar(document(A), "same_url")
    )


def test_a_cluster_of_one():
    survivor = {"doc_id": A, "url": None, "outcome": "kept", "stage": None}
    lonely = listing(document(A), cluster={"survivor": survivor, "records": 1, "removed": {}})
    assert "cluster   nothing was removed for it\n" in lonely
    assert lonely.endswith("\n\nnothing resembles it")


def test_a_text_and_an_unfinished_run():
    text = listing(None, cluster=None, run_state="failed", settings=SETTINGS | {"has_minhash": False})
    assert text.startswith("the text given\n  compared  ")
    assert "dedup.minhash by default" in text
    assert "searched  1,234 records of run r1\n" in text
    assert "run       r1, failed: no corpus came of it" in text


def pair(*pieces: tuple[str, str | None], **facts: Any) -> str:
    differences = [{"kind": k, "words": len(t.split()) if t else 9, "text": t} for k, t in pieces]
    plain = {"run": "r1", "run_state": "done", "settings": SETTINGS, "jaccard": 0.5, "containment": 1.0}
    its = {"documents": [document(A), None], "same_text": False, "differences": differences}
    return describe_pair(plain | its | facts)


def test_a_pair():
    told = pair(("same", "one two"), ("removed", "three"), ("added", "four five"), ("added", None))
    assert told == (
        "[-first-] https://a.example/: kept\n"
        f"  doc_id    {A}\n"
        "  record    pages.jsonl:7\n"
        "{+second+} the text given\n"
        "  alike     jaccard 0.500, containment 1.000, by shingles of 5 words (runs), as the run's\n"
        "            dedup.minhash\n"
        "  words     2 in both, 1 only in the first, 11 only in the second\n"
        "\n"
        "one two [-three-] {+four five+} {+... (9 more words, not compared)+}"
    )


def test_pairs_without_a_difference():
    assert pair(("same", "one"), same_text=True).endswith("\n\nthe texts are the same")
    assert pair(("same", "one")).endswith("\n\nthe words are the same; the texts differ in white space")
