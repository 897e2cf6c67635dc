"""Arrow between Python and the kernels: strings are UTF-8, whatever Python's Arrow was told, and nothing leaks."""

from __future__ import annotations

import gc
import resource
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.kernels import hashing, unicode

STRING = pa.string()
LAYOUTS = [STRING, pa.large_string(), pa.string_view()]


def unchecked(values: list[bytes | None], kind: pa.DataType = STRING) -> pa.Array:
    """An array that says "string" of any bytes, as files and Spark may."""
    bytes_of = {pa.string(): pa.binary(), pa.large_string(): pa.large_binary(), pa.string_view(): pa.binary_view()}[
        kind
    ]
    array = pa.array(values, bytes_of)
    return pa.Array.from_buffers(kind, len(array), array.buffers())


@pytest.mark.parametrize("kind", LAYOUTS, ids=str)
@pytest.mark.parametrize(
    ("values", "row", "at"),
    [
        ([b"good", b"caf\xe9"], 1, 3),
        ([b"\x80"], 0, 0),
        ([b"cut \xe2\x82", b"\xac"], 0, 4),  # both together are the euro sign
        ([None, b"a surrogate \xed\xa0\x80, longer than a view holds"], 1, 12),
        ([b"overlong \xc0\xaf"], 0, 9),
    ],
)
def test_bytes_that_are_no_utf8_are_refused(kind, values, row, at) -> None:
    with pytest.raises(ValueError, match=f"the text of row {row} is no UTF-8 from its byte {at} on"):
        hashing.text_facts(unchecked(values, kind))


@given(st.lists(st.none() | st.binary(max_size=6) | st.text(max_size=6).map(str.encode), max_size=6))
def test_utf8_is_what_python_decodes(values: list[bytes | None]) -> None:
    def decodes(value: bytes | None) -> bool:
        try:
            return value is None or value.decode() is not None
        except UnicodeDecodeError:
            return False

    for kind in LAYOUTS:
        array = unchecked(values, kind)
        if all(map(decodes, values)):
            assert hashing.text_facts(array).column("bytes").to_pylist() == [v if v is None else len(v) for v in values]
        else:
            with pytest.raises(ValueError, match="is no UTF-8"):
                hashing.text_facts(array)


@pytest.mark.parametrize("kind", LAYOUTS, ids=str)
def test_only_the_rows_of_a_slice_count(kind) -> None:
    array = unchecked([b"\xff", b"good", b"\xff"], kind)
    assert hashing.text_facts(array.slice(1, 1)).column("bytes").to_pylist() == [4]
    with pytest.raises(ValueError, match="row 1 "):
        hashing.text_facts(array.slice(1, 2))


def test_what_lies_behind_a_null_does_not_count() -> None:
    array = pa.array([b"\xff", b"good"])
    masked = pa.Array.from_buffers(pa.string(), 2, [pa.py_buffer(b"\x02"), *array.buffers()[1:]])
    assert hashing.text_facts(masked).column("bytes").to_pylist() == [None, 4]


@pytest.mark.parametrize(
    "column",
    [
        pa.StructArray.from_arrays([unchecked([b"\xff"])], ["inside"]),
        pa.ListArray.from_arrays([0, 1], unchecked([b"\xff"])),
        pa.MapArray.from_arrays([0, 1], pa.array(["key"]), unchecked([b"\xff"])),
        pa.DictionaryArray.from_arrays(pa.array([0]), unchecked([b"\xff"])),
    ],
    ids=["struct", "list", "map", "dictionary"],
)
def test_strings_within_are_looked_at(column) -> None:
    with pytest.raises(ValueError, match="is no UTF-8"):
        hashing.row_hashes(pa.RecordBatch.from_arrays([column], ["column"]))


@pytest.mark.parametrize("kind", ["list", "map", "struct"])
def test_only_the_rows_of_a_slice_count_within(kind) -> None:
    text = unchecked([b"\xff", b"good", b"\xff"])
    column = {
        "list": pa.ListArray.from_arrays([0, 1, 2, 3], text),
        "map": pa.MapArray.from_arrays([0, 1, 2, 3], pa.array(["a", "b", "c"]), text),
        "struct": pa.StructArray.from_arrays([text], ["inside"]),
    }[kind]
    batch = pa.RecordBatch.from_arrays([column], ["column"])
    with pytest.raises(ValueError, match="column column: .*row 1 is no UTF-8"):
        hashing.row_hashes(batch.slice(1, 2))
    good = batch.slice(1, 1)
    if kind == "map":
        assert len(hashing.row_hashes(good)[0]) == 1
    else:  # let in, and of no use to this kernel
        with pytest.raises(ValueError, match="a row's hash covers"):
            hashing.row_hashes(good)


def test_an_array_is_taken_once() -> None:
    class Again:
        capsules = pa.array(["text"]).__arrow_c_array__()

        def __arrow_c_array__(self, requested_schema: object = None) -> object:
            return self.capsules

    again = Again()
    assert hashing.text_facts(again).num_rows == 1
    with pytest.raises(ValueError, match="somebody has taken already"):
        hashing.text_facts(again)


def test_what_is_no_arrow_is_named() -> None:
    with pytest.raises(TypeError, match="a list was given; expected an array or a batch of Arrow"):
        hashing.text_facts(["text"])
    with pytest.raises(TypeError, match="a Utf8 was given; expected a record batch"):
        hashing.row_hashes(pa.array(["text"]))
    with pytest.raises(TypeError, match="expected a record batch"):
        hashing.row_hashes(pa.array([{"a": 1}, None]))


def test_batches_without_rows_or_columns_pass() -> None:
    assert hashing.text_facts(pa.array([], pa.string())).num_rows == 0
    assert hashing.text_facts(pa.array(["a"]).slice(1)).num_rows == 0
    assert len(hashing.row_hashes(pa.RecordBatch.from_arrays([], []))[0]) == 0


def test_numbers_may_lie_anywhere_in_memory() -> None:
    """Buffers of files and sockets are not aligned as Rust's are."""
    plain = pa.array([7, 8, 7], pa.int64())
    shifted = pa.py_buffer(b"." + plain.buffers()[1].to_pybytes()).slice(1)
    assert shifted.address % 8
    unaligned = pa.Array.from_buffers(pa.int64(), 3, [None, shifted])
    batches = [pa.RecordBatch.from_arrays([column], ["n"]) for column in (plain, unaligned)]
    assert hashing.row_hashes(batches[0]) == hashing.row_hashes(batches[1])


def test_what_python_gave_is_given_back() -> None:
    gc.collect()
    before = pa.total_allocated_bytes()
    for _ in range(5):
        hashing.text_facts(pa.array(["word " * 200] * 1000))
        with pytest.raises(ValueError, match="no UTF-8"):
            hashing.text_facts(unchecked([b"\xff"] * 1000))
    gc.collect()
    assert pa.total_allocated_bytes() <= before


def test_what_kernels_gave_is_freed() -> None:
    text = pa.array(["line\r\n" * 1_000_000])

    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

    unicode.clean(text)
    before = resident()
    for _ in range(40):
        unicode.clean(text)  # 5 MB of text and more of changes each
    assert resident() - before < 100 << 20
