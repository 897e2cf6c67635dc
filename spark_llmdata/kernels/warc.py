"""WARC, WET and WAT archives, pushed in as stored bytes, as Arrow batches with a row for every record."""

from __future__ import annotations

import pyarrow as pa

from spark_llmdata import _native

#: Rows and bytes of content after which a batch ends, where the caller names none.
BATCH_ROWS = 1_000
BATCH_BYTES = 64 << 20


class WarcParser:
    """Reads one archive (ISO 28500), plain or with gzip members in any relation to its records.

    Every record gives exactly one row, and so does every stretch of bytes that is none: rows and the line ends between
    records account for all bytes of the file. Nothing about the bytes makes it raise.

    Args:
        gzip: what to expect of a file whose first bytes show neither gzip nor a record.
        max_record_bytes: of an uncompressed record without its trailing line ends, and of a decoded body; at most
            1 GiB. What is larger becomes a reject.
        batch_rows: rows of a batch.
        batch_bytes: a batch ends with the row that reaches so many bytes of content; at most 1 GiB.

    Raises:
        ValueError: a limit is zero or too large.
    """

    def __init__(
        self, gzip: bool, max_record_bytes: int, *, batch_rows: int = BATCH_ROWS, batch_bytes: int = BATCH_BYTES
    ) -> None:
        self._parser = _native.WarcParser(gzip, max_record_bytes, batch_rows, batch_bytes)

    def push(self, chunk: bytes, last: bool) -> pa.RecordBatch | None:
        """Take the next stored bytes; `last` says that none follow. Gives a full batch, at the end the rest.

        After a batch, push an empty chunk with the same `last` until there is none: until then bytes wait. Batches do
        not depend on how the file was cut into chunks.

        Columns: `offset` (int64: in the stored file, of the gzip member the record begins in, or of the record where
        the file is not compressed), `type` (WARC-Type in lower case), and those of `schema.RECORD` that are not the
        reader's own: `id`, `url`, `text`, `html`, `content_type`, `date`, `meta` (http_status, truncated, mime where it
        was sniffed), `raw_hash` (xxh3_128, big-endian, of the uncompressed record up to the end of its block),
        `rejected`, `defect`, `evidence` (JSON), `payload` (of a reject, at most 64 KiB).
        """
        batch = self._parser.push(chunk, last)
        return None if batch is None else pa.record_batch(batch)

    @property
    def members(self) -> int:
        """Gzip members read to their end, checksum and all."""
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
