"""The sample: the same records whenever it is taken, from files in every format, and no more than asked for."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spark_llmdata import schema
from spark_llmdata.errors import InputError, UsageError
from spark_llmdata.ordering.sample import take_sample
from spark_llmdata.recipe import Read
from spark_llmdata.sources.inputs import find_files
from spark_llmdata.sources.split import InputFile
from tests.runner.corpora import documents, write_jsonl, write_warc


def ids(sample):
    return [i for batch in sample.batches for i in batch.column("id").to_pylist()]


def test_the_first_records_of_one_file(tmp_path):
    write_jsonl(tmp_path / "a.jsonl.gz", documents(50))
    sample = take_sample(find_files([str(tmp_path)]).files, Read(), 20)
    assert (sample.records, sample.files) == (20, 1)
    assert ids(sample) == [f"d{i}" for i in range(20)]
    assert all(batch.schema == schema.RECORD for batch in sample.batches)


def test_files_share_it_and_small_ones_leave_room(tmp_path):
    for k in range(6):
        write_jsonl(tmp_path / f"{k}.jsonl", documents(4 if k % 2 else 40, start=100 * k))
    files = find_files([str(tmp_path)]).files
    sample = take_sample(files, Read(), 60)
    assert ids(sample) == ids(take_sample(tuple(reversed(files)), Read(), 60))
    by_file = [sum(int(i[1:]) // 100 == k for i in ids(sample)) for k in range(6)]
    assert by_file[1::2] == [4, 4, 4]
    assert min(by_file[::2]) >= 10
    assert 3 * (10 + 4) <= sum(by_file) <= 60
    everything = take_sample(files, Read(), 10_000)
    assert (everything.records, everything.files) == (3 * 44, 6)


def test_of_many_files_some(tmp_path):
    for k in range(30):
        write_jsonl(tmp_path / f"{k}.jsonl", documents(10, start=10 * k))
    sample = take_sample(find_files([str(tmp_path)]).files, Read(), 40)
    assert (sample.records, sample.files) == (40, 20)


def test_parquet_and_warc(tmp_path):
    rows = documents(30)
    table = pa.table({"name": [r["id"] for r in rows], "text": pa.array([r["text"] for r in rows]).dictionary_encode()})
    pq.write_table(table.append_column("year", [[2024] * 30]), tmp_path / "a.parquet")
    read = Read(columns={"id": "name"})
    sample = take_sample(find_files([str(tmp_path)]).files, read, 12)
    assert ids(sample) == [r["id"] for r in rows[:12]]
    assert sample.batches[0].column("text").to_pylist() == [r["text"] for r in rows[:12]]
    write_warc(tmp_path / "w/a.warc.gz", [("https://a.example/", "some text")])
    pages = take_sample(find_files([str(tmp_path / "w")]).files, Read(), 12)
    assert pages.batches[0].schema == schema.RECORD
    assert pages.records == 3  # the information on the crawl, a request and a response


def test_what_cannot_be_sampled_is_said(tmp_path):
    (tmp_path / "empty.jsonl").write_text("\n\n")
    files = find_files([str(tmp_path)]).files
    with pytest.raises(InputError, match="1 input files hold no record"):
        take_sample(files, Read(), 10)
    with pytest.raises(UsageError, match="--sample-rows 0: expected"):
        take_sample(files, Read(), 0)
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 no table PAR1")
    with pytest.raises(InputError, match=r"broken.parquet: cannot be read as Parquet"):
        take_sample(find_files([str(tmp_path / "broken.parquet")]).files, Read(), 10)


def test_a_table_needs_spark(monkeypatch: pytest.MonkeyPatch) -> None:
    from pyspark.sql import SparkSession

    monkeypatch.setattr(SparkSession, "getActiveSession", lambda: None)
    with pytest.raises(InputError, match="table:t@v1: a table is read by Spark, which is not started"):
        take_sample([InputFile("table:t@v1", 0, 0, "web", "table")], Read())
