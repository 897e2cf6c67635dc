"""Where an archive can be divided: at members that begin records, proven to be no content of another record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO, Literal

from spark_llmdata.kernels.warc import WarcParser
from spark_llmdata.sources.files import open_file
from spark_llmdata.sources.split import InputFile

_GZIP = b"\x1f\x8b\x08"
_ZSTD = b"\x28\xb5\x2f\xfd"
_DICTIONARY = b"\x5d\x2a\x4d\x18"

# What looks like members inside of a member is there because its bytes were stored as they are. A block of such bytes
# is followed by the next block's head after 64 KiB (gzip) or 128 KiB (zstd) at most: no chain of members goes on there.
_PROOF = 128 << 10
_MEMBER = 64 << 20  # no member of more stored bytes is waited for: such a file is no archive of records
_CHUNK = 64 << 10
_DAMAGE = ("bad_record", "corrupt", "truncated")


@dataclass(frozen=True)
class Layout:
    """How an archive is packed: the bytes its members begin with, and the dictionary frame that stands before them."""

    compression: Literal["gzip", "zstd"]
    first: int  # the byte at which the first member with content begins
    dictionary: bytes

    @property
    def magic(self) -> bytes:
        """The bytes a member begins with."""
        return _GZIP if self.compression == "gzip" else _ZSTD


def find_boundary(file: InputFile, position: int) -> int:
    """The first byte from `position` on at which the file can be divided: 0, a member that begins a record, its size.

    A pure function of the file's bytes and of `position`, so that neighbors agree without asking each other. A member
    counts when from it on at least 128 KiB of members follow each other without a gap, every one of them one record:
    within another member there is no such chain. A file that does not begin so is not divided.

    Raises:
        OSError: the file cannot be opened or read.
    """
    if position <= 0 or position >= file.size:
        return max(0, min(position, file.size))
    layout = read_layout(file)
    if layout is None:
        return file.size
    with open_file(file.url, position) as stored:
        for candidate in _find(stored, position, layout.magic):
            if _is_proven(file, candidate, layout):
                return candidate
    return file.size


@lru_cache(maxsize=64)
def read_layout(file: InputFile) -> Layout | None:
    """How the archive is packed, if its members are records, judged by those at its beginning; else nothing."""
    with open_file(file.url) as stored:
        head = stored.read(8)
        first, dictionary = 0, b""
        if head.startswith(_DICTIONARY) and len(head) == 8:
            length = int.from_bytes(head[4:], "little")
            dictionary = stored.read(length) if length <= 16 << 20 else b""
            first = 8 + length
            head = stored.read(4)
    if not head.startswith((_GZIP, _ZSTD)):
        return None
    layout = Layout("gzip" if head.startswith(_GZIP) else "zstd", first, dictionary)
    return layout if _is_proven(file, first, layout) else None


def _find(stored: BinaryIO, position: int, magic: bytes) -> Iterator[int]:
    """Where the magic bytes stand from here on."""
    held = b""
    while chunk := stored.read(1 << 20):
        held += chunk
        at = held.find(magic)
        while at >= 0:
            yield position + at
            at = held.find(magic, at + 1)
        tail = len(magic) - 1
        position += len(held) - tail
        held = held[-tail:]


def _is_proven(file: InputFile, begin: int, layout: Layout) -> bool:
    parser = WarcParser(
        layout.compression, 1 << 20, batch_rows=1, begin=begin, dictionary=layout.dictionary if begin else b""
    )
    records = 0
    with open_file(file.url, begin) as stored:
        last = False
        while not last and parser.consumed - begin < _MEMBER:
            chunk = stored.read(_CHUNK)
            last = not chunk
            while (rows := parser.push(chunk, last)) is not None:
                records += 1
                offset, defect = rows.column("offset")[0].as_py(), rows.column("defect")[0].as_py()
                if parser.members != records or defect in _DAMAGE or (records == 1 and offset != begin):
                    return False
                if offset - begin >= _PROOF:
                    return True
                chunk = b""
    return last and records > 0
