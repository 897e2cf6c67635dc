"""Indexes of archives (CDX and CDXJ): which records to look up, and the records at the places the index names."""

from __future__ import annotations

import gzip
import json
import posixpath
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit

import pyarrow as pa

from spark_llmdata.errors import InputError
from spark_llmdata.kernels.warc import WarcParser
from spark_llmdata.sources.files import open_file, read_range
from spark_llmdata.sources.split import Compression

PREFIX = "cdx:"
EXPECTED = "cdx:INDEX?url=...&host=...&digest=...&archives=FOLDER, with one of url, host, digest or more"

_LEGEND = " CDX N b a m s k r M S V g"  # of an index that has none
_ENDINGS: Mapping[str, Compression] = {".gz": "gzip", ".zst": "zstd", ".lz4": "lz4"}
_PIECE = 1 << 20  # bytes read at a time where the index gives no length
_LONGEST = 2 << 30  # no record takes more stored bytes


@dataclass(frozen=True)
class Lookup:
    """What to look up: an index file, and which of its lines are meant; a line has to satisfy each kind that is named.

    `urls` are as the index has them, with a `*` at their end for all that begin so; `hosts` stand for their subdomains
    too; `digests` are in the index's own writing, with or without `sha1:`. `archives` is the folder, or the beginning
    of the address, of the files that the index names.
    """

    index: str
    archives: str
    urls: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()

    def wants(self, entry: Entry) -> bool:
        """Whether the line is among those meant."""
        if self.urls and not any(_matches(entry.url, wanted) for wanted in self.urls):
            return False
        if self.digests and _bare(entry.digest) not in map(_bare, self.digests):
            return False
        if not self.hosts:
            return True
        host = f".{_host(entry.url)}"
        return any(host.endswith(f".{wanted.lower()}") for wanted in self.hosts)


@dataclass(frozen=True)
class Entry:
    """A line of an index: a record's address and payload digest, and the stored bytes it takes in an archive."""

    url: str
    digest: str
    archive: str
    offset: int
    length: int | None


@dataclass
class Found:
    """A line that was looked up: where it stands in the index (bytes), what it says, and the rows or the error."""

    line: int
    entry: Entry | None
    rows: list[pa.RecordBatch] = field(default_factory=list)
    error: str | None = None


def parse_lookup(argument: str) -> Lookup:
    """Take `cdx:INDEX?url=...` apart.

    Raises:
        InputError: nothing is looked up, or a part has another name.
    """
    index, _, query = argument.removeprefix(PREFIX).rpartition("?")
    named: dict[str, list[str]] = {"url": [], "host": [], "digest": [], "archives": []}
    for name, value in parse_qsl(query):
        if name not in named:
            raise InputError(f"{argument}: there is no {name!r} to look up by; expected {EXPECTED}")
        named[name].append(value)
    if not index or not (named["url"] or named["host"] or named["digest"]):
        raise InputError(f"{argument}: names nothing to look up; expected {EXPECTED}")
    if len(named["archives"]) > 1:
        raise InputError(f"{argument}: names two folders of archives; expected one")
    archives = named["archives"][0] if named["archives"] else posixpath.dirname(index)
    return Lookup(index, archives, tuple(named["url"]), tuple(named["host"]), tuple(named["digest"]))


def spell_lookup(lookup: Lookup, index: str, archives: str) -> str:
    """The argument that `parse_lookup` takes apart, with other places of the index and the archives."""
    named = (("url", lookup.urls), ("host", lookup.hosts), ("digest", lookup.digests), ("archives", (archives,)))
    return f"{PREFIX}{index}?{urlencode([(name, value) for name, values in named for value in values])}"


def look_up(lookup: Lookup, *, max_record_bytes: int) -> Iterator[Found]:
    """Yield the lines that are meant, with their records; of the archives only the ranges that they name are read.

    A line that cannot be read, a place where there is no record, an archive that cannot be opened: an `error`.

    Raises:
        OSError: the index cannot be read.
    """
    for found in find_entries(lookup):
        entry = found.entry
        if entry is not None:
            place = join_place(lookup, entry)
            try:
                found.rows = read_record(place, entry.offset, entry.length, max_record_bytes=max_record_bytes)
                if not found.rows:
                    found.error = f"no record begins at byte {entry.offset} of {entry.archive}"
            except OSError as error:
                found.error = f"{entry.archive}: cannot be read ({error.strerror or error})"
        yield found


def find_entries(lookup: Lookup) -> Iterator[Found]:
    """Yield the lines that are meant, without their records, and an `error` for those that cannot be read.

    Raises:
        OSError: the index cannot be read.
    """
    legend = _LEGEND.split()[1:]
    with open_file(lookup.index) as stored:
        lines: Iterable[bytes] = gzip.GzipFile(fileobj=stored) if lookup.index.lower().endswith(".gz") else stored
        at = 0
        try:
            for line in lines:
                begin, at = at, at + len(line)
                if line.startswith(b" CDX "):
                    legend = line.decode("utf-8", "replace").split()[1:]
                elif line.strip() and not line.startswith((b"!", b"#")):
                    found = _read_line(begin, line, legend)
                    if found.entry is None or lookup.wants(found.entry):
                        yield found
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            yield Found(at, None, error=f"the index breaks off: {error}")


def _read_line(begin: int, line: bytes, legend: list[str]) -> Found:
    try:
        return Found(begin, parse_line(line.decode("utf-8", "replace"), legend))
    except (ValueError, KeyError) as error:
        return Found(begin, None, error=f"a line that names no record: {error}")


def parse_line(line: str, legend: list[str]) -> Entry:
    """Read a line of a CDXJ index (key, time, JSON object) or of a CDX index with the columns of its legend.

    Raises:
        ValueError, KeyError: the line does not say where a record is.
    """
    key, _, rest = line.strip().partition(" ")
    time, _, body = rest.partition(" ")
    if body.lstrip().startswith("{"):
        said = {name: str(value) for name, value in json.loads(body).items()}
    else:
        columns = [key, time, *body.split()]
        names = {"a": "url", "k": "digest", "g": "filename", "V": "offset", "S": "length"}
        if len(columns) != len(legend):
            raise ValueError(f"{len(columns)} columns, expected {len(legend)}")
        said = {names[letter]: value for letter, value in zip(legend, columns, strict=True) if letter in names}
    length = said.get("length", "-")
    offset = int(said["offset"])
    if offset < 0:
        raise ValueError(f"the offset is {offset}, expected 0 or more")
    return Entry(
        said["url"], said.get("digest", ""), said["filename"], offset, int(length) if length.isdigit() else None
    )


def read_record(
    archive: str, offset: int, length: int | None, *, max_record_bytes: int, keep_raw: bool = False
) -> list[pa.RecordBatch]:
    """Give the rows of the records that begin at a stored byte, or in the member there; none where none does.

    One row a batch. Without a length as much is read as the record takes, in pieces of 1 MiB.

    Raises:
        OSError: the archive cannot be opened or read.
    """
    compression: Compression = next(
        (kind for ending, kind in _ENDINGS.items() if archive.lower().endswith(ending)), "none"
    )
    parser = WarcParser(
        compression,
        max_record_bytes,
        batch_rows=1,
        keep_raw=keep_raw,
        begin=offset,
        stop=offset + 1,
        dictionary=_read_dictionary(archive) if compression == "zstd" and offset else b"",
    )
    rows: list[pa.RecordBatch] = []
    at, end = offset, offset + (_LONGEST if length is None else length)
    last = False
    while not (last or parser.stopped):
        chunk = read_range(archive, at, min(at + _PIECE, end))
        at += len(chunk)
        last = not chunk
        while (batch := parser.push(chunk, last)) is not None:
            rows.append(batch)
            chunk = b""
    return rows


def _read_dictionary(archive: str) -> bytes:
    head = read_range(archive, 0, 8)
    length = int.from_bytes(head[4:], "little")
    named = head.startswith(b"\x5d\x2a\x4d\x18") and length <= 16 << 20
    return read_range(archive, 8, 8 + length) if named else b""


def join_place(lookup: Lookup, entry: Entry) -> str:
    """The path or address of the archive that an entry names."""
    folder, name = lookup.archives, entry.archive
    return f"{folder.rstrip('/')}/{name}" if folder and not name.startswith("/") else name


def _matches(url: str, wanted: str) -> bool:
    return url.startswith(wanted[:-1]) if wanted.endswith("*") else url == wanted


def _bare(digest: str) -> str:
    return digest.lower().removeprefix("sha1:")


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
