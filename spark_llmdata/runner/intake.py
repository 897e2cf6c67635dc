"""What a run takes in: tables pinned at a version; what has none, and data frames, copied into the store first."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from spark_llmdata import extras
from spark_llmdata.errors import InputError, UsageError
from spark_llmdata.recipe import Read
from spark_llmdata.sources import parquet, tables
from spark_llmdata.sources.inputs import DEFAULT_SOURCE, Inputs, find_files
from spark_llmdata.sources.limit import take_first
from spark_llmdata.sources.split import InputFile
from spark_llmdata.store import Store

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_SOURCE = re.compile(r"[A-Za-z][\w-]*", re.ASCII)
_EXPECTED = "a path, a data frame of Spark, pandas or Arrow, a list of them, or a mapping {source: one of them}"


@dataclass(frozen=True)
class Asked:
    """The inputs as they were given: arguments `[NAME=]PATH`, and data frames with their sources."""

    paths: tuple[str, ...]
    frames: tuple[tuple[str, Any], ...] = ()

    def find(self, store: str | None) -> Inputs:
        """The files and tables among them; data frames come in when Spark is there (`take_in`).

        Raises:
            InputError: all that is wrong with them.
            MissingExtra: a package that reads one of them is not installed.
        """
        found = Inputs((), ()) if self.frames and not self.paths else find_files(self.paths, store)
        if any(f.compression == "zstd" for f in found.files):
            extras.require("zstandard", extra="zstd", needed_by="reading .zst files")
        return found


def sort_inputs(given: Any) -> Asked:
    """Tell paths from data frames in what `run` was given as its input.

    Raises:
        UsageError: something is neither, or a source has no name that a source can have.
    """
    paths: list[str] = []
    frames: list[tuple[str, Any]] = []

    def take(value: Any, source: str | None) -> None:
        if isinstance(value, str | Path):
            paths.append(str(value) if source is None else f"{source}={value}")
        elif _is_frame(value):
            frames.append((source or DEFAULT_SOURCE, value))
        elif isinstance(value, Sequence):
            for one in value:
                take(one, source)
        else:
            raise UsageError(f"input: {type(value).__name__} cannot be read; expected {_EXPECTED}")

    if isinstance(given, Mapping) and not _is_frame(given):
        for name, value in given.items():
            if not isinstance(name, str) or not _SOURCE.fullmatch(name):
                raise UsageError(f"input: {name!r} names no source; expected letters, digits, _ and -, a letter first")
            take(value, name)
    else:
        take(given, None)
    return Asked(tuple(paths), tuple(frames))


def _is_frame(value: Any) -> bool:
    if type(value).__module__.startswith("pandas."):
        return hasattr(value, "columns")
    return _is_spark(value) or isinstance(value, pa.RecordBatch) or hasattr(value, "__arrow_c_stream__")


def _is_spark(value: Any) -> bool:
    return type(value).__module__.startswith("pyspark.sql.") and hasattr(value, "selectExpr")


@dataclass(frozen=True)
class Intake:
    """Turns what was asked for into inputs that stay as they are: for one run, into its store."""

    store: Store
    run: str
    read: Read
    say: Callable[[str], None]
    limit: int | None = None
    problems: list[str] = field(default_factory=list)

    def take_in(self, asked: Asked, found: Inputs) -> Inputs:
        """Pin tables, copy what cannot be pinned and all data frames, and cut off what is behind the limit.

        Raises:
            InputError: all that is wrong with tables and data frames, a line each.
        """
        ready: list[InputFile] = []
        waiting: list[tuple[str, str, DataFrame]] = []
        for file in found.files:
            self._pin(file, ready, waiting)
        spark = self.store.spark
        for source, frame in asked.frames:
            waiting.append(("dataframe", source, frame if _is_spark(frame) else _to_spark(spark, frame)))
        columns = self.read.sources()
        for label, _, frame in waiting:
            self._note(partial(tables.check_types, label, dict(frame.dtypes), columns))
        if self.problems:
            raise InputError("\n".join(self.problems))
        ready += [self._copy(number, *entry) for number, entry in enumerate(waiting)]
        ready.sort(key=lambda file: (file.source, file.url))
        if self.limit is None:
            return Inputs(tuple(ready), found.skipped)
        first = take_first(
            ready,
            self.limit,
            columns=columns,
            max_record_bytes=self.read.max_record_bytes,
            count_table=lambda file: tables.count_rows(spark, file),
        )
        cut = len(first) < len(ready) or any(file.first for file in first)
        return Inputs(first, found.skipped, cut)

    def _pin(self, file: InputFile, ready: list[InputFile], waiting: list[tuple[str, str, DataFrame]]) -> None:
        if file.format != "table":
            ready.append(file)
            return

        def pin() -> None:
            pinned = tables.pin_table(self.store.spark, tables.locate(file, self.store.copies))
            if pinned.etag:
                ready.append(pinned)
                tables.check_columns(self.store.spark, pinned, self.read.sources())
            else:
                waiting.append((pinned.url, file.source, tables.read_frame(self.store.spark, pinned)))

        self._note(pin)

    def _note(self, check: Callable[[], None]) -> None:
        try:
            check()
        except InputError as problem:
            self.problems.append(str(problem))

    def _copy(self, number: int, label: str, source: str, frame: DataFrame) -> InputFile:
        """Write a frame's documents into the store, so that whoever reads them twice reads the same ones."""
        self.say(f"copying {label} (source {source}) into the store: it keeps no versions, or its rows no places")
        name = f"{self.run}-{number}"
        rows = frame if self.limit is None else frame.limit(self.limit + 1)
        table = self.store.copy(name)
        table.append_once(rows.select(*parquet.describe(rows, self.read.sources())), name, {"of": label})
        return tables.locate(
            InputFile(f"{tables.COPY}{name}:{label}", 0, 0, source, "table", etag=name), self.store.copies
        )


def _to_spark(spark: SparkSession, frame: Any) -> DataFrame:
    """A frame of pandas, Arrow or another library that speaks Arrow; a named index of pandas is a column."""
    try:
        if type(frame).__module__.startswith("pandas."):
            named = any(name is not None for name in frame.index.names)
            frame = pa.Table.from_pandas(frame.reset_index() if named else frame, preserve_index=False)
        table = pa.table(frame)
        return spark.createDataFrame(table.cast(pa.schema([f.with_type(_without_views(f.type)) for f in table.schema])))
    except (pa.ArrowException, TypeError, ValueError, UnicodeError) as error:
        raise InputError(
            f"dataframe: cannot be given to Spark ({error}); expected columns of one plain type each, with different "
            "names, texts without half surrogates"
        ) from error


def _without_views(kind: pa.DataType) -> pa.DataType:
    """The type with plain strings for views of strings, which polars gives and Spark does not know."""
    if pa.types.is_string_view(kind):
        return pa.large_string()
    if pa.types.is_binary_view(kind):
        return pa.large_binary()
    if pa.types.is_struct(kind):
        return pa.struct([f.with_type(_without_views(f.type)) for f in kind])
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        make = pa.list_ if pa.types.is_list(kind) else pa.large_list
        return make(kind.value_field.with_type(_without_views(kind.value_type)))
    if pa.types.is_map(kind):
        return pa.map_(_without_views(kind.key_type), _without_views(kind.item_type))
    return kind


def count_inputs(inputs: Inputs) -> str:
    """How many files and tables there are, in words."""
    tabular = sum(file.format == "table" for file in inputs.files)
    counts = ((len(inputs.files) - tabular, "file"), (tabular, "table"))
    return " and ".join(f"{n:,} {what}{'' if n == 1 else 's'}" for n, what in counts if n) or "0 files"


def tell_inputs(inputs: Inputs) -> str:
    """How many files and tables there are, and which files are empty, in words."""
    empty = [
        file.url.rpartition("/")[2] for file in inputs.files if file.format not in ("table", "cdx") and not file.size
    ]
    if not empty:
        return count_inputs(inputs)
    more = f" and {len(empty) - 1:,} more" if len(empty) > 1 else ""
    return f"{count_inputs(inputs)} ({empty[0]}{more}: 0 bytes)"


def tell_empty(inputs: Inputs) -> str:
    """That not one record was read, in words."""
    if all(file.format == "cdx" for file in inputs.files):
        return "no line of the index is among those asked for: addresses and digests are compared as the index has them"
    return f"{count_inputs(inputs)} held no record"


def describe_inputs(inputs: Inputs) -> dict[str, Any]:
    """The inputs for a manifest, from which `find_again` finds them; a run's first event alone has them."""
    facts: list[dict[str, Any]] = [
        {"url": f.url, "size": f.size, "modified_ns": f.modified_ns, "source": f.source, "digest": f.digest}
        | {name: value for name, value in (("table_id", f.etag), ("first", f.first)) if value}
        for f in inputs.files
    ]
    return {"inputs": facts, "skipped": list(inputs.skipped)}


def find_again(store: Store, manifest: Mapping[str, Any]) -> Inputs:
    """The inputs that a manifest names, as they are now; of tables the versions of then.

    Raises:
        InputError: some of them are gone.
    """
    then = {facts["url"]: facts for facts in manifest["inputs"]}
    found = find_files([f"{facts['source']}={url}" for url, facts in then.items()], noted=True)
    again = []
    for file in found.files:
        if file.format == "table":
            file = tables.pin_table(store.spark, tables.locate(file, store.copies))
        again.append(replace(file, first=then[file.url].get("first", 0)))
    return Inputs(tuple(again), (), any(file.first for file in again))
