"""The search for members that begin a record, against one that undoes whatever begins like a member."""

from __future__ import annotations

import gzip
import random
import zlib

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_llmdata.kernels.warc import MemberFinder, WarcParser

RECORD = b"WARC/1.0\r\nWARC-Type: resource\r\nContent-Length: 4\r\n\r\n<p>x\r\n\r\n"
OLDER = b"http://a/ 192.0.2.1 20240501120000 text/html 4\n<p>x\n"
MAGIC = {"gzip": b"\x1f\x8b\x08", "zstd": b"\x28\xb5\x2f\xfd"}


def find(stored: bytes, compression: str, begin: int, piece: int) -> list[int]:
    finder = MemberFinder(compression, begin)  # type: ignore[arg-type]
    found = []
    for at in range(begin, max(len(stored), begin + 1), piece):
        chunk, last = stored[at : at + piece], at + piece >= len(stored)
        while (place := finder.push(chunk, last)) is not None:
            found.append(place)
            chunk = b""
    return found


def begins_record(member: bytes, compression: str) -> bool:
    try:
        undo = zlib.decompressobj(31) if compression == "gzip" else zstandard.ZstdDecompressor().decompressobj()
        content = undo.decompress(member)
    except (zlib.error, zstandard.ZstdError) as error:
        if "header crc" not in str(error):
            return False
        try:  # what it heads may be whole
            content = zlib.decompressobj(-15).decompress(member[header_length(member) :])
        except zlib.error:
            return False
    return content.startswith((b"WARC/", OLDER[:9]))


def header_length(member: bytes) -> int:
    """The bytes of a gzip header by RFC 1952, its checksum among them, which is not looked at."""
    flags, at = member[3], 10
    if flags & 4:
        at += 2 + int.from_bytes(member[at : at + 2], "little")
    for _ in range(bool(flags & 8) + bool(flags & 16)):
        at = member.index(0, at) + 1
    return at + 2


def expected(stored: bytes, compression: str, begin: int) -> list[int]:
    places = [at for at in range(begin, len(stored)) if stored.startswith(MAGIC[compression], at)]
    return [at for at in places if begins_record(stored[at:], compression)]


PACK = {
    "gzip": lambda content: gzip.compress(content, 1, mtime=0),
    "zstd": lambda content: zstandard.ZstdCompressor(level=1).compress(content),
}


@settings(deadline=None, max_examples=80)
@given(st.data())
def test_the_members_that_begin_a_record_are_found(data: st.DataObject) -> None:
    compression = data.draw(st.sampled_from(sorted(MAGIC)))
    pack = PACK[compression]
    parts = {
        "record": pack(RECORD),
        "older": pack(OLDER),
        "long": pack(RECORD[:-8] + random.Random(3).randbytes(3_000)),
        "other": pack(b"no record at all"),
        "empty": pack(b""),
        "magic": MAGIC[compression],
        "junk": b"junk \0",
        "stored": pack(random.Random(4).randbytes(500) + pack(RECORD)),
    }
    names = data.draw(st.lists(st.sampled_from(sorted(parts)), max_size=8))
    stored = b"".join(parts[name] for name in names)
    begin = data.draw(st.integers(0, len(stored)))
    found = find(stored, compression, begin, data.draw(st.integers(1, 4_000)))
    assert found == expected(stored, compression, begin)


def test_a_header_with_a_wrong_checksum_is_a_place_and_does_not_cost_the_record() -> None:
    """Two magics make the header behind them the end of theirs, its last two bytes for a checksum; the reader looks."""
    stored = MAGIC["gzip"] * 2 + PACK["gzip"](RECORD)
    assert find(stored, "gzip", 0, 1) == expected(stored, "gzip", 0) == [0, 6]
    parser = WarcParser("gzip", 1 << 20, batch_rows=9)
    batch = parser.push(stored, True)
    assert batch is not None
    assert (batch.column("offset").to_pylist(), batch.column("rejected").to_pylist()) == ([0, 6], [True, False])


def test_what_cannot_be_searched_is_refused() -> None:
    with pytest.raises(ValueError, match="has no members"):
        MemberFinder("none", 0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="compression is bz2"):
        MemberFinder("bz2", 0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="dictionary"):
        MemberFinder("zstd", 0, MAGIC["zstd"] + b"none")
