"""A record read again at its place, in every format that needs no Spark."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import BinaryIO

import pytest

from spark_llmdata.recipe.model import Read
from spark_llmdata.sources import warc
from spark_llmdata.sources.files import open_file
from spark_llmdata.sources.inputs import find_files
from spark_llmdata.sources.places import find_records
from spark_llmdata.sources.reader import read_split
from spark_llmdata.sources.split import InputFile, Split, Tally
from tests.runner.corpora import good_text, write_jsonl, write_warc
from tests.sources.lookups import response
from tests.sources.serving import serve

COLUMNS = Read().sources()


def input_file(path: Path) -> InputFile:
    (file,) = find_files([str(path)]).files
    return file


def offsets(file: InputFile) -> list[tuple[int, str | None]]:
    split = Split(file, 0, 0, file.size)
    batches = read_split(split, Tally(), columns=COLUMNS, max_record_bytes=1 << 20, batch_rows=7, batch_bytes=1 << 20)
    return [(row["offset"], row["raw_hash"]) for batch in batches for row in batch.to_pylist()]


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.warc", "a.warc.gz", "mark.jsonl"])
def test_every_record_is_found_where_it_stands(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if ".warc" in name:
        write_warc(path, [(f"https://a.example/{i}", good_text(i)) for i in range(20)])
    else:
        write_jsonl(path, [{"id": str(i), "text": "é" * i} for i in range(40)] + ["no json", "", "1"])
    if name == "mark.jsonl":
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    file = input_file(path)
    known = offsets(file)
    assert len(known) > 20
    for offset, digest in known:
        found = find_records(None, file, offset, COLUMNS, 1 << 20).to_pylist()  # type: ignore[arg-type]
        assert (offset, digest) in [(row["offset"], row["raw_hash"]) for row in found]
        assert {row["offset"] for row in found} == {offset}


def test_where_no_record_begins_there_is_none(tmp_path: Path) -> None:
    file = input_file(write_jsonl(tmp_path / "a.jsonl", [{"text": "first"}, {"text": "second"}]))
    assert find_records(None, file, 5, COLUMNS, 1 << 20).num_rows == 0  # type: ignore[arg-type]
    assert find_records(None, file, 10_000, COLUMNS, 1 << 20).num_rows == 0  # type: ignore[arg-type]
    assert json.loads(Path(file.url).read_text().splitlines()[1]) == {"text": "second"}


def test_an_archive_of_members_is_read_from_the_record_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_warc(tmp_path / "a.warc.gz", [(f"https://a.example/{i}", good_text(i)) for i in range(20)])
    file = input_file(path)
    last, digest = offsets(file)[-1]
    opened: list[int] = []

    def open_noted(url: str, offset: int = 0) -> BinaryIO:
        opened.append(offset)
        return open_file(url, offset)

    monkeypatch.setattr(warc, "open_file", open_noted)
    [row] = find_records(None, file, last, COLUMNS, 1 << 20).to_pylist()  # type: ignore[arg-type]
    assert row["raw_hash"] == digest
    assert opened == [last]


@pytest.mark.parametrize("name", ["i.cdxj", "i.cdxj.gz"])
def test_of_the_archives_of_an_index_only_the_lines_own_record_is_read(tmp_path: Path, name: str) -> None:
    stored = [gzip.compress(response(f"http://a.example/{n}")) for n in range(50)]
    said = [{"url": f"http://a.example/{n}", "filename": f"{n}.warc.gz", "offset": "0"} for n in range(50)]
    lines = [f"key {n} {json.dumps(line)}\n".encode() for n, line in enumerate(said)]
    content = b"".join(lines)
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    with serve(files={f"/{n}.warc.gz": data for n, data in enumerate(stored) if n != 7}) as site:
        (file,) = find_files([f"cdx:{tmp_path / name}?url=*&archives={site.address}"]).files
        offset = len(b"".join(lines[:30]))
        [row] = find_records(None, file, offset, COLUMNS, 1 << 20).to_pylist()  # type: ignore[arg-type]
        assert (row["url"], row["offset"], row["rejected"]) == ("http://a.example/30", offset, False)
        assert set(site.asked) == {"GET /30.warc.gz"}
        gone = len(b"".join(lines[:7]))
        [row] = find_records(None, file, gone, COLUMNS, 1 << 20).to_pylist()  # type: ignore[arg-type]
        assert (row["defect"], row["offset"]) == ("bad_lookup", gone)
        site.asked.clear()
        for nowhere in (offset + 1, len(content) + 9):
            assert find_records(None, file, nowhere, COLUMNS, 1 << 20).num_rows == 0  # type: ignore[arg-type]
        assert not site.asked
