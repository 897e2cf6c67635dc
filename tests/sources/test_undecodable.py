"""Rows of Parquet and tables whose strings are no UTF-8: each is a reject, with its bytes; the others are as ever."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata import schema
from spark_llmdata.kernels import hashing, reference
from spark_llmdata.ordering.sample import read_parquet_head
from spark_llmdata.recipe.model import Read
from spark_llmdata.sources import parquet
from spark_llmdata.sources.split import InputFile

DAY = datetime(2024, 5, 6, tzinfo=timezone.utc)
GOOD: dict[str, Any] = {
    "id": b"1",
    "url": b"http://a.example/",
    "text": "Grüße".encode(),
    "lang": b"de",
    "source": b"web",
    "html": None,
    "date": DAY,
    "date_text": None,
    "date_name": b"date",
    "meta": [(b"licence", b"CC0"), (b"none", None)],
}
PLACE = {"file": parquet.Place("in.parquet", "default", 3)}


def column(values: list[bytes | None]) -> pa.Array:
    """Strings of any bytes."""
    return pa.Array.from_buffers(pa.string(), len(values), pa.array(values, pa.binary()).buffers())


def maps(values: list[list[tuple[bytes, bytes | None]] | None]) -> pa.Array:
    pairs = [pair for value in values for pair in value or ()]
    ends = [sum(len(value or ()) for value in values[:i]) for i in range(len(values) + 1)]
    offsets = pa.array(
        [None if i < len(values) and values[i] is None else end for i, end in enumerate(ends)], pa.int32()
    )
    return pa.MapArray.from_arrays(offsets, column([k for k, _ in pairs]), column([v for _, v in pairs]))


def scanned(*rows: dict[str, Any]) -> pa.RecordBatch:
    """Rows as a scan gives them; each is the good one but for what is given."""
    given = [GOOD | row for row in rows]
    columns = {name: column([row[name] for row in given]) for name in GOOD if name not in ("html", "date", "meta")}
    columns["html"] = pa.array([row["html"] for row in given], pa.binary())
    columns["date"] = pa.array([row["date"] for row in given], schema.TIMESTAMP)
    columns["meta"] = maps([row["meta"] for row in given])
    columns["file_path"] = pa.array(["file"] * len(given))
    columns["row_index"] = pa.array(range(len(given)), pa.int64())
    return pa.RecordBatch.from_pydict(columns)


def records(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    found = parquet.to_records(scanned(*rows), PLACE)
    found.validate(full=True)
    assert found.schema == schema.RECORD
    return found.to_pylist()


@pytest.mark.parametrize(
    ("bad", "field", "key", "value", "told"),
    [
        ({"text": b"caf\xe9"}, "text", None, b"caf\xe9", "no UTF-8 from its byte 3 on (0xE9)"),
        ({"id": b"\xff1"}, "id", None, b"\xff1", "no UTF-8 from its byte 0 on (0xFF)"),
        ({"url": b"http://\xe9/"}, "url", None, b"http://\xe9/", "no UTF-8 from its byte 7 on (0xE9)"),
        ({"lang": b"\xe2\x82"}, "lang", None, b"\xe2\x82", "no UTF-8 from its byte 0 on (0xE2)"),
        ({"source": b"w\x80"}, "source", None, b"w\x80", "no UTF-8 from its byte 1 on (0x80)"),
        ({"date_text": b"2024\xa0"}, "date", None, b"2024\xa0", "no UTF-8 from its byte 4 on (0xA0)"),
        ({"meta": [(b"a", b"b"), (b"c", b"\xff")]}, "meta", "c", b"\xff", "no UTF-8 from its byte 0 on (0xFF)"),
        ({"meta": [(b"\xff", b"b")]}, "meta", "\ufffd", b"\xff", "no UTF-8 from its byte 0 on (0xFF)"),
    ],
)
def test_a_value_that_is_no_utf8_rejects_its_row(bad, field, key, value, told) -> None:
    before, found, after = records({}, bad, {})
    (alone,) = records({})
    assert before == alone
    assert after == alone | {"offset": 2, "ordinal": alone["ordinal"] + 2}
    assert (found["rejected"], found["defect"], found["payload"]) == (True, "bad_field", value)
    keyed = {} if key is None else {"key": key}
    assert json.loads(found["evidence"]) == {"field": field, "found": told, "expected": "UTF-8"} | keyed
    assert (found["text"], found["html"], found["offset"]) == (None, None, 1)
    kept = {"id", "url", "lang", "date"} - {field}
    assert {name: found[name] for name in kept} == {name: alone[name] for name in kept}
    assert found["source"] == ("default" if field == "source" else "web")


def test_of_several_bad_values_the_first_is_told_and_none_is_kept() -> None:
    (found,) = records({"meta": [(b"k", b"\xff")], "text": b"\xfe", "url": b"\xfd"})
    assert json.loads(found["evidence"])["field"] == "url"
    assert (found["payload"], found["url"], found["text"], found["meta"]) == (b"\xfd", None, None, None)


@given(
    st.lists(st.fixed_dictionaries({name: st.none() | st.binary(max_size=4) for name in ("id", "url", "text", "lang")}))
)
def test_raw_hashes_are_of_the_bytes_as_they_were(rows: list[dict[str, bytes | None]]) -> None:
    """By the one definition for good rows and bad ones, and so the same row is the same reject in any run."""

    def optional(value: bytes | None) -> bytes:
        return b"\0" if value is None else b"\1" + reference.encode_int(len(value)) + value

    def expected(row: dict[str, bytes | None]) -> bytes:
        date = b"\1" + reference.encode_date(DAY)
        parts = (optional(row["id"]), optional(row["url"]), optional(row["text"]), date, optional(row["lang"]))
        (digest,) = hashing.hash_bytes(pa.array([b"".join(parts) + optional(b"web")])).to_pylist()
        return bytes(digest)

    if rows:
        assert [found["raw_hash"] for found in records(*rows)] == [expected(row) for row in rows]


def test_sources_that_are_no_utf8_are_told_apart() -> None:
    given: list[dict[str, Any]] = [{"source": b"\xff"}, {"source": b"\xfe"}, {"source": None}, {"text": b"\xff"}]
    assert len({found["raw_hash"] for found in records(*given)}) == 4


def test_long_values_are_cut_in_the_payload() -> None:
    (found,) = records({"text": b"\xff" * (schema.MAX_PAYLOAD + 1)})
    assert found["payload"] == b"\xff" * schema.MAX_PAYLOAD


def test_a_sample_of_a_file_has_the_same_rejects(tmp_path) -> None:
    table = pa.table({"text": column([b"good", b"\xff"]), "id": pa.array([b"1", b"\xfe"])})
    pq.write_table(table, tmp_path / "in.parquet")
    file = InputFile(str(tmp_path / "in.parquet"), 1, 1, "s", "parquet")
    (batch,) = read_parquet_head(file, Read())
    assert batch.column("defect").to_pylist() == [None, "bad_field"]


def test_a_row_as_it_is_in_the_file(tmp_path) -> None:
    table = pa.table(
        {
            "text": column([b"good", b"\xff"]),
            "list": pa.ListArray.from_arrays([0, 1, 2], column([b"a", b"\xff"])),
            "struct": pa.StructArray.from_arrays([column([b"a", b"\xff"])], ["b"]),
            "map": maps([[(b"a", b"b")], [(b"\xff", b"b")]]),
            "large": pa.LargeListArray.from_arrays([0, 1, 2], column([b"a", b"\xff"])),
            "fixed": pa.FixedSizeListArray.from_arrays(column([b"a", b"\xff"]), 1),
            "number": pa.array([1, 2]),
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    file = InputFile(str(tmp_path / "in.parquet"), 1, 1, "s", "parquet")
    nested = {"list": ["a"], "struct": {"b": "a"}, "map": [("a", "b")], "large": ["a"], "fixed": ["a"]}
    assert parquet.read_row(file, 0) == {"text": "good", **nested, "number": 1}
    bad = [b"\xff"]
    nested = {"list": bad, "struct": {"b": b"\xff"}, "map": [(b"\xff", b"b")], "large": bad, "fixed": bad}
    assert parquet.read_row(file, 1) == {"text": b"\xff", **nested, "number": 2}
