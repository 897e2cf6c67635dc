"""Tables as inputs: named, pinned at a version, their rows numbered by file and place; proof by the table's count."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pyarrow as pa

from spark_llmdata.errors import InputError
from spark_llmdata.sources import parquet, remote, undecodable
from spark_llmdata.sources.split import InputFile

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

#: What an input begins with that is a table of a catalog, a Delta table by its path, a copy that a run has made.
TABLE, PATH, COPY = "table:", "delta:", "copy:"
FORMS = "table:CATALOG.SCHEMA.NAME or delta:PATH, with @vN behind it for version N"

_VERSION = re.compile(r"(?P<name>.+?)(?:@v(?P<version>\d+))?", re.DOTALL)
_GONE = re.compile(r"FILE_NOT_EXIST|FileNotFoundException|DELTA_FILE_NOT_FOUND|does not exist|FILE_NOT_FOUND")


@dataclass(frozen=True)
class Name:
    """A table as an input names it: by which prefix, how it is called there, at which version if it is said."""

    prefix: str
    name: str
    version: int | None

    @property
    def url(self) -> str:
        """The same as an input is spelled."""
        return f"{self.prefix}{self.name}" + ("" if self.version is None else f"@v{self.version}")


@dataclass(frozen=True)
class Layout:
    """A table's rows by data file: for each, as Spark names it, the number of its first row; rows in all.

    With `first` only the first rows are read: `files` are those that hold them, `last` the place of the last of them.
    """

    frame: DataFrame  # with `_metadata.row_index`
    files: Mapping[str, int]
    rows: int
    last: tuple[str, int] | None = None


def is_table(argument: str) -> bool:
    """Whether an input is a table rather than a path."""
    return argument.startswith((TABLE, PATH, COPY))


def parse_table(argument: str) -> Name:
    """Take `table:NAME[@vN]`, `delta:PATH[@vN]` or `copy:NAME` apart.

    Raises:
        InputError: there is no name in it.
    """
    prefix, colon, rest = argument.partition(":")
    found = _VERSION.fullmatch(rest)
    if found is None or (prefix + colon == TABLE and not all(found["name"].split("."))):
        raise InputError(f"{argument}: names no table; expected {FORMS}")
    version = found["version"]
    return Name(prefix + colon, found["name"], None if version is None else int(version))


def is_copy(file: InputFile) -> bool:
    """Whether the input was copied into a store; its `etag` is the copy's name there."""
    return file.url.startswith(COPY)


def columns_of(file: InputFile, columns: Mapping[str, str]) -> Mapping[str, str] | None:
    """How the table calls a document's columns; None for a copy, which was made with their own names."""
    return None if is_copy(file) else columns


def locate(file: InputFile, copies: str) -> InputFile:
    """The input with its place in the folder of a store's `copies`, if it is one; any other as it is."""
    if not is_copy(file):
        return file
    name = file.url.removeprefix(COPY).partition(":")[0]
    return replace(file, at=f"{copies}/{name}", etag=name)


def pin_table(spark: SparkSession, file: InputFile) -> InputFile:
    """The table at the version it names, or else at its newest, with its own id as `etag`.

    Without `etag` it has to be copied: it keeps no versions (a view, JDBC, CSV), or its rows have no place (column
    mapping, a shallow clone).

    Raises:
        InputError: there is no such table or version, or this user may not read it.
    """
    from pyspark.errors import AnalysisException

    named = parse_table(file.url)
    if named.prefix == COPY:
        return file
    try:
        _ = _read(spark, replace(file, url=replace(named, version=None).url)).schema
    except AnalysisException as error:
        raise InputError(f"{file.url}: cannot be read ({_first_line(error)}); expected {FORMS}") from error
    facts = _describe(spark, named)
    if facts is None:
        if named.version is None:
            return file
        raise InputError(f"{file.url}: keeps no versions (it is no Delta table); leave out @v{named.version}")
    version = _newest(spark, named) if named.version is None else named.version
    pinned = replace(
        file, url=replace(named, version=version).url, size=int(facts["sizeInBytes"] or 0), etag=str(facts["id"])
    )
    try:
        frame = _read(spark, pinned)
        _ = frame.schema
    except AnalysisException as error:
        raise InputError(
            f"{file.url}: cannot be read as of version {version} ({_first_line(error)}); its newest version is "
            f"{_newest(spark, named)}"
        ) from error
    if _has_row_index(frame) or (_is_plain(facts) and _is_in_one_folder(frame, str(facts["location"]))):
        return pinned
    return replace(pinned, etag="")


def read_frame(spark: SparkSession, file: InputFile) -> DataFrame:
    """The rows of a table, pinned or not, as Spark reads it."""
    return _read(spark, file)


def count_rows(spark: SparkSession, file: InputFile) -> int:
    """The rows that a pinned table says it has; Delta answers from its log."""
    return int(_read(spark, file).count())


def lay_out(spark: SparkSession, file: InputFile) -> Layout:
    """Number the rows of a pinned table: by the names of its data files, and in each by their place.

    Raises:
        InputError: data files of this version are gone (VACUUM), or rows cannot be numbered.
    """
    from pyspark.sql import functions as F

    path, place = F.col("_metadata.file_path"), F.col("_metadata.row_index")
    try:
        frame = _with_row_index(spark, file)
        found = frame.groupBy(path.alias("path")).agg(F.max(place).alias("last"), F.count("*").alias("rows")).collect()
    except Exception as error:
        if _GONE.search(str(error)):
            raise InputError(
                f"{file.url}: data files of this version are gone, as VACUUM removes them; it cannot be read as it was "
                "then: name a newer version"
            ) from error
        raise
    begin, held, files = 0, 0, {}
    for row in sorted(found, key=lambda r: str(r.path)):
        files[row.path] = begin
        if file.first and held + row.rows >= file.first:
            here = frame.where(path == row.path).select(place.alias("place"))
            cut = here.orderBy("place").limit(file.first - held).agg(F.max("place")).collect()[0][0]
            return Layout(frame, files, file.first, (row.path, int(cut)))
        begin += int(row.last) + 1
        held += int(row.rows)
    return Layout(frame, files, held)


def scan(layout: Layout, columns: Mapping[str, str] | None) -> DataFrame:
    """Rows as `parquet.scan` gives them; without `columns` those of a copy, which has them under their own names."""
    from pyspark.sql import functions as F

    frame = layout.frame
    rows = (
        parquet.select(frame, columns)
        if columns is not None
        else frame.select(*parquet.place_columns(), *parquet.SELECTED)
    )
    if layout.last is not None:
        path, place = layout.last
        before = [name for name in layout.files if name != path]
        inside = (F.col("file_path") == path) & (F.col("row_index") <= place)
        rows = rows.where(F.col("file_path").isin(before) | inside)
    return rows


def find_place(layout: Layout, number: int) -> tuple[str, int]:
    """The data file of a table's row, as Spark names it, and the place of the row in it."""
    path, begin = max(((p, b) for p, b in layout.files.items() if b <= number), key=lambda at: at[1], default=("", 0))
    return path, number - begin


def read_row(spark: SparkSession, file: InputFile, number: int) -> dict[str, Any] | None:
    """One row of a table at its version, with all its columns; None where it has no such row.

    A string that is no UTF-8 is given as bytes.

    Raises:
        InputError: there is no such table or version any more.
    """
    from pyspark.sql import functions as F

    layout = lay_out(spark, pin_table(spark, file))
    path, place = find_place(layout, number)
    here = (F.col("_metadata.file_path") == path) & (F.col("_metadata.row_index") == place)
    columns = [F.col("`" + name.replace("`", "``") + "`") for name in layout.frame.columns if name != "_metadata"]
    found = layout.frame.where(here).select(*columns).toArrow()
    return undecodable.row_to_dict(found) if found.num_rows else None


def read_head(file: InputFile, columns: Mapping[str, str], rows: int) -> Iterator[pa.RecordBatch]:
    """The first records (`schema.RECORD`) of a pinned table, by the active session.

    Raises:
        InputError: there is no session; what only looks at files needs none.
    """
    from pyspark.sql import SparkSession

    spark = SparkSession.getActiveSession()
    if spark is None:
        raise InputError(f"{file.url}: a table is read by Spark, which is not started for this; name files instead")
    part = replace(file, first=rows)
    layout = lay_out(spark, part)
    found = scan(layout, columns_of(file, columns)).toArrow().to_batches()
    yield from parquet.read_rows(found, places(part, layout, 0))


def check_columns(spark: SparkSession, file: InputFile, columns: Mapping[str, str]) -> None:
    """Refuse a table that cannot give documents: without a column for text, or with one of another type.

    Raises:
        InputError: all that is wrong with it.
    """
    if columns_of(file, columns) is not None:
        check_types(file.url, dict(_read(spark, file).dtypes), columns)


def check_types(what: str, types: Mapping[str, str], columns: Mapping[str, str]) -> None:
    """The same of the types that Spark says its columns have."""
    missing = parquet.name_missing(what, list(types), columns)
    problems = [] if missing is None else [missing]
    for column in ("text", "url", "lang", "source"):
        kind = types.get(columns.get(column, ""), "string")
        if kind not in ("string", "void") and not kind.startswith(("char", "varchar")):
            problems.append(f"{what}: column {columns[column]!r} ({column}) is {kind}; expected a string column")
    if problems:
        raise InputError("\n".join(problems))


def places(file: InputFile, layout: Layout, number: int) -> dict[str, parquet.Place]:
    """The table's data files in the form in which Spark names them to tasks."""
    return {
        parquet.canonical(path): parquet.Place(file.url, file.source, number, begin)
        for path, begin in layout.files.items()
    }


def _read(spark: SparkSession, file: InputFile) -> DataFrame:
    named = parse_table(file.url)
    if named.prefix == COPY:
        return spark.read.format("delta").option("versionAsOf", 0).load(file.at)
    reader = spark.read if named.version is None else spark.read.option("versionAsOf", named.version)
    return reader.table(named.name) if named.prefix == TABLE else reader.format("delta").load(_path(named))


def _path(named: Name) -> str:
    return remote.spell_for_spark(named.name)


def _quoted(named: Name) -> str:
    return named.name if named.prefix == TABLE else "delta.`" + _path(named).replace("`", "``") + "`"


def _describe(spark: SparkSession, named: Name) -> dict[str, Any] | None:
    """What Delta says of a table; None where it is none of Delta's."""
    from pyspark.errors import PySparkException

    try:
        facts = spark.sql(f"DESCRIBE DETAIL {_quoted(named)}").collect()[0].asDict()
    except PySparkException:  # a view, or a catalog that knows nothing of it; that it can be read was seen before
        return None
    return facts if facts["format"] == "delta" and facts["id"] else None


def _newest(spark: SparkSession, named: Name) -> int:
    return int(spark.sql(f"DESCRIBE HISTORY {_quoted(named)} LIMIT 1").collect()[0].version)


def _has_row_index(frame: DataFrame) -> bool:
    """Whether Spark tells the place of each row in its data file; looked up, since asking for it logs an error."""
    return "row_index" in str(frame.select("_metadata").schema.simpleString())


def _is_plain(facts: Mapping[str, Any]) -> bool:
    """Whether a table's rows are those of its data files, under the same names."""
    properties = facts["properties"] or {}
    return bool(properties.get("delta.columnMapping.mode", "none") == "none")


def _is_in_one_folder(frame: DataFrame, location: str) -> bool:
    """Whether all data files of a table lie in its folder; those of a shallow clone do not, nor do their partitions."""
    root = parquet.canonical(location).rstrip("/") + "/"
    return all(parquet.canonical(path).startswith(root) for path in frame.inputFiles())


def _with_row_index(spark: SparkSession, file: InputFile) -> DataFrame:
    """The table with the place of each row in its data file.

    Delta tells it of tables with deletion vectors alone. The rows of any other are those of its data files, which
    Spark reads as Parquet, with the columns that are in the folders' names.
    """
    frame = _read(spark, file)
    if _has_row_index(frame):
        return frame
    location = file.at
    if not location:
        facts = _describe(spark, parse_table(file.url))
        if facts is None or not _is_plain(facts):
            raise InputError(f"{file.url}: its rows have no place that could be told again (column mapping); export it")
        location = str(facts["location"])
    paths = [row.path for row in frame.selectExpr("_metadata.file_path AS path").distinct().collect()]
    if not paths:
        return frame.selectExpr("*", "named_struct('file_path', '', 'row_index', 0L) AS _metadata").limit(0)
    plain = [unquote(path) for path in paths]
    root = location if plain[0].startswith(location) else unquote(location)
    return spark.read.schema(frame.schema).option("basePath", root).parquet(*map(parquet.escape, plain))


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:300]
