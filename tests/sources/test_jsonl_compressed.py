"""JSON lines in gzip and zstd: the same lines; damage costs itself and no line before it."""

from __future__ import annotations

import gzip
import json
import random
import sys
import tracemalloc
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spark_llmdata import extras
from spark_llmdata.errors import MissingExtra
from spark_llmdata.sources.jsonl import read_jsonl
from spark_llmdata.sources.split import Tally
from tests.sources.reading import (
    LIMITS,
    MARK,
    check_rows,
    contents,
    digest,
    each_example,
    lines_of,
    read,
    read_whole,
    splits_of,
)


def zstd_frames(parts: Iterable[bytes], **options: Any) -> bytes:
    zstandard = pytest.importorskip("zstandard")
    return b"".join(zstandard.ZstdCompressor(**options).compress(part) for part in parts)


def gzip_members(parts: Iterable[bytes]) -> bytes:
    return b"".join(gzip.compress(part, mtime=0) for part in parts)


PACKERS = {"gz": gzip_members, "zst": zstd_frames}
endings = pytest.mark.parametrize("ending", ["gz", "zst"])


@endings
@each_example
@given(data=contents, cuts=st.lists(st.integers(0, 200), max_size=5), batch_bytes=st.integers(1, 60))
@example(data=MARK + b"{}\n", cuts=[1, 2], batch_bytes=1)
@example(data=b"", cuts=[], batch_bytes=1)
def test_compressed_lines_are_the_same_lines(
    tmp_path: Path, ending: str, data: bytes, cuts: list[int], batch_bytes: int
) -> None:
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    stored = PACKERS[ending](data[a:b] for a, b in zip(places, places[1:], strict=False))
    rows, tally = read_whole(tmp_path / f"x.jsonl.{ending}", stored, batch_bytes=batch_bytes)
    check_rows(rows, data)
    assert (tally.begin, tally.end, tally.members) == (0, len(stored), len(places) - 1)


@endings
def test_large_compressed_files_come_whole(tmp_path: Path, ending: str) -> None:
    chance = random.Random(5)
    data = b"".join(b'{"text":"%s"}\n' % chance.randbytes(chance.randrange(3000)).hex().encode() for _ in range(1500))
    data += b'{"text":"%s"}\n' % (b"0" * 900_000) * 3
    stored = PACKERS[ending]([data[:2_000_000], data[2_000_000:]])
    rows, tally = read_whole(tmp_path / f"x.jsonl.{ending}", stored)
    check_rows(rows, data)
    assert (tally.end, tally.members, tally.rejects) == (len(stored), 2, 0)


def test_members_of_one_line_each_come_in_full_batches(tmp_path: Path) -> None:
    stored = gzip_members(b'{"id":%d}\n' % number for number in range(500))
    (split,) = splits_of(tmp_path / "x.jsonl.gz", stored)
    batches = list(read_jsonl(split, Tally(), columns={}, **LIMITS))
    assert [batch.num_rows for batch in batches] == [100] * 5


@endings
def test_an_empty_file_holds_nothing(tmp_path: Path, ending: str) -> None:
    rows, tally = read_whole(tmp_path / f"x.jsonl.{ending}", b"")
    assert (rows, tally) == ([], Tally())


def check_damage(rows: list[dict[str, Any]], data: bytes, defect: str) -> dict[str, Any]:
    """The rows are the first whole lines of `data` and one reject with what is left of the next; its evidence."""
    *sound, broken = rows
    whole = lines_of(data)[: len(sound)]
    assert [(row["offset"], row["raw_hash"], row["rejected"]) for row in sound] == [
        (at, digest(line), False) for at, line in whole
    ]
    assert (broken["rejected"], broken["defect"], broken["source"]) == (True, defect, "web")
    rest = broken["payload"] or b""
    assert data[broken["offset"] :].startswith(rest)
    assert b"\n" not in rest
    assert broken["raw_hash"] == (digest(rest) if rest else None)
    evidence: dict[str, Any] = json.loads(broken["evidence"])
    return evidence


SAMPLE = b"".join(b'{"id":%d,"text":"%s"}\n' % (n, random.Random(n).randbytes(9).hex().encode()) for n in range(12))


@endings
def test_a_file_cut_off_anywhere_gives_what_came_before(tmp_path: Path, ending: str) -> None:
    half = len(SAMPLE) // 2
    stored = PACKERS[ending]([SAMPLE[:half], SAMPLE[half:]])
    first = len(PACKERS[ending]([SAMPLE[:half]]))
    given_before = 0
    for size in range(1, len(stored)):
        rows, tally = read_whole(tmp_path / f"x.jsonl.{ending}", stored[:size])
        assert tally.end == size
        if size == first:
            check_rows(rows[:-1], SAMPLE[: SAMPLE.rfind(b"\n", 0, half) + 1])
            assert rows[-1]["defect"] == "bad_json"  # the file is sound, its last line is not
            continue
        mark = 2 if ending == "gz" else 4  # without it nothing tells a member from garbage
        if size < mark or 0 < size - first < mark:
            assert (rows[-1]["defect"], len(rows[-1]["payload"])) == ("corrupt", size % first)
            continue
        evidence = check_damage(rows, SAMPLE, "truncated")
        assert 0 <= evidence["stored_offset"] <= size
        assert "ends within a" in evidence["error"]
        assert len(rows) >= given_before
        given_before = len(rows)
    # zstd decompresses whole blocks only, and the sample's second half is one.
    assert given_before == (13 if ending == "gz" else 1 + SAMPLE[:half].count(b"\n"))


@endings
def test_a_flipped_bit_anywhere_loses_nothing_before_it(tmp_path: Path, ending: str) -> None:
    stored = gzip_members([SAMPLE]) if ending == "gz" else zstd_frames([SAMPLE], write_checksum=True)
    chance = random.Random(3)
    seen = set()
    for place in range(len(stored)):
        bad = bytearray(stored)
        bad[place] ^= 1 << chance.randrange(8)
        rows, tally = read_whole(tmp_path / f"x.jsonl.{ending}", bytes(bad))
        assert tally.end == len(stored)
        assert tally.records == len(rows)
        seen.add(rows[-1]["defect"])
        if rows[-1]["defect"] is None:  # bits of the header that mean nothing to the content
            check_rows(rows, SAMPLE)
    assert {"corrupt"} <= seen <= {"corrupt", "truncated", "bad_json", None}


def test_an_error_late_in_a_gzip_chunk_takes_nothing_with_it(tmp_path: Path) -> None:
    data = b"".join(b'{"id":%d}\n' % number for number in range(3000))
    packer = zlib.compressobj(wbits=31)
    sound = packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)
    rows, tally = read_whole(tmp_path / "x.jsonl.gz", sound + b"\xff" * 40)
    evidence = check_damage(rows, data, "corrupt")
    assert len(rows) == 3001
    assert rows[-1]["payload"] is None
    assert rows[-1]["offset"] == len(data)
    assert len(sound) <= evidence["stored_offset"] <= len(sound) + 1
    assert "invalid block type" in evidence["error"]
    assert tally.members == 1


def test_a_wrong_checksum_is_damage(tmp_path: Path) -> None:
    stored = bytearray(gzip_members([SAMPLE + b'{"id":99}']))
    stored[-8] ^= 1
    rows, _ = read_whole(tmp_path / "x.jsonl.gz", bytes(stored))
    assert "incorrect data check" in check_damage(rows, SAMPLE + b'{"id":99}', "corrupt")["error"]
    assert (len(rows), rows[-1]["payload"]) == (13, b'{"id":99}')


@endings
def test_a_long_line_that_breaks_off_is_measured(tmp_path: Path, ending: str) -> None:
    data = b"{}\n" + random.Random(1).randbytes(400_000).replace(b"\n", b"") * 2
    stored = PACKERS[ending]([data])[:300_000]
    rows, _ = read_whole(tmp_path / f"x.jsonl.{ending}", stored, max_record_bytes=1000)
    assert [row["defect"] for row in rows] == [None, "truncated"]
    assert (rows[1]["offset"], rows[1]["payload"]) == (3, data[3 : 3 + (64 << 10)])


@endings
def test_garbage_behind_the_last_member_is_a_reject(tmp_path: Path, ending: str) -> None:
    data = b'{"id":1}\n{"id":2}'
    stored = PACKERS[ending]([data])
    for tail in (b"garbage", b"\0\0garbage", b"\x1f", b"\n"):
        rows, tally = read_whole(tmp_path / f"x.jsonl.{ending}", stored + tail)
        assert [row["id"] for row in rows] == ["1", "2", None]
        rest = tail.lstrip(b"\0")
        row = rows[-1]
        assert (row["defect"], row["offset"], row["payload"]) == ("corrupt", len(data), rest)
        assert row["raw_hash"] == digest(rest)
        evidence = json.loads(row["evidence"])
        assert evidence["stored_offset"] == len(stored) + len(tail) - len(rest)
        assert "behind the last member" in evidence["error"]
        assert (tally.end, tally.members) == (len(stored) + len(tail), 1)


@endings
def test_zeros_are_padding(tmp_path: Path, ending: str) -> None:
    stored = PACKERS[ending]([b'{"id":1}\n']) + b"\0" * 100_000
    rows, tally = read_whole(tmp_path / f"x.jsonl.{ending}", stored)
    assert [row["id"] for row in rows] == ["1"]
    assert (tally.end, tally.members) == (len(stored), 1)
    rows, tally = read_whole(tmp_path / f"x.jsonl.{ending}", stored + PACKERS[ending]([b'{"id":2}\n']))
    assert [row["id"] for row in rows] == ["1", "2"]
    assert tally.members == 2


@endings
@pytest.mark.parametrize("content", [b'{"id":1}\n', b"\0" * 50, b"\x1f"])
def test_a_file_that_is_not_what_its_name_says_is_a_reject(tmp_path: Path, ending: str, content: bytes) -> None:
    (row,), tally = read_whole(tmp_path / f"x.jsonl.{ending}", content)
    assert (row["defect"], row["payload"]) == ("corrupt", content)
    assert "in a file of this name" in row["evidence"]
    assert (tally.end, tally.members) == (len(content), 0)


def test_a_small_file_may_hold_very_much(tmp_path: Path) -> None:
    line = b'{"text":"' + b"0" * (100 << 20) + b'"}\n'
    for ending, packer in PACKERS.items():
        stored = packer([line])
        assert len(stored) < 1 << 18
        (split,) = splits_of(tmp_path / f"x.jsonl.{ending}", stored)
        tracemalloc.start()
        (row,), _ = read(split)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 20 << 20
        assert (row["defect"], row["raw_hash"]) == ("too_large", digest(line[:-1]))


def test_zstd_frames_of_every_form(tmp_path: Path) -> None:
    zstandard = pytest.importorskip("zstandard")
    skippable = b"\x53\x2a\x4d\x18" + (70_000).to_bytes(4, "little") + b"\xff" * 70_000
    frames = [
        zstd_frames([b'{"id":1}\n'], write_content_size=False),
        skippable,
        zstd_frames([b'{"id":2}\n'], write_checksum=True),
        zstd_frames([b""]),
        zstd_frames([b'{"id":3,"text":"' + b"ab" * 150_000 + b'"}\n'], level=19),
        zstd_frames([b'{"id":4,"text":"' + random.Random(2).randbytes(150_000).hex().encode() + b'"}\n'], level=1),
    ]
    long = zstandard.ZstdCompressionParameters(window_log=28, enable_ldm=True, write_content_size=False)
    frames.append(zstd_frames([b'{"id":5}\n'], compression_params=long))
    rows, tally = read_whole(tmp_path / "x.jsonl.zst", b"".join(frames))
    assert [(row["id"], row["defect"]) for row in rows] == [(str(number), None) for number in range(1, 6)]
    assert (tally.members, tally.end) == (7, sum(map(len, frames)))


def test_zstd_needs_an_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    extras.require.cache_clear()
    with pytest.raises(MissingExtra, match=r"reading \.zst files needs zstandard.*'spark-llmdata\[zstd\]'"):
        read_whole(tmp_path / "x.jsonl.zst", b"x")
    extras.require.cache_clear()
