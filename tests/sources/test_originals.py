"""Where the records of documents stand: an index is not read anew for each of them, nor a record copied twice."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import BinaryIO

import pyarrow as pa
import pytest

from spark_llmdata.errors import InputError
from spark_llmdata.kernels.hashing import doc_ids
from spark_llmdata.sinks.warc import _copy_all, _first_of_each
from spark_llmdata.sources import index_lines
from spark_llmdata.sources.files import open_file
from spark_llmdata.sources.originals import Places
from tests.sources.lookups import Row, read_all, response

URLS = [f"http://a.example/{n}" for n in range(1500)]
STORED = [response(url) for url in URLS]
WIDE = "x" * 1000  # so that the index has many pieces


class Opened:
    """Counts how often an index is opened, and the bytes that are read of it."""

    def __init__(self) -> None:
        self.files: list[BinaryIO] = []
        self.bytes = 0

    def open(self, url: str, offset: int = 0) -> BinaryIO:
        file = open_file(url, offset)
        self.files.append(file)
        read = file.read

        class Counted:
            def __enter__(self) -> Counted:
                return self

            def __exit__(self, *_: object) -> None:
                file.close()

        counted = Counted()

        def count(size: int = -1) -> bytes:
            data = read(size)
            self.bytes += len(data)
            return data

        counted.read, counted.tell, counted.seek = count, file.tell, file.seek  # type: ignore[attr-defined]
        return counted  # type: ignore[return-value]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Opened:
    found = Opened()
    monkeypatch.setattr(index_lines, "open_file", found.open)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive and its index, plain and packed; the index of the store in memory names the same archive."""
    folder = tmp_path_factory.mktemp("lookups")
    (folder / "a.warc").write_bytes(b"".join(STORED))
    begins = [0]
    for record in STORED:
        begins.append(begins[-1] + len(record))
    said = [{"url": url, "filename": "a.warc", "offset": str(at)} for url, at in zip(URLS, begins, strict=False)]
    content = "".join(f"key 1 {json.dumps({**line, 'wide': WIDE})}\n" for line in said).encode()
    (folder / "i.cdxj").write_bytes(content)
    (folder / "i.cdxj.gz").write_bytes(gzip.compress(content))
    return folder


def fates(rows: list[Row]) -> Iterator[SimpleNamespace]:
    facts = [pa.array([row[name] for row in rows]) for name in ("source", "id", "url", "date")]
    hashes = pa.array([row["raw_hash"] for row in rows], pa.binary(16))
    ids = doc_ids(*facts[:3], facts[3].cast(pa.timestamp("us", "UTC")), hashes).to_pylist()
    for row, doc_id in zip(rows, ids, strict=True):
        yield SimpleNamespace(doc_id=doc_id, **{name: row[name] for name in ("source", "file", "offset")})


@pytest.mark.parametrize("name", ["i.cdxj", "i.cdxj.gz", "memory"])
def test_the_records_of_a_lookup_are_copied_without_reading_its_index_anew(
    name: str, folder: Path, opened: Opened
) -> None:
    index = str(folder / name)
    if name == "memory":
        index = "memory://originals/i.cdxj"
        pytest.importorskip("fsspec").filesystem("memory").pipe("/originals/i.cdxj", (folder / "i.cdxj").read_bytes())
    documents = list(fates(read_all(f"cdx:{index}?url=*&archives={folder}")))
    opened.files.clear()
    opened.bytes = 0
    assert list(_copy_all(documents)) == [record.removesuffix(b"\r\n\r\n") for record in STORED]  # type: ignore[arg-type]
    size = (folder / "i.cdxj").stat().st_size
    if name == "i.cdxj":
        assert opened.bytes < 4 * (64 << 10) * len(documents) < size * len(documents) / 4
    else:
        assert len(opened.files) <= 3
        assert opened.bytes < size + 3 * (64 << 10)


@pytest.mark.parametrize("name", ["i.cdxj", "i.cdxj.gz"])
def test_lines_are_found_in_any_order_and_of_several_indexes(name: str, folder: Path, tmp_path: Path) -> None:
    file, other = f"cdx:{folder / name}?url=*&archives=/x", f"cdx:{tmp_path / name}?url=*&archives=/y"
    (tmp_path / name).write_bytes((folder / name).read_bytes())
    begins = [0, *(at + 1 for at, byte in enumerate((folder / "i.cdxj").read_bytes()) if byte == 10)]
    places = Places()
    for number in (7, 7, 3, 1499, 0, 800):
        assert places.locate(file, begins[number]) == ("/x/a.warc", sum(map(len, STORED[:number])))
        assert places.locate(other, begins[number])[0] == "/y/a.warc"
    for nowhere in (5, begins[-1], 1 << 40):
        with pytest.raises(InputError, match="the index has no such line any more"):
            places.locate(file, nowhere)
    assert places.locate("/x/b.warc", 7) == ("/x/b.warc", 7)


def test_of_identical_records_one_is_copied() -> None:
    copies = [SimpleNamespace(doc_id=doc_id, offset=at) for at, doc_id in enumerate("abacab")]
    assert [(one.doc_id, one.offset) for one in _first_of_each(copies)] == [("a", 0), ("b", 1), ("c", 3)]  # type: ignore[arg-type]
