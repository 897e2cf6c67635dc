"""JSON lines: a row for every line, and for every stretch of bytes that is none."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from spark_llmdata.kernels.jsonl import LineParser, LongLine
from spark_llmdata.schema import RECORD
from spark_llmdata.sources.compression import Damage, decompress
from spark_llmdata.sources.files import read_chunks
from spark_llmdata.sources.split import Split, Tally

_CHUNK = 4 << 20
_SMALL_CHUNK = 1 << 16
_MAX_RECORD_BYTES = 1 << 30
_MARK = b"\xef\xbb\xbf"  # a byte order mark, which some editors put before the first line

#: A piece of the stream of lines, with its place in it.
_Piece = tuple[int, "bytes | Damage"]


def read_jsonl(
    split: Split,
    tally: Tally,
    *,
    columns: Mapping[str, str],
    max_record_bytes: int,
    batch_rows: int,
    batch_bytes: int,
) -> Iterator[pa.RecordBatch]:
    """Yield the records of a split as `schema.RECORD`, at most `batch_rows` and about `batch_bytes` of lines at a time.

    A split owns the lines whose first byte lies in it, to their ends. Of a compressed file, which is one split, a
    record's offset is its place in the decompressed stream, and the tally counts stored bytes. What cannot be
    decompressed is a reject (`truncated`, `corrupt`) that holds the line it broke off; what came before is given. A
    line above `max_record_bytes` is a reject (`too_large`), hashed as it goes by and never held. A byte order mark at
    the start of a file is no part of its first record. Holds a chunk, a record and a batch. The tally is right when
    all batches were taken.

    Raises:
        ValueError: `columns` names something that is no column, or a limit is zero or above 1 GiB.
        MissingExtra: a zstd file, and zstandard is not installed.
        OSError: the file cannot be opened or read. What is wrong inside it is a reject.
    """
    limits = {"max_record_bytes": max_record_bytes, "batch_rows": batch_rows, "batch_bytes": batch_bytes}
    for name, limit in limits.items():
        if not 1 <= limit <= _MAX_RECORD_BYTES:
            raise ValueError(f"{name} is {limit}, expected 1 to {_MAX_RECORD_BYTES}")
    reader = _Reader(split, tally, LineParser(columns, split.file.source, **limits), max_record_bytes)
    chunk = min(batch_bytes, _CHUNK)
    compression = split.file.compression
    if compression == "lz4":
        raise ValueError(f"{split.file.url}: JSON lines in LZ4 are not read; expected none, gzip or zstd")
    if compression == "none":
        tally.begin = tally.end = _find_first_line(split)
        yield from reader.read(_read_owned(split, tally.begin, chunk))
    else:
        yield from reader.read(_read_decompressed(split, compression, tally, chunk))


def _find_first_line(split: Split) -> int:
    """The first place at or behind the split's begin where a line starts, or the file ends."""
    if split.begin == 0:
        return 0
    position = split.begin - 1
    for data in read_chunks(split.file.url, position, split.file.size, _SMALL_CHUNK):
        end = data.find(b"\n") + 1
        if end:
            return position + end
        position += len(data)
    return position


def _read_owned(split: Split, begin: int, chunk: int) -> Iterator[_Piece]:
    """The split's lines from `begin` on, to the end of the last one that starts within the split."""
    position = begin
    if begin >= split.end:
        return
    for data in read_chunks(split.file.url, begin, split.file.size, chunk):
        if position + len(data) >= split.end:
            end = data.find(b"\n", max(0, split.end - 1 - position)) + 1
            if end:
                yield position, data[:end]
                return
        yield position, data
        position += len(data)


def _read_decompressed(
    split: Split, compression: Literal["gzip", "zstd"], tally: Tally, chunk: int
) -> Iterator[_Piece]:
    """The file's lines; small pieces (there may be a member for each line) are put together."""
    stored = read_chunks(split.file.url, 0, split.file.size, _SMALL_CHUNK)
    position = held = 0
    pieces: list[bytes] = []
    for piece in decompress(stored, compression, tally):
        if isinstance(piece, Damage):
            yield position, b"".join(pieces)
            yield position + held, piece
            return
        pieces.append(piece)
        held += len(piece)
        if held >= chunk:
            yield position, b"".join(pieces)
            position += held
            held = 0
            pieces.clear()
    yield position, b"".join(pieces)


def _drop_mark(pieces: Iterable[_Piece]) -> Iterator[_Piece]:
    """The pieces without a byte order mark at the start of the file, in however many pieces it comes."""
    head: bytes | None = b""
    for position, piece in pieces:
        if head is None or position - len(head) != 0 or isinstance(piece, Damage):
            if head:
                yield 0, head
            head = None
        else:
            head += piece
            if len(head) < len(_MARK) and _MARK.startswith(head):
                continue
            piece = head.removeprefix(_MARK)
            position = len(head) - len(piece)
            head = None
        yield position, piece
    if head:
        yield 0, head


class _Reader:
    """Cuts a stream into whole lines, has them parsed, and keeps the tally."""

    def __init__(self, split: Split, tally: Tally, parser: LineParser, max_record_bytes: int) -> None:
        self._split = split
        self._tally = tally
        self._parser = parser
        self._limit = max_record_bytes
        self._counts_stored = split.file.compression != "none"
        self._begun: list[bytes] = []  # a line without its end
        self._held = 0
        self._long: LongLine | None = None  # a line too long to be held
        self._end = 0  # of what was taken, and where the begun or long line starts
        self._line = 0

    def read(self, pieces: Iterable[_Piece]) -> Iterator[pa.RecordBatch]:
        self._end = self._line = self._tally.begin
        for position, piece in _drop_mark(pieces):
            if isinstance(piece, Damage):
                yield from self._break_off(piece)
                return
            if position != self._end:  # behind a byte order mark
                self._line = position
            self._end = position + len(piece)
            yield from self._take(position, piece)
        yield from self._finish()

    def _take(self, position: int, piece: bytes) -> Iterator[pa.RecordBatch]:
        if self._long is not None:
            end = piece.find(b"\n")
            if end < 0:
                self._long.update(piece)
                return
            self._long.update(piece[:end])
            self._consume(position + end + 1)
            yield from self._finish_long(self._long, ended=True)
            position += end + 1
            piece = piece[end + 1 :]
            self._line = position
        end = piece.rfind(b"\n") + 1
        if end:
            lines = b"".join((*self._begun, piece[:end]))
            self._begun.clear()
            self._held = 0
            yield from self._parse(lines, position + end - len(lines))
            piece = piece[end:]
            self._line = position + end
        self._begun.append(piece)
        self._held += len(piece)
        if self._held > self._limit + 1:  # one more: a carriage return may belong to the line end
            self._long = self._measure_begun()

    def _measure_begun(self) -> LongLine:
        line = LongLine()
        for piece in self._begun:
            line.update(piece)
        self._begun.clear()
        self._held = 0
        return line

    def _finish(self) -> Iterator[pa.RecordBatch]:
        """What the stream ends with, in want of a line end."""
        self._consume(self._end)
        if self._long is not None:
            yield from self._finish_long(self._long, ended=False)
        elif self._held:
            yield from self._parse(b"".join(self._begun), self._line)

    def _finish_long(self, line: LongLine, *, ended: bool) -> Iterator[pa.RecordBatch]:
        size, blank, head, digest = line.finish(ended)
        self._long = None
        if not blank:
            evidence = {"bytes": size, "limit": self._limit}
            yield self._reject(self._line, "too_large", evidence, head, digest)

    def _break_off(self, damage: Damage) -> Iterator[pa.RecordBatch]:
        evidence = {"stored_offset": damage.offset, "error": damage.error}
        if damage.tail is None:
            line, offset = self._long or self._measure_begun(), self._line
        else:
            yield from self._finish()
            line, offset = damage.tail, self._end
        size, _, head, digest = line.finish(False)
        self._tally.end = self._split.file.size
        yield self._reject(offset, damage.defect, evidence, head if size else None, digest if size else None)

    def _consume(self, position: int) -> None:
        if not self._counts_stored:
            self._tally.end = position

    def _parse(self, lines: bytes, base: int) -> Iterator[pa.RecordBatch]:
        start = 0
        while start < len(lines):
            rows, start = self._parser.parse(lines, start, base)
            self._consume(base + start)
            if rows.num_rows:
                yield self._complete(rows)

    def _complete(self, rows: pa.RecordBatch) -> pa.RecordBatch:
        count = rows.num_rows
        first = self._split.ordinal(self._tally.records)
        own = {
            "file": pa.repeat(self._split.file.url, count),
            "ordinal": pa.array(np.arange(first, first + count, dtype=np.int64)),
        }
        self._tally.records += count
        self._tally.rejects += rows.column("rejected").true_count
        columns = [own[name] if name in own else rows.column(name) for name in RECORD.names]
        return pa.RecordBatch.from_arrays(columns, schema=RECORD)

    def _reject(
        self, offset: int, defect: str, evidence: Mapping[str, Any], payload: bytes | None, digest: bytes | None
    ) -> pa.RecordBatch:
        row = {
            "file": self._split.file.url,
            "offset": offset,
            "ordinal": self._split.ordinal(self._tally.records),
            "source": self._split.file.source,
            "raw_hash": digest,
            "rejected": True,
            "defect": defect,
            "evidence": json.dumps(evidence),
            "payload": payload,
        }
        self._tally.records += 1
        self._tally.rejects += 1
        return pa.RecordBatch.from_pylist([row], schema=RECORD)
