"""Parquet and tables: Spark's own scan, with the rows' place in their file; proof by the footers' counts."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from spark_llmdata import schema
from spark_llmdata.errors import EnvironmentProblem, InputError
from spark_llmdata.kernels import dates, hashing
from spark_llmdata.sources import files, remote, undecodable
from spark_llmdata.sources.split import InputFile

if TYPE_CHECKING:
    from pyspark.errors import AnalysisException
    from pyspark.sql import Column, DataFrame, SparkSession

_FOOTER_THREADS = 16
#: What `describe` gives, in its order.
SELECTED = ("id", "url", "text", "lang", "source", "html", "date", "date_text", "date_name", "meta")
_STRINGS = ("source", "id", "url", "text", "lang", "date_text", "meta")
_HASHED = ("id", "url", "text", "lang")  # by their bytes, whatever they are
#: Conditions of Spark that are about a column's type or name.
_OF_THE_FILE = (
    "AMBIGUOUS_REFERENCE",
    "COLUMN_ALREADY_EXISTS",
    "INVALID_EXTRACT_BASE_FIELD_TYPE",
    "PARQUET_TYPE_ILLEGAL",
    "PARQUET_TYPE_NOT_RECOGNIZED",
    "PARQUET_TYPE_NOT_SUPPORTED",
    "UNSUPPORTED_TIME_TYPE",
)
_NO_CONNECTOR = re.compile(r"Class \S+FileSystem not found|No FileSystem for scheme|UnsupportedFileSystemException")
_CONNECTORS = {
    "s3a": "org.apache.hadoop:hadoop-aws:VERSION",
    "abfs": "org.apache.hadoop:hadoop-azure:VERSION",
    "abfss": "org.apache.hadoop:hadoop-azure:VERSION",
    "gs": "com.google.cloud.bigdataoss:gcs-connector:VERSION",
}


def count_rows(file: InputFile) -> int:
    """The number of rows a file's footer promises."""
    return int(_footer(file).metadata.num_rows)


def read_row(file: InputFile, number: int) -> dict[str, Any] | None:
    """One row of a file with all its columns as they are there; None where it has no such row.

    A string that is no UTF-8 is given as bytes.

    Raises:
        InputError: the file is none.
        OSError: it cannot be read.
    """
    table = _footer(file)
    for group in range(table.num_row_groups):
        rows = table.metadata.row_group(group).num_rows
        if number < rows:
            try:
                return undecodable.row_to_dict(table.read_row_group(group).slice(number, 1))
            except pa.ArrowInvalid as error:  # a dictionary of strings is looked at as it is read
                raise InputError(f"{file.url}: row {number} of group {group} cannot be read: {error}") from error
        number -= rows
    return None


def count_groups(file: InputFile) -> int:
    """The number of its groups of rows, at least 1."""
    return max(1, int(_footer(file).metadata.num_row_groups))


def _footer(file: InputFile) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(files.open_file(file.url))
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{file.url}: cannot be read as Parquet: {error}") from error


def group_by_schema(inputs: Sequence[InputFile], columns: Mapping[str, str]) -> list[list[InputFile]]:
    """Files that can be read in one scan: those with equal schemas; alone what is read in part.

    All unfit files are named in one error.
    """

    def look(file: InputFile) -> tuple[str | None, str]:
        try:
            footer = _footer(file)
        except InputError as error:
            return str(error), ""
        found = footer.schema_arrow.remove_metadata()
        # To Arrow an INT96 is in nanoseconds as well, to Spark it is an instant.
        return _unfit(file, found, columns), f"{found} {sorted(_in_nanoseconds(footer))}"

    with ThreadPoolExecutor(_FOOTER_THREADS) as pool:
        found = list(pool.map(look, inputs))
    problems = [problem for problem, _ in found if problem is not None]
    if problems:
        raise InputError("\n".join(problems))
    groups: dict[str, list[InputFile]] = {}
    for file, (_, kind) in zip(inputs, found, strict=True):
        groups.setdefault(f"{file.first} {file.url}" if file.first else kind, []).append(file)
    return [groups[key] for key in sorted(groups)]


def _unfit(file: InputFile, found: pa.Schema, columns: Mapping[str, str]) -> str | None:
    """Why a file cannot give documents, or None."""
    missing = name_missing(file.url, found.names, columns)
    if missing is not None:
        return missing
    for column in ("text", "url", "lang", "source"):
        field = found.field(columns[column]) if columns.get(column) in found.names else None
        if field is not None and not (_is_string(field.type) or pa.types.is_null(field.type)):
            return f"{file.url}: column {field.name!r} ({column}) is {field.type}; expected a string column"
    return None


def name_missing(url: str, names: Sequence[str], columns: Mapping[str, str]) -> str | None:
    """What is wrong with an input that has these columns and none for text or HTML; None where it has one."""
    if columns.get("text") in names or columns.get("html") in names:
        return None
    return (
        f"{url}: no column {columns.get('text', 'text')!r}; it has {', '.join(names)}. "
        "Say which one holds the text: --set read.columns.text=NAME"
    )


def _is_string(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def scan(spark: SparkSession, inputs: Iterable[InputFile], columns: Mapping[str, str]) -> DataFrame:
    """Rows of files of one schema, as `select` gives them; of a file of which only the `first` are read no others.

    Raises:
        EnvironmentProblem: Spark has no connector for the scheme of a url.
        InputError: Spark has no type for a column, or its name is none for Spark.
    """
    from pyspark.errors import AnalysisException

    chosen = list(inputs)
    try:
        frame = spark.read.parquet(*(escape(remote.spell_for_spark(f.url)) for f in chosen))
        rows = select(frame, columns, _in_nanoseconds(_footer(chosen[0])))
    except InputError as error:
        raise InputError(f"{chosen[0].url}: {error}") from error
    except Exception as error:
        if _NO_CONNECTOR.search(str(error)):
            raise EnvironmentProblem(_say_connector(remote.spell_for_spark(chosen[0].url))) from error
        if isinstance(error, AnalysisException):
            others = f" and {len(chosen) - 1:,} files like it" if len(chosen) > 1 else ""
            raise InputError(f"{chosen[0].url}{others}: {_say_unread(error)}") from error
        raise
    return rows.where(f"row_index < {chosen[0].first}") if chosen[0].first else rows


def _say_unread(error: AnalysisException) -> str:
    """Why Spark cannot read a file, and what helps where it is the file's own."""
    said = str(error).splitlines()[0]
    why = f"Spark, which reads Parquet itself, cannot ({said})"
    if "TIMESTAMP(NANOS" in said:  # a run sets it, but there are sessions that let nobody
        return f"{why}. Set spark.sql.legacy.parquet.nanosAsLong to true, or write it again in microseconds"
    if (error.getCondition() or "").split(".")[0] in _OF_THE_FILE:
        return f"{why}. Write it again without that column, or with another type or name"
    return why


def _say_connector(url: str) -> str:
    scheme = remote.scheme_of(url)
    package = _CONNECTORS.get(scheme, "the one that the store's provider names")
    return (
        f"{url}: Spark, which reads Parquet itself, has no connector for {scheme}:// here; start it with one: --conf "
        f"spark.jars.packages={package}, of the version of Spark's own Hadoop"
    )


def place_columns() -> tuple[Column, Column]:
    """Where Spark says that a row stands: `file_path`, `row_index`."""
    from pyspark.sql import functions as F

    return F.col("_metadata.file_path").alias("file_path"), F.col("_metadata.row_index").alias("row_index")


def _in_nanoseconds(footer: pq.ParquetFile) -> set[str]:
    """The paths of instants in nanoseconds, as pandas writes them; under a run's settings they are numbers to Spark."""
    leaves = [footer.schema.column(i) for i in range(len(footer.schema))]
    kinds = [(leaf.path, json.loads(leaf.logical_type.to_json())) for leaf in leaves]
    return {path for path, kind in kinds if (kind["Type"], kind.get("timeUnit")) == ("Timestamp", "nanoseconds")}


def select(frame: DataFrame, columns: Mapping[str, str], in_nanoseconds: Collection[str] = ()) -> DataFrame:
    """The rows of a scan: place, and the columns of a document (`describe`)."""
    return frame.select(*place_columns(), *describe(frame, columns, in_nanoseconds))


def describe(frame: DataFrame, columns: Mapping[str, str], in_nanoseconds: Collection[str] = ()) -> list[Column]:
    """A frame's columns as a document's, `SELECTED`: as found there, everything else in `meta` (null: absent).

    Numbers at the paths `in_nanoseconds` are instants; they are cut to microseconds.

    Raises:
        InputError: such an instant is within a list or the like, or the column to be opened is no struct.
    """
    from pyspark.sql import functions as F

    found = _members(frame, columns.get("meta"), in_nanoseconds)

    def given(column: str, as_type: str = "string") -> Column:
        name = columns.get(column)
        if name not in found:
            return F.lit(None).cast(as_type)
        return _as_text(*found[name]) if column == "id" else found[name][0].cast(as_type)

    date = columns.get("date")
    date_found = given("date", "timestamp")
    date_text = F.lit(None).cast("string")
    if date in found and found[date][1] == "string":  # parsed where dates of JSON lines are, by the same rules
        date_found, date_text = F.lit(None).cast("timestamp"), given("date")
    known = set(columns.values())
    rest = {name: _as_text(value, kind) for name, (value, kind) in found.items() if name not in known}
    pairs = [item for name, value in rest.items() for item in (F.lit(name), value)]
    meta = F.map_filter(F.create_map(*pairs), lambda _, v: v.isNotNull()) if pairs else F.lit(None)
    return [
        *(given(c).alias(c) for c in ("id", "url", "text", "lang", "source")),
        given("html", "binary").alias("html"),
        date_found.alias("date"),
        date_text.alias("date_text"),
        F.lit(date).alias("date_name"),
        meta.cast("map<string,string>").alias("meta"),
    ]


def _members(frame: DataFrame, opened: str | None, in_nanoseconds: Collection[str]) -> dict[str, tuple[Column, str]]:
    """The columns of a frame with their types; those within the opened one count where the frame has none so called."""
    from pyspark.sql import functions as F
    from pyspark.sql.types import StructType

    within = set(in_nanoseconds)

    def typed(value: Column, kind: str, path: str) -> tuple[Column, str]:
        if path not in in_nanoseconds:
            return value, kind
        within.discard(path)
        return _instant(value), "timestamp"

    found = {name: typed(F.col("`" + name.replace("`", "``") + "`"), kind, name) for name, kind in frame.dtypes}
    if opened in found:
        held = frame.schema[opened].dataType
        if not isinstance(held, StructType):
            raise InputError(
                f"read.columns.meta: {opened} is {held.simpleString()} in Parquet files; expected a struct, whose "
                "members are known. Leave it out: then it is in `meta` as a text of JSON"
            )
        whole = found.pop(opened)[0]
        for field in held.fields:
            name = field.name
            inner, kind = typed(whole.getField(name), field.dataType.simpleString(), f"{opened}.{name}")
            if name not in found:
                found[name] = (inner, kind)
            elif found[name][1] == kind:
                found[name] = (F.coalesce(found[name][0], inner), kind)
    if within:
        raise InputError(
            f"{min(within)}: instants in nanoseconds within a list, a map or a struct are numbers to Spark; write them "
            "again in microseconds"
        )
    return found


def _instant(nanoseconds: Column) -> Column:
    """The instant at or before it in microseconds, for any number: Spark's `floor` would go by way of a double."""
    from pyspark.sql import functions as F

    thousand = F.lit(1000).cast("bigint")
    towards_zero = F.call_function("div", nanoseconds, thousand)
    is_behind = (nanoseconds < 0) & (nanoseconds % thousand != 0)
    return F.timestamp_micros(towards_zero - F.when(is_behind, 1).otherwise(0).cast("bigint"))


def _as_text(value: Column, kind: str) -> Column:
    """A value as text: bytes as they are where they are UTF-8, else in base64; what has parts as JSON."""
    from pyspark.sql import functions as F

    if kind == "binary":
        text = value.cast("string")
        return F.when(F.is_valid_utf8(text), text).otherwise(F.base64(value))
    plain = kind.split("<")[0] not in ("struct", "array", "map", "variant")
    return value.cast("string") if plain else F.to_json(value)


def escape(url: str) -> str:
    """Spark takes paths as glob patterns; what is a plain character in a file's name must be said to be one."""
    return re.sub(r"([\\\[\]{}*?,])", r"\\\1", url)


@dataclass(frozen=True)
class Place:
    """What a task must know of a Parquet file to make records of its rows; `begin` is the number of its first row."""

    url: str
    source: str
    number: int
    begin: int = 0


def places(inputs: Mapping[int, InputFile]) -> dict[str, Place]:
    """Files by the form in which Spark names them to tasks; keys are the numbers of their splits."""
    return {canonical(remote.spell_for_spark(f.url)): Place(f.url, f.source, number) for number, f in inputs.items()}


def canonical(path: str) -> str:
    """The form of a path that is the same whether we spell it or Spark does."""
    return unquote(urlsplit(path).path) if path.startswith("file:") else unquote(path)


def to_records(batch: pa.RecordBatch, known: Mapping[str, Place]) -> pa.RecordBatch:
    """Make records (`schema.RECORD`) of scanned rows; rejects of those with strings that are no UTF-8."""
    n = batch.num_rows
    scanned = batch
    batch, misfits = undecodable.take_out(batch, _STRINGS)
    place = [known.get(p) or known[canonical(p)] for p in batch.column("file_path").to_pylist()]
    rows = np.asarray(batch.column("row_index"), dtype=np.int64) + np.array([p.begin for p in place], dtype=np.int64)
    given = batch.column("source").to_pylist()
    found: dict[str, Any] = {
        "file": pa.array([p.url for p in place], pa.string()),
        "offset": pa.array(rows),
        "ordinal": pa.array(np.array([p.number for p in place], dtype=np.int64) * (1 << 32) + rows),
        "source": pa.array([g or p.source for g, p in zip(given, place, strict=True)], pa.string()),
        "rejected": pa.array(np.zeros(n, dtype=bool)),
    }
    for name in ("id", "url", "text", "date", "lang", "html", "meta"):
        found[name] = batch.column(name).cast(schema.RECORD.field(name).type)
    texts = batch.column("date_text").cast(pa.string())
    if texts.null_count < n:
        found["date"] = dates.parse(texts)
        found["meta"] = _keep_unparsed(found["meta"], texts, found["date"], batch.column("date_name")[0].as_py())
    as_found = {name: scanned.column(name).cast(pa.binary()) for name in _HASHED} if misfits else {}
    if misfits:  # as it was where it is no UTF-8, else as it is in the record
        unread = pc.and_(batch.column("source").is_null(), scanned.column("source").is_valid())
        as_found["source"] = pc.if_else(
            unread, scanned.column("source").cast(pa.binary()), found["source"].cast(pa.binary())
        )
    found["raw_hash"] = _raw_hash(found | as_found)
    if misfits:
        found.update(undecodable.as_rejects(misfits, n))
        found.update({name: undecodable.clear(found[name], misfits) for name in ("text", "html")})
    return pa.RecordBatch.from_arrays(
        [found.get(f.name, pa.nulls(n, f.type)) for f in schema.RECORD], schema=schema.RECORD
    )


def _keep_unparsed(meta: pa.Array, texts: pa.Array, found: pa.Array, name: str) -> pa.Array:
    """What cannot be read as a date stays in `meta` under the column's name."""
    lost = np.flatnonzero(np.asarray(texts.is_valid()) & np.asarray(found.is_null()))
    if not len(lost):
        return meta
    rows = meta.to_pylist()
    for i in lost:
        rows[i] = sorted({**dict(rows[i] or ()), name: texts[int(i)].as_py()}.items())
    return pa.array(rows, schema.META)


def _raw_hash(found: Mapping[str, pa.Array]) -> pa.Array:
    """The hash of the mapped columns; where a recipe maps `html`, of these and the page."""
    hashed = hashing.table_hashes(*(found[c] for c in ("id", "url", "text", "date", "lang", "source")))
    pages = found["html"]
    if pages.null_count == len(pages):
        return hashed
    joined = [
        h if p is None else h + p
        for h, p in zip(hashed.to_pylist(), hashing.hash_bytes(pages).to_pylist(), strict=True)
    ]
    return pc.if_else(pages.is_null(), hashed, hashing.hash_bytes(pa.array(joined, pa.binary())))


def read_rows(batches: Iterable[pa.RecordBatch], known: Mapping[str, Place]) -> Iterator[pa.RecordBatch]:
    """Records of all scanned rows, batch by batch."""
    for batch in batches:
        if batch.num_rows:
            yield to_records(batch, known)
