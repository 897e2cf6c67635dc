"""JSON lines in files, cut anywhere, compressed, damaged: each line is met once and each byte accounted for."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spark_llmdata.sources.inputs import find_files, plan_splits
from tests.sources.reading import (
    MARK,
    check_rows,
    contents,
    each_example,
    read,
    read_whole,
    splits_of,
)


@settings(each_example, max_examples=40)
@given(data=contents, limit=st.sampled_from([1, 2, 14, 1 << 20]), batch_bytes=st.integers(1, 60))
@example(data=b"", limit=10, batch_bytes=5)
@example(data=b"\n", limit=10, batch_bytes=1)
@example(data=MARK, limit=10, batch_bytes=1)
@example(data=MARK + b"{}", limit=2, batch_bytes=1)
@example(data=b"{}\r", limit=2, batch_bytes=1)
@example(data=b"{}\r\n{}\r\n", limit=2, batch_bytes=1)
@example(data=b" " * 50 + b"\n{}", limit=2, batch_bytes=7)
def test_splits_of_any_size_tile_the_file(tmp_path: Path, data: bytes, limit: int, batch_bytes: int) -> None:
    for size in range(1, len(data) + 2):
        met: list[dict[str, Any]] = []
        position = 0
        for split in splits_of(tmp_path / "x.jsonl", data, size):
            rows, tally = read(split, max_record_bytes=limit, batch_bytes=batch_bytes, batch_rows=3)
            assert tally.begin == position <= tally.end
            assert split.begin <= tally.begin
            assert all(tally.begin <= row["offset"] < tally.end for row in rows)
            assert tally.members == 0
            position = tally.end
            met += rows
        assert position == len(data)
        check_rows(met, data, limit)


def test_a_split_without_a_line_of_its_own_is_empty_where_one_would_start(tmp_path: Path) -> None:
    data = b'{"text":"' + b"x" * 50 + b'"}\n{}\n'
    ranges = []
    for split in splits_of(tmp_path / "x.jsonl", data, 20):
        _, tally = read(split)
        ranges.append((tally.begin, tally.end))
    assert ranges == [(0, 62), (62, 62), (62, 62), (62, len(data))]


def test_a_file_that_grew_is_read_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    (split,) = splits_of(path, b'{"id":1}\n{"id":2}')
    path.write_bytes(b'{"id":1}\n{"id":23}\n{"id":4}')
    rows, tally = read(split)
    assert (tally.end, rows[0]["id"], rows[1]["defect"]) == (17, "1", "bad_json")


def test_a_file_that_shrank_leaves_a_gap_in_the_tally(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    one, two = splits_of(path, b'{"id":1}\n{"id":2}\n', 9)
    path.write_bytes(b'{"id":1}\n')
    assert (read(one)[1].end, read(two)[1].end) == (9, 9)


def test_large_files_are_read_in_many_chunks(tmp_path: Path) -> None:
    data = b"".join(b'{"id":%d,"text":"%s"}\n' % (n, b"x" * (n % 3000)) for n in range(8000))
    assert len(data) > 10 << 20
    rows = [
        row for split in splits_of(tmp_path / "x.jsonl", data, 5 << 20) for row in read(split, batch_bytes=1 << 24)[0]
    ]
    assert [row["id"] for row in rows] == [str(number) for number in range(8000)]
    check_rows(rows, data)


@pytest.mark.parametrize("name", ["max_record_bytes", "batch_rows", "batch_bytes"])
@pytest.mark.parametrize("limit", [0, (1 << 30) + 1])
def test_refuses_limits_out_of_bounds(tmp_path: Path, name: str, limit: int) -> None:
    with pytest.raises(ValueError, match=f"{name} is {limit}, expected 1 to 1073741824"):
        read_whole(tmp_path / "x.jsonl", b"{}", **{name: limit})


def test_a_long_line_is_never_held(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    size = 200 << 20
    with path.open("wb") as handle:
        handle.write(b'{"id":1}\n')
        for _ in range(size >> 20):
            handle.write(b"x" * (1 << 20))
        handle.write(b'\r\n{"id":2}')
    (split,) = plan_splits(find_files([str(path)]).files, 1 << 40)
    tracemalloc.start()
    rows, tally = read(split)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 << 20
    assert [row["id"] for row in rows] == ["1", None, "2"]
    assert json.loads(rows[1]["evidence"]) == {"bytes": size, "limit": 1 << 20}
    assert (rows[1]["offset"], len(rows[1]["payload"]), tally.end) == (9, 64 << 10, size + 19)


def test_reads_reference_data(shared_data: Path) -> None:
    found = [path for path in sorted(shared_data.rglob("*.jsonl*")) if path.stat().st_size < 5 << 20]
    if not found:
        pytest.skip("no JSON lines among the reference data")
    for path in found:
        for split in plan_splits(find_files([str(path)]).files):
            rows, tally = read(split)
            assert tally.end == split.file.size
            assert rows
            assert {row["defect"] for row in rows} <= {None, "bad_field"}, path
