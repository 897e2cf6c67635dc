"""Parquet: Spark's own scan, with the rows' place in their file; proof by the footers' counts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from spark_llmdata import schema
from spark_llmdata.errors import InputError
from spark_llmdata.kernels import dates, hashing
from spark_llmdata.sources import files
from spark_llmdata.sources.split import InputFile

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

_FOOTER_THREADS = 16


def count_rows(file: InputFile) -> int:
    """The number of rows a file's footer promises."""
    return int(_footer(file).metadata.num_rows)


def _footer(file: InputFile) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(files.open_file(file.url))
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{file.url}: cannot be read as Parquet: {error}") from error


def group_by_schema(inputs: Sequence[InputFile], columns: Mapping[str, str]) -> list[list[InputFile]]:
    """Files that can be read in one scan: those with equal schemas. All unfit files are named in one error."""

    def look(file: InputFile) -> pa.Schema | str:
        try:
            found = _footer(file).schema_arrow.remove_metadata()
        except InputError as error:
            return str(error)
        return _unfit(file, found, columns) or found

    with ThreadPoolExecutor(_FOOTER_THREADS) as pool:
        found = list(pool.map(look, inputs))
    problems = [f for f in found if isinstance(f, str)]
    if problems:
        raise InputError("\n".join(problems))
    groups: dict[str, list[InputFile]] = {}
    for file, kind in zip(inputs, found, strict=True):
        groups.setdefault(str(kind), []).append(file)
    return [groups[key] for key in sorted(groups)]


def _unfit(file: InputFile, found: pa.Schema, columns: Mapping[str, str]) -> str | None:
    """Why a file cannot give documents, or None."""
    name = columns.get("text", "text")
    if columns.get("text") not in found.names and columns.get("html") not in found.names:
        return (
            f"{file.url}: no column {name!r}; it has {', '.join(found.names)}. "
            "Say which one holds the text: --set read.columns.text=NAME"
        )
    for column in ("text", "url", "lang", "source"):
        field = found.field(columns[column]) if columns.get(column) in found.names else None
        if field is not None and not (_is_string(field.type) or pa.types.is_null(field.type)):
            return f"{file.url}: column {field.name!r} ({column}) is {field.type}; expected a string column"
    return None


def _is_string(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def scan(spark: SparkSession, inputs: Iterable[InputFile], columns: Mapping[str, str]) -> DataFrame:
    """Rows of files of one schema: place, the columns as found there, everything else in `meta` (null: absent)."""
    from pyspark.sql import functions as F

    frame = spark.read.parquet(*(_escape(f.url) for f in inputs))
    types = dict(frame.dtypes)

    def quoted(name: str) -> Column:
        return F.col("`" + name.replace("`", "``") + "`")

    def given(column: str, as_type: str = "string") -> Column:
        name = columns.get(column)
        return quoted(name).cast(as_type) if name in types else F.lit(None).cast(as_type)

    date = columns.get("date")
    date_found = given("date", "timestamp")
    rest: dict[str, Column] = {}
    date_text = F.lit(None).cast("string")
    if date in types and types[date] == "string":  # parsed where dates of JSON lines are, by the same rules
        date_found, date_text = F.lit(None).cast("timestamp"), quoted(date)
    known = {columns[c] for c in columns}
    for name, spelled in types.items():
        if name not in known:
            plain = spelled.split("<")[0] not in ("struct", "array", "map", "variant")
            rest[name] = quoted(name).cast("string") if plain else F.to_json(quoted(name))
    pairs = [item for name, value in rest.items() for item in (F.lit(name), value)]
    meta = F.map_filter(F.create_map(*pairs), lambda _, v: v.isNotNull()) if pairs else F.lit(None)
    return frame.select(
        F.col("_metadata.file_path").alias("file_path"),
        F.col("_metadata.row_index").alias("row_index"),
        *(given(c).alias(c) for c in ("id", "url", "text", "lang", "source")),
        given("html", "binary").alias("html"),
        date_found.alias("date"),
        date_text.alias("date_text"),
        F.lit(date).alias("date_name"),
        meta.cast("map<string,string>").alias("meta"),
    )


def _escape(url: str) -> str:
    """Spark takes paths as glob patterns; what is a plain character in a file's name must be said to be one."""
    return re.sub(r"([\\\[\]{}*?,])", r"\\\1", url)


@dataclass(frozen=True)
class Place:
    """What a task must know of a Parquet file to make records of its rows."""

    url: str
    source: str
    number: int


def places(inputs: Mapping[int, InputFile]) -> dict[str, Place]:
    """Files by the form in which Spark names them to tasks; keys are the numbers of their splits."""
    return {_canonical(f.url): Place(f.url, f.source, number) for number, f in inputs.items()}


def _canonical(path: str) -> str:
    return unquote(urlsplit(path).path) if path.startswith("file:") else unquote(path)


def to_records(batch: pa.RecordBatch, known: Mapping[str, Place]) -> pa.RecordBatch:
    """Make records (`schema.RECORD`) of scanned rows."""
    n = batch.num_rows
    place = [known.get(p) or known[_canonical(p)] for p in batch.column("file_path").to_pylist()]
    rows = np.asarray(batch.column("row_index"), dtype=np.int64)
    given = batch.column("source").to_pylist()
    found: dict[str, Any] = {
        "file": pa.array([p.url for p in place], pa.string()),
        "offset": pa.array(rows),
        "ordinal": pa.array(np.array([p.number for p in place], dtype=np.int64) << 32 | rows),
        "source": pa.array([g or p.source for g, p in zip(given, place, strict=True)], pa.string()),
        "rejected": pa.array(np.zeros(n, dtype=bool)),
    }
    for name in ("id", "url", "text", "date", "lang", "html", "meta"):
        found[name] = batch.column(name).cast(schema.RECORD.field(name).type)
    texts = batch.column("date_text").cast(pa.string())
    if texts.null_count < n:
        found["date"] = dates.parse(texts)
        found["meta"] = _keep_unparsed(found["meta"], texts, found["date"], batch.column("date_name")[0].as_py())
    found["raw_hash"] = _raw_hash(found)
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
