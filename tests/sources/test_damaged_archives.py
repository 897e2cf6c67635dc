"""Archives that were damaged on purpose, as files: one reject for each damage, and all records around it are there."""

from __future__ import annotations

import gzip
import json
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from spark_llmdata.sources.inputs import find_files
from spark_llmdata.sources.split import Split, Tally
from spark_llmdata.sources.warc import read_warc
from tests.kernels.test_warc import pages

Row = dict[str, Any]
FIRST, MIDDLE, LAST = pages(3, gz=False)
HTTP = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
PAGE = b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<p>page</p>"


def read(path: Path) -> list[Row]:
    """The rows of a file; they account for all bytes of it, and rejects say how many are theirs."""
    [file] = find_files([str(path)]).files
    tally, limits = Tally(), {"max_record_bytes": 1 << 20, "batch_rows": 10, "batch_bytes": 1 << 20}
    rows = [row for rows in read_warc(Split(file, 0, 0, file.size), tally, **limits) for row in rows.to_pylist()]
    assert (tally.begin, tally.end, tally.records) == (0, file.size, len(rows))
    ends = [*(row["offset"] for row in rows), file.size][1:]
    for row, end in zip(rows, ends, strict=True):
        if row["rejected"]:
            said = json.loads(row["evidence"])
            assert said["error"]
            assert said["length"] == end - row["offset"]
    return rows


def zstd(content: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(content)


def gzip_with(
    content: bytes, *, extra: bytes = b"", name: bytes = b"n", comment: bytes = b"c", wrong: int = 0
) -> bytes:
    """A member with every field that a gzip head may have; `wrong` spoils the head's checksum."""
    head = b"\x1f\x8b\x08\x1e\0\0\0\0\0\xff" + struct.pack("<H", len(extra)) + extra + name + b"\0" + comment + b"\0"
    check = struct.pack("<H", zlib.crc32(head) & 0xFFFF ^ wrong)
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(content) + packer.flush()
    return head + check + packed + struct.pack("<II", zlib.crc32(content), len(content))


def flip(content: bytes, at: int) -> bytes:
    changed = bytearray(content)
    changed[at] ^= 1
    return bytes(changed)


def record(block: bytes, length: bytes | None = None, kind: bytes = b"response") -> bytes:
    said = b"%d" % len(block) if length is None else length
    head = b"WARC/1.0\r\nWARC-Type: %s\r\nContent-Type: text/html\r\nContent-Length: %s\r\n\r\n" % (kind, said)
    return head + block + b"\r\n\r\n"


def arc(block: bytes, url: bytes = b"http://a/", length: bytes | None = None) -> bytes:
    said = b"%d" % len(block) if length is None else length
    return b"%s 192.0.2.1 20240501120000 text/html %s\n%s\n" % (url, said, block)


ARC = b"1 0 Tests\nURL IP-address Archive-date Content-type Archive-length\n"
ARC = b"filedesc://a.arc 0.0.0.0 20240501120000 text/plain %d\n%s\n" % (len(ARC), ARC)

DAMAGES = {
    "zlib between members": (".gz", zlib.compress(b"none of this is a member"), ["corrupt"]),
    "NULs between members": (".gz", b"\0" * 1000, ["corrupt"]),
    "a member's checksum": (".gz", flip(gzip.compress(MIDDLE), -6), ["corrupt"]),
    "a member's size": (".gz", flip(gzip.compress(MIDDLE), -1), ["corrupt"]),
    "a member's reserved flags": (".gz", gzip.compress(MIDDLE)[:3] + b"\xe0" + gzip.compress(MIDDLE)[4:], ["corrupt"]),
    "a member's method": (".gz", gzip.compress(MIDDLE)[:2] + b"\7" + gzip.compress(MIDDLE)[3:], ["corrupt"]),
    "a head's checksum": (".gz", gzip_with(MIDDLE, wrong=1), ["corrupt"]),
    "all of a head's fields": (".gz", gzip_with(MIDDLE, extra=b"x" * 65535, name=b"n" * 100_000), [None]),
    "a record in two members": (".gz", gzip.compress(MIDDLE[:300]) + gzip.compress(MIDDLE[300:]), [None]),
    "members in a payload": (".gz", gzip.compress(record(gzip.compress(FIRST) * 3, kind=b"resource"), 0), [None]),
    "a head without an end": (".gz", gzip.compress(b"WARC/1.0\r\nX: " + b"y" * 5_000_000), ["bad_record"]),
    "a frame that breaks off": (".zst", zstd(MIDDLE)[:-20], ["corrupt"]),
    "a frame's checksum": (".zst", flip(zstd(MIDDLE), -1), ["corrupt"]),
    "a frame's window": (".zst", b"\x28\xb5\x2f\xfd\x00\xf8\x01\0\0", ["corrupt"]),
    "a frame to pass over": (".zst", b"\x5a\x2a\x4d\x18\5\0\0\0hello", []),
    "NULs between records": ("", b"\0" * 1000, ["bad_record"]),
    "a length too long": ("", MIDDLE.replace(b"Content-Length: ", b"Content-Length: 1", 1), ["bad_record"]),
    "a negative length": ("", record(PAGE, b"-5"), ["bad_record"]),
    "a length of 77 bits": ("", record(PAGE, b"99999999999999999999999"), ["bad_record"]),
    "a length of 64 bits": ("", record(PAGE, b"18446744073709551615"), ["bad_record"]),
    "a length in hexadecimal": ("", record(PAGE, b"0x10"), ["bad_record"]),
    "two lengths in one": ("", record(PAGE, b"%d, %d" % (len(PAGE), len(PAGE))), ["bad_record"]),
    "two lengths that differ": ("", record(PAGE, b"%d\r\nContent-Length: 3" % len(PAGE)), [None]),
    "records in a payload": ("", record(FIRST + LAST, kind=b"resource"), [None]),
    "folded lines": ("", MIDDLE.replace(b"WARC-Type: ", b"WARC-Type:\r\n\t", 1).replace(b"/1.0", b"/1.1", 1), [None]),
    "line feeds in the head": ("", record(PAGE).replace(b"\r\n", b"\n", 4), [None]),
    "carriage returns": ("", MIDDLE.replace(b"\r\n", b"\r"), ["bad_record"]),
    "a chunk that is too long": ("", record(HTTP + b"ffffffff\r\n<p>x"), [None]),
    "a negative chunk": ("", record(HTTP + b"-1\r\n<p>x</p>\r\n0\r\n\r\n"), [None]),
    "no chunks": ("", record(HTTP + b"<p>page</p>"), [None]),
    "much before a chunk": ("", record(HTTP + b"0000000000000000000004;x=y\r\n<p>x\r\n0\r\nA: b\r\n\r\n"), [None]),
}  # fmt: skip
PACK: dict[str, Callable[[bytes], bytes]] = {"": bytes, ".gz": gzip.compress, ".zst": zstd}


@pytest.mark.parametrize(("ending", "middle", "defects"), DAMAGES.values(), ids=DAMAGES)
def test_what_is_between_two_records_costs_neither(
    ending: str, middle: bytes, defects: list[str | None], tmp_path: Path
) -> None:
    path = tmp_path / f"a.warc{ending}"
    pack = PACK[ending]
    path.write_bytes(pack(FIRST) + middle + pack(LAST))
    first, *between, last = read(path)
    assert (first["url"], last["url"]) == ("http://a/0", "http://a/2")
    assert first["html"].startswith(b"<p>0</p>")
    assert last["html"].startswith(b"<p>2</p>")
    assert [row["defect"] for row in between] == defects


@pytest.mark.parametrize(
    ("middle", "error"),
    [
        (b"http://a/bad 192.0.2.1 2024 text/html\n" + PAGE + b"\n", "like http://192.0.2.1/ 192.0.2.1 20240501120000"),
        (arc(PAGE, length=b"9999"), "another record begins"),
        (arc(PAGE, length=b"7"), "no blank lines follow"),
        (arc(PAGE, length=b"-7"), "not a number of bytes: -7"),
    ],
)
def test_a_broken_head_of_an_older_archive_costs_its_record(middle: bytes, error: str, tmp_path: Path) -> None:
    path = tmp_path / "a.arc"
    path.write_bytes(ARC + arc(PAGE, b"http://a/0") + middle + arc(PAGE, b"http://a/2"))
    rows = read(path)
    assert [row["defect"] for row in rows] == ["not_content", None, "bad_record", None]
    assert error in json.loads(rows[2]["evidence"])["error"]


def test_files_that_are_no_archives(tmp_path: Path) -> None:
    wide = tmp_path / "wide.warc"
    wide.write_bytes((FIRST + LAST).decode().encode("utf-16"))
    [row] = read(wide)
    assert (row["defect"], json.loads(row["evidence"])["length"]) == ("bad_record", wide.stat().st_size)
    for name in ("a.warc", "a.warc.gz", "a.arc.gz"):
        empty = tmp_path / name
        empty.write_bytes(b"")
        assert read(empty) == []
    page = tmp_path / "page.warc.gz"
    page.write_bytes(b"<html>not found</html>")
    assert [row["defect"] for row in read(page)] == ["corrupt"]


READ = """
import resource, sys
from spark_llmdata.sources.inputs import find_files
from spark_llmdata.sources.split import Split, Tally
from spark_llmdata.sources.warc import read_warc

[file] = find_files([sys.argv[1]]).files
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
limits = {"max_record_bytes": 16 << 20, "batch_rows": 2000, "batch_bytes": 16 << 20}
rows = sum(batch.num_rows for batch in read_warc(Split(file, 0, 0, file.size), Tally(), **limits))
print(rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before >> 10)
"""
MANY = 400 << 20


@pytest.mark.parametrize(
    ("ending", "head"),
    [(".gz", b""), (".gz", b"WARC/1.0\r\nWARC-Type: resource\r\nContent-Length: %d\r\n\r\n" % MANY), (".zst", b"")],
)
def test_a_bomb_takes_no_memory(ending: str, head: bytes, tmp_path: Path) -> None:
    """400 MiB of zeros in a few hundred kilobytes: the record's limit, a chunk and what a decoder needs are held."""
    packer = zlib.compressobj(1, wbits=31) if ending == ".gz" else zstandard.ZstdCompressor(level=1).compressobj()
    zeros = b"\0" * (1 << 20)
    bomb = b"".join([packer.compress(head), *(packer.compress(zeros) for _ in range(MANY >> 20)), packer.flush()])
    path = tmp_path / f"a.warc{ending}"
    path.write_bytes(PACK[ending](FIRST) + bomb + PACK[ending](LAST))
    told = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True)
    rows, grown = map(int, told.stdout.split())
    assert rows == 3
    assert grown < 120, f"{grown} MiB more than before"
