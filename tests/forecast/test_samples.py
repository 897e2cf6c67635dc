"""The sample of a forecast: all records where they are few, else spread over all bytes, and how many there are."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spark_llmdata.errors import InputError, UsageError
from spark_llmdata.forecast import samples
from spark_llmdata.forecast.samples import look
from spark_llmdata.recipe import Read
from spark_llmdata.sources.inputs import find_files
from tests.runner.corpora import documents, write_jsonl, write_warc


def numbers(found) -> list[int]:
    return [int(i[1:]) for batch in found.batches for i in batch.column("id").to_pylist()]


@pytest.fixture
def slow(monkeypatch):
    """Reading everything is too slow for every input."""
    monkeypatch.setattr(samples, "READ_S", 0.0)


def test_few_records_are_all_read_and_counted(tmp_path):
    write_jsonl(tmp_path / "a.jsonl", documents(50))
    write_jsonl(tmp_path / "b.jsonl.gz", documents(30, start=50))
    found = look(find_files([str(tmp_path)]).files, Read())
    assert (found.records, found.exact, found.seen) == (80, True, 80)
    assert sorted(numbers(found)) == list(range(80))


def test_more_records_are_counted_where_that_is_quick_and_some_are_kept_from_all_over(tmp_path):
    write_jsonl(tmp_path / "a.jsonl", documents(1000))
    found = look(find_files([str(tmp_path)]).files, Read(), 100)
    assert (found.records, found.exact, found.seen) == (1000, True, 100)
    assert numbers(found) == list(range(0, 1000, 10))


def test_of_many_records_places_are_read_and_their_number_follows_from_the_bytes(tmp_path, slow):
    rows = documents(3000)
    write_jsonl(tmp_path / "a.jsonl", rows[:2000])
    write_jsonl(tmp_path / "b.jsonl", rows[2000:])
    files = find_files([str(tmp_path)]).files
    found = look(files, Read(), 400)
    assert not found.exact
    assert found.records == pytest.approx(3000, rel=0.05)
    assert 380 <= found.seen <= 400
    places = numbers(found)
    assert len(set(places)) == len(places)
    assert all(any(lo <= n < lo + 300 for n in places) for lo in range(0, 3000, 300))
    assert found.stored_bytes * found.records == pytest.approx(sum(f.size for f in files))


def test_archives_are_looked_at_in_many_places(tmp_path, slow):
    write_warc(tmp_path / "a.warc.gz", [(r["url"], r["text"]) for r in documents(2000)])
    found = look(find_files([str(tmp_path)]).files, Read(), 300)
    assert not found.exact
    assert found.records == pytest.approx(4001, rel=0.05)  # requests are read too, and the archive's own record
    assert len({batch.column("url")[0].as_py() for batch in found.batches}) > 30


def test_compressed_json_lines_are_looked_at_from_their_beginning(tmp_path, slow):
    write_jsonl(tmp_path / "a.jsonl.gz", documents(60_000))
    found = look(find_files([str(tmp_path)]).files, Read(), 300)
    assert not found.exact
    assert found.records == pytest.approx(60_000, rel=0.1)
    assert numbers(found) == list(range(300))


def test_parquet_is_counted_by_its_footers_and_looked_at_in_all_groups(tmp_path, monkeypatch):
    rows = documents(900)
    table = pa.table({"id": [r["id"] for r in rows], "text": [r["text"] for r in rows]})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=100)
    small = look(find_files([str(tmp_path)]).files, Read(), 90)
    assert numbers(small) == list(range(0, 900, 10))
    monkeypatch.setattr(samples, "SCANNED_BYTES", 0)
    found = look(find_files([str(tmp_path)]).files, Read(), 90)
    assert (found.records, found.exact, found.seen) == (900, True, 90)
    assert found.read_cpu_s == 0  # Spark's scan reads it
    assert numbers(found) == [100 * g + i for g in range(9) for i in range(10)]


def test_what_cannot_be_looked_at(tmp_path):
    (tmp_path / "empty.jsonl").write_text("")
    files = find_files([str(tmp_path)]).files
    with pytest.raises(InputError, match="no record in 1 input files where they were looked at"):
        look(files, Read())
    with pytest.raises(UsageError, match="--sample-rows 0: expected"):
        look(files, Read(), 0)


def test_nothing_is_fetched_of_what_an_index_names(tmp_path):
    """All of its records were, into memory: their number was taken to be known."""
    (tmp_path / "i.cdxj").write_text('a 2020 {"url": "http://a/1", "offset": "0", "filename": "none.warc"}\n' * 50)
    files = find_files([f"cdx:{tmp_path}/i.cdxj?url=http*"]).files
    with pytest.raises(UsageError, match="not known before its records are fetched"):
        look(files, Read(), 5)
