"""What the user named as input: files, folders, patterns and tables become a list, or a list of problems."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from spark_llmdata.errors import InputError
from spark_llmdata.sources import cdx, files, index_lines, remote, tables
from spark_llmdata.sources.split import Compression, Format, InputFile, Split

DEFAULT_SOURCE = "default"
KNOWN_TYPES = (
    ".warc, .wet, .wat or .arc (also .gz, .zst or .lz4), .jsonl, .ndjson or .json (also .gz or .zst), .parquet"
)

_NAMED = re.compile(r"([A-Za-z][\w-]*)=(.*)", re.ASCII | re.DOTALL)
_STEMS: dict[str, Format] = {
    ".warc": "warc",
    ".wet": "warc",
    ".wat": "warc",
    ".arc": "warc",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
}
_COMPRESSIONS: dict[Format, dict[str, Compression]] = {
    "warc": {"": "none", ".gz": "gzip", ".zst": "zstd", ".lz4": "lz4"},
    "jsonl": {"": "none", ".gz": "gzip", ".zst": "zstd"},
    "parquet": {"": "none"},
}
_TYPES = {
    stem + ending: (kind, compression)
    for stem, kind in _STEMS.items()
    for ending, compression in _COMPRESSIONS[kind].items()
}
# Where an archive's members are no records its first split reads all of it, and the others nothing.
_DIVISIBLE = {("jsonl", "none"), ("warc", "gzip"), ("warc", "zstd")}
_SHOWN = 10
_LONG = 80  # characters; what the operating system says is shorter


@dataclass(frozen=True)
class Inputs:
    """Files and tables to read, by source and url, and what lies beside them and is of no known type (for display)."""

    files: tuple[InputFile, ...]
    skipped: tuple[str, ...]
    cut: bool = False  # whether a limit left records out


def parse_input(argument: str) -> tuple[str | None, str]:
    """Take `[NAME=]PATH` apart. What exists under the whole argument is a path, as `date=2024-01-01` may be."""
    named = _NAMED.fullmatch(argument)
    if named is None:
        return None, argument
    try:
        if files.exists(argument):
            return None, argument
    except OSError:
        pass  # too long for a name, for instance
    return named[1], named[2]


def find_files(inputs: Sequence[str], store: str | None = None, *, noted: bool = False) -> Inputs:
    """Find the files that arguments `[NAME=]PATH` mean; a path is a file, a folder (all below it) or a pattern.

    `cdx:INDEX?...` instead of a path means the records of archives that an index names (see `cdx.parse_lookup`),
    `table:NAME[@vN]` and `delta:PATH[@vN]` tables, which are looked for when Spark is there (`tables.pin_table`). In a
    folder, names that begin with `_` or `.` are ignored, as Spark does it, and files of unknown types are skipped. A
    file that is reached twice under one name counts once. What is below the folder of the `store` is no input. With
    `noted` the arguments are from a manifest, which also names what a run has copied into its store.

    Raises:
        InputError: all that is wrong with the inputs, a line each.
        MissingExtra: a remote url, and fsspec is not installed.
    """
    search = _Search(store, noted)
    if not inputs:
        search.problems.append(f"no input is named; expected [NAME=]PATH, with files of the types {KNOWN_TYPES}")
    for argument in inputs:
        name, path = parse_input(argument)
        try:
            search.add(name or DEFAULT_SOURCE, path)
        except InputError as error:
            search.problems.append(str(error))
        except OSError as error:
            search.problems.append(f"{_show(str(error.filename or path))}: {_reason(error)}")
    return search.finish()


def plan_splits(inputs: Iterable[InputFile], max_split_bytes: int = 64 << 20) -> list[Split]:
    """Cut files into splits, numbered from 0 in the order of the files.

    JSON lines that are not compressed and archives that may have members are cut into ranges of `max_split_bytes`, each
    other file is one split, as is one of which only the first records are read. Indexes are cut finer, as a line of
    them stands for a record (`index_lines.bytes_of_split`). Parquet files and tables give none, Spark's own scan reads
    them.
    """
    if max_split_bytes < 1:
        raise ValueError(f"max_split_bytes is {max_split_bytes}, expected 1 or more")
    splits: list[Split] = []
    for file in inputs:
        if file.format in ("parquet", "table"):
            continue
        if file.first:
            splits.append(Split(file, len(splits), 0, file.size))
            continue
        step = max_split_bytes if (file.format, file.compression) in _DIVISIBLE else max(file.size, 1)
        if file.format == "cdx":
            step = index_lines.bytes_of_split(cdx.parse_lookup(file.url).index, file.size, max_split_bytes)
        for begin in range(0, max(file.size, 1), step):
            splits.append(Split(file, len(splits), begin, min(begin + step, file.size)))
    return splits


class _Search:
    """Collects files, what is skipped, and problems, argument by argument."""

    def __init__(self, store: str | None, noted: bool) -> None:
        self._noted = noted
        self._store = None if store is None else files.absolute(store).rstrip("/") + "/"
        self.problems: list[str] = []
        self._files: dict[str, InputFile] = {}  # by real path
        self._skipped: set[str] = set()
        self._shared: dict[tuple[str, str], set[str]] = {}  # two sources and the files that both name

    def add(self, source: str, path: str) -> None:
        if not path:
            self.problems.append(f"{source}=: no path behind the name; expected NAME=PATH")
        elif path.startswith(cdx.PREFIX) and not files.exists(path):
            self._add_lookup(source, path)
        elif tables.is_table(path):
            self._add_table(source, path)
        elif files.exists(path):
            url = files.absolute(path)
            if files.is_folder(url):
                self._add_all(source, path, self._list, "holds no file")
            elif _type(url) is None:
                self.problems.append(
                    f"{_show(path)}: unknown type of file; expected {KNOWN_TYPES}; rename or convert it"
                )
            else:
                self._add_file(source, url)
        elif files.has_glob(path):
            self._add_all(source, path, self._match, "matches nothing")
        else:
            self.problems.append(
                f"{_show(path)}: does not exist{_suggest(path)}; expected a file, a folder or a pattern"
            )

    def _add_lookup(self, source: str, argument: str) -> None:
        """An index is known by what is looked up in it; the archives are opened where they are read."""
        lookup = cdx.parse_lookup(argument)
        size, modified_ns = files.stat_file(lookup.index)
        url = cdx.spell_lookup(lookup, files.absolute(lookup.index), files.absolute(lookup.archives or "."))
        self._files[url] = InputFile(url, size, modified_ns, source, "cdx")

    def _add_table(self, source: str, argument: str) -> None:
        named = tables.parse_table(argument)
        if named.prefix == tables.COPY and not self._noted:
            raise InputError(
                f"{argument}: is how a run calls what it has copied into its store, and no input; expected "
                f"{tables.FORMS}, or the data frame itself"
            )
        if named.prefix == tables.PATH:
            named = replace(named, name=files.absolute(named.name))
        known = self._files.setdefault(named.url, InputFile(named.url, 0, 0, source, "table"))
        if known.source != source:
            self._shared.setdefault((min(known.source, source), max(known.source, source)), set()).add(named.url)

    def finish(self) -> Inputs:
        for (one, other), urls in sorted(self._shared.items()):
            more = f" and {len(urls) - 1} more" if len(urls) > 1 else ""
            self.problems.append(
                f"{_show(min(urls))}{more}: named under two sources, {one} and {other}; a document has one source: "
                "leave the file out of one of them"
            )
        if self.problems:
            raise InputError("\n".join(self.problems))
        found = sorted(self._files.values(), key=lambda file: (file.source, file.url))
        return Inputs(tuple(found), tuple(sorted(map(_show, self._skipped))))

    def _list(self, folder: str) -> list[str]:
        """Files below a folder but for hidden ones; a Delta table is a problem, and none of its files is given."""
        names = files.list_folder(folder, enter=lambda name: not _is_hidden(name))
        if self._store is not None:
            names = [name for name in names if not name.startswith(self._store)]
        tables = tuple(name.removesuffix("_delta_log/") for name in names if name.endswith("/_delta_log/"))
        for table in tables:
            self._add_problem(_delta_problem(table.rstrip("/")))
        visible = [name for name in names if not name.endswith("/") and not _is_hidden(_base(name))]
        return [name for name in visible if not name.startswith(tables)]

    def _match(self, pattern: str) -> list[str]:
        """Files a pattern matches, and those below folders it matches; hidden ones only where it names hidden ones."""
        parts = files.local_path(pattern).split("/")
        first = next(place for place, part in enumerate(parts) if files.has_glob(part))
        fixed = files.absolute("/".join(parts[:first]) or ("." if first == 0 else "/"))
        asked = any(map(_is_hidden, parts[first:]))
        found: list[str] = []
        for url in files.expand_glob(pattern):
            if not asked and any(map(_is_hidden, url.removeprefix(fixed).split("/"))):
                continue
            folder = _parent(url)
            if files.is_folder(url):
                found += self._list(url)
            elif url.lower().endswith(".parquet") and files.exists(f"{folder}/_delta_log"):
                self._add_problem(_delta_problem(folder))
            else:
                found.append(url)
        return found

    def _add_all(self, source: str, path: str, find: Callable[[str], list[str]], nothing: str) -> None:
        before = len(self.problems)
        urls = find(path)
        unknown = sorted({url for url in urls if _type(url) is None})
        self._skipped.update(unknown)
        known = sorted(set(urls).difference(unknown))
        for url in known:
            self._add_file(source, url)
        if known or len(self.problems) > before:
            return
        if unknown:
            more = f" and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else ""
            nothing = f"nothing here can be read, skipped: {', '.join(map(_show, unknown[:_SHOWN]))}{more}"
        self.problems.append(f"{_show(path)}: {nothing}; expected files of the types {KNOWN_TYPES}")

    def _add_problem(self, problem: str) -> None:
        if problem not in self.problems:
            self.problems.append(problem)

    def _add_file(self, source: str, url: str) -> None:
        kind = _type(url)
        problem = None
        try:
            url.encode()
            size, modified_ns = files.stat_file(url)
        except UnicodeEncodeError:
            problem = "its name is not UTF-8 and cannot stand in a table; rename it"
        except OSError as error:
            problem = _reason(error)
        else:
            if kind and kind[0] == "parquet" and size == 0:
                problem = "is empty, and no Parquet file is; write it again or leave it out"
            elif kind and kind[0] == "parquet" and not remote.is_for_spark(url):
                problem = (
                    f"Spark, which reads Parquet itself, cannot open {remote.scheme_of(url)}:// urls; copy the file to "
                    "a disk or an object store (s3://, abfss://, gs://, hdfs://) and name it there"
                )
        if problem or kind is None:
            self.problems.append(f"{_show(url)}: {problem}")
            return
        file = InputFile(url, size, modified_ns, source, *kind)
        real = files.identity(url)
        known = self._files.setdefault(real, file)
        if known.source != source:
            pair = (min(known.source, source), max(known.source, source))
            self._shared.setdefault(pair, set()).add(url)
        elif (url != real, url) < (known.url != real, known.url):
            self._files[real] = file


def _type(url: str) -> tuple[Format, Compression] | None:
    name = _base(url).lower()
    return next((kind for ending, kind in _TYPES.items() if name.endswith(ending)), None)


def is_archive(url: str) -> bool:
    """Whether an input of this name holds records of web archives, or names them as an index does."""
    kind = None if tables.is_table(url) else _type(url)
    return url.startswith(cdx.PREFIX) or (kind is not None and kind[0] == "warc")


def _base(url: str) -> str:
    return url.rpartition("/")[2]


def _parent(url: str) -> str:
    return url.rpartition("/")[0]


def _is_hidden(name: str) -> bool:
    return name.startswith(("_", ".")) and name not in (".", "..")


def _delta_problem(table: str) -> str:
    return (
        f"{_show(table)}: is a Delta table, whose Parquet files also hold rows that were removed from it; they "
        f"cannot be read as loose files: name it as a table, delta:{_show(table)}"
    )


def _reason(error: OSError) -> str:
    said = error.strerror or str(error)
    said = said[:1].lower() + said[1:]
    advice = "; make it readable or leave it out" if isinstance(error, PermissionError) else ""
    if len(said) > _LONG:  # a driver's, with its own advice
        return f"cannot be read: {said}"
    return f"cannot be read ({said}){advice}"


def _show(path: str) -> str:
    """A path on one line: what cannot be printed is escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in path)


def _suggest(path: str) -> str:
    if files.is_remote(path):
        return ""
    wanted = Path(files.local_path(path))
    try:
        siblings = [sibling.name for sibling in wanted.parent.iterdir()]
    except (OSError, ValueError):
        return ""
    close = difflib.get_close_matches(wanted.name, siblings, n=1)
    return f" (did you mean {_show(str(wanted.parent / close[0]))}?)" if close else ""
