"""The original bytes of a record, found again at its place and proven by its hash."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from spark_llmdata.errors import InputError
from spark_llmdata.sources import cdx

_LIMIT = 1 << 30  # bytes of a record; the kernel's own bound


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


def copy_record(file: str, offset: int, is_meant: Callable[[pa.RecordBatch], bool]) -> bytes:
    """Give a record of an archive as it was stored, uncompressed: from its first line to the end of its block.

    `file` and `offset` are those of its row; several records of one member share them, so `is_meant` is asked about
    each of their rows (one a batch, with the columns of `kernels.warc`; `raw_hash` is that of the bytes given).

    Raises:
        InputError: there is no such record at this place any more, or it has more than 1 GiB.
        OSError: the archive cannot be opened or read.
    """
    for row in cdx.read_record(file, offset, None, max_record_bytes=_LIMIT, keep_raw=True):
        if is_meant(row):
            payload: bytes | None = row.column("payload")[0].as_py()
            meta = dict(row.column("meta")[0].as_py() or ())
            if payload is None or meta.get("truncated") == "max_record_bytes":
                raise InputError(f"{file}:{offset}: the record has more than {_LIMIT:,} bytes and cannot be copied")
            return payload
    raise InputError(
        f"{file}:{offset}: there is no such record any more; was the file changed? Name the one that was read"
    )
