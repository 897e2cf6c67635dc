"""Archives in ranges, cut anywhere: they give what the whole gives, account for its bytes, look at their own only."""

from __future__ import annotations

import gzip
import random
import struct
import zlib
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spark_llmdata.kernels.warc import WarcParser
from spark_llmdata.runner.covering import check_account
from spark_llmdata.sources import members
from spark_llmdata.sources.inputs import find_files
from spark_llmdata.sources.split import InputFile, Split, Tally
from spark_llmdata.sources.warc import read_warc
from tests.sources.test_divided_archives import record

Row = dict[str, Any]
LIMITS = {"max_record_bytes": 1 << 20, "batch_rows": 50, "batch_bytes": 1 << 20}


def read(file: InputFile, cuts: list[int]) -> list[Row]:
    """The rows of the ranges that `cuts` makes of a file, whose accounts a run would take for right."""
    rows: list[Row] = []
    tallies = []
    edges = [0, *cuts, file.size]
    for number, (begin, end) in enumerate(zip(edges, edges[1:], strict=False)):
        tallies.append(tally := Tally())
        for batch in read_warc(Split(file, number, begin, end), tally, **LIMITS):
            rows += batch.drop_columns(["ordinal"]).to_pylist()
    assert check_account(file, tallies, len(rows)) is None
    return rows


def store(path: Path, stored: bytes) -> InputFile:
    path.write_bytes(stored)
    [file] = find_files([str(path)]).files
    return file


def zstd(content: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=1, write_checksum=True).compress(content)


PACK: dict[str, Callable[[bytes], bytes]] = {".gz": lambda content: gzip.compress(content, 1), ".zst": zstd}

# What is done to some of a file's members, each of which is one record.
DAMAGE: dict[str, Callable[[random.Random, bytes], bytes]] = {
    "truncated": lambda rng, member: member[: rng.randrange(len(member))],
    "headless": lambda rng, member: member[rng.randrange(1, len(member)) :],
    "flipped": lambda rng, member: flip(member, rng.randrange(len(member)), rng.randrange(1, 256)),
    "missing": lambda rng, member: b"",
    "doubled": lambda rng, member: member * 2,
    "garbage": lambda rng, member: member + rng.randbytes(rng.randrange(1, 300)),
    "magic": lambda rng, member: member + member[: rng.randrange(3, 20)] * rng.randrange(1, 5),
    "line ends": lambda rng, member: member + b"\r\n" * rng.randrange(1, 9),
    "cut and joined": lambda rng, member: member[: len(member) // 2] + member,
}


def flip(member: bytes, at: int, by: int) -> bytes:
    return member[:at] + bytes([member[at] ^ by]) + member[at + 1 :]


def damaged(rng: random.Random, ending: str, kinds: list[str]) -> tuple[bytes, list[int]]:
    """Whole members for long enough that a file is divided, damaged ones, whole ones; where those behind begin."""
    pack = PACK[ending]
    parts = [pack(record(rng, f"long{n}", 9_000)) for n in range(16)]
    for number, kind in enumerate(kinds):
        wrong = rng.choice([None, None, 0, 900, 1 << 40])
        parts.append(DAMAGE[kind](rng, pack(record(rng, f"bad{number}", rng.choice([5, 60, 700]), wrong))))
        if rng.random() < 0.5:
            parts.append(pack(record(rng, f"between{number}", rng.choice([5, 60, 700]))))
    parts += [pack(record(rng, f"short{n}", 40)) for n in range(6)]
    begins = [len(b"".join(parts[:n])) for n in range(16, len(parts) + 1)]
    return b"".join(parts), begins


@pytest.mark.parametrize("ending", PACK)
@pytest.mark.parametrize("kind", DAMAGE)
def test_two_ranges_of_a_damaged_archive_give_its_rows(kind: str, ending: str, tmp_path: Path) -> None:
    rng = random.Random(kind + ending)
    stored, begins = damaged(rng, ending, [kind, kind])
    file = store(tmp_path / f"a.warc{ending}", stored)
    whole = read(file, [])
    cuts = {begin + by for begin in begins for by in (-1, 0, 1, 40)} | {rng.randrange(file.size) for _ in range(10)}
    divided = 0
    for cut in sorted(cut for cut in cuts if 0 < cut < file.size):
        assert read(file, [cut]) == whole, cut
        divided += members.find_boundary(file, cut, file.size) is not None
    assert divided > 10


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_damage_gives_the_same_rows_wherever_it_is_cut(tmp_path: Path, data: st.DataObject) -> None:
    ending = data.draw(st.sampled_from(sorted(PACK)))
    kinds = data.draw(st.lists(st.sampled_from(sorted(DAMAGE)), min_size=1, max_size=5))
    stored, begins = damaged(random.Random(data.draw(st.integers(0, 1 << 30))), ending, kinds)
    file = store(tmp_path / f"a.warc{ending}", stored)
    whole = read(file, [])
    for _ in range(8):
        cuts = data.draw(st.lists(st.integers(begins[0], file.size), min_size=1, max_size=3, unique=True))
        assert read(file, sorted(cuts)) == whole, cuts


def chain(rng: random.Random, count: int) -> bytes:
    return b"".join(gzip.compress(record(rng, n, 9_000), 1) for n in range(count))


def large(rng: random.Random, size: int, pack: Callable[[bytes], bytes]) -> bytes:
    return pack(record(rng, "large", size))


@pytest.mark.parametrize(
    "parts",
    [
        ("member",),
        ("record",),
        ("chain", "member"),
        ("chain", "member", "chain"),
        ("chain", "member", "member"),
        ("member", "chain"),
        ("chain", "records"),
        ("chain", "records", "chain"),
        ("chain", "record"),
    ],
)
def test_splits_without_a_place_to_begin_at_account_for_nothing(parts: tuple[str, ...], tmp_path: Path) -> None:
    rng = random.Random(8)
    made = {
        "chain": lambda: chain(rng, 18),
        "member": lambda: large(rng, 900_000, gzip.compress),
        "records": lambda: gzip.compress(b"".join(record(rng, n, 9_000) for n in range(90))),
        "record": lambda: large(rng, 900_000, bytes),
    }
    file = store(tmp_path / "a.warc.gz", b"".join(made[part]() for part in parts))
    whole = read(file, [])
    for count in (2, 7, 30):
        step = -(-file.size // count)
        assert read(file, list(range(step, file.size, step))) == whole


def test_a_split_looks_at_its_own_bytes_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(9)
    file = store(tmp_path / "a.warc.gz", chain(rng, 18) + large(rng, 6_000_000, gzip.compress))
    assert members.read_layout(file) is not None
    taken = 0

    @contextmanager
    def count(url: str, offset: int = 0) -> Any:
        class Counted:
            def read(self, size: int) -> bytes:
                nonlocal taken
                chunk = stored.read(size)
                taken += len(chunk)
                return chunk

        with open_file(url, offset) as stored:
            yield Counted()

    open_file = members.open_file
    monkeypatch.setattr(members, "open_file", count)
    step = 100_000
    for begin in range(400_000, file.size, step):
        assert members.find_boundary(file, begin, begin + step) is None
    assert taken < 5 * file.size  # a fifth of what all splits would read that look on to the end


def sharing_one_end(count: int, size: int) -> bytes:
    """Heads of gzip members that all go on with the same `size` bytes and the same damage behind them.

    Each begins with a stored block, which holds all the heads behind it, up to where the shared end begins.
    """
    content = b"WARC/1.0\r\nWARC-Type: resource\r\nContent-Length: 99999999999\r\n\r\n"
    head = b"\x1f\x8b\x08\0\0\0\0\0\0\x03"
    step = len(head) + 5 + len(content)
    lengths = [len(content) + step * behind for behind in reversed(range(count))]
    heads = [head + struct.pack("<BHH", 0, length, length ^ 0xFFFF) + content for length in lengths]
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return b"".join(heads) + packer.compress(bytes(size)) + packer.flush(zlib.Z_FULL_FLUSH) + b"\xff" * 40


def test_what_is_undone_in_search_of_a_place_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(11)
    good = chain(rng, 18)
    file = store(tmp_path / "a.warc.gz", good + sharing_one_end(100, 32 << 20) + chain(rng, 18))
    parsers: list[WarcParser] = []

    def make(*args: Any, **options: Any) -> WarcParser:
        parsers.append(WarcParser(*args, **options))
        return parsers[-1]

    assert members.read_layout(file) is not None
    monkeypatch.setattr(members, "WarcParser", make)
    for begin in (len(good), len(good) + 1, len(good) - 4_000):
        parsers.clear()
        assert members.find_boundary(file, begin, file.size) is None
        # All of the 100 would undo 3 GiB.
        assert sum(parser.undone for parser in parsers) < 1.2 * (1 << 30)
    monkeypatch.undo()
    # A search that begins behind them has all of its budget.
    behind = len(good) + 100_000
    assert members.find_boundary(file, behind, file.size) is not None
    whole = read(file, [])
    for step in (len(good), behind):
        assert read(file, list(range(step, file.size, step))) == whole


def test_members_that_cost_little_are_tried_in_some_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(12)
    head = b"WARC/1.0\r\nContent-Length: none\r\n\r\n"
    file = store(tmp_path / "a.warc.gz", chain(rng, 18) + gzip.compress(head, 1) * 1_000 + chain(rng, 18))
    tried = 0
    find_break = members._find_break

    def count(*args: Any) -> Any:
        nonlocal tried
        tried += 1
        return find_break(*args)

    monkeypatch.setattr(members, "_find_break", count)
    assert members.find_boundary(file, 200_000, file.size) is None
    assert tried < 300


def test_members_of_both_kinds_of_archive_may_follow_one_another(tmp_path: Path) -> None:
    rng = random.Random(10)

    def older(name: int) -> bytes:
        block = b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + rng.randbytes(9_000)
        return b"http://a/%d 192.0.2.1 20240501120000 text/html %d\n%s\n" % (name, len(block), block)

    parts = [gzip.compress(record(rng, n, 9_000) if n // 20 % 2 == 0 else older(n), 1) for n in range(80)]
    for bad in (30, 50):
        parts[bad] = flip(parts[bad], len(parts[bad]) - 6, 1)
    file = store(tmp_path / "a.warc.gz", b"".join(parts))
    whole = read(file, [])
    assert len(whole) == 80
    assert sum(row["rejected"] for row in whole) == 2
    begins = [len(b"".join(parts[:n])) for n in range(1, 80)]
    for cut in [begin + by for begin in begins[14:64:3] for by in (-3, 0)]:
        assert read(file, [cut]) == whole, cut
