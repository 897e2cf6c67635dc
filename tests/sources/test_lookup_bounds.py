"""What lookups may cost: a batch is measured once for each row, a line of an index is held up to 1 MiB."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from spark_llmdata.sources import index_lines, lookups
from spark_llmdata.sources.index_lines import LONGEST_LINE, find_line, read_lines
from spark_llmdata.sources.inputs import find_files
from spark_llmdata.sources.reader import read_split
from spark_llmdata.sources.split import InputFile, Split, Tally
from tests.sources.lookups import read_all, read_splits, response

URLS = [f"http://a.example/{n}" for n in range(60)]


@pytest.fixture
def lines(tmp_path: Path) -> list[bytes]:
    """Of an index whose archive is there."""
    (tmp_path / "a.warc").write_bytes(b"".join(map(response, URLS)))
    begins = [sum(len(response(url)) for url in URLS[:n]) for n in range(len(URLS))]
    said = [{"url": url, "filename": "a.warc", "offset": str(at)} for url, at in zip(URLS, begins, strict=True)]
    return [f"key 1 {json.dumps(line)}\n".encode() for line in said]


class Measured:
    """A row that counts how often somebody asks for its size."""

    asked = 0

    def __init__(self, row: pa.RecordBatch) -> None:
        self.row = row

    @property
    def nbytes(self) -> int:
        Measured.asked += 1
        size: int = self.row.nbytes
        return size

    def __getattr__(self, name: str) -> Any:
        return getattr(self.row, name)


@pytest.mark.parametrize("limit", [1, 3000, 1 << 30])
def test_each_row_of_a_batch_is_measured_once(
    limit: int, tmp_path: Path, lines: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    number, join = lookups._number, lookups._join
    monkeypatch.setattr(lookups, "_number", lambda *given: Measured(number(*given)))
    monkeypatch.setattr(lookups, "_join", lambda rows: join([row.row for row in rows]))
    monkeypatch.setattr(Measured, "asked", 0)
    (tmp_path / "i.cdxj").write_bytes(b"".join(lines))
    [file] = find_files([f"cdx:{tmp_path}/i.cdxj?url=*"]).files
    limits = {"max_record_bytes": 1 << 20, "batch_rows": 1000, "batch_bytes": limit}
    batches = list(read_split(Split(file, 0, 0, file.size), Tally(), columns={}, **limits))
    assert sum(batch.num_rows for batch in batches) == Measured.asked == len(lines)
    one = batches[0].slice(0, 1).nbytes
    each = {1: 1, 3000: -(-3000 // one)}.get(limit, len(lines))
    assert abs(batches[0].num_rows - each) <= 1
    assert len(batches) == pytest.approx(len(lines) / batches[0].num_rows, abs=1)


@pytest.mark.parametrize("name", ["i.cdxj", "i.cdxj.gz"])
@pytest.mark.parametrize("filling", [b"x", b" ", b"\0"])
def test_a_line_that_is_too_long_costs_itself(name: str, filling: bytes, tmp_path: Path, lines: list[bytes]) -> None:
    comment, long = b"# " + filling * (3 * LONGEST_LINE) + b"\n", filling * (2 * LONGEST_LINE) + b"\n"
    parts = [lines[0], long, lines[1], comment, long, lines[2], long[:-1]]
    content = b"".join(parts)
    (tmp_path / name).write_bytes(gzip.compress(content, 1) if name.endswith(".gz") else content)
    argument = f"cdx:{tmp_path}/{name}?url=*"
    whole = read_all(argument, 1 << 40)
    begins = [sum(map(len, parts[:n])) for n in range(len(parts))]
    assert [(row["offset"], row["defect"]) for row in whole] == [
        (at, "bad_lookup" if part.startswith(filling) else None)
        for at, part in zip(begins, parts, strict=True)
        if part != comment
    ]
    assert "a line of more than 1,048,576 bytes" in whole[1]["evidence"]
    [file] = find_files([argument]).files
    edges = sorted({0, file.size, *(file.size * n // 23 for n in range(1, 23)), *(b % file.size for b in begins)})
    divided = read_splits(file, [Split(file, n, begin, end) for n, (begin, end) in enumerate(pairwise(edges))])
    assert sorted((row["offset"], row["evidence"]) for row in divided) == [
        (row["offset"], row["evidence"]) for row in whole
    ]


def test_a_line_may_be_as_long_as_that(tmp_path: Path) -> None:
    path = tmp_path / "i.cdxj"
    path.write_bytes(b"a\n" + b"x" * (LONGEST_LINE - 1) + b"\n" + b"y" * LONGEST_LINE + b"\nb")
    assert [(at, len(line)) for at, line in read_lines(str(path))] == [
        (0, 2),
        (2, LONGEST_LINE),
        (2 + LONGEST_LINE, LONGEST_LINE + 1),
        (3 + 2 * LONGEST_LINE, 1),
    ]


def test_within_a_long_line_a_split_reads_its_own_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "i.cdxj"
    path.write_bytes(b"x" * (8 << 20) + b"\nb\n")
    size = path.stat().st_size
    assert find_line(str(path), 1 << 20, 2 << 20) == 2 << 20
    assert find_line(str(path), 1 << 20, size) == (8 << 20) + 1
    file = InputFile(f"cdx:{path}?url=*", size, 0, "web", "cdx")
    tally = Tally()
    passed = []
    find = index_lines.find_line
    monkeypatch.setattr(index_lines, "find_line", lambda *asked: passed.append(asked[1:]) or find(*asked))
    limits = {"max_record_bytes": 1 << 20, "batch_rows": 9, "batch_bytes": 1 << 20}
    assert list(read_split(Split(file, 0, 1 << 20, 2 << 20), tally, columns={}, **limits)) == []
    assert (tally.begin, tally.end, passed) == (0, 0, [(1 << 20, 2 << 20)])


READ = """
import resource, sys
from spark_llmdata.sources.cdx import find_entries, parse_lookup

before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = list(find_entries(parse_lookup(f"cdx:{sys.argv[1]}?url=*&archives=/x")))
print(len(found), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before >> 10)
"""


@pytest.mark.parametrize("packed", [False, True])
def test_a_line_without_an_end_is_not_held(packed: bool, tmp_path: Path) -> None:
    """100 MiB of zeros, packed in some hundred kilobytes."""
    path = tmp_path / ("i.cdxj.gz" if packed else "i.cdxj")
    with gzip.open(path, "wb", compresslevel=1) if packed else path.open("wb") as stream:
        for _ in range(100):
            stream.write(bytes(1 << 20))
    told = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True)
    count, grown = map(int, told.stdout.split())
    assert count == 1
    assert grown < 30, f"{grown} MiB more than before"
