"""Lines of an index of archives, divided among splits: by the bytes they stand at, or by what they say."""

from __future__ import annotations

import errno
import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from spark_llmdata.sources import remote
from spark_llmdata.sources.files import open_file
from spark_llmdata.sources.split import Split

#: A byte of an index stands for so many bytes of archives, or more.
WEIGHT = 64
#: Bytes of a line, with its end. Those of crawls have some hundred.
LONGEST_LINE = 1 << 20
#: An index that has to be read from its beginning is read by so many splits, and no more of it by all of them.
_SHARES = 64
_MOST_READ = 2 << 30
_PIECE = 64 << 10


class BrokenIndex(Exception):
    """A packed index ends early or is damaged at a byte (of what is unpacked): what is behind cannot be read."""

    def __init__(self, at: int, how: str) -> None:
        super().__init__(how)
        self.at = at


class _Lines:
    """The lines of what is read piece by piece, with the bytes they begin at; `at` is that of the next one.

    Held is one line at most, or as much of it as `read_lines` gives, and a piece.
    """

    def __init__(self, read: Callable[[int], bytes], at: int) -> None:
        self._read = read
        self.at = at

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        begun, dropped = b"", 0  # of the line whose end has not come: its first bytes, and how many more there were
        while piece := self._read(_PIECE):
            first, *others = piece.split(b"\n")
            kept = first[: LONGEST_LINE + 1 - len(begun)]
            begun, dropped = begun + kept, dropped + len(first) - len(kept)
            for other in others:
                yield self._pass(begun + b"\n", dropped)
                begun, dropped = other, 0
        if begun:
            yield self._pass(begun, dropped)

    def _pass(self, line: bytes, dropped: int) -> tuple[int, bytes]:
        begin = self.at
        self.at += len(line) + dropped
        return begin, line[: LONGEST_LINE + 1]


def is_divisible(index: str) -> bool:
    """Whether a split can begin at any byte: of a packed index it cannot, nor at servers, which may know no ranges."""
    return not _is_packed(index) and not index.lower().startswith(("http://", "https://"))


def bytes_of_split(index: str, size: int, max_split_bytes: int) -> int:
    """How many bytes of an index make a split, where other files are cut into `max_split_bytes`."""
    least = max(max_split_bytes // WEIGHT, 1)
    if is_divisible(index):
        return least
    shares = max(1, min(_SHARES, _MOST_READ // max(size, 1)))
    return max(-(-size // shares), least)


def find_line(index: str, position: int, limit: int) -> int:
    """The first byte of a plain index from `position` on, and before `limit`, at which a line begins; else `limit`.

    No byte behind `limit` is read, so that the splits within one long line do not all read it to its end.

    Raises:
        OSError: the index cannot be read.
    """
    if position <= 0 or position >= limit:
        return max(0, min(position, limit))
    at = position - 1
    with _connect(index), open_file(index, at) as stored:
        while at < limit and (piece := stored.read(min(_PIECE, limit - at))):
            end = piece.find(b"\n")
            if end >= 0:
                return at + end + 1
            at += len(piece)
    return min(at, limit)


def read_first_line(index: str, size: int = 0) -> bytes:
    """The first line of an index of `size` bytes, where that is known; empty where there is none, or a damaged one.

    Raises:
        OSError: the index cannot be read, or only a part of it came.
    """
    try:
        with _connect(index):
            return next((line for _, line in _read_all(index, size)), b"")
    except BrokenIndex:
        return b""


def read_lines(index: str, split: Split | None = None) -> Iterator[tuple[int, bytes]]:
    """Yield lines with the byte (of what is unpacked) at which each begins: all of them, or those of a split.

    Of a line above LONGEST_LINE bytes it gives the first ones, one more than that many.

    A split of a divisible index has the lines that begin in its bytes. Of another the stored bytes are divided like a
    scale on which each line has a place, decided by the line alone; so every line belongs to one split of those that
    tile the file, and all splits read the index from its beginning.

    Raises:
        BrokenIndex: behind the last line that can be read; only the last split is told.
        OSError: the index cannot be read.
    """
    with _connect(index):
        if split is None:
            yield from _read_all(index)
        elif is_divisible(index):
            yield from _read_bytes(index, split)
        else:
            yield from _read_share(index, split)


def _connect(index: str) -> AbstractContextManager[Any]:
    """In here what the driver of an index raises that lies elsewhere is told plainly."""
    return remote.connect(index) if remote.is_remote(index) else nullcontext()


def _read_bytes(index: str, split: Split) -> Iterator[tuple[int, bytes]]:
    begin = find_line(index, split.begin, split.end)
    if begin == split.end:
        return
    with open_file(index, begin) as stored:
        for at, line in _Lines(stored.read, begin):
            if at >= split.end:
                return
            yield at, line


def _read_share(index: str, split: Split) -> Iterator[tuple[int, bytes]]:
    size = split.file.size
    try:
        for at, line in _read_all(index, size):
            if split.begin <= zlib.crc32(line) * size >> 32 < split.end:
                yield at, line
    except BrokenIndex:
        if split.end == size:
            raise


def _read_all(index: str, size: int = 0) -> Iterator[tuple[int, bytes]]:
    with open_file(index) as stored:
        # Of what is packed read1 gives all that stands before damage, read would lose a piece.
        lines = _Lines(gzip.GzipFile(fileobj=stored).read1 if _is_packed(index) else stored.read, 0)
        try:
            yield from lines
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            if stored.tell() < size and isinstance(error, EOFError):
                raise OSError(errno.EIO, f"{stored.tell():,} of its {size:,} bytes came", index) from error
            raise BrokenIndex(lines.at, str(error)) from error


def _is_packed(index: str) -> bool:
    return index.lower().endswith(".gz")
