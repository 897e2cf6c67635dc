"""Same input, same corpus: partitions, file names, order, cuts and compression do not matter."""

from __future__ import annotations

import json
from hashlib import sha256

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import spark_llmdata as sl
from spark_llmdata.sources import packing
from tests.runner.corpora import documents, good_text, write_jsonl, write_warc

pytestmark = pytest.mark.spark

ROWS = documents(60)


def content(spark, folder, store) -> str:
    return sl.run("quickstart", input=folder, store=store, spark=spark).content_hash


@pytest.fixture(scope="module")
def expected(spark, tmp_path_factory):
    folder = tmp_path_factory.mktemp("expected")
    write_jsonl(folder / "in/a.jsonl", ROWS)
    return content(spark, folder / "in", folder / "store")


def test_shuffled_renamed_and_otherwise_split_files(spark, tmp_path, expected):
    shuffled = sorted(ROWS, key=lambda r: sha256(r["id"].encode()).digest())
    write_jsonl(tmp_path / "in/z/1.jsonl", shuffled[:7])
    write_jsonl(tmp_path / "in/b.jsonl.gz", shuffled[7:30])
    write_jsonl(tmp_path / "in/a c=d%20.ndjson", shuffled[30:])
    assert content(spark, tmp_path / "in", tmp_path / "store") == expected


@pytest.mark.parametrize("partitions", [2, 50])
def test_number_of_partitions(spark, tmp_path, expected, partitions, monkeypatch):
    write_jsonl(tmp_path / "in/a.jsonl", ROWS)
    size = (tmp_path / "in/a.jsonl").stat().st_size
    cut = -(-size // partitions)
    plan = packing.plan_splits
    monkeypatch.setattr(packing, "plan_splits", lambda files, _: plan(files, max_split_bytes=cut))
    monkeypatch.setattr(packing, "TASK_BYTES", (1, 1))
    before = spark.conf.get("spark.sql.shuffle.partitions")
    spark.conf.set("spark.sql.shuffle.partitions", partitions)
    try:
        assert content(spark, tmp_path / "in", tmp_path / "store") == expected
    finally:
        spark.conf.set("spark.sql.shuffle.partitions", before)


def test_ids_that_restart_in_every_file(spark, tmp_path):
    """Two files number their lines from 0 each: different texts are different documents, nothing is lost or doubled."""
    for name, base in (("a", 0), ("b", 1000)):
        write_jsonl(tmp_path / f"in/{name}.jsonl", [{"id": i, "text": good_text(base + i)} for i in range(5)])
    run = sl.run("quickstart", input=tmp_path / "in", store=tmp_path / "store", spark=spark)
    assert run.counts["kept"] == 10
    assert run.corpus.select("doc_id").distinct().count() == 10


def test_an_archive_is_the_same_plain_and_compressed(spark, tmp_path):
    pages = [(f"https://w.example/{i}", good_text(i)) for i in range(6)]
    write_warc(tmp_path / "plain/a.warc", pages)
    write_warc(tmp_path / "packed/a.warc.gz", pages)
    one = content(spark, tmp_path / "plain", tmp_path / "s1")
    two = content(spark, tmp_path / "packed", tmp_path / "s2")
    both = sl.run("quickstart", input=[tmp_path / "plain", tmp_path / "packed"], store=tmp_path / "s3", spark=spark)
    assert one == two == both.content_hash
    assert both.counts["removed"] == 6 + 2 * 7  # the other archive's responses are copies of records


def test_pages_in_a_table_are_told_apart_by_their_html(spark, tmp_path):
    pages = [f"<p>{good_text(i)}</p>" for i in range(4)]
    dates = ["2024-05-01", "2024-05-01T10:00:00+02:00", "12:30", None]
    table = pa.table({"page": pages, "date": dates, "url": ["https://a.example/"] * 4})
    pq.write_table(table, tmp_path / "a.parquet")
    mapping = ["read.columns.html=page"]
    run = sl.run("quickstart", input=tmp_path / "a.parquet", store=tmp_path / "s", spark=spark, set=mapping)
    assert run.counts["kept"] == 4
    rows = {r.text: r for r in run.corpus.collect()}
    assert [str(rows[good_text(i)].date) for i in range(4)] == [
        "2024-05-01 00:00:00",
        "2024-05-01 08:00:00",
        "None",
        "None",
    ]
    assert rows[good_text(2)].meta["date"] == "12:30"


def test_parquet_in_any_number_of_files(spark, tmp_path):
    table = pa.Table.from_pylist([r | {"n": i, "tags": ["x", str(i)]} for i, r in enumerate(ROWS)])
    (tmp_path / "one").mkdir()
    (tmp_path / "many").mkdir()
    pq.write_table(table, tmp_path / "one/a.parquet")
    for i in range(4):
        pq.write_table(table.slice(i * 15, 15), tmp_path / f"many/[{i}] ü*.parquet", row_group_size=4)
    one = sl.run("quickstart", input=tmp_path / "one", store=tmp_path / "s1", spark=spark)
    many = sl.run("quickstart", input=tmp_path / "many", store=tmp_path / "s2", spark=spark)
    assert one.content_hash == many.content_hash
    assert one.counts == many.counts
    row = one.corpus.where("id = 'd0'").collect()[0]
    assert (row.text, row.meta["n"], json.loads(row.meta["tags"])) == (ROWS[0]["text"], "0", ["x", "0"])
