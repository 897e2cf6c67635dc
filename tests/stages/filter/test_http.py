"""`filter.http`: on records as the reader of archives gives them, and in data frames."""

from __future__ import annotations

import gzip

import pyarrow as pa
import pytest

from spark_llmdata import schema
from spark_llmdata.errors import UsageError
from spark_llmdata.segment import Segment
from spark_llmdata.sources.inputs import find_files, plan_splits
from spark_llmdata.sources.split import Tally
from spark_llmdata.sources.warc import read_warc
from spark_llmdata.stages.filter.http import FilterHttp


def record(url: str, status: str, content_type: str, body: bytes, extra: str = "") -> bytes:
    http = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\n\r\n".encode() + body
    head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\n{extra}Content-Length: {len(http)}\r\n\r\n"
    return head.encode() + http + b"\r\n\r\n"


def test_records_of_an_archive(tmp_path):
    pages = [
        record("http://a.example/", "200 OK", "text/html; charset=utf-8", b"<p>good"),
        record("http://b.example/", "404 Not Found", "text/html", b"<p>gone"),
        record("http://c.example/", "200 OK", "TEXT/HTML", b"<p>cut", "WARC-Truncated: length\r\n"),
        record("http://d.example/", "200 OK", "text/plain", b"plain"),
        record("http://e.example/", "200 OK", "text/html", b"<p>" + b"x" * 99),
        record("http://f.example/", "200", "", b"<p>no type is said"),
    ]
    path = tmp_path / "x.warc.gz"
    path.write_bytes(b"".join(map(gzip.compress, pages)))
    (split,) = plan_splits(find_files([str(path)]).files)
    stage = FilterHttp(max_payload_bytes=99)
    segment = Segment((stage,), reads=True)
    (rows,) = read_warc(split, Tally(), max_record_bytes=1 << 20, batch_rows=100, batch_bytes=1 << 20)
    assert rows.schema == schema.RECORD
    judged = pa.Table.from_batches(segment.judge(rows)).to_pylist()
    reasons = {row["url"][7]: row["verdict"] and row["verdict"]["reason"] for row in judged}
    assert {k: v for k, v in reasons.items() if v and v.startswith("http")} == {
        "b": "http.bad_status",
        "c": "http.truncated",
        "e": "http.too_large",
    }
    evidence = {row["url"][7]: row["verdict"] and row["verdict"]["evidence"] for row in judged}
    assert evidence["c"] == '{"truncated": "length"}'
    assert judged[0]["scores"] == {"http_status": 200.0, "http_payload_bytes": 7.0}


def test_a_frame_needs_the_columns():
    meta = pa.array([[("http_status", "500")], None], schema.META)
    table = pa.table({"text": ["a", "b"], "meta": meta, "content_type": pa.nulls(2, pa.string())})
    assert FilterHttp()(table).column("kept").to_pylist() == [False, True]
    with pytest.raises(UsageError, match="needs the column content_type"):
        FilterHttp()(table.drop(["content_type"]))


def test_a_users_own_meta_is_left_alone():
    from spark_llmdata.stages.filter.gopher_quality import GopherQuality

    table = pa.table({"text": ["a"], "meta": ["of another type"]})
    assert GopherQuality()(table).column("meta").to_pylist() == ["of another type"]
