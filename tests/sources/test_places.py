"""A record read again at its place, in every format that needs no Spark."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spark_llmdata.recipe.model import Read
from spark_llmdata.sources.inputs import find_files
from spark_llmdata.sources.places import find_records
from spark_llmdata.sources.reader import read_split
from spark_llmdata.sources.split import InputFile, Split, Tally
from tests.runner.corpora import good_text, write_jsonl, write_warc

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
