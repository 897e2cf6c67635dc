"""Indexes of archives (CDX and CDXJ): which records to look up, and the records at the places the index names."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pyarrow as pa

from spark_llmdata.errors import EnvironmentProblem, InputError
from spark_llmdata.sources.files import holds_nothing, is_remote
from spark_llmdata.sources.index_lines import LONGEST_LINE, BrokenIndex, read_first_line, read_lines
from spark_llmdata.sources.ranges import is_lasting
from spark_llmdata.sources.split import Split
from spark_llmdata.sources.stored import Archives

PREFIX = "cdx:"
EXPECTED = "cdx:INDEX?url=...&host=...&digest=...&archives=FOLDER, with one of url, host, digest or more"

#: The columns of an index whose first line names none, and what those are that count.
_LEGEND = ["N", "b", "a", "m", "s", "k", "r", "M", "S", "V", "g"]
_COLUMNS = {"a": "url", "k": "digest", "g": "filename", "V": "offset", "S": "length"}
_FORMS = (
    "CDXJ (a key, a time, a JSON object), the 11 columns N b a m s k r M S V g, or others under a first line that "
    "names them, such as ` CDX N b a m s k r V g` of old indexes with 9"
)
_FARTHEST = 1 << 62  # no byte of a file lies behind
_KEPT = "/%:?&=+,;@!$'()*"  # of an address, what is not written as a percent sign and digits
_BARE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")


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
    """A line that was looked up: where it stands in the index (bytes), what it says, and a row or the error."""

    line: int
    entry: Entry | None
    row: pa.RecordBatch | None = None
    error: str | None = None


def parse_lookup(argument: str) -> Lookup:
    """Take `cdx:INDEX?url=...` apart.

    Raises:
        InputError: nothing is looked up, a part has another name, or the address of the archives is none.
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
    try:
        _ = urlsplit(archives).port
    except ValueError as error:
        raise InputError(f"{argument}: archives={archives} is no address ({error})") from error
    return Lookup(index, archives, tuple(named["url"]), tuple(named["host"]), tuple(named["digest"]))


def spell_lookup(lookup: Lookup, index: str, archives: str) -> str:
    """The argument that `parse_lookup` takes apart, with other places of the index and the archives."""
    named = (("url", lookup.urls), ("host", lookup.hosts), ("digest", lookup.digests), ("archives", (archives,)))
    return f"{PREFIX}{index}?{urlencode([(name, value) for name, values in named for value in values])}"


def look_up(lookup: Lookup, split: Split | None = None, *, max_record_bytes: int) -> Iterator[Found]:
    """Yield the lines that are meant, once for each of their records; of the archives only their ranges are read.

    With a split of the index only its lines are. Of a member with several records those of the line's address are
    meant. A line that cannot be read, a place where there is no record or one of another address, an archive that is
    not there: an `error`.

    Raises:
        EnvironmentProblem: an archive, or the index, cannot be read now, which says nothing of its records.
        InputError: nobody knows the scheme of the archives' place.
        MissingExtra: a package is missing that the scheme of a url needs.
    """
    entries, archives = find_entries(lookup, split), Archives()
    while (found := _next(entries, lookup)) is not None:
        yield from _follow(lookup, found, archives, max_record_bytes)


def look_up_line(lookup: Lookup, line: int, split: Split, *, max_record_bytes: int) -> Iterator[Found]:
    """As `look_up`, of the one line that begins at a byte; no record of another line is read."""
    entries, archives = find_entries(lookup, split), Archives()
    while (found := _next(entries, lookup)) is not None and found.line <= line:
        if found.line == line:
            yield from _follow(lookup, found, archives, max_record_bytes)


def _follow(lookup: Lookup, found: Found, archives: Archives, max_record_bytes: int) -> Iterator[Found]:
    """Yield a line once for each of its records, or with an `error`; see `look_up`."""
    if found.entry is None:
        yield found
        return
    try:
        yield from _read_entry(lookup, found, found.entry, archives, max_record_bytes)
    except OSError as error:
        yield replace(found, error=_tell_missing(lookup, found, found.entry, error))
    except ValueError as error:  # the dictionary of its frames is none, the address is none
        if isinstance(error, InputError) and not _says_place(found.entry.archive):
            raise  # of the place named for all archives
        yield replace(found, error=f"{found.entry.archive}: cannot be read ({error})")


def _tell_missing(lookup: Lookup, found: Found, entry: Entry, error: OSError) -> str:
    """The sentence for an archive that there is none of; where that is not sure the run stops."""
    place, reason = join_place(lookup, entry), error.strerror or error
    if not is_lasting(error, place):
        raise EnvironmentProblem(
            f"{place}: byte {entry.offset} cannot be read ({reason}); "
            "that says nothing of its record, so nothing is written down about it. Start the run again when it "
            f"can be read, or leave out the line at byte {found.line} of {lookup.index}"
        ) from error
    if not (_says_place(entry.archive) or is_remote(lookup.archives)) and holds_nothing(lookup.archives or "."):
        raise EnvironmentProblem(
            f"{lookup.archives}: there is no such folder, or nothing is in it, so that no archive of {lookup.index} "
            "can be read; put the archives there (is a disk not mounted?), or name their folder by archives="
        ) from error
    return (
        f"{entry.archive}: cannot be read ({reason}). Runs remember that as long as the index stays as it is: when "
        "the archive is there, give the index a new time (`touch`), and it is looked up again"
    )


def _next(entries: Iterator[Found], lookup: Lookup) -> Found | None:
    with reading_index(lookup):
        return next(entries, None)


@contextmanager
def reading_index(lookup: Lookup) -> Iterator[None]:
    """In here an index that cannot be read is an EnvironmentProblem that says what to do."""
    try:
        yield
    except OSError as error:
        raise EnvironmentProblem(
            f"{lookup.index}: the index cannot be read ({error.strerror or error}); start the run again when it can"
        ) from error


def _read_entry(
    lookup: Lookup, found: Found, entry: Entry, archives: Archives, max_record_bytes: int
) -> Iterator[Found]:
    """The records of the line's address at its place, or an error that says what is there."""
    empty = True
    other: str | None = None
    place = join_place(lookup, entry)
    rows = archives.read(place, entry.offset, entry.length, max_record_bytes=max_record_bytes, only_begins=True)
    for row in rows:
        url = row.column("url")[0].as_py()
        if row.column("rejected")[0].as_py() or _is_same(url, entry.url):
            empty = False
            yield replace(found, row=row)
        else:
            other = other or url
    if empty:
        where = f"byte {entry.offset} of {entry.archive}"
        held = f"the record at {where} is of {other}" if other else f"no record begins at {where}"
        yield replace(found, error=f"{held}; the index is not of this archive")


def _is_same(url: str | None, said: str) -> bool:
    """Whether a record may be of the address that an index says, however host and empty path are written."""
    if url is None or url == said:
        return True  # a record without an address contradicts nothing
    try:
        return _spell(url) == _spell(said)
    except ValueError:  # no address at all
        return False


def _spell(url: str) -> tuple[str, ...]:
    parts = urlsplit(url.strip("<>"))
    return parts.scheme.lower(), parts.netloc.lower(), parts.path or "/", parts.query


def find_entries(lookup: Lookup, split: Split | None = None) -> Iterator[Found]:
    """Yield the lines that are meant, without their records, and an `error` for those that cannot be read.

    With a split of the index only its lines. What columns are called stands in the first line or nowhere.

    Raises:
        OSError: the index cannot be read.
    """
    first = read_first_line(lookup.index, split.file.size if split else 0)
    legend = _read_legend(first) if _is_legend(first) and len(first) <= LONGEST_LINE else None
    try:
        for at, line in read_lines(lookup.index, split):
            if line.startswith((b"!", b"#")):
                continue
            if len(line) > LONGEST_LINE:
                yield Found(at, None, error=f"a line of more than {LONGEST_LINE:,} bytes")
            elif _is_legend(line):
                if _read_legend(line) != legend:
                    yield Found(at, None, error="a line that names other columns than the first line; divide the index")
            elif line.strip():
                found = _read_line(at, line, legend)
                if found.entry is None or lookup.wants(found.entry):
                    yield found
    except BrokenIndex as broken:
        yield Found(broken.at, None, error=f"the index breaks off: {broken}")


def _is_legend(line: bytes) -> bool:
    return line.startswith((b" CDX ", b"CDX "))


def _read_legend(line: bytes) -> list[str]:
    return line.decode("utf-8", "replace").split()[1:]


def _read_line(begin: int, line: bytes, legend: list[str] | None) -> Found:
    try:
        return Found(begin, parse_line(line.decode("utf-8", "replace"), legend))
    except KeyError as error:
        return Found(begin, None, error=f"a line that names no record: it has no {error.args[0]!r}")
    except ValueError as error:
        return Found(begin, None, error=f"a line that names no record: {error}")
    except RecursionError:
        return Found(begin, None, error="a line that names no record: its JSON is nested too deeply")


def parse_line(line: str, legend: list[str] | None) -> Entry:
    """Read a line of a CDXJ index (key, time, JSON object) or of a CDX index with the columns of its legend, if any.

    Raises:
        ValueError, KeyError: the line does not say where a record is.
    """
    key, _, rest = line.strip().partition(" ")
    time, _, body = rest.partition(" ")
    if body.lstrip().startswith("{"):
        said = {name: str(value) for name, value in json.loads(body).items()}
    else:
        said = _name_columns([key, time, *body.split()], legend)
    length = said.get("length", "-")
    offset = int(said["offset"])
    if not 0 <= offset <= _FARTHEST:
        raise ValueError(f"the offset is {offset}, expected 0 to {_FARTHEST}")
    for name in ("url", "digest", "filename"):
        said.get(name, "").encode()  # half a surrogate pair is no text
    if "\0" in said["filename"]:
        raise ValueError(f"the file's name is {said['filename']!r}, expected one without NUL")
    return Entry(
        said["url"], said.get("digest", ""), said["filename"], offset, int(length) if length.isdecimal() else None
    )


def _name_columns(columns: list[str], legend: list[str] | None) -> dict[str, str]:
    letters = legend or _LEGEND
    missing = [letter for letter in "aVg" if letter not in letters]
    if missing:
        raise ValueError(
            f"the first line names the columns {' '.join(letters)}, without {' '.join(missing)}; expected a (address), "
            "V (offset) and g (file) among them"
        )
    if len(columns) != len(letters):
        if legend is not None:
            raise ValueError(f"{len(columns)} columns, but the first line names {len(letters)}: {' '.join(letters)}")
        raise ValueError(f"{len(columns)} columns, and no first line names them; expected {_FORMS}")
    return {_COLUMNS[letter]: value for letter, value in zip(letters, columns, strict=True) if letter in _COLUMNS}


def join_place(lookup: Lookup, entry: Entry) -> str:
    """The path of the archive that an entry names, or its address, with what none may hold escaped."""
    folder, name = lookup.archives, entry.archive
    place = f"{folder.rstrip('/')}/{name}" if folder and not _says_place(name) else name
    return _escape(place) if place.lower().startswith(("http://", "https://")) else place


def _says_place(name: str) -> bool:
    """Whether an archive's name in an index is all of its path or address, so that it lies below no folder."""
    return name.startswith("/") or is_remote(name) or name[:6].lower() == "file:/"


def _escape(address: str) -> str:
    """The address with percent signs and digits for what it may not hold; those that are there stay."""
    scheme, _, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    path = quote(_BARE_PERCENT.sub("%25", path), safe=_KEPT, errors="surrogateescape")
    return f"{scheme}://{host}{slash}{path}"


def _matches(url: str, wanted: str) -> bool:
    return url.startswith(wanted[:-1]) if wanted.endswith("*") else url == wanted


def _bare(digest: str) -> str:
    return digest.lower().removeprefix("sha1:")


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
