"""Hashes against literal values and against encodings written out in Python."""

from __future__ import annotations

import math
from datetime import datetime, timezone
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.kernels import hashing, reference
from spark_llmdata.schema import META, SCORES, TIMESTAMP

# xxh3_128 by another implementation, of the first n of these bytes; the lengths fall into each of its code paths.
BYTES = bytes(i * 7 % 251 for i in range(5000))
GOLDEN = {
    0: "99aa06d3014798d86001c324468d497f",
    1: "a6cd5e9392000f6ac44bdff4074eecdb",
    3: "656e81c56e41fe02c3489259e968ad9e",
    4: "ab5c3e7474d809db81a65295de8e7dde",
    8: "e4b9dd0b66ff3c50ebabbd0695002ff6",
    9: "82ddc95bc76007671c69c3f04aaed08c",
    16: "ddf6c1254d70f76794eaa17b20756f46",
    17: "263f67af63088041735fe434ded90c3c",
    128: "381610c474b8adfb2dfb73305de1f91a",
    129: "4e05eed4427255d51f8b5092c9ba3be8",
    240: "17ffe035d71c1ec8e6bf81617aad6c4a",
    241: "29bc1e9cffb6d79bc614c8c3575348c1",
    1024: "07fe8eadab1cf098f22ef3dc84ff47ea",
    1025: "c89d767cdacc7c7643f869a83769a435",
    5000: "5ecbf80121973a82ce29a19460ee1bfc",
}
DAY = datetime(2024, 2, 29, 12, 30, 0, 1, timezone.utc)
RAW = bytes(range(16))

texts = st.text(max_size=40)
dates = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(timezone.utc))
floats = st.floats() | st.sampled_from([0.0, -0.0, math.nan, -math.nan, math.inf])


def xxh3(data: bytes) -> bytes:
    """The native hash, which GOLDEN holds fast, so that encodings can be compared."""
    (digest,) = hashing.hash_bytes(pa.array([data], pa.binary())).to_pylist()
    return digest


def doc_ids(*rows: tuple[Any, ...]) -> list[str | None]:
    types = (pa.string(), pa.string(), pa.string(), TIMESTAMP, pa.binary(16))
    columns = [pa.array([row[i] for row in rows], kind) for i, kind in enumerate(types)]
    return hashing.doc_ids(*columns).to_pylist()


def table_hash(*row: Any) -> bytes:
    types = (pa.string(), pa.string(), pa.string(), TIMESTAMP, pa.string(), pa.string())
    (digest,) = hashing.table_hashes(*(pa.array([v], t) for v, t in zip(row, types, strict=True))).to_pylist()
    return digest


def row_hashes(batch: pa.RecordBatch) -> list[tuple[int, int]]:
    hi, lo = hashing.row_hashes(batch)
    assert hi.type == lo.type == pa.int64()
    return list(zip(hi.to_pylist(), lo.to_pylist(), strict=True))


def row_hash(row: dict[str, Any], schema: dict[str, pa.DataType]) -> tuple[int, int]:
    (found,) = row_hashes(pa.RecordBatch.from_pylist([row], pa.schema(schema.items())))
    return found


def test_bytes_hash_to_golden_values() -> None:
    hashes = hashing.hash_bytes(pa.array([BYTES[:n] for n in GOLDEN], pa.binary()))
    assert hashes.type == pa.binary(16)
    assert [digest.hex() for digest in hashes.to_pylist()] == list(GOLDEN.values())


@pytest.mark.parametrize(
    "kind",
    [pa.binary(), pa.large_binary(), pa.binary_view(), pa.string(), pa.large_string(), pa.string_view()],
    ids=str,
)
def test_bytes_hash_alike_in_every_layout(kind: pa.DataType) -> None:
    values = pa.array([b"another row", "naïve".encode(), None, b""]).cast(kind).slice(1)
    assert hashing.hash_bytes(values).to_pylist() == [xxh3("naïve".encode()), None, xxh3(b"")]


def test_bytes_of_fixed_size_hash_too() -> None:
    assert hashing.hash_bytes(pa.array([RAW, None], pa.binary(16))).to_pylist() == [xxh3(RAW), None]


@pytest.mark.parametrize("values", [pa.array([1]), pa.nulls(2)], ids=["int64", "null"])
def test_what_has_no_bytes_is_an_error(values: pa.Array) -> None:
    with pytest.raises(ValueError, match="expected text or binary"):
        hashing.hash_bytes(values)


# These name documents in stored corpora. A change of one is a change of all ids: never adapt them.
GOLDEN_IDS = {
    ("web", "a-1", "ignored", DAY, RAW): "307df9855de258f2726c745108ac9978",
    ("web", None, "http://example.org/ä", DAY, RAW): "e168b5fbd984dde447beac6ba6a27dd0",
    ("web", None, "http://example.org/ä", None, RAW): "22384b1bcabc4b0103a0f720873d1219",
    ("web", None, None, None, RAW): "c4e7ad7202be114461faef34d4d2b207",
}


@pytest.mark.parametrize(("record", "expected"), GOLDEN_IDS.items())
def test_documents_have_golden_ids(record: tuple[Any, ...], expected: str) -> None:
    assert doc_ids(record) == [expected]


@given(st.tuples(texts, st.none() | texts, st.none() | texts, st.none() | dates, st.binary(min_size=16, max_size=16)))
def test_an_id_is_the_hash_of_its_encoding(record: tuple[Any, ...]) -> None:
    assert doc_ids(record) == [xxh3(reference.encode_document(*record)).hex()]


def test_an_id_needs_a_raw_hash_and_a_source() -> None:
    assert doc_ids((None, None, None, None, None), ("s", None, None, None, None)) == [None, None]
    with pytest.raises(ValueError, match="source is null in row 1"):
        doc_ids(("s", None, None, None, RAW), (None, None, None, None, RAW))


def test_ids_ignore_the_layout_of_text() -> None:
    columns = [pa.array(["web"]), pa.array(["a-1"]), pa.array([None], pa.string())]
    rest = [pa.array([None], TIMESTAMP), pa.array([RAW], pa.binary(16))]
    ids = {
        hashing.doc_ids(*(c.cast(kind) for c in columns), *rest)[0].as_py()
        for kind in (pa.string(), pa.large_string(), pa.string_view())
    }
    assert len(ids) == 1


def test_columns_that_do_not_fit_are_named() -> None:
    text, date, raw = pa.array(["x"]), pa.array([DAY], TIMESTAMP), pa.array([RAW], pa.binary(16))
    with pytest.raises(ValueError, match="column url is Int64; expected text"):
        hashing.doc_ids(text, text, pa.array([1]), date, raw)
    with pytest.raises(ValueError, match=r"column date is Timestamp.*; expected timestamp\(us, UTC\)"):
        hashing.doc_ids(text, text, text, date.cast(pa.timestamp("us")), raw)
    with pytest.raises(ValueError, match="column raw_hash is Binary; expected 16 bytes"):
        hashing.doc_ids(text, text, text, date, pa.array([RAW]))
    with pytest.raises(ValueError, match="column lang has 2 rows, id has 1"):
        hashing.table_hashes(text, text, text, date, pa.array(["en", "de"]), text)


def test_a_table_row_has_a_golden_hash() -> None:
    assert table_hash("1", "http://example.org/", "Text.", DAY, "en", "web").hex() == "772fcfefe4a758243f02d8d6a49fd4f8"
    assert table_hash(None, None, None, None, None, None).hex() == "d549b1ebc4f70c3a3f4ece58ec0e5d0b"


@given(st.tuples(*[st.none() | texts] * 3, st.none() | dates, *[st.none() | texts] * 2))
def test_a_table_hash_is_the_hash_of_its_encoding(row: tuple[Any, ...]) -> None:
    assert table_hash(*row) == xxh3(reference.encode_table_row(*row))


def test_encodings_keep_columns_apart() -> None:
    assert table_hash("ab", "c", *[None] * 4) != table_hash("a", "bc", *[None] * 4)
    assert table_hash("", *[None] * 5) != table_hash(None, "", *[None] * 4)


characters = st.characters(codec="utf-8") | st.sampled_from(" \t\n\x1c\x85\xa0\u2003\u3000ab")


@given(st.lists(st.none() | st.text(characters, max_size=100)))
def test_text_facts_are_the_references(rows: list[str | None]) -> None:
    facts = hashing.text_facts(pa.array(rows, pa.string()))
    assert facts.schema.names == ["bytes", "words", "hi", "lo"]
    expected = [(None,) * 4 if row is None else reference.text_facts(row, xxh3) for row in rows]
    assert [tuple(row.values()) for row in facts.to_pylist()] == expected


def test_text_halves_are_big_endian_and_signed() -> None:
    (row,) = hashing.text_facts(pa.array([""])).to_pylist()
    assert (row["hi"] % 2**64, row["lo"] % 2**64) == (0x99AA06D3014798D8, 0x6001C324468D497F)
    assert row["hi"] < 0


ALL = {
    "text": pa.string(),
    "int": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
    "zoned": TIMESTAMP,
    "naive": pa.timestamp("us"),
    "meta": META,
    "scores": SCORES,
}
MAPS = {"meta": str, "scores": float}
rows = st.fixed_dictionaries(
    {
        "text": st.none() | texts,
        "int": st.none() | st.integers(-(2**63), 2**63 - 1),
        "float": st.none() | floats,
        "bool": st.none() | st.booleans(),
        "zoned": st.none() | dates,
        "naive": st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)),
        "meta": st.none() | st.lists(st.tuples(texts, st.none() | texts), max_size=4),
        "scores": st.none() | st.lists(st.tuples(texts, st.none() | floats), max_size=4),
    }
)


@given(st.lists(rows, max_size=4), st.permutations(list(ALL)))
def test_a_row_hash_is_the_hash_of_its_encoding(found: list[dict[str, Any]], order: list[str]) -> None:
    batch = pa.RecordBatch.from_pylist(found, pa.schema([(name, ALL[name]) for name in order]))
    expected = [reference.halve(xxh3(reference.encode_row(row, MAPS))) for row in found]
    assert row_hashes(batch) == expected
    assert row_hashes(batch.slice(1)) == expected[1:]


def test_a_row_has_a_golden_hash() -> None:
    row = {"text": "naïve", "int": -1, "float": 0.5, "bool": True, "zoned": DAY, "naive": DAY.replace(tzinfo=None)}
    row |= {"meta": [("k", "v"), ("a", None)], "scores": [("s", 1.0)]}
    hi, lo = row_hash(row, ALL)
    assert f"{hi % 2**64:016x}{lo % 2**64:016x}" == "26b2b0078a6d27403185506405e639df"


@given(st.dictionaries(st.sampled_from("abcdé"), st.none() | floats))
def test_a_struct_hashes_like_the_map_of_its_entries(scores: dict[str, float | None]) -> None:
    struct = pa.struct([(name, pa.float64()) for name in reversed(scores)])
    as_struct = row_hash({"scores": scores}, {"scores": struct})
    assert as_struct == row_hash({"scores": list(scores.items())}, {"scores": SCORES})


def test_no_map_and_no_struct_are_empty_ones() -> None:
    struct = pa.struct([("a", pa.float64())])
    nothing = row_hash({"scores": []}, {"scores": SCORES})
    assert nothing == row_hash({"scores": None}, {"scores": SCORES}) == row_hash({"scores": None}, {"scores": struct})
    # The values behind a null struct may be anything.
    hidden = pa.StructArray.from_arrays([pa.array([7.0])], names=["a"], mask=pa.array([True]))
    assert row_hashes(pa.RecordBatch.from_arrays([hidden], ["scores"])) == [nothing]


def test_a_column_of_nulls_is_not_an_absent_one() -> None:
    assert row_hash({"a": "x", "b": None}, {"a": pa.string(), "b": pa.string()}) != row_hash(
        {"a": "x"}, {"a": pa.string()}
    )


def test_text_hashes_alike_in_every_layout() -> None:
    found = {row_hash({"a": "naïve"}, {"a": kind}) for kind in (pa.string(), pa.large_string(), pa.string_view())}
    maps = {row_hash({"m": [("k", "v")]}, {"m": pa.map_(kind, kind)}) for kind in (pa.string(), pa.large_string())}
    assert len(found) == len(maps) == 1


def test_zeros_are_one_and_so_are_all_that_is_not_a_number() -> None:
    nan = pa.array([0x7FF8000000000000, 0x7FF0000000000001, 0xFFF8000000000000], pa.uint64()).view(pa.float64())
    assert len(set(row_hashes(pa.RecordBatch.from_arrays([nan], ["a"])))) == 1
    zeros = pa.RecordBatch.from_arrays([pa.array([0.0, -0.0, 1.0])], ["a"])
    assert len(set(row_hashes(zeros))) == 2


@pytest.mark.parametrize(
    "kind",
    [pa.int32(), pa.list_(pa.string()), pa.map_(pa.string(), pa.int64()), pa.struct([("a", pa.string())]), pa.null()],
    ids=str,
)
def test_a_column_that_cannot_be_hashed_is_named(kind: pa.DataType) -> None:
    with pytest.raises(ValueError, match=r"column odd is .*; a row's hash covers text"):
        hashing.row_hashes(pa.RecordBatch.from_arrays([pa.nulls(1, kind)], ["odd"]))


def test_two_columns_of_one_name_are_an_error() -> None:
    with pytest.raises(ValueError, match="column a occurs twice"):
        hashing.row_hashes(pa.RecordBatch.from_arrays([pa.array([1]), pa.array([2])], ["a", "a"]))
