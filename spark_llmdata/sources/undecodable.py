"""Strings that are none: Parquet and Spark take any bytes for a string, documents are UTF-8.

Such a row becomes a reject, `read.bad_field`, with the bytes in its payload.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from spark_llmdata import schema

_BYTES = {pa.string(): pa.binary(), pa.large_string(): pa.large_binary(), pa.string_view(): pa.binary_view()}


@dataclass(frozen=True)
class Undecodable:
    """A value that is no UTF-8: its column, its key in a map, its bytes, and which of them is the first wrong one."""

    column: str
    key: str | None
    value: bytes
    at: int

    @property
    def evidence(self) -> str:
        """What the reject says of it, as JSON."""
        field = "date" if self.column == "date_text" else self.column  # what the document calls it
        facts = {"field": field, "found": f"no UTF-8 from its byte {self.at} on (0x{self.value[self.at]:02X})"}
        if self.key is not None:
            facts["key"] = self.key
        return json.dumps(facts | {"expected": "UTF-8"})


def take_out(batch: pa.RecordBatch, columns: Sequence[str]) -> tuple[pa.RecordBatch, dict[int, Undecodable]]:
    """The batch with nulls for values that are no UTF-8, and by row the first of them, in the order of these columns.

    Columns are of strings, or of maps of strings.
    """
    first: dict[int, Undecodable] = {}
    for place, name in ((batch.schema.get_field_index(name), name) for name in columns):
        found = _find(name, batch.column(place))
        if found:
            batch = batch.set_column(place, name, clear(batch.column(place), found))
        for row, misfit in found.items():
            first.setdefault(row, misfit)
    return batch, first


def as_rejects(misfits: Mapping[int, Undecodable], n: int) -> dict[str, pa.Array]:
    """The columns of n records (`schema.RECORD`) that say which of them are rejects."""
    rows = [misfits.get(row) for row in range(n)]
    return {
        "rejected": pa.array([row is not None for row in rows]),
        "defect": pa.array([None if row is None else "bad_field" for row in rows], pa.string()),
        "evidence": pa.array([None if row is None else row.evidence for row in rows], pa.string()),
        "payload": pa.array([None if row is None else row.value[: schema.MAX_PAYLOAD] for row in rows], pa.binary()),
    }


def clear(column: pa.Array, rows: Collection[int]) -> pa.Array:
    """The column with nulls in these rows."""
    gone = np.zeros(len(column), dtype=bool)
    gone[list(rows)] = True
    return column.take(pa.array(np.arange(len(column)), mask=gone))


def row_to_dict(rows: pa.Table) -> dict[str, Any]:
    """The first row; strings that are no UTF-8 as bytes."""
    return {name: _plain(rows.column(name).combine_chunks()) for name in rows.column_names}


def _find(name: str, column: pa.Array) -> dict[int, Undecodable]:
    column.validate()  # what is wrong with its form is no row's fault
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        found: dict[int, Undecodable] = {}
        for row, key, value in _values(column):
            at = _stops_at(value)
            if at is not None:
                found.setdefault(row, Undecodable(name, key, value, at))
        if not found:  # something else is wrong with the column
            raise
        return found
    return {}


def _plain(column: pa.Array) -> Any:
    try:
        return column[0].as_py()
    except UnicodeDecodeError:
        return column.cast(_of_bytes(column.type))[0].as_py()


def _of_bytes(kind: pa.DataType) -> pa.DataType:
    """The type with binary in place of strings."""
    if kind in _BYTES:
        return _BYTES[kind]
    if pa.types.is_map(kind):
        return pa.map_(_of_bytes(kind.key_type), _of_bytes(kind.item_type))
    if pa.types.is_struct(kind):
        return pa.struct([kind.field(i).with_type(_of_bytes(kind.field(i).type)) for i in range(kind.num_fields)])
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        inner = kind.value_field.with_type(_of_bytes(kind.value_type))
        if pa.types.is_fixed_size_list(kind):
            return pa.list_(inner, kind.list_size)
        return pa.list_(inner) if pa.types.is_list(kind) else pa.large_list(inner)
    return kind


def _values(column: pa.Array) -> Iterator[tuple[int, str | None, bytes]]:
    """Each value's row, its key in a map, and its bytes; of maps the keys as well."""
    if not pa.types.is_map(column.type):
        values = column.cast(_of_bytes(column.type)).to_pylist()
        yield from ((row, None, value) for row, value in enumerate(values) if value is not None)
        return
    for row, pairs in enumerate(column.cast(_of_bytes(column.type)).to_pylist()):
        for key, value in pairs or ():
            name = key.decode("utf-8", "replace")
            yield row, name, key
            if value is not None:
                yield row, name, value


def _stops_at(value: bytes) -> int | None:
    try:
        value.decode()
    except UnicodeDecodeError as error:
        return error.start
    return None
