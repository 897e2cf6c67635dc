"""gzip and zstd streams, decompressed piece by piece; damage is an item of the stream, not an exception."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from spark_llmdata import extras
from spark_llmdata.kernels.jsonl import LongLine
from spark_llmdata.sources.split import Tally

_SKIP = 1 << 16  # bytes of a skippable frame passed at a time
_OUTPUT = 1 << 20  # bytes one call may decompress: a small file can hold a very long run of zeros
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_ZSTD_WINDOW = 1 << 31  # what `zstd --long=31` needs; large archives are packed like that


@dataclass(frozen=True)
class Damage:
    """Where and why a stream could not be read on; always its last item.

    `offset` counts bytes as stored. `tail` is there when the stream came to a good end and bytes that are not
    compressed follow: it has their length, hash and beginning.
    """

    defect: Literal["truncated", "corrupt"]
    offset: int
    error: str
    tail: LongLine | None = None


class _Broken(Exception):
    def __init__(self, defect: Literal["truncated", "corrupt"], offset: int, error: str) -> None:
        self.damage = Damage(defect, offset, error)
        super().__init__(error)


def decompress(stored: Iterator[bytes], compression: Literal["gzip", "zstd"], tally: Tally) -> Iterator[bytes | Damage]:
    """Decompress all members (gzip) or frames (zstd) of a file, one after the other.

    Yields pieces of at most about 1 MiB. Zeros behind a member are padding. What is neither member nor padding, a
    member that breaks off, a wrong checksum: `Damage`, with all that could be decompressed before it. Counts
    `tally.members`, and in `tally.end` the bytes consumed.

    Raises:
        MissingExtra: zstd, and zstandard is not installed.
    """
    source = _Stored(stored)
    zstd = extras.require("zstandard", extra="zstd", needed_by="reading .zst files") if compression == "zstd" else None
    try:
        while source.peek(1):
            if not _begins_member(source.peek(4), compression):
                yield _beyond(source, compression)
                return
            tally.members += 1
            for piece in _read_gzip(source) if zstd is None else _read_zstd(source, zstd):
                tally.end = source.consumed
                yield piece
            _skip_zeros(source)
            tally.end = source.consumed
    except _Broken as broken:
        yield broken.damage


class _Stored:
    """Stored bytes, taken as needed, and their count."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._data = b""
        self._at = 0
        self.consumed = 0

    def peek(self, count: int) -> bytes:
        """The next bytes, fewer only where the file ends."""
        while len(self._data) - self._at < count and (more := next(self._chunks, b"")):
            self._data = self._data[self._at :] + more
            self._at = 0
        return self._data[self._at : self._at + count]

    def held(self) -> bytes:
        """The bytes at hand; none only where the file ends."""
        self.peek(1)
        return self._data[self._at :]

    def drop(self, count: int) -> None:
        self._at += count
        self.consumed += count


def _begins_member(head: bytes, compression: str) -> bool:
    if compression == "gzip":
        return head.startswith(_GZIP)
    return head == _ZSTD or _is_skippable(head)


def _is_skippable(head: bytes) -> bool:
    return len(head) == 4 and 0x50 <= head[0] <= 0x5F and head[1:] == b"\x2a\x4d\x18"


def _skip_zeros(source: _Stored) -> None:
    while source.peek(1) == b"\0":
        data = source.held()
        source.drop(len(data) - len(data.lstrip(b"\0")))


def _beyond(source: _Stored, compression: str) -> Damage:
    """What lies behind the last member, or instead of the first one."""
    offset = source.consumed
    tail = LongLine()
    while data := source.held():
        tail.update(data)
        source.drop(len(data))
    behind = "behind the last member" if offset else "in a file of this name"
    return Damage("corrupt", offset, f"bytes that are not {compression} {behind}", tail)


def _read_gzip(source: _Stored) -> Iterator[bytes]:
    member = zlib.decompressobj(wbits=31)
    while not member.eof:
        data = source.held()
        if not data:
            yield member.flush()
            raise _Broken("truncated", source.consumed, "the file ends within a gzip member")
        spare = member.copy()  # an error takes with it all that the call decompressed
        try:
            piece = member.decompress(data, _OUTPUT)
        except zlib.error as error:
            yield from _read_to_an_error(source, spare, data)
            raise _Broken("corrupt", source.consumed, str(error)) from error
        left = member.unused_data or member.unconsumed_tail
        source.drop(len(data) - len(left))
        yield piece


def _read_to_an_error(source: _Stored, member: Any, data: bytes) -> Iterator[bytes]:
    for place in range(len(data)):
        try:
            piece = member.decompress(data[place : place + 1])
        except zlib.error:
            return
        source.drop(1)
        yield piece


def _read_zstd(source: _Stored, zstd: Any) -> Iterator[bytes]:
    """One frame, block by block: no call gives more than 128 KiB, and an error takes nothing with it."""
    frame = zstd.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()
    for size in _zstd_pieces(source):
        data = source.peek(size)
        if len(data) < size:
            raise _Broken("truncated", source.consumed, "the file ends within a zstd frame")
        try:
            piece = frame.decompress(data)
        except zstd.ZstdError as error:
            raise _Broken("corrupt", source.consumed, str(error)) from error
        source.drop(size)
        yield piece
    if not frame.eof:
        raise _Broken("corrupt", source.consumed, "a zstd frame does not end behind its last block")


def _zstd_pieces(source: _Stored) -> Iterator[int]:
    """Sizes of a frame's header, blocks and checksum (RFC 8878, 3.1); each is consumed before the next is asked for."""
    head = source.peek(8)
    if _is_skippable(head[:4]):
        yield 8
        left = int.from_bytes(head[4:], "little")
        while left:
            yield min(left, _SKIP)
            left -= min(left, _SKIP)
        return
    flags = head[4] if len(head) > 4 else 0
    single = flags >> 5 & 1
    yield 5 + (1 - single) + (0, 1, 2, 4)[flags & 3] + (single, 2, 4, 8)[flags >> 6]
    last = False
    while not last:
        header = int.from_bytes(source.peek(3), "little")
        last = bool(header & 1)
        one_byte = header >> 1 & 3 == 1  # a run: the size is that of its expansion
        yield 3 + (1 if one_byte else header >> 3)
    if flags & 4:
        yield 4
