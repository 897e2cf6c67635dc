"""The record behind a document as it stands in the input, proven by the hash in its doc_id."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from spark_llmdata.errors import InputError
from spark_llmdata.kernels.hashing import doc_ids
from spark_llmdata.kernels.jsonl import LineParser
from spark_llmdata.recipe import Read
from spark_llmdata.report.why import find_records
from spark_llmdata.sinks.warc import read_original
from spark_llmdata.sources.inputs import find_files, is_archive
from spark_llmdata.sources.originals import copy_line
from spark_llmdata.sources.parquet import read_row
from spark_llmdata.sources.places import find_records as find_rows
from spark_llmdata.sources.split import InputFile
from spark_llmdata.sources.tables import is_table, locate
from spark_llmdata.sources.tables import read_row as read_table_row
from spark_llmdata.spark_settings import run_settings
from spark_llmdata.store import Store
from spark_llmdata.store.ledger import Ledger

if TYPE_CHECKING:
    from pyspark.sql import Row

_LIMIT = 1 << 30


@dataclass(frozen=True)
class Raw:
    """A record's bytes and what they are of; of a row of Parquet or a table its columns as JSON."""

    data: bytes
    facts: dict[str, Any]


def read_raw(store: Store, question: str, run: str | None = None) -> Raw:
    """Read a document's record (`question`, as in `why`) from the input again.

    Of archives from the first line of the record to the end of its block, uncompressed; of JSON lines the line without
    its line end; of a table the row at the version that was read, of a data frame that of its copy in the store.
    Nothing that is private is hidden.

    Raises:
        InputError: the input is gone or was changed, or the record was never read as a whole.
        NotFound: no such run or document.
        OSError: the input cannot be read.
    """
    record = Ledger(store).find(run)
    fate, *others = find_records(store, record, question)
    place = f"{fate.file}:{fate.offset}"
    if fate.doc_id is None:
        raise InputError(
            f"{place}: was not read as a whole ({fate.reason}), so there is no record to write; its bytes begin there"
        )
    sources = [one["source"] for one in record.manifest["inputs"] if one["url"] == fate.file]
    named = f"{sources[0] if sources else fate.source}={fate.file}"
    read = Read(**record.manifest["recipe"]["read"])
    with run_settings(store.spark):  # in another time zone a date would be another instant
        if is_archive(fate.file):
            kind, data = "archive", _read_archive(fate, place)
        elif is_table(fate.file):
            kind, data = "table", _read_table(store, fate, named, read)
        else:
            kind, data = _read_file(store, fate, named, read)
    facts = {
        "run": record.run,
        "doc_id": fate.doc_id,
        "id": fate.id,
        "url": fate.url,
        "location": {"file": fate.file, "offset": fate.offset},
        "format": kind,
        "bytes": len(data),
        "rejected": fate.reason if fate.outcome == "rejected" else None,
        "others": len(others),
    }
    return Raw(data, facts)


def _read_archive(fate: Row, place: str) -> bytes:
    joined = _count_joined(fate)
    if joined:
        raise InputError(
            f"{place}: stands for {joined:,} damaged places that follow one another ({fate.reason}), so there is no "
            "record to write; the first of them begins at that byte"
        )
    try:
        return read_original(fate)
    except FileNotFoundError as error:
        raise _gone(place, f"there is no file {error.filename or fate.file}") from error


def _count_joined(fate: Row) -> int:
    """How many damaged places of an archive a reject stands for where it is more than one, else 0."""
    if fate.outcome != "rejected" or not (fate.reason or "").startswith("read.") or not fate.evidence:
        return 0
    evidence = json.loads(fate.evidence)
    return int(evidence.get("count", 0)) if isinstance(evidence, dict) else 0


def _read_table(store: Store, fate: Row, named: str, read: Read) -> bytes:
    """The row behind a document, which is all the record it has."""
    key = fate.id or fate.url or fate.doc_id
    came = f"{key} came from row {fate.offset} of {fate.file}; its record is that row, which cannot be read any more"
    remedy = "it can be read as long as the store keeps its copy, or the table that version"
    try:
        file = locate(find_files([named], noted=True).files[0], store.copies)
        data = _prove_row(store, fate, file, read, read_table_row(store.spark, file, fate.offset))
    except InputError as error:
        raise InputError(f"{came} ({error}); {remedy}") from error
    if data is None:
        raise InputError(f"{came} (another row is there, or none); {remedy}")
    return data


def _read_file(store: Store, fate: Row, named: str, read: Read) -> tuple[str, bytes]:
    place = f"{fate.file}:{fate.offset}"
    try:
        (file,) = find_files([named]).files
    except InputError as error:
        raise _gone(place, str(error)) from error
    data = None
    if file.format == "jsonl":
        data = _prove_line(fate, copy_line(file, fate.offset), read)
    elif file.format == "parquet":
        data = _prove_row(store, fate, file, read, read_row(file, fate.offset))
    if data is None:
        raise _gone(place, "another record is there, or none")
    return file.format, data


def _prove_line(fate: Row, line: bytes, read: Read) -> bytes | None:
    """The line, if it makes the doc_id; that of a line which was too long to be parsed is made of its hash alone."""
    limits = {"max_record_bytes": read.max_record_bytes, "batch_rows": 1, "batch_bytes": _LIMIT}
    rows, _ = LineParser(read.sources(), fate.source, **limits).parse(line, 0, 0)
    return line if fate.doc_id in _ids(rows) else None


def _prove_row(store: Store, fate: Row, file: InputFile, read: Read, row: Mapping[str, Any] | None) -> bytes | None:
    """The row as JSON, if the record that is there makes the doc_id."""
    rows = find_rows(store.spark, file, fate.offset, read.sources(), read.max_record_bytes)
    if row is None or not any(fate.doc_id in _ids(batch) for batch in rows.combine_chunks().to_batches()):
        return None
    return json.dumps(row, ensure_ascii=False, default=_plain).encode("utf-8", "replace")


def _ids(rows: pa.RecordBatch) -> list[str | None]:
    facts = (rows.column(name) for name in ("source", "id", "url", "date", "raw_hash"))
    found: list[str | None] = doc_ids(*facts).to_pylist()
    return found


def _plain(value: Any) -> Any:
    """What JSON has no form for: bytes as text where they are UTF-8, else in base64; a date as ISO 8601."""
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return {"base64": base64.b64encode(value).decode()}
    if isinstance(value, Mapping):
        return dict(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _gone(place: str, why: str) -> InputError:
    return InputError(f"{place}: the record cannot be read any more ({why}); put back the file that the run read")
