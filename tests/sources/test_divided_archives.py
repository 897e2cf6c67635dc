"""Damaged archives in splits: what each gives does not depend on where others begin, whatever lengths and bytes say."""

from __future__ import annotations

import gzip
import random
from pathlib import Path
from typing import Any

import pytest

from spark_llmdata.sources.inputs import find_files, plan_splits
from spark_llmdata.sources.split import InputFile, Tally
from spark_llmdata.sources.warc import read_warc

Row = dict[str, Any]
LIMITS = {"batch_rows": 50, "batch_bytes": 1 << 20}


def record(rng: random.Random, name: object, size: int = 2_000, length: int | None = None) -> bytes:
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + rng.randbytes(size)
    said = len(block) if length is None else length
    head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a/{name}\r\nContent-Length: {said}\r\n\r\n"
    return head.encode() + block + b"\r\n\r\n"


def read(file: InputFile, size: int, limit: int) -> tuple[list[Row], int]:
    """The rows of all splits of a size, which tile the file, and how many of them had any."""
    rows: list[Row] = []
    end = used = 0
    for split in plan_splits([file], size):
        tally = Tally()
        for batch in read_warc(split, tally, max_record_bytes=limit, **LIMITS):
            rows += batch.drop_columns(["ordinal"]).to_pylist()
        if tally.begin == tally.end == 0 < split.begin:  # nothing begins in it
            continue
        assert tally.begin == end
        end = tally.end
        used += tally.records > 0
    assert end == file.size
    return rows, used


def compare(path: Path, members: list[bytes], limit: int = 16 << 20) -> list[Row]:
    """The rows of the whole file, which those of splits of several sizes equal."""
    path.write_bytes(b"".join(members))
    [file] = find_files([str(path)]).files
    whole, _ = read(file, file.size, limit)
    for size in (90_000, 200_000, 333_333):
        rows, used = read(file, size, limit)
        assert rows == whole, size
        assert used > 1
    return whole


def test_a_length_that_fits_a_later_record_costs_no_other(tmp_path: Path) -> None:
    rng = random.Random(1)
    parts = [record(rng, n) for n in range(400)]
    block = len(parts[0].split(b"\r\n\r\n", 1)[1]) - 4
    for bad, last in ((130, 260), (300, 303)):
        parts[bad] = record(rng, "bad", length=block + 4 + len(b"".join(parts[bad + 1 : last])) - 4)
    rows = compare(tmp_path / "a.warc.gz", [gzip.compress(part, 1) for part in parts])
    assert [row["defect"] for row in rows if row["rejected"]] == ["bad_record"] * 2
    assert len(rows) == 400


def test_a_length_beyond_all_of_them_moves_no_offset(tmp_path: Path) -> None:
    rng = random.Random(2)
    members = [gzip.compress(record(rng, n, 40), 1) for n in range(9_000)]
    members[2_000] = gzip.compress(record(rng, "bad", 40, length=15_000_000), 1)
    rows = compare(tmp_path / "a.warc.gz", members)
    begins = [0]
    for member in members[:-1]:
        begins.append(begins[-1] + len(member))
    assert [row["offset"] for row in rows] == begins
    assert sum(row["rejected"] for row in rows) == 1


def test_one_member_of_several_records_changes_no_other(tmp_path: Path) -> None:
    rng = random.Random(3)
    parts = [record(rng, n) for n in range(300)]
    parts[100] = record(rng, "bad", length=3) + record(rng, "second")
    nested = rng.randbytes(600_000) + b"\r\nWARC/1.0\r\nWARC-Type: response\r\n" + rng.randbytes(600_000)
    head = b"WARC/1.0\r\nWARC-Type: resource\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(nested)
    parts[250] = head + nested + b"\r\n\r\n"
    rows = compare(tmp_path / "a.warc.gz", [gzip.compress(part, 1) for part in parts], limit=1 << 20)
    assert sum(row["rejected"] for row in rows) == 1
    assert sum(("truncated", "max_record_bytes") in (row["meta"] or ()) for row in rows) == 1


@pytest.mark.parametrize("seed", range(6))
def test_damage_is_the_same_for_any_size_of_splits(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    members = []
    for number in range(700):
        kind = rng.randrange(40) if 100 < number < 500 else 40
        length = rng.choice([0, 3, 5_000, 100_000, 1 << 20, 1 << 40]) if kind == 0 else None
        part = record(rng, number, rng.choice([20, 500, 4_000]), length)
        if kind == 1:
            part += record(rng, "second", length=rng.choice([None, 7_000]))
        member = bytearray(
            gzip.compress(part[: rng.randrange(len(part))] if kind == 2 else part, rng.choice([0, 1, 6]))
        )
        if kind == 3:
            member[rng.randrange(len(member))] ^= 1 << rng.randrange(8)
        members.append(bytes(member[: rng.randrange(1, len(member))] if kind == 4 else member))
    rows = compare(tmp_path / "a.warc.gz", members, limit=300_000)
    assert sum(row["rejected"] for row in rows) > 3
