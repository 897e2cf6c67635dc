"""The first records of an input: exactly so many, read no further, and never taken for whole files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spark_llmdata.errors import UsageError
from spark_llmdata.sources.inputs import find_files, plan_splits
from spark_llmdata.sources.limit import check_limit, take_first
from spark_llmdata.sources.reader import read_split
from spark_llmdata.sources.split import InputFile, Split, Tally
from tests.runner.corpora import write_jsonl, write_warc

COLUMNS = {"text": "text", "id": "id"}


def choose(folder: Path, limit: int) -> list[tuple[str, int]]:
    found = find_files([str(folder)]).files
    chosen = take_first(
        found, limit, columns=COLUMNS, max_record_bytes=1 << 20, count_table=lambda file: pytest.fail("no table here")
    )
    return [(Path(f.url).name, f.first) for f in chosen]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_jsonl(tmp_path / "a.jsonl", [{"id": str(i), "text": "x"} for i in range(10)])
    write_jsonl(tmp_path / "b.jsonl.gz", [{"id": str(i), "text": "x"} for i in range(9)] + ["{broken"])
    pq.write_table(pa.table({"text": ["x"] * 10}), tmp_path / "c.parquet")
    write_warc(tmp_path / "d.warc.gz", [(f"https://a.example/{i}", "text") for i in range(5)])  # 11 records
    return tmp_path


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (1, [("a.jsonl", 1)]),
        (9, [("a.jsonl", 9)]),
        (10, [("a.jsonl", 0)]),
        (11, [("a.jsonl", 0), ("b.jsonl.gz", 1)]),
        (20, [("a.jsonl", 0), ("b.jsonl.gz", 0)]),
        (25, [("a.jsonl", 0), ("b.jsonl.gz", 0), ("c.parquet", 5)]),
        (34, [("a.jsonl", 0), ("b.jsonl.gz", 0), ("c.parquet", 0), ("d.warc.gz", 4)]),
        (99, [("a.jsonl", 0), ("b.jsonl.gz", 0), ("c.parquet", 0), ("d.warc.gz", 0)]),
    ],
)
def test_files_come_in_order_and_the_last_one_in_part(
    folder: Path, limit: int, expected: list[tuple[str, int]]
) -> None:
    assert choose(folder, limit) == expected


def read(file: InputFile) -> tuple[list[int], Tally]:
    tally = Tally()
    batches = read_split(
        Split(file, 0, 0, file.size),
        tally,
        columns=COLUMNS,
        max_record_bytes=1 << 20,
        batch_rows=4,
        batch_bytes=1 << 20,
    )
    return [o for batch in batches for o in batch.column("offset").to_pylist()], tally


@pytest.mark.parametrize("name", ["a.jsonl", "b.jsonl.gz", "d.warc.gz"])
def test_the_first_records_are_those_of_the_whole_file(folder: Path, name: str) -> None:
    (file,) = find_files([str(folder / name)]).files
    whole, _ = read(file)
    for first in range(1, len(whole) + 1):
        given, tally = read(replace(file, first=first))
        assert given == whole[:first]
        assert tally.records == first
        assert tally.rejects == (1 if name == "b.jsonl.gz" and first == 10 else 0)


def test_no_more_of_a_file_is_read_than_it_takes(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    line = json.dumps({"id": "1", "text": "x" * 1000}) + "\n"
    path.write_text(line * 200_000)  # 200 MB would take seconds
    (file,) = find_files([str(path)]).files
    _, tally = read(replace(file, first=10))
    assert tally.end < 32 << 20


def test_a_part_of_a_file_is_another_input_than_the_file(folder: Path) -> None:
    (file,) = find_files([str(folder / "a.jsonl")]).files
    digests = {file.digest, replace(file, first=5).digest, replace(file, first=6).digest}
    assert len(digests) == 3
    assert not replace(file, first=5).is_whole
    assert [(s.begin, s.end) for s in plan_splits([replace(file, first=5)], 64)] == [(0, file.size)]


def test_a_limit_leaves_something() -> None:
    check_limit(None)
    check_limit(1)
    with pytest.raises(UsageError, match="--limit 0: expected how many records to read, 1 or more"):
        check_limit(0)
