"""Where an archive can be divided: at members that begin records, proven to be no content of another record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO, Literal

from spark_llmdata.kernels.warc import MemberFinder, WarcParser
from spark_llmdata.sources.files import open_file
from spark_llmdata.sources.split import InputFile

_GZIP = b"\x1f\x8b\x08"
_ZSTD = b"\x28\xb5\x2f\xfd"
_DICTIONARY = b"\x5d\x2a\x4d\x18"
_LONGEST_DICTIONARY = 16 << 20

# What looks like members inside of a member is there because its bytes were stored as they are. A block of such bytes
# is followed by the next block's head after 64 KiB (gzip) or 128 KiB (zstd) at most: no chain of members goes on there.
_PROOF = 128 << 10
_MEMBER = 64 << 20  # no member of more stored bytes is waited for: such a file is no archive of records
_HEAD = 129 << 10  # of a member, within which it shows whether it begins a record
_CHUNK = 64 << 10

# What a range may read and undo in search of a place to begin at, in stored and uncompressed bytes together: so much,
# and so many times the stored bytes it has passed. Only a file that somebody built so takes more of it.
_BUDGET = 1 << 30
_BUDGET_PER_BYTE = 16
_TRY = 4 << 20  # what a member that is tried counts at least, since it opens the file anew
_DAMAGE = ("bad_record", "corrupt", "truncated")


@dataclass(frozen=True)
class Layout:
    """How an archive is packed: the bytes its members begin with, and the dictionary frame that stands before them."""

    compression: Literal["gzip", "zstd"]
    first: int  # the byte at which the first member with content begins
    dictionary: bytes


def find_boundary(file: InputFile, position: int, limit: int) -> int | None:
    """The first byte from `position` on, and before `limit`, at which the file can be divided; 0, or a member's.

    A pure function of the file's bytes and of the range, so that neighbors agree without asking each other. A member
    counts when from it on at least 128 KiB of members follow each other without a gap, every one of them one record:
    within another member there is no such chain, unless somebody built one. A file that does not begin so is not
    divided. Not all that looks like a member is tried in zstd, and how much is depends on where the range begins: of a
    file built to look like frames all over, ranges of other sizes may begin at other members. What is read and
    undone in vain is at most 1 GiB and 16 times the bytes passed, or nothing is found: a file can be built to be undone
    again from each of its members. That costs nothing but parallelism.

    Raises:
        OSError: the file cannot be opened or read.
    """
    if position <= 0:
        return 0
    layout = read_layout(file) if position < file.size else None
    if layout is None:
        return None
    first = passed = max(position, layout.first)
    spent = 0
    for candidate in _find_members(file, first, min(limit, file.size), layout):
        # What broke the chain from one member on breaks that from every other one of the same chain.
        if candidate < passed:
            continue
        left = _BUDGET + _BUDGET_PER_BYTE * (candidate - first) - spent
        if left <= 0:
            return None
        broken, cost = _find_break(file, candidate, layout, left)
        if broken is None:
            return candidate
        passed = broken
        spent += max(cost, _TRY)
    return None


@lru_cache(maxsize=64)
def read_layout(file: InputFile) -> Layout | None:
    """How the archive is packed, if its members are records, judged by those at its beginning; else nothing."""
    with open_file(file.url) as stored:
        first, dictionary = read_dictionary(lambda begin, end: stored.read(end - begin))
    with open_file(file.url, first) as stored:
        head = stored.read(4)
    if not head.startswith((_GZIP, _ZSTD)):
        return None
    layout = Layout("gzip" if head.startswith(_GZIP) else "zstd", first, dictionary)
    broken, _ = _find_break(file, first, layout, _BUDGET)
    return layout if broken is None else None


def read_dictionary(read: Callable[[int, int], bytes]) -> tuple[int, bytes]:
    """The byte behind the dictionary frame that an archive may begin with, and its content: 0 and nothing without one.

    `read` is asked for bytes [begin, end) of the archive, range behind range. Of a frame above 16 MiB nothing is read.
    """
    head = read(0, 8)
    if len(head) < 8 or not head.startswith(_DICTIONARY):
        return 0, b""
    first = 8 + int.from_bytes(head[4:], "little")
    return first, read(8, first) if first - 8 <= _LONGEST_DICTIONARY else b""


def _find_members(file: InputFile, position: int, limit: int, layout: Layout) -> Iterator[int]:
    """Where members that seem to begin a record begin, before `limit`."""
    finder = MemberFinder(layout.compression, position, layout.dictionary)
    with open_file(file.url, position) as stored:
        last = False
        while not last and position < limit + _HEAD:
            chunk = stored.read(_CHUNK)
            position += len(chunk)
            last = not chunk
            while (found := finder.push(chunk, last)) is not None:
                if found >= limit:
                    return
                yield found
                chunk = b""


def _find_break(file: InputFile, begin: int, layout: Layout, limit: int) -> tuple[int | None, int]:
    """Where the chain that begins here, of members that are a record each, ends; nothing where it is long enough.

    And the bytes read and undone for that. A chain that takes more than `limit` of them ends where a chunk goes beyond.
    """
    parser = WarcParser(
        layout.compression, 1 << 20, batch_rows=1, begin=begin, dictionary=layout.dictionary if begin else b""
    )
    with open_file(file.url, begin) as stored:
        broken = _follow(parser, stored, begin, limit)
    return broken, parser.undone + parser.consumed - begin


def _follow(parser: WarcParser, stored: BinaryIO, begin: int, limit: int) -> int | None:
    records = 0
    last = False
    while not last and parser.consumed - begin < _MEMBER and parser.undone <= limit:
        chunk = stored.read(_CHUNK)
        last = not chunk
        while (rows := parser.push(chunk, last)) is not None:
            records += 1
            offset, defect = rows.column("offset")[0].as_py(), rows.column("defect")[0].as_py()
            if records == 1 and offset != begin:
                return begin + 1
            if parser.members != records or defect in _DAMAGE:
                return int(offset) + 1
            if offset - begin >= _PROOF:
                return None
            chunk = b""
    if last and records:
        return None
    return max(parser.consumed, begin + 1)
