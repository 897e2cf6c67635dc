"""Ranges of remote files: what fails for a while is asked for again, what lasts is told; neither is taken for data."""

from __future__ import annotations

import errno
import socket
from typing import Any

import pytest

from spark_llmdata.sources import ranges
from spark_llmdata.sources.files import read_range
from tests.sources.serving import serve

DATA = bytes(range(256)) * 20


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "WAITS_S", (0.01, 0.01, 0.01))
    monkeypatch.setattr(ranges, "TIMEOUT_S", 0.3)


@pytest.mark.parametrize("answers", [[503, 500], ["drop", 429], ["cut", "cut"], ["sleep", 504], [408, "drop", "cut"]])
@pytest.mark.parametrize("known", [True, False], ids=["ranges", "no ranges"])
def test_what_fails_for_a_while_is_read(answers: list[int | str], known: bool) -> None:
    with serve(files={"/a": DATA}, answers=list(answers), ranges=known) as site:
        assert read_range(f"{site.address}/a", 700, 4000) == DATA[700:4000]
        assert len(site.asked) == len(answers) + 1


@pytest.mark.parametrize(
    ("always", "said"),
    [
        (503, r"the server says 503 Service Unavailable \(4 tries\)"),
        ("cut", r"the answer breaks off.* \(4 tries\)"),
        ("drop", r"\(4 tries\)"),
        ("sleep", r"timed out.* \(4 tries\)"),
        ("elsewhere", r"asked for bytes from 700 on the server sent others \(Content-Range: bytes 701-.* \(4 tries\)"),
        ("untold", r"the server sent others \(Content-Range: None\) \(4 tries\)"),
    ],
)
def test_what_goes_on_failing_is_told_with_the_tries(always: int | str, said: str) -> None:
    with serve(files={"/a": DATA}, always=always) as site:
        with pytest.raises(OSError, match=said) as failure:
            read_range(f"{site.address}/a", 700, 800)
        assert not ranges.is_lasting(failure.value, f"{site.address}/a")
        assert failure.value.filename == f"{site.address}/a"
        assert len(site.asked) == 4


@pytest.mark.parametrize(("status", "number"), [(404, errno.ENOENT), (410, errno.ENOENT), (403, errno.EACCES)])
def test_a_plain_no_is_not_asked_again(status: int, number: int) -> None:
    with serve(files={"/a": DATA}, always=status) as site:
        with pytest.raises(OSError, match=f"the server says {status}") as failure:
            read_range(f"{site.address}/a", 0, 100)
        assert failure.value.errno == number
        assert ranges.is_lasting(failure.value, site.address) == (status != 403), (
            "who is refused is told nothing of the file"
        )
        assert len(site.asked) == 1


@pytest.mark.parametrize("known", [True, False], ids=["ranges", "no ranges"])
def test_a_range_ends_where_the_file_does(known: bool) -> None:
    with serve(files={"/a": DATA}, ranges=known) as site:
        assert read_range(f"{site.address}/a", 5000, 9000) == DATA[5000:]
        assert read_range(f"{site.address}/a", 9000, 9999) == b""
        assert len(site.asked) == 2


def test_a_server_that_is_not_there() -> None:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{place.getsockname()[1]}/a"
    with pytest.raises(OSError, match=r"cannot be reached: Connection refused \(4 tries\)") as failure:
        read_range(address, 0, 9)
    assert not ranges.is_lasting(failure.value, address)


def test_what_is_no_address_is_the_callers_fault() -> None:
    with pytest.raises(ValueError, match="no address"):
        read_range("http://127.0.0.1:1/a b", 0, 9)


class Store:
    """What a driver gives: it refuses a range behind the end in words of its own, and fails at first."""

    def __init__(self, failures: list[Exception], info: Exception | None = None) -> None:
        self.failures = failures
        self.failure_of_info = info

    def cat_file(self, path: str, start: int, end: int) -> bytes:
        if self.failures:
            raise self.failures.pop(0)
        if start >= len(DATA):
            raise OSError(errno.EIO, "The requested range is not satisfiable")
        return DATA[start:end]

    def info(self, path: str) -> dict[str, Any]:
        if self.failure_of_info:
            raise self.failure_of_info
        return {"size": len(DATA), "type": "file"}


def test_stores_behind_drivers_are_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("fsspec")
    store = Store([ConnectionResetError(errno.ECONNRESET, "reset"), OSError(errno.EIO, "Slow down"), TimeoutError()])
    monkeypatch.setattr("spark_llmdata.sources.remote._resolve", lambda *_: (store, "bucket/a"))
    assert read_range("s3://bucket/a", 10, 20) == DATA[10:20]
    assert read_range("s3://bucket/a", 9000, 9001) == b""
    store.failures = [FileNotFoundError(errno.ENOENT, "no such key")] * 2
    with pytest.raises(FileNotFoundError):
        read_range("s3://bucket/a", 10, 20)
    assert len(store.failures) == 1
    store.failures = [OSError(errno.EIO, "Slow down")] * 9
    with pytest.raises(OSError, match=r"Slow down \(4 tries\)"):
        read_range("s3://bucket/a", 10, 20)


INVALID = OSError(errno.EINVAL, "Bad Request")


def test_credentials_that_ran_out_say_nothing_of_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("fsspec")
    store = Store([PermissionError(errno.EACCES, "The provided token has expired")], info=INVALID)
    monkeypatch.setattr("spark_llmdata.sources.remote._resolve", lambda *_: (store, "bucket/a"))
    with pytest.raises(PermissionError, match="The provided token has expired"):
        read_range("s3://bucket/a", 10, 20)
    store.failures = [INVALID] * 4
    with pytest.raises(OSError, match=r"Bad Request \(4 tries\)") as failure:
        read_range("s3://bucket/a", 10, 20)
    assert not ranges.is_lasting(failure.value, "s3://bucket/a")
    assert ranges.is_lasting(failure.value, "/archives/a"), "of a disk it is the name that is invalid"


def test_what_a_range_is_refused_for_is_told_where_the_size_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("fsspec")
    for info in (INVALID, FileNotFoundError(errno.ENOENT, "no such key")):
        store = Store([OSError(errno.EIO, "Slow down")] * 9, info=info)
        monkeypatch.setattr("spark_llmdata.sources.remote._resolve", lambda *_, store=store: (store, "bucket/a"))
        with pytest.raises(OSError, match=r"Slow down \(4 tries\)"):
            read_range("s3://bucket/a", 9000, 9001)
