"""Every archive of the shared set: nothing missing, every byte in some row, the same rows for any split size."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from spark_llmdata.sources.inputs import find_files, plan_splits
from spark_llmdata.sources.split import InputFile, Tally
from spark_llmdata.sources.warc import read_warc

Row = dict[str, Any]
LIMITS = {"max_record_bytes": 16 << 20, "batch_rows": 7, "batch_bytes": 100_000}
OWN = ("file", "ordinal", "source")
NAMES = (".warc", ".arc", ".warc.gz", ".arc.gz", ".warc.zst", ".warc.lz4", ".wet", ".wet.gz", ".wat", ".wat.gz")


def files_of(path: Path) -> tuple[InputFile, ...]:
    return find_files([str(path)]).files


def read(file: InputFile, parts: int = 1) -> list[Row]:
    """The rows of a file that is read in so many splits, which tile it, without what is the reader's own."""
    rows: list[Row] = []
    end = 0
    for split in plan_splits([file], max(1, -(-file.size // parts))):
        tally = Tally()
        batches = list(read_warc(split, tally, **LIMITS))
        found = [row for batch in batches for row in batch.to_pylist()]
        if tally.begin == tally.end == 0 < split.begin:  # nothing begins in it
            assert not found
            continue
        assert tally.begin == end, (file.url, split)
        assert (tally.records, tally.rejects) == (len(found), sum(row["rejected"] for row in found))
        assert all(tally.begin <= row["offset"] < tally.end for row in found)
        rows += found
        end = tally.end
    assert end == file.size, file.url
    return [{name: value for name, value in row.items() if name not in OWN} for row in rows]


def uncovered(rows: list[Row], stored: bytes) -> bytes:
    """Bytes of the file in front of its first row: all others belong to the last row that begins before them."""
    return stored[: min((row["offset"] for row in rows), default=len(stored))]


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "01_warc"


def test_no_record_is_missing(folder: Path) -> None:
    kinds: Counter[str] = Counter()
    for entry in json.loads((folder / "inventory_warcio.json").read_text()):
        path = folder / entry["file"]
        if not path.name.endswith(NAMES):
            continue
        [file] = files_of(path)
        rows = read(file)
        assert len(rows) >= entry["records"], (entry, rows)
        assert uncovered(rows, path.read_bytes()).strip(b"\r\n") == b"", entry
        pages = sum(row["html"] is not None or row["text"] is not None for row in rows)
        wanted = {k: n for k, n in entry["response_mime"].items() if k in ("text/html", "text/plain")}
        assert pages >= sum(wanted.values()) - sum(row["rejected"] or row["defect"] == "empty" for row in rows), entry
        kinds[file.compression] += len(rows)
    assert kinds["none"] > 250
    assert kinds["gzip"] > 150


def test_other_compressions_hold_the_same_records(folder: Path) -> None:
    expected = json.loads((folder / "derived-compression" / "expected.json").read_text())
    lz4 = {"block-sized-records.warc.lz4": 3, "warcfile.warc.lz4": 50}
    for name, records in {**{name: facts["records"] for name, facts in expected.items()}, **lz4}.items():
        [path] = folder.rglob(name)
        [file] = files_of(path)
        rows = read(file)
        assert [row["rejected"] for row in rows] == [False] * records, name
        origin = "cc-whirlwind/whirlwind.warc.gz" if name.startswith("whirlwind") else "resiliparse/warcfile.warc"
        origin = "resiliparse/block-sized-records.warc" if name.startswith("block") else origin
        [plain] = files_of(folder / origin)
        assert [{**row, "offset": 0} for row in rows] == [{**row, "offset": 0} for row in read(plain)], name


def test_an_archive_in_the_older_format_is_read(folder: Path) -> None:
    [file] = files_of(folder / "jwat-arc" / "1-1-20110922131213-00000-svc-VirtualBox.arc")
    rows = read(file)
    assert [row["rejected"] for row in rows] == [False] * 102
    assert rows[0]["defect"] == "not_content"
    page = rows[2]
    assert page["url"] == "http://www.rebels.dk/robots.txt" or page["url"].startswith("http://www.rebels.dk/")
    assert page["date"].isoformat().startswith("2011-09-22T13:12:1")
    assert sum(row["html"] is not None for row in rows) >= 70
    packed, plain = (read(*files_of(folder / "warcio" / name)) for name in ("example.arc.gz", "example.arc"))
    assert [row["raw_hash"] for row in packed] == [row["raw_hash"] for row in plain]
    assert [row["html"] is not None for row in plain] == [False, True]
    assert plain[1]["url"] == "http://example.com/"
    bad = read(*files_of(folder / "warcio" / "bad.arc"))
    assert [row["defect"] for row in bad] == ["bad_record", "bad_record", None, "bad_record"]
    assert sum(json.loads(row["evidence"])["length"] for row in bad if row["rejected"]) < 331


def test_rejects_say_how_long_they_are(folder: Path) -> None:
    rejects = 0
    for path in sorted(folder.rglob("*")):
        if not path.name.endswith(NAMES):
            continue
        [file] = files_of(path)
        rows = read(file)
        ends = [row["offset"] for row in rows[1:]] + [file.size]
        for row, end in zip(rows, ends, strict=True):
            if row["rejected"]:
                said = json.loads(row["evidence"])
                assert said["error"]
                assert said.get("length", 0) == end - row["offset"], (path, row)
                assert "length" in said or said["uncompressed_length"] > 0
                rejects += 1
    assert rejects > 10


@pytest.fixture(scope="module")
def long_archive(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Archives long enough to be divided: whole, with an archive inside, damaged in several places."""
    here = tmp_path_factory.mktemp("long")
    one = (folder / "resiliparse" / "warcfile.warc.gz").read_bytes()
    head = b"WARC/1.0\r\nWARC-Type: resource\r\nContent-Type: application/gzip\r\nContent-Length: %d\r\n\r\n"
    nested = gzip.compress(head % (8 * len(one)) + one * 8 + b"\r\n\r\n", compresslevel=0)
    damaged = bytearray(one * 12)
    for at in range(200_000, len(damaged), 400_000):
        damaged[at] ^= 0x55
    zstd = (folder / "derived-compression" / "resiliparse-dict.warc.zst").read_bytes()
    first = 8 + int.from_bytes(zstd[4:8], "little")
    contents = {
        "whole.warc.gz": one * 12,
        "nested.warc.gz": one * 2 + nested + one * 2 + nested + one,
        "damaged.warc.gz": bytes(damaged),
        "junk.warc.gz": one * 4 + bytes(70_000) + one * 4,
        "one.warc.gz": gzip.compress(gzip.decompress(one) * 3),
        "dictionary.warc.zst": zstd[:first] + zstd[first:] * 12,
        "many.warc.gz": b"".join(gzip.compress(gzip.decompress(one)) for _ in range(12)),
    }
    for name, content in contents.items():
        (here / name).write_bytes(content)
    return {name: here / name for name in contents}


@pytest.mark.parametrize(
    "name",
    [
        "whole.warc.gz", "nested.warc.gz", "damaged.warc.gz", "junk.warc.gz", "one.warc.gz", "dictionary.warc.zst",
        "many.warc.gz",
    ],
)  # fmt: skip
def test_the_size_of_splits_does_not_matter(long_archive: dict[str, Path], name: str) -> None:
    [file] = files_of(long_archive[name])
    whole = read(file)
    assert len(whole) > 100
    for parts in (2, 7):
        assert read(file, parts) == whole, parts
    splits = [Tally() for _ in range(7)]
    for split, tally in zip(plan_splits([file], -(-file.size // 7)), splits, strict=True):
        for _ in read_warc(split, tally, **LIMITS):
            pass
    used = sum(tally.records > 0 for tally in splits)
    assert used == 1 if name in ("one.warc.gz", "many.warc.gz") else used > 1
