"""What odd and hostile archives come to: each defect costs its own record, and nothing else."""

from __future__ import annotations

import gzip
import json
import random
import zlib

import pytest

from tests.kernels.test_warc import Row, pages, push


def record(head: bytes, block: bytes = b"<p>page</p>", length: int | None = None) -> bytes:
    said = len(block) if length is None else length
    return b"WARC/1.0\r\n%sContent-Length: %d\r\n\r\n%s\r\n\r\n" % (head, said, block)


def between(middle: bytes, *, gz: bool, limit: int = 16 << 20) -> list[Row]:
    """The rows of something that stands between two good records, which are there, and as they should be."""
    first, last = pages(2, gz=False)
    stored = [gzip.compress(part) if gz else part for part in (first, middle, last)]
    rows = push(b"".join(stored), gz=gz, limit=limit)
    assert rows == push(b"".join(stored), range(0, len(b"".join(stored)), 1000), gz=gz, limit=limit)
    whole = push(first + last)
    assert (rows[0]["raw_hash"], rows[-1]["raw_hash"]) == (whole[0]["raw_hash"], whole[1]["raw_hash"])
    for row in rows[1:-1]:
        if row["rejected"]:
            assert json.loads(row["evidence"])["length"] == len(stored[1])
    return rows[1:-1]


HTML = b"WARC-Type: resource\r\nContent-Type: text/html\r\n"


@pytest.mark.parametrize("gz", [False, True])
@pytest.mark.parametrize(
    ("middle", "defects"),
    [
        (record(HTML + b"WARC-Target-URI: http://a/\0b\r\nX\0Y: \0\r\n"), [None]),
        (record(HTML + b"WARC-Target-URI: http://a/\r\nWARC-Target-URI: http://b/\r\n"), [None]),
        (record(HTML + b"Content-Length: 11\r\n", length=9999), [None]),
        (record(HTML + b"X: y\r\n" * 20_000), ["bad_record"]),
        (record(HTML + b"X: " + b"y" * 100_000 + b"\r\n"), ["bad_record"]),
        (record(HTML + b"X: y\r\n" * 5_000), [None]),
        (record(HTML)[:-4], [None]),
        (record(HTML)[:-2], [None]),
        (record(HTML, length=3), ["bad_record"]),
        (record(HTML, length=20), ["bad_record"]),
        (record(HTML, length=1 << 62), ["bad_record"]),
        (record(HTML, length=99 << 20), ["bad_record"]),
        (b"WARC/1.0\r\n" + HTML + b"\r\n<p>page</p>\r\n\r\n", ["bad_record"]),
        (b"WARC/1.0\r\n" + HTML, ["bad_record"]),
        (b"WARC/1.0\n" + HTML.replace(b"\r", b"") + b"Content-Length: 4\n\n<p>\n\n\n", [None]),
        (record(HTML, pages(1, gz=False)[0] * 3), [None]),
        (b"\0" * 5_000, ["bad_record"]),
        (b"\r\n" * 5_000, []),
    ],
)
def test_one_record_at_most_is_lost(middle: bytes, defects: list[str | None], gz: bool) -> None:
    assert [row["defect"] for row in between(middle, gz=gz)] == defects


def test_the_first_of_several_fields_counts() -> None:
    [row] = between(record(HTML + b"WARC-Target-URI: http://a/\r\nWARC-Target-URI: http://b/\r\n"), gz=False)
    assert row["url"] == "http://a/"


def test_bombs_are_refused_and_long_payloads_cut() -> None:
    noise = random.Random(3).randbytes(300_000).replace(b"\r", b"").replace(b"\n", b"")
    [long] = between(record(HTML, noise), gz=True, limit=100_000)
    assert (long["rejected"], long["defect"]) == (False, None)
    assert noise.startswith(long["html"])
    assert len(long["html"]) > 99_000
    assert ("truncated", "max_record_bytes") in long["meta"]
    [bomb] = between(record(HTML, b" " * 50_000_000), gz=True, limit=100_000)
    assert (bomb["rejected"], bomb["defect"]) == (True, "too_large")
    assert "100 times" in bomb["evidence"]
    [plain] = between(record(HTML, b" " * 300_000), gz=False, limit=100_000)
    assert (plain["rejected"], len(plain["html"])) == (False, 100_000 - len(record(HTML, b" " * 300_000)) + 300_004)
    said = b"WARC-Type: response\r\n"
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\n"
    [cut] = between(record(said, http + gzip.compress(noise)[:95_000]), gz=False, limit=100_000)
    assert noise.startswith(cut["html"])
    [bomb] = between(record(said, http + gzip.compress(b" " * 10**7)), gz=False, limit=100_000)
    assert (bomb["rejected"], bomb["defect"]) == (True, "too_large")


def test_text_is_cut_between_characters() -> None:
    text = ("é" * 400_000).encode()
    head = b"WARC-Type: resource\r\nContent-Type: text/plain\r\n"
    for limit in (100_000, 100_001):
        [row] = between(record(head, text), gz=False, limit=limit)
        assert set(row["text"]) == {"é"}
        assert ("truncated", "max_record_bytes") in row["meta"]


def test_a_record_inside_a_long_payload_is_none() -> None:
    inner = pages(1, gz=False)[0]
    block = random.Random(5).randbytes(200_000).replace(b"\n", b"") + b"\r\n\r\n" + inner
    [row] = between(record(HTML, block), gz=True, limit=100_000)
    assert ("truncated", "max_record_bytes") in row["meta"]


def test_a_tail_that_breaks_off_is_one_reject() -> None:
    [page] = pages(1)
    for cut in (1, 5, 20, len(page) // 2, len(page) - 1):
        rows = push(page + page[:cut], gz=True)
        assert [row["defect"] for row in rows] == [None, "truncated"]
        assert json.loads(rows[1]["evidence"])["length"] == cut


def test_a_wrong_checksum_is_told() -> None:
    first, middle, last = pages(3)
    wrong = zlib.crc32(middle).to_bytes(4, "little")
    rows = push(first + middle[:-8] + wrong + middle[-4:] + last, gz=True)
    assert [row["defect"] for row in rows] == [None, "corrupt", None]
    assert json.loads(rows[1]["evidence"])["length"] == len(middle)
