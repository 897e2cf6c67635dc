"""What became of a document, in lines: who removed it, or who could not read or judge it."""

from __future__ import annotations

from spark_llmdata.report.why_listing import describe_why


def lines(outcome, stage, reason):
    steps = [("read", stage != "read"), *([("filter.c4", False)] if stage != "read" else [])]
    facts = {
        "doc_id": "ab",
        "url": None,
        "lang": None,
        "outcome": outcome,
        "stage": stage,
        "reason": reason,
        "score": None,
        "threshold": None,
        "evidence": None,
        "survivor": None,
        "path": [{"stage": name, "kept": kept, "scores": {}, "edits": 0} for name, kept in steps],
        "run": "r",
        "run_state": "done",
        "source": "web",
        "location": {"file": "a.jsonl", "offset": 3},
        "others": [],
    }
    return describe_why(facts).splitlines()


def test_a_rejected_record_was_not_removed():
    told = lines("rejected", "read", "read.bad_json")
    assert "  rejected by read: read.bad_json" in told
    assert not any("removed by" in line for line in told)


def test_a_removed_one_was():
    told = lines("removed", "filter.c4", "c4.too_few_sentences")
    assert "  removed by filter.c4" in told
    assert told.index("  removed by filter.c4") < told.index("  kept by    read")
