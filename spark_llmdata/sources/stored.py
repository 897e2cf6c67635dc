"""The records that begin at a stored byte of an archive: of the file only their own bytes are read."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from functools import lru_cache, partial

import pyarrow as pa

from spark_llmdata.kernels.warc import WarcParser
from spark_llmdata.sources.files import is_remote, read_range
from spark_llmdata.sources.members import read_dictionary
from spark_llmdata.sources.split import Compression

_ENDINGS: Mapping[str, Compression] = {".gz": "gzip", ".zst": "zstd", ".lz4": "lz4"}
_WARC = b"WARC/"  # in any case, as the parser takes it
_MEMBERS = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18")  # gzip, zstd, LZ4
_SKIPPABLE = b"\x2a\x4d\x18"  # a frame of zstd or LZ4 without content: its first byte is free
_PIECE = 1 << 20  # bytes read at a time where no length is given
_LONGEST = 2 << 30  # no record takes more stored bytes
_DICTIONARIES = 8  # held at once; one has 16 MiB at most


class Archives:
    """Reads records of archives, place by place; made anew for each split of a lookup and for each copying.

    For as long as that lasts an archive elsewhere is asked for its dictionary once. It is not kept any longer, so that
    a file which replaces another one is never read with the former one's.
    """

    def __init__(self) -> None:
        self._asked = lru_cache(maxsize=_DICTIONARIES)(_read_dictionary)

    def read(
        self,
        archive: str,
        offset: int,
        length: int | None = None,
        *,
        max_record_bytes: int,
        raw: bool = False,
        only_begins: bool = False,
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows of the records that begin at a stored byte, or in the member there; none where none does.

        One row a batch, read when it is asked for. What is no record there is a reject, as when all of the file is
        read; with `only_begins` nothing, unless the bytes are such as a record or a member begins with. Without a
        length as much is read as the record takes, 1 MiB at a time.

        Raises:
            OSError: the archive cannot be opened or read.
            ValueError: the dictionary of its frames is none.
        """
        compression: Compression = next(
            (kind for ending, kind in _ENDINGS.items() if archive.lower().endswith(ending)), "none"
        )
        parser = WarcParser(
            compression,
            max_record_bytes,
            batch_rows=1,
            raw=raw,
            begin=offset,
            stop=offset + 1,
            dictionary=self._dictionary(archive) if compression == "zstd" and offset else b"",
        )
        at, end = offset, offset + (_LONGEST if length is None else length)
        last = False
        while not (last or parser.stopped):
            chunk = read_range(archive, at, min(at + _PIECE, end))
            if only_begins and at == offset and not _may_begin(chunk, archive):
                return
            at += len(chunk)
            last = not chunk
            while (batch := parser.push(chunk, last)) is not None:
                yield batch
                chunk = b""

    def _dictionary(self, archive: str) -> bytes:
        return self._asked(archive) if is_remote(archive) else _read_dictionary(archive)


def _read_dictionary(archive: str) -> bytes:
    return read_dictionary(partial(read_range, archive))[1]


def _may_begin(data: bytes, archive: str) -> bool:
    """Whether bytes may be the first ones of a record or of a member; those of an ARC's records have no mark."""
    marked = data[: len(_WARC)].upper() == _WARC or data.startswith(_MEMBERS) or data[1:4] == _SKIPPABLE
    return marked or ".arc" in posixpath.basename(archive).lower()
