"""The one place that opens, measures, lists and removes files, on the local disk or, by fsspec, anywhere else."""

from __future__ import annotations

import errno
import glob
import hashlib
import os
import re
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import unquote

from spark_llmdata.errors import InputError
from spark_llmdata.sources import ranges, remote
from spark_llmdata.sources.remote import is_remote as is_remote

_WILD = re.compile(r"[*?\[]")
_COMMIT = re.compile(r"\d{20}\.json")


def open_file(url: str, offset: int = 0) -> BinaryIO:
    """Open a file for reading bytes, from byte `offset` on.

    Raises:
        OSError: the file cannot be opened.
        MissingExtra: the url is not local and fsspec is not installed.
    """
    if is_remote(url):
        with remote.connect(url) as (file_system, path):
            handle = cast(BinaryIO, file_system.open(path, "rb"))
    else:
        handle = open(local_path(url), "rb")  # noqa: SIM115 - the caller closes it
    if offset:
        handle.seek(offset)
    return handle


def read_chunks(url: str, begin: int, end: int, chunk: int) -> Iterator[bytes]:
    """Yield bytes [begin, end) of a file, at most `chunk` at a time; fewer in all where the file ends before `end`."""
    with open_file(url, begin) as handle:
        left = end - begin
        while left > 0 and (data := handle.read(min(chunk, left))):
            left -= len(data)
            yield data


def read_range(url: str, begin: int, end: int) -> bytes:
    """Read bytes [begin, end) of a file and no more of it; fewer where the file ends before `end`.

    What fails elsewhere than on the local disk is tried again, see `ranges.read_range`.

    Raises:
        OSError: the file cannot be opened or read.
        ValueError: the url is none.
        MissingExtra: the url is neither local nor http and fsspec is not installed.
    """
    if end <= begin:
        return b""
    if is_remote(url):
        return ranges.read_range(url, begin, end)
    return b"".join(read_chunks(url, begin, end, 1 << 20))


def stat_file(url: str) -> tuple[int, int]:
    """Tell a regular file's size in bytes and the time of its last change in nanoseconds since the epoch.

    Where a remote store keeps no time, the second number is drawn from its checksum (etag): it still changes with the
    content.

    Raises:
        OSError: there is no such file, it is something else, or it may not be read.
    """
    if is_remote(url):
        with remote.connect(url) as (file_system, path):
            info = file_system.info(path)
            if info.get("type") != "file":
                raise OSError(errno.EINVAL, "is not a regular file", url)
            return int(info["size"]), _changed(info)
    path = local_path(url)
    found = Path(path).stat()
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "is not a regular file", url)
    if not os.access(path, os.R_OK):
        raise PermissionError(errno.EACCES, "may not be read by this user", url)
    return found.st_size, found.st_mtime_ns


def exists(url: str) -> bool:
    """Whether there is a file or a folder of this name, be it a link that leads nowhere.

    Raises:
        OSError: it cannot be told, for want of permission for instance.
    """
    if is_remote(url):
        with remote.connect(url) as (file_system, path):
            file_system.invalidate_cache()
            return remote.exists(file_system, path)
    try:
        os.lstat(local_path(url))
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: a NUL in the name
        return False
    return True


def is_folder(url: str) -> bool:
    """Whether this is a folder."""
    if is_remote(url):
        with remote.connect(url) as (file_system, path):
            return bool(file_system.isdir(path))
    return Path(local_path(url)).is_dir()


def identity(url: str) -> str:
    """Name the file behind a url, the same for all the ways (links) that lead to it."""
    return url if is_remote(url) else os.path.realpath(local_path(url))


def absolute(url: str) -> str:
    """Give the url by which a file is known from here on: an absolute path, links unresolved, or a remote url as is."""
    if is_remote(url):
        return url
    path = local_path(url)
    short = os.path.abspath(path)  # noqa: PTH100 - resolves no links, unlike Path.resolve
    # Behind a link to a folder, `..` is not what the text says.
    if ".." in Path(path).parts and os.path.realpath(short) != os.path.realpath(path):
        return os.path.realpath(path)
    return short


def local_path(url: str) -> str:
    """Give the path of a local url: `file:` urls are decoded, anything else is a path already.

    Raises:
        InputError: a `file:` url names another machine.
    """
    if url[:6].lower() != "file:/":
        return url
    path = url[5:]
    if path.startswith("//"):
        host, slash, rest = path[2:].partition("/")
        if host not in ("", "localhost"):
            raise InputError(
                f"{url}: a file: url cannot name the machine {host!r}; write file:///path or the plain path"
            )
        path = slash + rest
    return unquote(path, errors="surrogateescape")


def list_folder(url: str, enter: Callable[[str], bool] = lambda name: True) -> list[str]:
    """List all files below a folder, however deep, sorted; links are followed, each folder is listed once.

    A folder below whose name `enter` refuses is not looked into: it is listed itself, with a slash at its end.

    Raises:
        OSError: a folder below cannot be listed.
    """
    if is_remote(url):
        return _list_remote(url, enter)
    found: list[str] = []
    seen: set[str] = set()
    waiting = [absolute(url)]
    links: list[str] = []
    while waiting or links:
        # Real folders come first, so that links do not decide under which name a file is found.
        folder = waiting.pop() if waiting else links.pop(0)
        real = os.path.realpath(folder)
        if real in seen:
            continue
        seen.add(real)
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if not entry.is_dir():
                    found.append(entry.path)
                elif not enter(entry.name):
                    found.append(entry.path + "/")
                elif entry.is_symlink():
                    links.append(entry.path)
                else:
                    waiting.append(entry.path)
    return sorted(found)


def _list_remote(url: str, enter: Callable[[str], bool]) -> list[str]:
    with remote.connect(url) as (file_system, path):
        file_system.invalidate_cache()  # a session may live for days, and new files come in
        found = set()
        for name in file_system.find(path):
            folders = name[len(path) :].split("/")[:-1]
            closed = next((place for place, folder in enumerate(folders) if folder and not enter(folder)), None)
            if closed is not None:
                name = path + "/".join(folders[: closed + 1]) + "/"
            found.add(remote.spell(url, path, name, file_system))
        return sorted(found)


def list_names(url: str) -> list[str]:
    """List the names of what is directly in a folder, sorted; nothing where there is no such folder."""
    if is_remote(url):
        with remote.connect(url) as (file_system, path):
            file_system.invalidate_cache()
            try:
                found = file_system.ls(path, detail=False)
            except FileNotFoundError:
                return []
            return sorted({name.rstrip("/").rsplit("/", 1)[-1] for name in found} - {""})
    try:
        return sorted(os.listdir(local_path(url)))  # noqa: PTH208 - names, not paths
    except (FileNotFoundError, NotADirectoryError):
        return []


def holds_nothing(folder: str) -> bool:
    """Whether a folder on a local disk is not there, or empty, as one is at which a disk is not mounted."""
    try:
        with os.scandir(local_path(folder)) as names:
            return next(names, None) is None
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:  # it may not be listed, which says nothing of what is in it
        return False


def measure_folder(url: str) -> dict[str, tuple[int, int]]:
    """Tell size (bytes) and time of the last change (ns since the epoch) of each file below a folder, by relative path.

    Hidden files are among them; links are files, and not followed. Nothing where there is no such folder.
    """
    if is_remote(url):
        with remote.connect(url) as (file_system, path):
            file_system.invalidate_cache()
            found = file_system.find(path, detail=True, withdirs=False)
            return {name[len(path) :].lstrip("/"): (int(i.get("size") or 0), _changed(i)) for name, i in found.items()}
    root = local_path(url)
    files: dict[str, tuple[int, int]] = {}
    waiting = [root]
    while waiting:
        with suppress(FileNotFoundError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    facts = entry.stat(follow_symlinks=False)
                    files[os.path.relpath(entry.path, root).replace(os.sep, "/")] = facts.st_size, facts.st_mtime_ns
    return files


def write_file(url: str, content: bytes) -> None:
    """Write a small file, whose folder is made where it is missing.

    Raises:
        OSError: the file cannot be written.
        MissingExtra: the url is not local and fsspec is not installed.
    """
    if is_remote(url):
        with remote.connect(url) as (file_system, path):
            file_system.pipe_file(path, content)
        return
    place = Path(local_path(url))
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)


def remove_files(urls: Iterable[str]) -> None:
    """Remove files; what is gone already is none of its business.

    Raises:
        OSError: a file cannot be removed.
    """
    for url in urls:
        with suppress(FileNotFoundError):
            if is_remote(url):
                with remote.connect(url) as (file_system, path):
                    file_system.rm_file(path)
            else:
                Path(local_path(url)).unlink()


def remove_folder(url: str, hidden: str) -> None:
    """Remove a folder with all that is in it.

    On a local disk it first gets the name `hidden` beside it, in one step: who is killed in here leaves no half of it
    under its own name. Elsewhere its files go one by one: of a Delta log what tells of commits, then the commits,
    newest first, then the data. So who is killed leaves a table at an older version, or files without a log.

    Raises:
        OSError: something cannot be removed.
    """
    if is_remote(url):
        newest_first = sorted(measure_folder(url), reverse=True)
        remove_files(f"{url}/{name}" for name in sorted(newest_first, key=_turn))
        return
    path = Path(local_path(url))
    aside = path.with_name(hidden)
    if aside != path:
        if aside.exists():
            shutil.rmtree(aside)
        path.rename(aside)
    shutil.rmtree(aside)


def remove_empty_folder(url: str) -> None:
    """Remove a folder of a local disk unless something is in it; elsewhere there are no empty folders."""
    if not is_remote(url):
        with suppress(OSError):  # that something is in it, or that it is gone already
            Path(local_path(url)).rmdir()


def _turn(name: str) -> int:
    """When a file goes that is removed together with its table: before the commits, with them, or behind them."""
    folder, _, last = f"/{name}".rpartition("/")
    if "/_delta_log" not in folder:
        return 3
    if last == "_last_checkpoint":
        return 0
    return 2 if _COMMIT.fullmatch(last) else 1


def has_glob(url: str) -> bool:
    """Whether the url is a pattern: it contains `*`, `?` or `[`."""
    return _WILD.search(url) is not None


def expand_glob(pattern: str) -> list[str]:
    """List the files and folders that match a pattern (`**` for any number of folders), sorted, as absolute urls."""
    if is_remote(pattern):
        with remote.connect(pattern) as (file_system, path):
            file_system.invalidate_cache()
            return sorted(remote.spell(pattern, path, name, file_system) for name in file_system.glob(path))
    path = local_path(pattern)
    return sorted({absolute(name) for name in glob.glob(path, recursive=True)})  # noqa: PTH207 - keeps what Path drops


def _changed(info: Mapping[str, Any]) -> int:
    for key in ("mtime", "LastModified", "last_modified", "modified", "updated", "created"):
        value = info.get(key)
        if isinstance(value, str):
            value = _moment(value)
        if isinstance(value, datetime):
            aware = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
            return int(aware.timestamp() * 1_000_000) * 1_000
        if isinstance(value, (int, float)):
            return int(value * 1_000_000) * 1_000
    mark = info.get("ETag") or info.get("etag") or info.get("checksum") or info.get("Last-Modified")
    return int.from_bytes(hashlib.sha256(str(mark).encode()).digest()[:7], "big") if mark else 0


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
