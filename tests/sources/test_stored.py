"""Records at their places in archives: whatever gave a row is copied, and no place of a lookup that is none counts."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
import zstandard

from spark_llmdata.errors import InputError
from spark_llmdata.sources import originals
from spark_llmdata.sources.originals import copy_record
from spark_llmdata.sources.stored import Archives
from tests.sources.lookups import read_all, response
from tests.sources.serving import serve
from tests.sources.test_cdx import hash_of, is_meant
from tests.sources.test_damaged_archives import ARC, DAMAGES, FIRST, LAST, PACK, PAGE, arc, read

KEPT = 64 << 10  # bytes of what is no record


def copy_all(path: Path) -> int:
    """Copies what each row of an archive stands for, proven by its hash; gives how many rows are no records."""
    rejects = 0
    for row in read(path):
        if len(row["payload"] or b"") < KEPT:
            rejects += row["rejected"]
            assert hash_of(copy_record(str(path), row["offset"], is_meant(row["raw_hash"]))) == row["raw_hash"]
    return rejects


@pytest.mark.parametrize(("ending", "middle", "defects"), DAMAGES.values(), ids=DAMAGES)
def test_what_is_between_two_records_can_be_copied(
    ending: str, middle: bytes, defects: list[str | None], tmp_path: Path
) -> None:
    path = tmp_path / f"a.warc{ending}"
    path.write_bytes(PACK[ending](FIRST) + middle + PACK[ending](LAST))
    assert copy_all(path) <= len([defect for defect in defects if defect])


@pytest.mark.parametrize("name", ["a.warc", "a.arc", "a.warc.gz"])
def test_junk_can_be_copied(name: str, tmp_path: Path) -> None:
    pack = gzip.compress if name.endswith(".gz") else bytes
    path = tmp_path / name
    path.write_bytes(b"junk in front\r\n" + pack(FIRST) + b"junk behind" * 9 + b"\r\n" + pack(LAST) + b"the end")
    assert copy_all(path) == 3


def test_what_the_name_of_an_archive_does_not_say_can_be_copied(tmp_path: Path) -> None:
    lower = tmp_path / "lower.warc"
    lower.write_bytes(FIRST + LAST.replace(b"WARC/1", b"warc/1", 1))
    older = tmp_path / "older.warc"
    older.write_bytes(ARC + arc(PAGE, b"http://a/0") + arc(PAGE, b"http://a/1"))
    assert [copy_all(lower), copy_all(older)] == [0, 0]


def test_a_version_line_in_any_case_begins_a_record_that_is_looked_up(tmp_path: Path) -> None:
    (tmp_path / "a.warc").write_bytes(b"\r\n" * 9 + response("http://a/1").replace(b"WARC/1", b"Warc/1", 1))
    lines = [{"url": "http://a/1", "offset": str(at), "filename": "a.warc"} for at in (18, 19)]
    (tmp_path / "i.cdxj").write_text("".join(f"a 2020 {json.dumps(line)}\n" for line in lines))
    assert [row["defect"] for row in read_all(f"cdx:{tmp_path}/i.cdxj?url=*")] == [None, "bad_lookup"]


def frames(number: int) -> tuple[bytes, list[bytes]]:
    """A dictionary frame and frames of records that need it."""
    pages = [response(f"http://a/{n}") + b"%d" % number * 50 for n in range(40)]
    dictionary = zstandard.train_dictionary(2048, [page[n:] for page in pages for n in range(0, 90, 10)])
    content = dictionary.as_bytes()
    packer = zstandard.ZstdCompressor(dict_data=dictionary)
    records = [packer.compress(response(f"http://a/{n}")) for n in range(5)]
    return b"\x5d\x2a\x4d\x18" + len(content).to_bytes(4, "little") + content, records


def test_an_archive_elsewhere_is_asked_for_its_dictionary_once_in_a_reading(tmp_path: Path) -> None:
    first, records = frames(0)
    begins = [len(first) + sum(map(len, records[:n])) for n in range(5)]
    lines = [{"url": f"http://a/{n}", "offset": str(at), "filename": "a.warc.zst"} for n, at in enumerate(begins)]
    said = [json.dumps({**line, "length": str(len(data))}) for line, data in zip(lines, records, strict=True)]
    (tmp_path / "i.cdxj").write_text("".join(f"a 2020 {line}\n" for line in said))
    with serve(files={"/a.warc.zst": first + b"".join(records)}) as site:
        rows = read_all(f"cdx:{tmp_path}/i.cdxj?url=*&archives={site.address}")
        assert [(row["url"], row["rejected"]) for row in rows] == [(f"http://a/{n}", False) for n in range(5)]
        assert len(site.asked) == 2 + 5


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_file_that_is_replaced_is_read_with_its_own_dictionary(elsewhere: bool, tmp_path: Path) -> None:
    with serve(files={}) as site:
        for number in (0, 7):
            first, records = frames(number)
            data = first + b"".join(records)
            (tmp_path / "a.warc.zst").write_bytes(data)
            site.files["/a.warc.zst"] = data
            place = f"{site.address}/a.warc.zst" if elsewhere else str(tmp_path / "a.warc.zst")
            [row] = Archives().read(place, len(first), max_record_bytes=1 << 20)
            assert row.column("url")[0].as_py() == "http://a/0"


def test_how_long_a_record_is_decides_whether_it_can_be_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither its decoded body nor what the archive says of cutting."""
    monkeypatch.setattr(originals, "_LIMIT", 2000)
    body = gzip.compress(b"<p>page " * 1000)
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\n" + body
    head = b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Truncated: max_record_bytes\r\nContent-Length: %d\r\n\r\n"
    for name, record in {
        "decoded": head.replace(b"max_record_bytes", b"length") % len(http) + http,
        "unsaid": head.replace(b"WARC-Truncated: max_record_bytes\r\n", b"") % len(http) + http,
        "said": head % len(PAGE) + PAGE,
    }.items():
        (tmp_path / name).write_bytes(record + b"\r\n\r\n")
        assert copy_record(str(tmp_path / name), 0, lambda row: True) == record
    long = PAGE + b" word" * 1000
    (tmp_path / "long").write_bytes(head.replace(b"max_record_bytes", b"length") % len(long) + long + b"\r\n\r\n")
    with pytest.raises(InputError, match="the record has more than 2,000 bytes and cannot be copied"):
        copy_record(str(tmp_path / "long"), 0, lambda row: True)
