"""Lists of domains, addresses and words: found, known by their content, compiled once per machine, and mapped."""

from __future__ import annotations

import codecs
import fcntl
import functools
import gzip
import hashlib
import json
import os
import re
import tempfile
import warnings
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from spark_llmdata.errors import EnvironmentProblem, UsageError
from spark_llmdata.kernels import url_rules
from spark_llmdata.sources import files

#: Names a folder for compiled lists, where the one below the home directory is not wanted.
CACHE_VARIABLE = "LLMDATA_CACHE_DIR"

#: Raised by whoever changes the file's layout.
_LAYOUT = "1"
_GZIP = b"\x1f\x8b"
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BEGINNING = 1 << 16
_COMMENT = re.compile(r"(?:^|\s)#")


@dataclass(frozen=True)
class Source:
    """A file of entries, a line each, and the SHA-256 of the bytes that are stored."""

    url: str
    sha256: str


def absolute(path: str) -> str:
    """The path as it is known from any folder; a remote url as it is."""
    return files.absolute(path)


def find_files(path: str, name: str, categories: Sequence[str] | None) -> list[str]:
    """The files a path means: itself, or of a folder in the manner of UT1 the file `name` of each category.

    A category is a folder in the folder; without `categories` all are taken that have such a file, and one that lies in
    the folder itself. A file may be compressed (`domains.gz`).

    Raises:
        ValueError: there is nothing under the path, or not what is named.
        OSError: it cannot be read.
    """
    url = absolute(path)
    if not files.exists(url):
        raise ValueError(f"{path!r} does not exist; expected a file of entries or a folder with files {name!r}")
    if not files.is_folder(url):
        files.stat_file(url)
        return [url]
    names = files.list_names(url)
    unknown = sorted(set(categories or ()) - set(names))
    if unknown:
        raise ValueError(f"{path!r} has no category {unknown[0]!r}; it has {', '.join(names)}")
    folders = [url, *(f"{url}/{inside}" for inside in names)]
    if categories is not None:
        folders = [f"{url}/{category}" for category in sorted(set(categories))]
    found = [
        f"{folder}/{ending}"
        for folder in folders
        for ending in files.list_names(folder)
        if ending in (name, f"{name}.gz")
    ]
    if not found:
        raise ValueError(f"{path!r} is a folder without a file {name!r}, in it or in a folder in it")
    return found


def identify(urls: Iterable[str]) -> tuple[Source, ...]:
    """The files with their SHA-256; what did not change since is not read again.

    Raises:
        OSError: a file cannot be read.
    """
    return tuple(Source(url, _hash(url, *files.stat_file(url))) for url in urls)


@functools.lru_cache(maxsize=1024)
def _hash(url: str, size: int, changed: int) -> str:
    digest = hashlib.sha256()
    for chunk in files.read_chunks(url, 0, size, 1 << 20):
        digest.update(chunk)
    return digest.hexdigest()


def read_words(sources: Iterable[Source]) -> tuple[str, ...]:
    """The entries of files of words, each once, sorted; empty lines are none, nor is what ` #` or `#` at first begins.

    Raises:
        ValueError: a file is not UTF-8.
        EnvironmentProblem: a file cannot be read, or is another than it was.
    """
    words: set[str] = set()
    for source in sources:
        try:
            lines = _read(source).decode("utf-8-sig").splitlines()
        except UnicodeDecodeError as error:
            raise ValueError(f"{source.url!r} is not UTF-8 (byte {error.start}); convert it") from error
        words.update(_COMMENT.split(line, maxsplit=1)[0].strip() for line in lines)
    return tuple(sorted(words - {""}))


def _check_text(url: str, content: bytes) -> bytes:
    """Refuse a file in UTF-16 or 32, of which no line could match; tell of one with some lines that are not UTF-8."""
    if content.startswith(_WIDE) or b"\0" in content[:_BEGINNING]:
        raise UsageError(f"the list {url} is no UTF-8 (it looks like UTF-16 or a binary file); convert it")
    try:
        content.decode()
    except UnicodeDecodeError as error:
        first = content.count(b"\n", 0, error.start) + 1
        unreadable = sum(not _is_utf8(line) for line in content.split(b"\n"))
        warnings.warn(
            f"{url}: lines that are not UTF-8 match no address: {unreadable:,}, the first is line {first:,}; convert",
            stacklevel=2,
        )
    return content


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _read(source: Source) -> bytes:
    """A file's content, decompressed; refuses one that is not what was identified."""
    try:
        with files.open_file(source.url) as stored:
            data = stored.read()
        content = gzip.decompress(data) if data.startswith(_GZIP) else data
    except (OSError, EOFError, zlib.error) as error:
        raise EnvironmentProblem(
            f"the list {source.url} cannot be read here ({error}); put it where every machine can read it"
        ) from error
    if hashlib.sha256(data).hexdigest() != source.sha256:
        raise EnvironmentProblem(
            f"the list {source.url} is not what it was when the run was planned (SHA-256 {source.sha256}); start again"
        )
    return content


def open_table(sources: tuple[Source, ...], url_form: str | None = None) -> pa.RecordBatch:
    """The compiled table of all entries, mapped from the machine's cache; made there first if it is not there.

    A name in the cache stands for the content of the sources, the form of addresses and the version of the layout.

    Raises:
        EnvironmentProblem: a source cannot be read, or is another than it was; there is no place for the table.
    """
    contents = sorted({source.sha256 for source in sources})
    facts = {"layout": _LAYOUT, "kernel": url_rules.REVISION, "url_form": url_form, "sources": contents}
    header = {"url_list": json.dumps(facts, sort_keys=True)}
    name = hashlib.sha256(header["url_list"].encode()).hexdigest()[:32]
    path = cache_folder() / f"url_list-{name}.arrow"
    found = _map(path, header)
    if found is None:
        with _locked(path.with_suffix(".lock")):
            found = _map(path, header)
            if found is None:
                _compile(sources, url_form, path, header)
                found = _map(path, header)
    if found is None:
        raise EnvironmentProblem(f"{path} cannot be read after it was written; is the disk full? remove it and retry")
    return found


def cache_folder() -> Path:
    """The folder of compiled lists: `LLMDATA_CACHE_DIR`, or one in the user's cache, or else beside temporary files.

    Raises:
        EnvironmentProblem: none of them can be written, or the last belongs to somebody else.
    """
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return _made(Path(named))
    try:
        home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        return _made(Path(home) / "spark_llmdata")
    except (EnvironmentProblem, RuntimeError):  # no home directory, or none that can be written
        folder = _made(Path(tempfile.gettempdir()) / f"spark_llmdata-{os.getuid()}")
    facts = folder.stat()
    if facts.st_uid != os.getuid() or facts.st_mode & 0o022:
        raise EnvironmentProblem(f"{folder} can be written by others; set {CACHE_VARIABLE} to a folder of your own")
    return folder


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentProblem(
            f"no folder for compiled lists: {error}; set {CACHE_VARIABLE} to one that can be written"
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise EnvironmentProblem(f"{folder} cannot be written; set {CACHE_VARIABLE} to a folder that can be")
    return folder


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Wait for another process that makes the same table; where nothing can be locked both make it, to no harm."""
    with path.open("w") as handle:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _map(path: Path, header: dict[str, str]) -> pa.RecordBatch | None:
    """The table of a file, mapped; None if it is not there, or not whole."""
    try:
        with pa.ipc.open_file(pa.memory_map(str(path))) as reader:
            if reader.schema.metadata != {key.encode(): value.encode() for key, value in header.items()}:
                return None
            table = reader.get_batch(0)
        # Native code follows its offsets without a look back.
        table.validate(full=True)
    except (OSError, pa.ArrowInvalid):
        return None
    return table


def _compile(sources: Iterable[Source], url_form: str | None, path: Path, header: dict[str, str]) -> None:
    """Write the table beside its place, then give it its name in one step.

    Raises:
        EnvironmentProblem: there is no place for it, or a source cannot be read.
        UsageError: a line of a list of domains is none; the message names file and line.
    """
    files_of = ((source.url, _check_text(source.url, _read(source))) for source in sources)
    try:
        table, _ = url_rules.compile_list(files_of, url_form)
    except ValueError as error:
        raise UsageError(str(error)) from error
    table = table.replace_schema_metadata(header)
    # Not by the process: threads, and machines with one folder, write at once where nothing can be locked.
    try:
        handle, name = tempfile.mkstemp(".tmp", f"{path.name}.", path.parent)
    except OSError as error:
        raise EnvironmentProblem(
            f"no file can be made in {path.parent} ({error}); make room, or set {CACHE_VARIABLE} to another folder"
        ) from error
    os.close(handle)
    aside = Path(name)
    try:
        with pa.OSFile(str(aside), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_batch(table)
        aside.replace(path)
    except OSError as error:
        raise EnvironmentProblem(
            f"{aside} cannot be written ({error}); make room, or set {CACHE_VARIABLE} to another folder"
        ) from error
    finally:
        aside.unlink(missing_ok=True)
