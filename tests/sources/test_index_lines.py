"""Indexes divided: the same rows whatever the division, plain ones by bytes, packed ones by what a line says."""

from __future__ import annotations

import gzip
import io
import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.errors import EnvironmentProblem
from spark_llmdata.sources import index_lines
from spark_llmdata.sources.cdx import find_entries, parse_lookup
from spark_llmdata.sources.inputs import find_files, plan_splits
from spark_llmdata.sources.packing import cut, pack
from spark_llmdata.sources.split import InputFile, Split
from tests.sources.lookups import Row, read_all, read_splits, response
from tests.sources.reading import each_example

URLS = [f"http://a.example/{n}" for n in range(4)]
STORED = [response(url) for url in URLS]


def line(url: int, at: int) -> str:
    return f"key 1 {json.dumps({'url': URLS[url], 'filename': 'a.warc', 'offset': str(at)})}"


OFFSETS = [sum(map(len, STORED[:n])) for n in range(len(STORED))]
GOOD = [line(n, OFFSETS[n]) for n in range(len(URLS))]
LEGEND = " CDX N b a"
ODD = [
    "",
    "  ",
    "# comment",
    "!meta {}",
    "{",
    "a b c",
    line(1, OFFSETS[2]),
    line(0, 7),
    GOOD[0] + " " * 300,
    LEGEND,
    "\r",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.warc").write_bytes(b"".join(STORED))
    return tmp_path


def facts(rows: list[Row]) -> list[tuple[object, ...]]:
    return [
        tuple(row[name] for name in ("file", "offset", "url", "html", "raw_hash", "defect", "evidence")) for row in rows
    ]


@each_example
@given(
    lines=st.lists(st.sampled_from(GOOD + ODD), max_size=12),
    end=st.sampled_from(["\n", "\r\n"]),
    last=st.booleans(),
    step=st.integers(1, 400),
)
def test_a_plain_index_gives_the_same_rows_however_divided(
    folder: Path, lines: list[str], end: str, last: bool, step: int
) -> None:
    content = end.join(lines) + (end if last else "")
    (folder / "i.cdxj").write_bytes(content.encode())
    argument = f"cdx:{folder}/i.cdxj?url=*"
    whole = read_all(argument, 1 << 30)
    assert facts(read_all(argument, step * index_lines.WEIGHT)) == facts(whole)
    silent = ("#", "!", *([LEGEND] if lines[:1] == [LEGEND] else []))
    assert len(whole) == sum(bool(x.strip()) and not x.startswith(silent) for x in lines)


@each_example
@given(lines=st.lists(st.sampled_from(GOOD + ODD), max_size=12), cuts=st.lists(st.integers(0, 10_000), max_size=4))
def test_a_packed_index_gives_the_same_rows_however_divided(folder: Path, lines: list[str], cuts: list[int]) -> None:
    (folder / "i.cdxj.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    [file] = find_files([f"cdx:{folder}/i.cdxj.gz?url=*"]).files
    edges = sorted({0, file.size, *(c % file.size for c in cuts)})
    parts = [Split(file, n, begin, end) for n, (begin, end) in enumerate(pairwise(edges))]
    divided = read_splits(file, parts)
    assert sorted(facts(divided), key=repr) == sorted(
        facts(read_splits(file, [Split(file, 0, 0, file.size)])), key=repr
    )


@pytest.mark.parametrize("name", ["i.cdx", "i.cdx.gz"])
def test_the_columns_are_known_in_every_part(folder: Path, name: str) -> None:
    legend = " CDX N b a m s k r V g\n"
    lines = [f"key {n} {URLS[n % 4]} text/html 200 X - {OFFSETS[n % 4]} a.warc\n" for n in range(60)]
    content = (legend + "".join(lines) + legend).encode()
    (folder / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    [file] = find_files([f"cdx:{folder}/{name}?url=*"]).files
    parts = [Split(file, n, n * file.size // 5, (n + 1) * file.size // 5) for n in range(5)]
    rows = read_splits(file, parts)
    assert Counter(row["url"] for row in rows) == Counter(dict.fromkeys(URLS, 15))
    assert not any(row["rejected"] for row in rows)
    assert len({row["ordinal"] >> 32 for row in rows}) == 5


def test_another_first_line_further_down_is_told(folder: Path) -> None:
    (folder / "i.cdx").write_text(f" CDX N b a m s k r V g\n CDX N b a V g\nkey 1 {URLS[0]} 0 a.warc\n")
    rows = read_all(f"cdx:{folder}/i.cdx?url=*")
    assert ["names other columns than the first" in row["evidence"] for row in rows] == [True, False]
    assert "5 columns, but the first line names 9" in rows[1]["evidence"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("key 1 http://a/ text/html 200 X - 0 a.warc\n", "9 columns, and no first line names them; expected CDXJ"),
        (" CDX N b a m\nkey 1 http://a/ text/html\n", "names the columns N b a m, without V g; expected a"),
    ],
)
def test_columns_nobody_named_are_told_with_what_is_expected(folder: Path, content: str, said: str) -> None:
    (folder / "i.cdx").write_text(content)
    [row] = read_all(f"cdx:{folder}/i.cdx?url=*")
    assert said in row["evidence"]


def test_where_a_packed_index_breaks_off_is_told_once(folder: Path) -> None:
    content = gzip.compress("\n".join(GOOD * 50).encode())[:-12]
    (folder / "i.cdxj.gz").write_bytes(content)
    [file] = find_files([f"cdx:{folder}/i.cdxj.gz?url=*"]).files
    parts = [Split(file, n, n * file.size // 3, (n + 1) * file.size // 3) for n in range(3)]
    assert sum("breaks off" in (row["evidence"] or "") for row in read_splits(file, parts)) == 1


def test_an_index_that_came_in_part_decides_nothing(folder: Path) -> None:
    path = folder / "i.cdxj.gz"
    path.write_bytes(gzip.compress("\n".join(GOOD).encode()))
    [file] = find_files([f"cdx:{path}?url=*"]).files
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(
        EnvironmentProblem, match=r"i\.cdxj\.gz: the index cannot be read \(\d+ of its \d+ bytes came\)"
    ):
        read_splits(file, [Split(file, 0, 0, file.size)])


def test_a_first_line_that_came_in_part_decides_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the columns: without it each line of that split would be a reject, and others would not."""
    path = folder / "i.cdx.gz"
    legend = " CDX N b a m s k r V g\n"
    whole = gzip.compress(f"{legend}key 1 {URLS[0]} text/html 200 X - 0 a.warc\n".encode())
    path.write_bytes(whole)
    [file] = find_files([f"cdx:{path}?url=*"]).files
    came = iter([whole[:15], whole])
    monkeypatch.setattr(index_lines, "open_file", lambda *_: io.BytesIO(next(came)))
    with pytest.raises(EnvironmentProblem, match=rf"cannot be read \(15 of its {len(whole)} bytes came\)"):
        read_splits(file, [Split(file, 0, 0, file.size)])


def test_a_first_line_that_is_damaged_is_a_reject(folder: Path) -> None:
    path = folder / "i.cdx.gz"
    path.write_bytes(gzip.compress(b" CDX N b a V g\n" * 99)[:15] + b"\xff" * 40)
    [row] = read_all(f"cdx:{path}?url=*")
    assert (row["defect"], "the index breaks off" in row["evidence"]) == ("bad_lookup", True)


def tasks_of(path: Path) -> list[int]:
    """How many lines of an index each task reads."""
    [file] = find_files([f"cdx:{path}?url=*"]).files
    lookup = parse_lookup(file.url)
    return [sum(1 for split in task for _ in find_entries(lookup, split)) for task in pack(cut([file]))]


@pytest.mark.parametrize("name", ["i.cdxj", "i.cdxj.gz"])
def test_a_large_index_is_read_by_many_tasks(tmp_path: Path, name: str) -> None:
    lines = 20_000
    said = {"url": URLS[0], "mime": "text/html", "status": "200", "filename": "crawl/segment/warc/a.warc.gz"}
    content = "".join(
        f"com,example)/{n} 20240101000000 {json.dumps({**said, 'digest': f'{n * 7919:032X}', 'offset': str(n)})}\n"
        for n in range(lines)
    ).encode()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    counts = tasks_of(tmp_path / name)
    assert sum(counts) == lines
    assert len(counts) >= 4
    assert max(counts) < lines / 3


def test_a_small_index_is_one_task(tmp_path: Path) -> None:
    (tmp_path / "i.cdxj").write_text("\n".join(GOOD * 10))
    assert tasks_of(tmp_path / "i.cdxj") == [40]


@pytest.mark.parametrize(
    ("index", "size", "splits"),
    [
        ("a.cdxj", 4 << 20, 64),
        ("a.cdxj.gz", 4 << 20, 64),
        ("a.cdxj.gz", 100_000, 2),
        ("http://a/b.cdxj", 4 << 20, 64),
        ("s3://a/b.cdxj", 4 << 20, 64),
        ("a.cdxj.gz", 800 << 20, 2),
        ("a.cdxj.gz", 8 << 30, 1),
        ("a.cdxj.gz", 0, 1),
    ],
)
def test_what_is_read_from_its_beginning_is_not_read_too_often(index: str, size: int, splits: int) -> None:
    file = InputFile(f"cdx:{index}?url=x&archives=b", size, 0, "web", "cdx")
    assert len(plan_splits([file], 4 << 20)) == splits
