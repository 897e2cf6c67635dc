"""The original bytes of a record, found again at its place and proven by its hash."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

import pyarrow as pa

from spark_llmdata.errors import InputError
from spark_llmdata.kernels import hashing
from spark_llmdata.sources import cdx
from spark_llmdata.sources.compression import Damage, decompress
from spark_llmdata.sources.files import read_chunks
from spark_llmdata.sources.split import InputFile, Tally

#: Whether a row (one a batch, with the columns of `kernels.warc`) is that of the record asked for.
IsMeant: TypeAlias = Callable[[pa.RecordBatch], bool]

_LIMIT = 1 << 30  # bytes of a record; the kernel's own bound
_PIECE = 1 << 16


def locate(file: str, offset: int) -> tuple[str, int]:
    """Give the archive and the byte of it that a row's place means: of a lookup what the line of the index says.

    Raises:
        InputError: there is no such line any more.
        OSError: the index cannot be read.
    """
    if not file.startswith(cdx.PREFIX):
        return file, offset
    lookup = cdx.parse_lookup(file)
    for found in cdx.find_entries(lookup):
        if found.line == offset and found.entry is not None:
            return cdx.join_place(lookup, found.entry), found.entry.offset
    raise InputError(f"{file}:{offset}: the index has no such line any more; was it changed?")


def copy_record(file: str, offset: int, is_meant: IsMeant) -> bytes:
    """Give a record of an archive as it was stored, uncompressed: from its first line to the end of its block.

    `file` and `offset` are those of its row; several records of one member share them, so `is_meant` is asked about
    each of their rows (one a batch, with the columns of `kernels.warc`; `raw_hash` is that of the bytes given).

    Raises:
        InputError: there is no such record any more, or it has more than 1 GiB, or 64 KiB where it is damaged.
        OSError: the archive cannot be opened or read.
    """
    return next(copy_records(file, offset, [is_meant]))


def copy_records(file: str, offset: int, wanted: Iterable[IsMeant]) -> Iterator[bytes]:
    """Yield several records of one place, in the order in which they stand there; it is read once, as far as needed.

    Raises:
        InputError, OSError: as `copy_record`.
    """
    rows = cdx.read_record(file, offset, None, max_record_bytes=_LIMIT, keep_raw=True)
    for is_meant in wanted:
        row = next(filter(is_meant, rows), None)
        if row is None:
            raise InputError(
                f"{file}:{offset}: there is no such record any more; was the file changed? Name the one that was read"
            )
        yield _prove(row, file, offset)


def _prove(row: pa.RecordBatch, file: str, offset: int) -> bytes:
    payload: bytes | None = row.column("payload")[0].as_py()
    meta = dict(row.column("meta")[0].as_py() or ())
    if payload is None or meta.get("truncated") == "max_record_bytes":
        raise InputError(f"{file}:{offset}: the record has more than {_LIMIT:,} bytes and cannot be copied")
    if hashing.hash_bytes(pa.array([payload])) != row.column("raw_hash"):
        defect = row.column("defect")[0].as_py()
        raise InputError(
            f"{file}:{offset}: could not be read as a record ({defect}) and is too long to be copied; its "
            f"bytes begin there: {row.column('evidence')[0].as_py()}"
        )
    return payload


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
