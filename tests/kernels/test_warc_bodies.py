"""What bodies are, whatever heads say: codings that nobody named, files that are no text, payloads not whole."""

from __future__ import annotations

import gzip
import json
import struct

import pyarrow as pa
import pytest
import zstandard

from spark_llmdata.kernels.warc import WarcParser
from spark_llmdata.stages.extract.html import ExtractHtml
from tests.kernels.test_warc import PAGE, Row, chunked, pages, push, write

CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
HTML = {"Content-Type": "text/html; charset=UTF-8"}


def one(headers: dict[str, str], body: bytes, limit: int = 16 << 20) -> Row:
    [row] = push(write([("http://a/", headers, body)])[0], gz=True, limit=limit)
    return row


def record(block: bytes, fields: bytes = b"WARC-Type: response\r\n") -> bytes:
    return b"WARC/1.0\r\n%sContent-Length: %d\r\n\r\n%s\r\n\r\n" % (fields, len(block), block)


@pytest.mark.parametrize("headers", [HTML, {}, {**HTML, "Content-Encoding": "gzip"}])
def test_gzip_that_nobody_named_is_undone_and_told(headers: dict[str, str]) -> None:
    body = gzip.compress(PAGE)
    row = one(headers, gzip.compress(body) if len(headers) == 2 else body)
    assert (row["html"], row["defect"]) == (PAGE, None)
    assert ("undeclared_codings", "gzip") in row["meta"]
    assert "undeclared_codings" not in dict(one({**HTML, "Content-Encoding": "gzip"}, body)["meta"])


def test_gzip_that_nobody_named_keeps_to_the_bounds() -> None:
    bomb = one(HTML, gzip.compress(b" " * 10**7), limit=100_000)
    assert (bomb["rejected"], bomb["defect"], bomb["html"]) == (True, "too_large", None)
    damaged = one(HTML, gzip.compress(PAGE)[:10] + b"\xff" * 40)
    assert (damaged["rejected"], damaged["defect"], damaged["html"]) == (True, "unsupported_encoding", None)
    text = one({"Content-Type": "text/plain"}, gzip.compress("é".encode()))
    assert text["text"] == "é"
    inside = one(HTML, gzip.compress(b"%PDF-1.4\n"))
    assert (inside["defect"], json.loads(inside["evidence"])["mime"]) == ("unsupported_type", "application/pdf")


@pytest.mark.parametrize(
    ("body", "mime"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
        (b"GIF89a\x01\0\x01\0", "image/gif"),
        (b"PK\x03\x04\x14\0\x06\0", "application/zip"),
        (gzip.compress(gzip.compress(PAGE, mtime=0), mtime=0), "application/gzip"),
    ],
)
@pytest.mark.parametrize("said", ["text/html", "text/plain", None])
def test_a_file_that_is_no_text_is_none_whatever_its_head_says(said: str | None, body: bytes, mime: str) -> None:
    row = one({} if said is None else {"Content-Type": said}, body)
    assert (row["defect"], row["rejected"], row["html"], row["text"]) == ("unsupported_type", False, None, None)
    assert json.loads(row["evidence"]) == {"declared": said, "mime": mime}


def test_a_page_that_speaks_of_files_is_a_page() -> None:
    for body in (b"GIF89a is a format", b"<p>%PDF-1.4", b"PK", b"PNG"):
        assert one(HTML, body)["html"] == body


@pytest.mark.parametrize("words", ["%PDF-1.7 explained: what the first bytes say", "GIF89a is a format"])
def test_a_text_that_begins_with_the_words_of_a_file_is_a_text(words: str) -> None:
    assert one({"Content-Type": "text/plain"}, words.encode())["text"] == words
    [row] = push(record(words.encode(), b"WARC-Type: conversion\r\n"))
    assert (row["text"], row["defect"]) == (words, None)
    for pdf in (b"%PDF-1.7\n1 0 obj\n<<>>", b"%PDF-1.4 %\xe2\xe3\r", b"%PDF-1.4 \0"):
        assert one({"Content-Type": "text/plain"}, pdf)["defect"] == "unsupported_type"


def test_interim_responses_are_passed() -> None:
    final = b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\n<p>page"
    for interim in (b"", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 \r\nA: b\r\n\r\nHTTP/1.1 103 Early\r\n\r\n"):
        [row] = push(record(interim + final))
        assert (row["html"], dict(row["meta"])["http_status"]) == (b"<p>page", "404")
    [row] = push(record(b"HTTP/1.1 100 Continue\r\n\r\n"))
    assert (row["defect"], dict(row["meta"])["http_status"]) == ("empty", "100")


def test_a_payload_that_is_not_whole_says_why() -> None:
    def truncated(status: bytes, length: bytes, mark: bytes = b"", limit: int = 16 << 20) -> str | None:
        head = b"HTTP/1.1 %s OK\r\nContent-Type: text/html\r\nContent-Length: %s\r\n\r\n" % (status, length)
        [row] = push(record(head + b"<p>" + b"x" * 97, b"WARC-Type: response\r\n" + mark), limit=limit)
        assert row["html"]
        return dict(row["meta"]).get("truncated")

    mark = b"WARC-Truncated: time\r\n"
    assert truncated(b"200", b"100") is None
    assert truncated(b"200", b"99") is None
    assert truncated(b"200", b"101") == "content_length"
    assert truncated(b"206", b"100") == "partial_content"
    assert truncated(b"206", b"101") == "content_length"
    assert truncated(b"206", b"101", mark) == "time"
    assert truncated(b"206", b"100", limit=200) == "max_record_bytes"
    coded = {**HTML, "Content-Encoding": "gzip", "Content-Length": "5000"}
    assert "truncated" not in dict(one(coded, PAGE)["meta"])  # what the server sent was coded, what is archived is not
    assert "truncated" not in dict(one({**HTML, "Content-Length": "5000"}, PAGE)["meta"])  # all of it: it has an end
    assert dict(one(coded, gzip.compress(PAGE[:-9]))["meta"])["truncated"] == "content_length"


def test_a_part_that_is_all_there_is_is_whole() -> None:
    def truncated(sent: bytes) -> str | None:
        head = b"HTTP/1.1 206 OK\r\nContent-Type: text/html\r\nContent-Range: %s\r\n\r\n" % sent
        [row] = push(record(head + b"<p>" + b"x" * 97))
        return dict(row["meta"]).get("truncated")

    assert truncated(b"bytes 0-99/100") is None
    for part in (b"bytes 0-99/101", b"bytes 1-100/101", b"bytes 0-99/*", b"lines 0-99/100", b""):
        assert truncated(part) == "partial_content"


@pytest.mark.parametrize("headers", [HTML, {**HTML, "Content-Encoding": "gzip"}])
def test_a_coding_that_breaks_off_is_told(headers: dict[str, str]) -> None:
    page = b"<html>" + bytes(range(32, 127)) * 40
    packed = gzip.compress(page)
    row = one(headers, packed[: len(packed) // 2])
    assert page.startswith(row["html"])
    assert dict(row["meta"])["truncated"] == "content_encoding"
    assert "truncated" not in dict(one(headers, packed)["meta"])
    whole = gzip.compress(page + b"</html>")[:-8]
    assert "truncated" not in dict(one(headers, whole)["meta"])  # its last tag is there, only the checksum is not
    assert dict(one({**headers, "Content-Length": "5000"}, packed[:-9])["meta"])["truncated"] == "content_length"


def test_a_character_that_a_broken_coding_cuts_is_left_out() -> None:
    packed = gzip.compress("é".encode() * 999, compresslevel=0)
    row = one({"Content-Type": "text/plain"}, packed[:20])
    assert row["text"] == "é" * 2
    assert dict(row["meta"])["truncated"] == "content_encoding"


def test_a_body_that_breaks_off_in_its_chunks_is_told() -> None:
    headers = {**HTML, "Transfer-Encoding": "chunked"}
    cases = [
        (b"4000\r\n<html>only a part", b"<html>only a part"),
        (b"9\r\n<html>one\r\n", b"<html>one"),
        (b"9\r\n<html>one\r\n4\r\n tw", b"<html>one tw"),
    ]
    for body, html in cases:
        row = one(headers, body)
        assert row["html"] == html
        assert dict(row["meta"]) == {"http_status": "200", "truncated": "chunked"}
        assert "truncated" not in dict(one(headers, body + b"</html>" if b"4000" in body else chunked(html, 4))["meta"])
    text = one({**headers, "Content-Type": "text/plain"}, b"2\r\n\xc3\xa9\r\n2\r\n\xc3")
    assert (text["text"], dict(text["meta"])["truncated"]) == ("é", "chunked")
    [marked] = push(record(CHUNKED + b"2024\r\nthe year", b"WARC-Type: response\r\nWARC-Truncated: time\r\n"))
    assert (marked["text"], dict(marked["meta"])) == ("the year", {"http_status": "200", "truncated": "time"})


@pytest.mark.parametrize(
    "body", [b"2024\r\nhello text of the year", b"0\r\nhello", b"0\r\n\r\nwhole text", b"Feed\nthe cat"]
)
def test_text_that_begins_like_a_chunk_is_kept(body: bytes) -> None:
    [row] = push(record(CHUNKED + body))
    assert (row["text"], row["defect"]) == (body.decode(), None)
    assert dict(row["meta"]) == {"http_status": "200", "false_codings": "chunked"}


def test_plain_text_that_needs_decoding_is_left_to_the_stage_that_decodes() -> None:
    cases = [
        ("text/plain; charset=iso-2022-jp", b"\x1b$B%+%J\x1b(B", "カナ", "iso-2022-jp", "http", 0),
        ("text/plain", b"\x1b$B%+%J\x1b(B ok", "カナ ok", "iso-2022-jp", "detected", 0),
        ("text/plain", b"\xef\xbb\xbfhello", "hello", "utf-8", "bom", 0),
        ("text/plain; charset=iso-8859-1", "é".encode(), "Ã©", "windows-1252", "http", 1),
    ]
    for content_type, body, *facts in cases:
        row = one({"Content-Type": content_type}, body)
        assert (row["text"], row["html"], row["content_type"]) == (None, body, content_type)
        columns = {"id": ["a"], "text": pa.nulls(1, pa.string()), "html": pa.array([body], pa.binary())}
        found = ExtractHtml()(pa.table({**columns, "content_type": [content_type]})).to_pylist()[0]
        meta = dict(found["meta"])
        scores = found["scores"]["html_misdeclared"]
        assert [found["text"], meta["charset"], meta["charset_source"], scores] == facts
    for content_type in ("text/plain", "text/plain; charset=utf-8", "text/plain; charset=no-such"):
        assert one({"Content-Type": content_type}, "é".encode())["text"] == "é"
    assert one({"Content-Type": "text/plain; charset=iso-8859-1"}, b"plain")["text"] == "plain"
    fields = b"WARC-Type: conversion\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
    [row] = push(record("é \x1b".encode(), fields))
    assert row["text"] == "é \x1b"


def test_a_missing_dictionary_is_named() -> None:
    samples = [part * 3 for part in pages(40, gz=False)]
    made = zstandard.train_dictionary(2_000, samples)
    packer = zstandard.ZstdCompressor(dict_data=made)
    frames = b"".join(packer.compress(page) for page in pages(3, gz=False))
    content = made.as_bytes()
    whole = b"\x5d\x2a\x4d\x18" + struct.pack("<I", len(content)) + content + frames
    assert [row["defect"] for row in push(whole)] == [None] * 3
    [row] = push(frames)
    assert row["defect"] == "corrupt"
    error = json.loads(row["evidence"])["error"]
    assert f"needs dictionary {made.dict_id()}, and the file has none: put the frame with it" in error
    other = zstandard.train_dictionary(2_000, [*samples, b"other" * 99], dict_id=77).as_bytes()
    [row] = push(b"\x5d\x2a\x4d\x18" + struct.pack("<I", len(other)) + other + frames)
    assert "and the file's is 77" in json.loads(row["evidence"])["error"]
    parser = WarcParser("zstd", 1 << 20, dictionary=content)
    batch = parser.push(frames, True)
    assert batch is not None
    assert batch.num_rows == 3


def test_raw_records_are_not_looked_into() -> None:
    """What is copied by its bytes may be a bomb, a lie or no content: as a row of raw records it is like any other."""
    bodies = [gzip.compress(b" " * 10**7), b"\x1f\x8b no gzip", b"%PDF-1.4"]
    records = [record(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + body) for body in bodies]
    records.append(record(b"a: b\r\n", b"WARC-Type: warcinfo\r\n"))
    parser = WarcParser("none", 100_000, raw=True)
    batch = parser.push(b"".join(records), True)
    assert batch is not None
    rows = batch.to_pylist()
    assert [row["payload"] for row in rows] == [record[:-4] for record in records]
    assert {(row["rejected"], row["defect"], row["html"], row["text"]) for row in rows} == {(False, None, None, None)}
