"""WARC, WET, WAT and ARC archives, pushed in as stored bytes, as Arrow batches with a row for every record."""

from __future__ import annotations

from typing import Literal

import pyarrow as pa

from spark_llmdata import _native

#: Rows and bytes of content after which a batch ends, where the caller names none.
BATCH_ROWS = 1_000
BATCH_BYTES = 64 << 20


#: Behind any byte of any file.
NEVER = (1 << 63) - 1


class WarcParser:
    """Reads one archive (ISO 28500, or ARC 1.0 and 1.1), plain, or packed in members in any relation to its records.

    Members are those of gzip or frames of zstd (with a dictionary in the first of them, perhaps) or LZ4. Every record
    gives exactly one row, and so does every stretch of bytes that is none. What belongs to a row goes from its `offset`
    to the next larger one: so all bytes of the file belong to some row. Nothing about the bytes makes it raise.

    Args:
        compression: what to expect of a file whose first bytes show neither a compression nor a record.
        max_record_bytes: of an uncompressed record without its trailing line ends, and of a decoded body; at most
            1 GiB. What is larger is cut and marked, and a reject where it has more than 100 times its stored bytes.
        batch_rows: rows of a batch.
        batch_bytes: a batch ends with the row that reaches so many bytes of content; at most 1 GiB.
        raw: give every record itself as its row's payload, from its first line to the end of its block, and nothing of
            what it holds: no body is decoded.
        begin: the byte of the file that is pushed first, which begins a member, or 0.
        stop: records that begin at or behind this byte are not read; push on until `stopped`.
        dictionary: content of the file's dictionary frame where `begin` lies behind it.

    Raises:
        ValueError: a limit is zero or too large, or the dictionary is none.
    """

    def __init__(
        self,
        compression: Literal["none", "gzip", "zstd", "lz4"],
        max_record_bytes: int,
        *,
        batch_rows: int = BATCH_ROWS,
        batch_bytes: int = BATCH_BYTES,
        raw: bool = False,
        begin: int = 0,
        stop: int = NEVER,
        dictionary: bytes = b"",
    ) -> None:
        limits = max_record_bytes, batch_rows, batch_bytes
        self._parser = _native.WarcParser(compression, *limits, raw, begin, stop, dictionary)

    def push(self, chunk: bytes, last: bool) -> pa.RecordBatch | None:
        """Take the next stored bytes; `last` says that none follow. Gives a full batch, at the end the rest.

        After a batch, push an empty chunk with the same `last` until there is none: until then bytes wait. Batches do
        not depend on how the file was cut into chunks.

        Columns: `offset` (int64: in the stored file, of the member the record begins in, or of the record where the
        file is not compressed), `type` (WARC-Type in lower case; of ARC `response`, or `filedesc` for the first), and
        those of `schema.RECORD` that are not the reader's own: `id`, `url`, `text`, `html`, `content_type`, `date`,
        `meta` (http_status; truncated: why the archive cut the payload, `max_record_bytes` where this reader did,
        `content_length` where the server named more bytes than there are, `chunked` where the body breaks off within
        its chunks, `content_encoding` where it does within a coding, `partial_content` where the server sent a part
        that is not all; mime where it was sniffed; false_codings: those that the server named and that are not there;
        undeclared_codings: `gzip` where it did not name it), `raw_hash` (xxh3_128, big-endian, of the uncompressed
        record up to the end of its block), `rejected`, `defect`, `evidence` (JSON; of a reject its `error` and
        `length`, in stored bytes, or `uncompressed_length` where it shares its member with the next record; `count`
        where it stands for so many), `payload` (of a reject, at most 64 KiB).
        """
        batch = self._parser.push(chunk, last)
        return None if batch is None else pa.record_batch(batch)

    @property
    def stopped(self) -> bool:
        """Whether every record before `stop` was read."""
        return self._parser.stopped

    @property
    def members(self) -> int:
        """Members read to their end, checksum and all."""
        return self._parser.members

    @property
    def records(self) -> int:
        """Rows so far, rejects included."""
        return self._parser.records

    @property
    def rejects(self) -> int:
        """Rows of what could not be read."""
        return self._parser.rejects

    @property
    def consumed(self) -> int:
        """Stored bytes that were read or passed over; the size of the file in the end."""
        return self._parser.consumed

    @property
    def undone(self) -> int:
        """Uncompressed bytes of members so far; at a row, how many depends on how the file was cut into chunks."""
        return self._parser.undone


class MemberFinder:
    """Finds the members of an archive that begin a record, wherever they stand, from any of its bytes on.

    No more of a member is undone than shows how its content begins, so what is found may be damaged further on, or be
    content of another member that was stored as it is. A stretch that was built to look like zstd frames all over is
    searched less closely: a byte of the file costs no more than some dozen of a frame.

    Args:
        compression: of the members.
        begin: the byte of the file that is pushed first.
        dictionary: content of the file's dictionary frame.

    Raises:
        ValueError: the dictionary is none.
    """

    def __init__(self, compression: Literal["gzip", "zstd", "lz4"], begin: int, dictionary: bytes = b"") -> None:
        self._finder = _native.MemberFinder(compression, begin, dictionary)

    def push(self, chunk: bytes, last: bool) -> int | None:
        """Take the next stored bytes, and give the byte of the file at which the next such member begins.

        After one, push an empty chunk with the same `last` until there is none.
        """
        return self._finder.push(chunk, last)
