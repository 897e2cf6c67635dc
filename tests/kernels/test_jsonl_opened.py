"""Objects within records whose members count as the record's own."""

from __future__ import annotations

from datetime import datetime, timezone

from tests.kernels.test_jsonl import parse_one


def test_members_of_an_opened_object_count_as_the_records_own() -> None:
    line = b'{"metadata":{"url":"u","lang":"de","n":1,"deep":{"x":[1]},"text":"no","date":"2024-01-02"},"text":"t"}'
    row = parse_one(line, {"meta": "metadata"})
    assert (row["url"], row["lang"], row["text"]) == ("u", "de", "t")
    assert row["date"] == datetime(2024, 1, 2, tzinfo=timezone.utc)
    assert row["meta"] == [("deep", '{"x":[1]}'), ("n", "1")]
    assert parse_one(line, {})["meta"][0][0] == "metadata"


def test_what_the_record_says_itself_wins_over_the_object_within() -> None:
    for line in (
        b'{"metadata":{"k":"inner","url":"inner","metadata":{"k":0}},"k":"own","url":"own"}',
        b'{"k":"own","url":"own","metadata":{"k":"inner","url":"inner","metadata":{"k":0}}}',
    ):
        row = parse_one(line, {"meta": "metadata"})
        assert (row["url"], row["meta"]) == ("own", [("k", "own"), ("metadata", '{"k":0}')])


def test_what_is_no_object_is_not_opened() -> None:
    for value in (b'"text"', b"[1]", b"7"):
        row = parse_one(b'{"text":"t","metadata":' + value + b"}", {"meta": "metadata"})
        assert row["meta"] == [("metadata", value.decode().strip('"'))]
    row = parse_one(b'{"text":"t","metadata":{"url":5}}', {"meta": "metadata"})
    assert (row["defect"], row["rejected"]) == ("bad_field", True)
