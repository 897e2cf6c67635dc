"""The WARC kernel against warcio, against damage, and against itself under other chunks."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from spark_llmdata.kernels.warc import WarcParser

Row = dict[str, Any]

LIMIT = 16 << 20
# A file that has one record spread over two members; warcio stops at the end of the first.
SPREAD = "example-wrong-chunks.warc.gz"
PAGE = b"<html><body>" + b"some words of a page, " * 40 + b"</body></html>"


def push(data: bytes, cuts: Iterable[int] = (), *, gz: bool = False, limit: int = LIMIT, rows: int = 1000) -> list[Row]:
    """All rows of an archive that is pushed in the pieces that `cuts` makes of it; they account for every byte."""
    parser = WarcParser("gzip" if gz else "none", limit, batch_rows=rows)
    found: list[Row] = []
    edges = [0, *sorted(cuts), len(data)]
    for begin, end in zip(edges, edges[1:], strict=False):
        chunk, last = data[begin:end], end == len(data)
        while (batch := parser.push(chunk, last)) is not None:
            assert batch.num_rows <= rows
            found += batch.to_pylist()
            chunk = b""
    assert parser.consumed == len(data)
    assert parser.records == len(found)
    assert parser.rejects == sum(row["rejected"] for row in found)
    offsets = [row["offset"] for row in found]
    assert offsets == sorted(offsets)
    return found


def write(records: Iterable[tuple[str, dict[str, str], bytes]], *, gz: bool = True) -> list[bytes]:
    """One `response` per (url, HTTP headers, body), each as the bytes that warcio's writer stores for it."""
    parts = []
    for url, headers, body in records:
        out = io.BytesIO()
        http = StatusAndHeaders("200 OK", list(headers.items()), protocol="HTTP/1.1")
        writer = WARCWriter(out, gzip=gz)
        writer.write_record(
            writer.create_warc_record(
                url, "response", payload=io.BytesIO(body), http_headers=http,
                warc_headers_dict={"WARC-Record-ID": f"<urn:{url}>", "WARC-Date": "2020-01-02T03:04:05Z"},
            )
        )  # fmt: skip
        parts.append(out.getvalue())
    return parts


def pages(count: int, *, gz: bool = True) -> list[bytes]:
    html = {"Content-Type": "text/html"}
    return write([(f"http://a/{n}", html, b"<p>%d</p>" % n + PAGE) for n in range(count)], gz=gz)


def archives(folder: Path) -> list[Path]:
    """The archives that are WARC and readable here: no ARC, no other compression, no bare gzip samples."""
    names = ("*.warc", "*.warc.gz", "*.wet", "*.wet.gz", "*.wat", "*.wat.gz", "*.warc.gz.bad")
    return sorted(path for name in names for path in (folder / "01_warc").rglob(name))


def oracle(path: Path) -> Iterator[tuple[str | None, str | None, str | None, bytes]]:
    """What warcio reads: id, type, address, decoded body; ends where warcio gives up."""
    with path.open("rb") as stream:
        try:
            for record in ArchiveIterator(stream):
                head = record.rec_headers
                fields = [head.get_header(n) for n in ("WARC-Record-ID", "WARC-Type", "WARC-Target-URI")]
                yield fields[0], fields[1], fields[2], record.content_stream().read()
        except (ArchiveLoadFailed, AttributeError):
            return


def test_warcio_reads_the_same(shared_data: Path) -> None:
    files = compared = bodies = 0
    for path in archives(shared_data):
        if path.name == SPREAD:
            continue
        expected = list(oracle(path))
        rows = push(path.read_bytes(), gz=".gz" in path.suffixes)
        # warcio takes a record whose length is missing or too short, which is a reject here.
        for (record_id, kind, url, body), row in zip(expected, rows, strict=False):
            if row["rejected"]:
                break
            compared += 1
            # warcio keeps the white space of folded lines and escapes that of addresses.
            assert row["id"] == (record_id and record_id.strip()), path
            assert row["type"] == (kind or "").strip().lower(), path
            assert (row["url"] or "").replace("%20", " ") == (url or "").replace("%20", " ").strip(), path
            content = row["html"] if row["text"] is None else row["text"].encode()
            if content is not None:
                bodies += 1
                assert hashlib.sha1(content).digest() == hashlib.sha1(body).digest(), path
        files += 1
    assert files > 40
    assert compared > 250
    assert bodies > 75


def test_every_file_gives_at_least_what_warcio_found(shared_data: Path) -> None:
    folder = shared_data / "01_warc"
    inventory = json.loads((folder / "inventory_warcio.json").read_text())
    read = 0
    for entry in inventory:
        if ".arc" in entry["file"]:
            continue
        rows = push((folder / entry["file"]).read_bytes(), gz=entry["file"].endswith(".gz"))
        assert len(rows) >= entry["records"], entry["file"]
        read += 1
    assert read > 40
    expected = json.loads((folder / "derived-compression" / "expected.json").read_text())
    for name, facts in expected.items():
        if name.endswith(".gz"):
            rows = push((folder / "derived-compression" / name).read_bytes(), gz=True)
            assert [row["rejected"] for row in rows] == [False] * facts["records"]


def test_a_compressed_archive_gives_the_rows_of_its_plain_twin(shared_data: Path) -> None:
    records = 0
    for path in archives(shared_data):
        stored = path.read_bytes()
        if ".gz" not in path.suffixes or path.name == "clipped.warc.gz":
            continue
        packed, plain = push(stored, gz=True), push(gzip.decompress(stored))
        assert [{**row, "offset": 0} for row in packed] == [{**row, "offset": 0} for row in plain], path
        assert all(row["raw_hash"] for row in plain)
        records += len(plain)
    assert records > 150
    folder = shared_data / "01_warc"
    for one, other in [
        ("resiliparse/warcfile.warc", "derived-compression/resiliparse-onemember.warc.gz"),
        ("webarchive-commons/format/warc/IAH-urls-wget.warc", "webarchive-commons/format/gzip/IAH-urls-wget.warc.gz"),
    ]:
        hashes = [[row["raw_hash"] for row in push((folder / name).read_bytes())] for name in (one, other)]
        assert hashes[0] == hashes[1]


@pytest.mark.parametrize("name", ["cc-whirlwind/whirlwind.warc.gz", f"warcio/{SPREAD}"])
def test_payload_digests_in_the_archive_are_met(shared_data: Path, name: str) -> None:
    path = shared_data / "01_warc" / name
    with path.open("rb") as stream:
        response = next(record for record in ArchiveIterator(stream) if record.rec_type == "response")
        digest = response.rec_headers.get_header("WARC-Payload-Digest")
    [html] = [row["html"] for row in push(path.read_bytes(), gz=True) if row["html"] is not None]
    assert digest == "sha1:" + base64.b32encode(hashlib.sha1(html).digest()).decode()


def chunked(body: bytes, size: int) -> bytes:
    pieces = [body[i : i + size] for i in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"


def test_codings_are_undone_and_said() -> None:
    html = {"Content-Type": "text/html; charset=UTF-8"}
    cases = [
        ({**html, "Transfer-Encoding": "chunked"}, chunked(PAGE, 100)),
        ({**html, "Content-Encoding": "gzip"}, gzip.compress(PAGE)),
        ({**html, "Content-Encoding": "gzip", "Transfer-Encoding": "chunked"}, chunked(gzip.compress(PAGE), 9)),
        ({**html, "Content-Encoding": "gzip", "Transfer-Encoding": "chunked"}, PAGE),
        ({**html, "Content-Encoding": "br"}, PAGE),
    ]
    rows = push(b"".join(write((f"http://a/{n}", *case) for n, case in enumerate(cases))), gz=True)
    assert [row["html"] for row in rows] == [PAGE] * len(cases)
    assert {row["content_type"] for row in rows} == {"text/html; charset=UTF-8"}
    assert {row["date"].isoformat() for row in rows} == {"2020-01-02T03:04:05+00:00"}
    status = ("http_status", "200")
    lies = [("false_codings", "chunked, gzip")], [("false_codings", "br")]
    assert [row["meta"] for row in rows] == [[status], [status], [status], [status, *lies[0]], [status, *lies[1]]]


def test_what_is_no_page_is_said() -> None:
    cases: list[tuple[dict[str, str], bytes]] = [
        ({"Content-Type": "image/png"}, b"\x89PNG"),
        ({"Content-Type": "text/html"}, b""),
        ({"Content-Type": "text/html", "Content-Encoding": "br"}, b"\x8b\x00\x01\x02\xff"),
        ({}, b"<!doctype html><p>x"),
        ({}, b"neither"),
        ({"Content-Type": "text/plain"}, "é".encode()),
        ({"Content-Type": "text/plain; charset=latin1"}, "é".encode("latin-1")),
    ]
    rows = push(b"".join(write((f"http://a/{n}", *case) for n, case in enumerate(cases))), gz=True)
    assert [row["defect"] for row in rows] == [
        "unsupported_type", "empty", "unsupported_encoding", None, "unsupported_type", None, None,
    ]  # fmt: skip
    assert [row["rejected"] for row in rows] == [False, False, True, False, False, False, False]
    assert json.loads(rows[0]["evidence"]) == {"mime": "image/png"}
    assert " br" in json.loads(rows[2]["evidence"])["error"]
    assert rows[2]["payload"].startswith(b"WARC/1.0\r\n")
    assert ("mime", "text/html") in rows[3]["meta"]
    assert (rows[5]["text"], rows[5]["html"]) == ("é", None)
    assert (rows[6]["text"], rows[6]["html"]) == (None, b"\xe9")
    assert rows[6]["content_type"] == "text/plain; charset=latin1"


@pytest.mark.parametrize("gz", [False, True])
def test_an_archive_cut_at_any_byte_keeps_what_is_whole(gz: bool) -> None:
    parts = [b"", *pages(3, gz=gz)]
    data = b"".join(parts)
    whole = push(data, gz=gz)
    # A plain record is whole without the blank lines behind it, a member only with its checksum.
    ends = [sum(map(len, parts[: n + 1])) - (0 if gz or not n else 4) for n in range(4)]
    for cut in range(len(data)):
        rows = push(data[:cut], gz=gz)
        count = sum(end <= cut for end in ends) - 1
        assert rows[:count] == whole[:count]
        assert [row["defect"] for row in rows[count:]] in ([], ["truncated"])
        assert bool(rows[count:]) == (cut not in range(ends[count], ends[count] + (1 if gz or not count else 5)))


@pytest.mark.parametrize("gz", [False, True])
def test_flipped_bits_cost_only_what_they_hit(gz: bool) -> None:
    parts = pages(5, gz=gz)
    data = b"".join(parts)
    whole = push(data, gz=gz)
    draw = random.Random(7)
    rejected = 0
    for _ in range(1500):
        at = draw.randrange(len(data))
        damaged = data[:at] + bytes([data[at] ^ 1 << draw.randrange(8)]) + data[at + 1 :]
        rows = push(damaged, gz=gz)
        assert push(damaged, [at + 2, draw.randrange(at, len(data))], gz=gz) == rows
        hit = next(n for n in range(5) if at < sum(map(len, parts[: n + 1])))
        untouched = [row["raw_hash"] for n, row in enumerate(whole) if n != hit]
        assert [h for h in (row["raw_hash"] for row in rows) if h in untouched] == untouched
        rejected += any(row["rejected"] for row in rows)
    # Most of a plain record is content that nothing checks; a member has its checksum.
    assert rejected > (1000 if gz else 20)


def test_a_wild_mixture_never_raises() -> None:
    draw = random.Random(11)
    plain, packed = pages(3, gz=False), pages(3)
    pieces = [*plain, *packed, b"junk", b"\r\n\r\n", gzip.compress(b"".join(plain)), b"\x1f\x8b\x08", b"WARC/1.0\r\n"]
    for _ in range(500):
        data = b"".join(draw.choice(pieces) for _ in range(draw.randrange(6)))
        damaged = bytearray(data)
        for _ in range(draw.randrange(4)):
            if damaged:
                begin = draw.randrange(len(damaged))
                damaged[begin : begin + draw.randrange(30)] = draw.randbytes(draw.randrange(30))
        push(bytes(damaged), gz=draw.random() < 0.5, limit=draw.choice([100, 1000, LIMIT]))


@pytest.mark.parametrize("length", ["0", "7", "500", "3000", "99999999", "-1", "x"])
@pytest.mark.parametrize("gz", [False, True])
def test_a_wrong_length_costs_one_record(length: str, gz: bool) -> None:
    parts = pages(4, gz=False)
    before, _, rest = parts[1].partition(b"Content-Length: ")
    parts[1] = before + b"Content-Length: " + length.encode() + rest[rest.index(b"\r\n") :]
    data = b"".join(gzip.compress(part) if gz else part for part in parts)
    rows = push(data, gz=gz)
    assert [row["rejected"] for row in rows] == [False, True, False, False]
    assert rows[1]["defect"] == "bad_record"
    stored = [len(gzip.compress(part) if gz else part) for part in parts]
    assert json.loads(rows[1]["evidence"])["length"] == stored[1]
    assert rows[1]["payload"] == parts[1][: 64 << 10]


def test_a_record_above_the_limit_is_a_reject() -> None:
    parts = write([(f"http://a/{n}", {"Content-Type": "text/html"}, b"<p>" + b"x" * n) for n in (10, 300_000, 20)])
    rows = push(b"".join(parts), gz=True, limit=100_000)
    assert [row["defect"] for row in rows] == [None, "too_large", None]
    assert len(rows[1]["payload"]) == 64 << 10
    assert rows[1]["url"] == "http://a/300000"
    assert rows[1]["raw_hash"] is not None
    bomb = write(
        [("http://a/b", {"Content-Type": "text/html", "Content-Encoding": "gzip"}, gzip.compress(b" " * 10**6))]
    )
    assert [row["defect"] for row in push(bomb[0], gz=True, limit=100_000)] == ["too_large"]


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_chunks_do_not_matter(data: st.DataObject) -> None:
    gz = data.draw(st.booleans())
    stored = bytearray(b"".join(pages(3, gz=gz)))
    for _ in range(data.draw(st.integers(0, 2))):
        stored[data.draw(st.integers(0, len(stored) - 1))] ^= data.draw(st.integers(1, 255))
    cuts = data.draw(st.lists(st.integers(0, len(stored)), max_size=20))
    rows = data.draw(st.integers(1, 3))
    assert push(bytes(stored), cuts, gz=gz, rows=rows) == push(bytes(stored), gz=gz)


def test_limits_are_checked() -> None:
    with pytest.raises(ValueError, match="max_record_bytes is 0"):
        WarcParser("gzip", 0)
