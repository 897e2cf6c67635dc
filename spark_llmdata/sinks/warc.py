"""Export of documents' original records, byte for byte, as archives that any reader of WARC takes."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import pyarrow as pa

from spark_llmdata.errors import NotFound, UsageError
from spark_llmdata.kernels.hashing import doc_ids
from spark_llmdata.sinks.export import check_output
from spark_llmdata.sinks.finish import DONE
from spark_llmdata.sources.inputs import is_archive
from spark_llmdata.sources.originals import IsMeant, Places, copy_record, copy_records
from spark_llmdata.sources.stored import Archives
from spark_llmdata.store import Store
from spark_llmdata.store.ledger import Ledger

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row

_ENDS = {"warc": b"\r\n\r\n", "arc": b"\n"}


def export_originals(store: Store, output: str, run: str | None = None, named: Sequence[str] = ()) -> dict[str, Any]:
    """Write the original records of a run's kept documents, or of the documents `named` whatever became of them.

    The new folder gets `records.warc.gz`, a gzip member for each record, in the order of files and places; records of
    ARC archives go to `records.arc.gz`; `_SUCCESS` comes last. Of identical records, which are one document, the first
    is copied. Says how many were written, and how many documents came from no archive.

    Raises:
        InputError: a record is not where it was.
        NotFound: the run has no document of a name.
        UsageError: the folder is not on a local disk, or not empty.
    """
    output = check_output(output)
    if "://" in output:
        raise UsageError(f"--output {output}: records are copied one by one, to a local disk only; name a folder there")
    record = Ledger(store).find(run)
    fates = _fates(store, record.run, named)
    missing = set(named) - {row.doc_id for row in fates.select("doc_id").distinct().collect()} if named else set()
    if missing:
        raise NotFound(f"run {record.run} has no document {', '.join(sorted(missing))}; `llmdata why` looks by URL too")
    folder = Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    written = elsewhere = 0
    with ExitStack() as files:
        opened: dict[str, BinaryIO] = {}
        rows = fates.orderBy("file", "offset", "ordinal").toLocalIterator()
        for raw in _copy_all(_first_of_each(rows) if named else rows):
            if raw is None:
                elsewhere += 1
                continue
            kind = "warc" if raw[:5].upper() == b"WARC/" else "arc"
            if kind not in opened:
                opened[kind] = files.enter_context((folder / f"records.{kind}.gz").open("wb"))
            opened[kind].write(gzip.compress(raw + _ENDS[kind], mtime=0))
            written += 1
    (folder / DONE).write_bytes(b"")
    return {"run": record.run, "format": "warc", "output": output, "documents": written, "from_no_archive": elsewhere}


def read_original(fate: Row) -> bytes:
    """The record behind a fate (`file`, `offset`, `source`, `doc_id`), proven by the hash that its doc_id is made of.

    Raises:
        InputError: there is no such record any more.
        OSError: the archive cannot be opened or read.
    """
    return copy_record(*Places().locate(fate.file, fate.offset), _finder(fate))


def _copy_all(fates: Iterable[Row]) -> Iterator[bytes | None]:
    """The record of each, nothing for those of no archive; a place that many share is read once, in their order."""
    places, archives = Places(), Archives()
    for (file, offset), group in groupby(fates, key=lambda fate: (fate.file, fate.offset)):
        if is_archive(file):
            yield from copy_records(*places.locate(file, offset), map(_finder, group), archives)
        else:
            yield from (None for _ in group)


def _first_of_each(fates: Iterable[Row]) -> Iterator[Row]:
    """One fate of each document, the first: identical records have one doc_id, and only kept documents are unique."""
    seen: set[str] = set()
    for fate in fates:
        if fate.doc_id not in seen:
            seen.add(fate.doc_id)
            yield fate


def _finder(fate: Row) -> IsMeant:
    source = pa.array([fate.source])

    def is_meant(row: pa.RecordBatch) -> bool:
        facts = (row.column(name) for name in ("id", "url", "date", "raw_hash"))
        return bool(doc_ids(source, *facts)[0].as_py() == fate.doc_id)

    return is_meant


def _fates(store: Store, run: str, named: Sequence[str]) -> DataFrame:
    from pyspark.sql import functions as F

    which = F.col("doc_id").isin(list(named)) if named else F.col("outcome") == "kept"
    fates: DataFrame = store.fates.read().where((F.col("run") == run) & which)
    return fates.select("doc_id", "source", "file", "offset", "ordinal")
