"""Stable 128-bit hashes of records, texts and rows; what is hashed is fixed for ever, ids and proofs rest on it.

All are xxh3_128 with seed 0. As bytes they are big-endian; as two numbers, `hi` is the first eight of those bytes and
`lo` the last eight, signed. Composite values are encoded without ambiguity before they are hashed:

* `str(x)`: the length of x in bytes as 8 bytes little-endian, then x in UTF-8;
* `int(x)`: 8 bytes little-endian, two's complement; a date is its microseconds since 1970-01-01T00:00:00Z;
* `opt(x)`: the byte 0 for null, else the byte 1 and then x.

`kernels.reference` says the same as code.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pyarrow as pa

from spark_llmdata import _native

__all__ = ["doc_ids", "hash_bytes", "native_digest", "row_hashes", "table_hashes", "text_facts"]


def native_digest() -> str:
    """16 hex digits of SHA-256 over the native module's file: which kernels these are, to the byte."""
    return hashlib.sha256(Path(_native.__file__).read_bytes()).hexdigest()[:16]


def hash_bytes(values: pa.Array) -> pa.FixedSizeBinaryArray:
    """Hash each value's bytes: text (in UTF-8) or binary, in any layout. 16 bytes a row, null for null.

    Raises:
        ValueError: the values are neither text nor binary.
    """
    return pa.array(_native.hash_bytes(values))


def doc_ids(source: pa.Array, id: pa.Array, url: pa.Array, date: pa.Array, raw_hash: pa.Array) -> pa.StringArray:
    """Name each record by what it is: 32 lower-case hexadecimal digits, null where `raw_hash` is null.

    Hashes `str(source)`; then the byte 1 and `str(id)`, or where id is null the byte 0, `opt(str(url))` and
    `opt(int(date))`; then the 16 bytes of `raw_hash`. `date` is timestamp(us) with a time zone.

    Raises:
        ValueError: a column has another type or length, or a record with a raw hash has no source.
    """
    return pa.array(_native.doc_ids(source, id, url, date, raw_hash))


def table_hashes(
    id: pa.Array,
    url: pa.Array,
    text: pa.Array,
    date: pa.Array,
    lang: pa.Array,
    source: pa.Array,
) -> pa.FixedSizeBinaryArray:
    """Hash a table's rows as raw records: 16 bytes a row, never null.

    Hashes `opt(str(id)) opt(str(url)) opt(str(text)) opt(int(date)) opt(str(lang)) opt(str(source))`. `date` is
    timestamp(us) with a time zone. A column of text may come as binary: there is no other way for bytes that are no
    UTF-8.

    Raises:
        ValueError: a column has another type or length.
    """
    return pa.array(_native.table_hashes(id, url, text, date, lang, source))


def text_facts(text: pa.Array) -> pa.RecordBatch:
    """Measure and hash each text: int64 columns `bytes` (in UTF-8), `words`, `hi`, `lo`; null for null.

    Words are maximal runs of code points that are not Unicode White_Space.

    Raises:
        ValueError: the column is no text.
    """
    return pa.record_batch(_native.text_facts(text))


def row_hashes(batch: pa.RecordBatch) -> tuple[pa.Int64Array, pa.Int64Array]:
    """Hash each row over all columns, by name rather than by place or layout: (`hi`, `lo`), never null.

    Columns come in the order of their names' bytes; each is `str(name)`, a tag byte and a value. 0: null. 1: text,
    `str(x)`. 2: int64, `int(x)`. 3: float64, `int(bits)`, every NaN alike and -0.0 as 0.0. 4: bool, one byte.
    5: timestamp(us) with a time zone, 6: without, `int(x)`. 7: map of text to text, and 8: map of text to float64 or
    struct of float64: `int(entries)`, then `str(key)` and `str(value)` or `int(bits)` of each, sorted by key and
    value; an entry whose value is null is left out, and a null map or struct has no entries.

    Raises:
        ValueError: a column has another type, or two have one name.
    """
    hi, lo = _native.row_hashes(batch)
    return pa.array(hi), pa.array(lo)
