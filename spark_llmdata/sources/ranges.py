"""Ranges of files that lie elsewhere: asked for again where a store fails for a while, which is no answer."""

from __future__ import annotations

import errno
import http.client
import re
import time
import urllib.error
import urllib.request
from typing import Any

from spark_llmdata.sources import remote

#: Seconds between the six tries for a range, 53 in all; a task that Spark tries again begins anew.
WAITS_S: tuple[float, ...] = (1, 2, 5, 15, 30)
#: Seconds without a byte of an answer: with a server that hangs the six tries take seven minutes.
TIMEOUT_S = 60.0

#: What says that there is no such file, now or later.
_LASTING = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP})
_GONE = (404, 410)
_PARTIAL = 206
_BEHIND_END = 416
_CONTENT_RANGE = re.compile(r"\s*bytes\s+(\d{1,19})-", re.ASCII | re.IGNORECASE)
#: Answers below 500 of a server that asks to come again; others are a refusal.
_LATER = (408, 425, 429)


def is_lasting(error: OSError, url: str) -> bool:
    """Whether an error says something of the file at `url`: there is none of this name, however often one asks."""
    # A disk says EINVAL of a name or a byte it cannot have; drivers of stores say it of credentials that ran out, too.
    return error.errno in _LASTING or (error.errno == errno.EINVAL and not remote.is_remote(url))


def read_range(url: str, begin: int, end: int) -> bytes:
    """Read bytes [begin, end) of a file elsewhere; fewer where the file ends before `end`.

    Raises:
        OSError: there is no such file (`is_lasting`); the store lets nobody in (PermissionError); or it failed at each
            of several tries, and the message says how many.
        ValueError: the url is none.
        MissingExtra: the url is not http's and fsspec is not installed, or what it needs for the scheme.
    """
    ask = _ask_server if url.lower().startswith(("http://", "https://")) else _ask_driver
    tries = 0
    while True:
        try:
            return ask(url, begin, end)
        except OSError as error:
            if is_lasting(error, url) or isinstance(error, PermissionError):
                raise
            tries += 1
            if tries > len(WAITS_S):
                said = error.strerror or str(error)
                raise OSError(error.errno or errno.EIO, f"{said} ({tries} tries)", url) from error
        time.sleep(WAITS_S[tries - 1])


def _ask_server(url: str, begin: int, end: int) -> bytes:
    """One request. A server that knows no ranges sends all of the file, which is cut off where the range ends."""
    request = urllib.request.Request(url, headers={"Range": f"bytes={begin}-{end - 1}"})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            if answer.status == _PARTIAL:
                _check_begin(answer.headers.get("Content-Range"), begin, url)
            else:
                left = begin
                while left and (passed := answer.read(min(left, 1 << 20))):
                    left -= len(passed)
            data = bytes(answer.read(end - begin))
            if len(data) < end - begin and answer.length:
                raise OSError(errno.EIO, f"the answer breaks off, {answer.length:,} bytes before its end", url)
            return data
    except urllib.error.HTTPError as error:
        if error.code == _BEHIND_END:
            return b""
        raise OSError(_number(error.code), f"the server says {error.code} {error.reason}", url) from error
    except urllib.error.URLError as error:
        said = getattr(error.reason, "strerror", None) or error.reason
        raise OSError(errno.EIO, f"the server cannot be reached: {said}", url) from error
    except http.client.InvalidURL as error:
        raise ValueError(f"no address: {error}") from error
    except http.client.HTTPException as error:
        raise OSError(errno.EIO, f"the answer breaks off ({type(error).__name__})", url) from error


def _check_begin(said: str | None, begin: int, url: str) -> None:
    """Refuse a part of a file that is not the one asked for, or that does not say which it is."""
    found = _CONTENT_RANGE.match(said or "")
    if found is None or int(found[1]) != begin:
        raise OSError(errno.EIO, f"asked for bytes from {begin} on the server sent others (Content-Range: {said})", url)


def _number(status: int) -> int:
    """What a status means, as a number of the operating system's: gone, refused, or for another time."""
    if status in _GONE:
        return errno.ENOENT
    return errno.EACCES if 400 <= status < 500 and status not in _LATER else errno.EIO


def _ask_driver(url: str, begin: int, end: int) -> bytes:
    with remote.connect(url) as (file_system, path):
        try:
            return bytes(file_system.cat_file(path, start=begin, end=end))
        except FileNotFoundError:
            raise
        except Exception:
            # Some stores refuse a range behind the end of the file, each in words of its own.
            if _ends_before(file_system, path, begin):
                return b""
            raise


def _ends_before(file_system: Any, path: str, begin: int) -> bool:
    """Whether a file is known to end at or before a byte; where the store does not say, it is not known."""
    try:
        size = file_system.info(path).get("size")
    except Exception:  # noqa: BLE001 - the caller raises the error of its own request, which says more
        return False
    return size is not None and int(size) <= begin
