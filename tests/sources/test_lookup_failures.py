"""Lookups whose archives cannot be read: what lasts is a reject, what may pass stops the task and decides nothing."""

from __future__ import annotations

import errno
import gzip
import io
import json
import os
from pathlib import Path
from typing import BinaryIO

import pytest

from spark_llmdata.errors import EnvironmentProblem, InputError
from spark_llmdata.sources import ranges
from spark_llmdata.sources.cdx import look_up, parse_lookup
from spark_llmdata.sources.index_lines import find_line, read_first_line, read_lines
from spark_llmdata.sources.inputs import find_files
from spark_llmdata.sources.reader import read_split
from spark_llmdata.sources.split import InputFile, Split, Tally
from tests.sources.lookups import read_all, response
from tests.sources.serving import serve

PACKED = gzip.compress(response("http://a.example/1"), 0)


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "WAITS_S", (0.01, 0.01, 0.01))


@pytest.fixture
def index(tmp_path: Path) -> str:
    line = {"url": "http://a.example/1", "filename": "a.warc.gz", "offset": "0", "length": str(len(PACKED))}
    (tmp_path / "i.cdxj").write_text(f"key 1 {json.dumps(line)}\n")
    return f"cdx:{tmp_path}/i.cdxj?url=*&archives="


@pytest.mark.parametrize("answers", [[], [503, 503], ["drop", "cut"], [500, 429, 502]])
def test_a_record_behind_a_server_that_fails_for_a_while_is_read(index: str, answers: list[int | str]) -> None:
    with serve(files={"/a.warc.gz": PACKED}, answers=list(answers)) as site:
        [row] = read_all(index + site.address)
        assert (row["rejected"], row["html"]) == (False, b"<p>page http://a.example/1")
        assert len(site.asked) == len(answers) + 1


@pytest.mark.parametrize(
    ("always", "why"),
    [
        (503, "the server says 503 Service Unavailable (4 tries)"),
        (403, "the server says 403 Forbidden"),
        ("cut", "the answer breaks off"),
        ("drop", "the answer breaks off"),
        ("elsewhere", "asked for bytes from 0 on the server sent others (Content-Range: bytes 1-"),
    ],
)
def test_a_server_that_goes_on_failing_decides_nothing(index: str, always: int | str, why: str) -> None:
    with serve(files={"/a.warc.gz": PACKED}, always=always) as site:
        with pytest.raises(EnvironmentProblem) as failure:
            read_all(index + site.address)
        said = str(failure.value)
        assert f"{site.address}/a.warc.gz: byte 0 cannot be read" in said
        assert ("4 tries" in said) == (always != 403)
        assert f"byte 0 cannot be read ({why}" in said
        assert "i.cdxj" in said
        assert "\n" not in said


@pytest.mark.parametrize(("status", "said"), [(404, "404"), (410, "410"), (416, "no record begins at byte 0")])
def test_what_a_server_says_for_good_is_a_reject(index: str, status: int, said: str) -> None:
    with serve(files={}, always=status) as site:
        [row] = read_all(index + site.address)
        assert (row["rejected"], row["defect"]) == (True, "bad_lookup")
        assert said in row["evidence"]
        assert len(site.asked) == 1


def test_other_bytes_at_the_place_are_a_reject(index: str) -> None:
    with serve(files={"/a.warc.gz": gzip.compress(response("http://b.example/2"), 0)}) as site:
        [row] = read_all(index + site.address)
        assert (row["defect"], row["rejected"], row["url"]) == ("bad_lookup", True, "http://a.example/1")
        assert "byte 0 of a.warc.gz is of http://b.example/2" in row["evidence"]


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("café.warc.gz", "/caf%C3%A9.warc.gz"),
        ("a b/c#1+.warc.gz", "/a%20b/c%231+.warc.gz"),
        ("a%20b.warc.gz", "/a%20b.warc.gz"),
        ("100%.warc.gz", "/100%25.warc.gz"),
        ("a.warc.gz?key=b&c=%2F", "/a.warc.gz?key=b&c=%2F"),
    ],
)
def test_names_that_an_address_cannot_hold_are_asked_for(tmp_path: Path, name: str, asked: str) -> None:
    line = {"url": "http://a.example/1", "filename": name, "offset": "0", "length": str(len(PACKED))}
    (tmp_path / "i.cdxj").write_text(f"key 1 {json.dumps(line)}\n")
    with serve(files={asked: PACKED}) as site:
        [row] = read_all(f"cdx:{tmp_path}/i.cdxj?url=*&archives={site.address}")
        assert site.asked == [f"GET {asked}"]
        assert (row["rejected"], dict(row["meta"])["archive"]) == (False, name)


def test_an_address_in_an_index_is_taken_as_it_is(tmp_path: Path) -> None:
    with serve(files={"/a.warc.gz": PACKED}) as site:
        (tmp_path / "b.warc.gz").write_bytes(PACKED)
        names = [f"{site.address}/a.warc.gz", f"file://{tmp_path}/b.warc.gz", f"{tmp_path}/b.warc.gz"]
        names += ["nope://a/b.warc.gz", "file://elsewhere/b.warc.gz", "http://a:none/b.warc.gz"]
        lines = [{"url": "http://a.example/1", "filename": name, "offset": "0"} for name in names]
        (tmp_path / "i.cdxj").write_text("".join(f"key 1 {json.dumps(line)}\n" for line in lines))
        for archives in ("", "&archives=/nowhere", f"&archives={site.address}/x"):
            rows = read_all(f"cdx:{tmp_path}/i.cdxj?url=*{archives}")
            assert [row["defect"] for row in rows] == [None] * 3 + ["bad_lookup"] * 3


def test_an_archive_that_is_missing_is_a_reject_that_says_how_it_is_looked_up_again(tmp_path: Path, index: str) -> None:
    (tmp_path / "other").touch()
    [row] = read_all(index + str(tmp_path))
    assert row["defect"] == "bad_lookup"
    assert "a.warc.gz: cannot be read (No such file or directory)" in row["evidence"]
    assert "give the index a new time (`touch`)" in row["evidence"]
    path = tmp_path / "i.cdxj"
    before = find_files([index + str(tmp_path)]).files[0].digest
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
    assert find_files([index + str(tmp_path)]).files[0].digest != before


@pytest.mark.parametrize("kind", ["missing", "empty", "file"])
def test_archives_that_are_all_missing_decide_nothing(kind: str, tmp_path: Path, index: str) -> None:
    folder = tmp_path / "archives"
    if kind == "empty":
        folder.mkdir()
    elif kind == "file":
        folder.touch()
    with pytest.raises(EnvironmentProblem, match=r"archives: there is no such folder, or nothing is in it, .* mounted"):
        read_all(index + str(folder))
    if kind == "missing":
        folder.mkdir()
    if kind != "file":
        (folder / "a.warc.gz").write_bytes(PACKED)
        [row] = read_all(index + str(folder))
        assert not row["rejected"]


def test_credentials_that_ran_out_decide_nothing(index: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Store:
        def cat_file(self, path: str, start: int, end: int) -> bytes:
            raise PermissionError(errno.EACCES, "The provided token has expired")

        def info(self, path: str) -> dict[str, int]:
            raise OSError(errno.EINVAL, "Bad Request")

    pytest.importorskip("fsspec")
    monkeypatch.setattr("spark_llmdata.sources.remote._resolve", lambda *_: (Store(), "bucket/a.warc.gz"))
    with pytest.raises(EnvironmentProblem, match=r"byte 0 cannot be read \(The provided token has expired\)"):
        read_all(f"{index}s3://bucket")


def test_an_archive_that_may_not_be_read_decides_nothing(
    index: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("spark_llmdata.sources.stored.read_range", refuse)
    with pytest.raises(EnvironmentProblem, match=r"a\.warc\.gz: byte 0 cannot be read \(Permission denied\)"):
        read_all(index + str(tmp_path))


def test_a_place_of_archives_that_nobody_knows_is_no_matter_of_the_lines(index: str) -> None:
    pytest.importorskip("fsspec")
    with pytest.raises(InputError, match="nobody knows the scheme nope"):
        read_all(index + "nope://place")


def test_an_index_in_a_store_is_read_and_one_that_cannot_be_read_now_decides_nothing(
    index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsspec = pytest.importorskip("fsspec")
    line = Path(index.removeprefix("cdx:").partition("?")[0]).read_bytes()
    for name, content in (("i.cdxj", line), ("i.cdxj.gz", gzip.compress(line))):
        fsspec.filesystem("memory").pipe(f"/lookup/{name}", content)
    with serve(files={"/a.warc.gz": PACKED}) as site:
        for name in ("i.cdxj", "i.cdxj.gz"):
            [row] = read_all(f"cdx:memory://lookup/{name}?url=*&archives={site.address}")
            assert not row["rejected"]

    def fail(*_: object) -> BinaryIO:
        raise TimeoutError("timed out")

    monkeypatch.setattr("spark_llmdata.sources.index_lines.open_file", fail)
    with pytest.raises(EnvironmentProblem, match=r"the index cannot be read \(timed out\); start the run again"):
        next(look_up(parse_lookup("cdx:memory://lookup/i.cdxj?url=*&archives=x"), max_record_bytes=1 << 20))


class Fails(io.BytesIO):
    """A file of a store whose driver fails in words of its own, wherever it is read."""

    def read(self, size: int | None = -1, /) -> bytes:
        raise type("EndpointConnectionError", (Exception,), {"__module__": "botocore.exceptions"})("no route")

    readline = read  # type: ignore[assignment]
    __next__ = read  # type: ignore[assignment]


@pytest.mark.parametrize("name", ["i.cdxj", "i.cdxj.gz"])
def test_wherever_an_index_fails_to_be_read_it_is_told_with_what_to_do(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("fsspec")
    monkeypatch.setattr("spark_llmdata.sources.index_lines.open_file", lambda *_: Fails())
    file = InputFile(f"cdx:memory://lookup/{name}?url=*&archives=x", 100, 0, "web", "cdx")
    said = rf"{name}: the index cannot be read \(the store fails: EndpointConnectionError: no route\); start the run"
    limits = {"max_record_bytes": 1 << 20, "batch_rows": 9, "batch_bytes": 1 << 20}
    for begin in (0, 50):
        with pytest.raises(EnvironmentProblem, match=said):
            list(read_split(Split(file, 0, begin, 100), Tally(), columns={}, **limits))
    lookup = parse_lookup(file.url)
    for read in (read_first_line, lambda index: find_line(index, 50, 100), lambda index: list(read_lines(index))):
        with pytest.raises(OSError, match="the store fails: EndpointConnectionError"):
            read(lookup.index)
