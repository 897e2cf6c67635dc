"""The original bytes of a record, found again at its place and proven by its hash."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

import pyarrow as pa

from spark_llmdata.errors import InputError
from spark_llmdata.kernels import hashing
from spark_llmdata.sources import cdx, index_lines
from spark_llmdata.sources.compression import Damage, decompress
from spark_llmdata.sources.files import is_remote, read_chunks, stat_file
from spark_llmdata.sources.split import InputFile, Split, Tally
from spark_llmdata.sources.stored import Archives

#: Whether a row (one a batch, with the columns of `kernels.warc`) is that of the record asked for.
IsMeant: TypeAlias = Callable[[pa.RecordBatch], bool]

_LIMIT = 1 << 30  # bytes of a record; the kernel's own bound
_PIECE = 1 << 16


class Places:
    """Tells where records of archives stand; of lookups what the index says.

    A plain index on a disk is read at each line that is asked for. Any other is read in one pass, as long as lines are
    asked for in their order; a plain one from the first of them on. Nothing is held but where that pass is.
    """

    def __init__(self) -> None:
        self._file = ""
        self._entries: Iterator[cdx.Found] = iter(())
        self._passed = -1  # the line that was read last, by the byte at which it begins

    def locate(self, file: str, offset: int) -> tuple[str, int]:
        """Give the archive and the byte of it that a row's place means.

        Raises:
            InputError: the index has no such line any more.
            OSError: the index cannot be read.
        """
        if not file.startswith(cdx.PREFIX):
            return file, offset
        lookup = cdx.parse_lookup(file)
        at_once = index_lines.is_divisible(lookup.index) and not is_remote(lookup.index)
        if at_once or file != self._file or offset <= self._passed:
            self._file, self._passed = file, -1
            self._entries = cdx.find_entries(lookup, _from_line(lookup, offset))
        for found in self._entries:
            self._passed = found.line
            if found.line == offset and found.entry is not None:
                return cdx.join_place(lookup, found.entry), found.entry.offset
            if found.line >= offset:
                break
        raise InputError(f"{file}:{offset}: the index has no such line any more; was it changed?")


def _from_line(lookup: cdx.Lookup, offset: int) -> Split | None:
    """The bytes of an index from a line on, where they can be read alone."""
    if not index_lines.is_divisible(lookup.index):
        return None
    size = stat_file(lookup.index)[0]
    return Split(InputFile(lookup.index, size, 0, "", "cdx"), 0, min(offset, size), size)


def copy_record(file: str, offset: int, is_meant: IsMeant) -> bytes:
    """Give a record of an archive as it was stored, uncompressed: from its first line to the end of its block.

    `file` and `offset` are those of its row; several records of one member share them, so `is_meant` is asked about
    each of their rows (one a batch, with the columns of `kernels.warc`; `raw_hash` is that of the bytes given).

    Raises:
        InputError: there is no such record any more, or it has more than 1 GiB, or 64 KiB where it is damaged.
        OSError: the archive cannot be opened or read.
    """
    return next(copy_records(file, offset, [is_meant]))


def copy_records(
    file: str, offset: int, wanted: Iterable[IsMeant], archives: Archives | None = None
) -> Iterator[bytes]:
    """Yield several records of one place, in the order in which they stand there; it is read once, as far as needed.

    Who copies from many places hands over the same `archives` each time.

    Raises:
        InputError, OSError: as `copy_record`.
    """
    rows = (archives or Archives()).read(file, offset, max_record_bytes=_LIMIT, raw=True)
    for is_meant in wanted:
        row = next(filter(is_meant, rows), None)
        if row is None:
            raise InputError(
                f"{file}:{offset}: there is no such record any more; was the file changed? Name the one that was read"
            )
        yield _prove(row, file, offset)


def _prove(row: pa.RecordBatch, file: str, offset: int) -> bytes:
    # Only the hash tells whether a record is there as a whole: archives say what they like of what they cut.
    payload: bytes = row.column("payload")[0].as_py() or b""
    if hashing.hash_bytes(pa.array([payload])) == row.column("raw_hash"):
        return payload
    if not row.column("rejected")[0].as_py():
        raise InputError(f"{file}:{offset}: the record has more than {_LIMIT:,} bytes and cannot be copied")
    raise InputError(
        f"{file}:{offset}: could not be read as a record ({row.column('defect')[0].as_py()}) and is too long to be "
        f"copied; its bytes begin there: {row.column('evidence')[0].as_py()}"
    )


def copy_line(file: InputFile, offset: int) -> bytes:
    """Give the line of JSON lines that begins at a byte (of a compressed file: of its content), without its line end.

    Empty where the file ends before, or is damaged before.

    Raises:
        InputError: the line has more than 1 GiB.
        MissingExtra: a zstd file, and zstandard is not installed.
        OSError: the file cannot be opened or read.
    """
    packed = file.compression if file.compression in ("gzip", "zstd") else None
    at = 0 if packed else offset
    pieces: Iterator[bytes | Damage] = read_chunks(file.url, at, file.size, _PIECE)
    if packed:
        pieces = decompress(read_chunks(file.url, 0, file.size, _PIECE), packed, Tally())
    line: list[bytes] = []
    held = 0
    for piece in pieces:
        if isinstance(piece, Damage):
            break
        begin = max(offset - at, 0)
        at += len(piece)
        if begin >= len(piece):
            continue
        end = piece.find(b"\n", begin)
        line.append(piece[begin:] if end < 0 else piece[begin:end])
        held += len(line[-1])
        if held > _LIMIT:
            raise InputError(f"{file.url}:{offset}: the line has more than {_LIMIT:,} bytes and cannot be copied")
        if end >= 0:
            break
    return b"".join(line).removesuffix(b"\r")
