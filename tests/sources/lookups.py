"""Reading lookups in tests: an argument's splits one after another, with what holds for their tallies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from spark_llmdata.schema import RECORD
from spark_llmdata.sources.inputs import find_files, plan_splits
from spark_llmdata.sources.reader import read_split
from spark_llmdata.sources.split import InputFile, Split, Tally

Row = dict[str, Any]


def response(url: str) -> bytes:
    """A record of a page."""
    body = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>page {url}".encode()
    head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Record-ID: <urn:uuid:{url}>\r\n"
    head += f"WARC-Date: 2024-01-01T00:00:00Z\r\nContent-Type: application/http\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body + b"\r\n\r\n"


def read_all(argument: str, max_split_bytes: int = 64 << 20) -> list[Row]:
    """The rows of a lookup, split by split."""
    [file] = find_files([argument]).files
    return read_splits(file, plan_splits([file], max_split_bytes))


def read_splits(file: InputFile, splits: Sequence[Split]) -> list[Row]:
    """The rows of splits, which tile the index."""
    rows: list[Row] = []
    at = 0
    for split in splits:
        tally, before = Tally(), len(rows)
        batches = read_split(split, tally, columns={}, max_record_bytes=16 << 20, batch_rows=3, batch_bytes=1 << 20)
        for batch in batches:
            assert batch.schema.equals(RECORD)
            assert batch.num_rows <= 3
            rows += batch.to_pylist()
        mine = rows[before:]
        assert [row["ordinal"] for row in mine] == [split.ordinal(n) for n in range(len(mine))]
        assert (tally.records, tally.rejects) == (len(mine), sum(row["rejected"] for row in mine))
        if not tally.end:  # no line begins in it
            assert not mine
            continue
        assert tally.begin == at
        at = tally.end
    assert at == file.size
    return rows
