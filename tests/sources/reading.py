"""Reading JSON lines in tests: whole files, rows checked against Python's json, lines to draw from."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from spark_llmdata.kernels.jsonl import LongLine
from spark_llmdata.schema import RECORD
from spark_llmdata.sources.inputs import find_files, plan_splits
from spark_llmdata.sources.jsonl import read_jsonl
from spark_llmdata.sources.split import Split, Tally

LIMITS = {"max_record_bytes": 1 << 20, "batch_rows": 100, "batch_bytes": 1 << 20}
MARK = b"\xef\xbb\xbf"
each_example = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def splits_of(path: Path, data: bytes, max_split_bytes: int = 64 << 20) -> list[Split]:
    path.write_bytes(data)
    return plan_splits(find_files([f"web={path}"]).files, max_split_bytes)


def read(split: Split, **limits: int) -> tuple[list[dict[str, Any]], Tally]:
    """The rows of a split, with the promises kept that hold for each."""
    tally = Tally()
    rows: list[dict[str, Any]] = []
    for batch in read_jsonl(split, tally, columns={}, **{**LIMITS, **limits}):
        assert batch.schema.equals(RECORD)
        batch.validate(full=True)
        assert 0 < batch.num_rows <= {**LIMITS, **limits}["batch_rows"]
        rows += batch.to_pylist()
        assert tally.records == len(rows)
    assert [row["ordinal"] for row in rows] == [split.ordinal(number) for number in range(len(rows))]
    assert {row["file"] for row in rows} <= {split.file.url}
    assert tally.rejects == sum(row["rejected"] for row in rows)
    return rows, tally


def read_whole(path: Path, data: bytes, **limits: int) -> tuple[list[dict[str, Any]], Tally]:
    (split,) = splits_of(path, data)
    return read(split, **limits)


def lines_of(data: bytes) -> list[tuple[int, bytes]]:
    """Offset and raw record of each line that is not blank."""
    found = []
    start = len(MARK) if data.startswith(MARK) else 0
    while start < len(data):
        end = data.find(b"\n", start)
        line = data[start:] if end < 0 else data[start:end].removesuffix(b"\r")
        if line.strip():
            found.append((start, line))
        start = len(data) if end < 0 else end + 1
    return found


def digest(line: bytes) -> bytes:
    whole = LongLine()
    whole.update(line)
    return whole.finish(False)[3]


def check_rows(rows: Iterable[dict[str, Any]], data: bytes, limit: int = 1 << 20) -> None:
    expected = lines_of(data)
    assert [(row["offset"], row["raw_hash"]) for row in rows] == [(at, digest(line)) for at, line in expected]
    for row, (_, line) in zip(rows, expected, strict=True):
        if len(line) > limit:
            assert (row["defect"], row["rejected"], row["source"]) == ("too_large", True, "web")
            assert json.loads(row["evidence"]) == {"bytes": len(line), "limit": limit}
            assert row["payload"] == line[: 64 << 10]
        elif line.startswith(b"{"):
            assert (row["defect"], row["text"]) == (None, json.loads(line).get("text"))
        else:
            assert row["defect"] == "bad_json"


# Splits

lines = st.sampled_from([b"", b" ", b"{}", b'{"text":"abc"}', b'{"text":"' + b"x" * 40 + b'"}', b"bad", b"\r"])
contents = st.builds(
    lambda mark, parts, last: (MARK if mark else b"") + b"".join(line + end for line, end in parts) + last,
    st.booleans(),
    st.lists(st.tuples(lines, st.sampled_from([b"\n", b"\r\n"])), max_size=6),
    lines,
)
