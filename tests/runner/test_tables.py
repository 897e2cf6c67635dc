"""Tables as inputs of runs: pinned, reused by version, counted against themselves, reproduced by time travel."""

from __future__ import annotations

import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import spark_llmdata as sl
from spark_llmdata.errors import InputError
from spark_llmdata.report.origin import read_again, rebuild
from spark_llmdata.report.why import explain, find_records
from spark_llmdata.store import Store
from spark_llmdata.store.ledger import Ledger
from spark_llmdata.upkeep import check_store, collect_garbage
from tests.runner.corpora import documents

pytestmark = pytest.mark.spark


def write(spark, path, rows, mode="append", **options):
    frame = spark.createDataFrame(pa.Table.from_pylist(rows)).repartition(3, "id")
    frame.write.format("delta").mode(mode).options(**options).save(str(path))


def run(spark, folder, *inputs, **more):
    return sl.run("quickstart", input=list(inputs), store=folder / "store", spark=spark, **more)


def reused(result):
    return {c.stage: c.reused for c in result.by_stage}["read"]


@pytest.mark.parametrize("vectors", [False, True])
def test_a_table_is_read_at_a_version(spark, tmp_path, vectors):
    table = f"delta:{tmp_path / 't'}"
    write(spark, tmp_path / "t", documents(60), **({"delta.enableDeletionVectors": "true"} if vectors else {}))
    first = run(spark, tmp_path, f"web={table}")
    spark.sql(f"DELETE FROM delta.`{tmp_path / 't'}` WHERE id IN ('d0', 'd1', 'd59')")
    fewer = run(spark, tmp_path, f"web={table}")
    then = run(spark, tmp_path, f"web={table}@v0")
    assert [r.counts["read"] for r in (first, fewer, then)] == [60, 57, 60]
    assert [reused(r) for r in (first, fewer, then)] == [False, False, True]
    assert then.content_hash == first.content_hash != fewer.content_hash
    places = [(r.file, r.offset) for r in first.fates.collect()]
    assert {file for file, _ in places} == {f"{table}@v0"}
    assert len(set(places)) == 60
    inputs = Ledger(first.store).find(first.run).manifest["inputs"]
    detail = spark.sql(f"DESCRIBE DETAIL delta.`{tmp_path / 't'}`").collect()[0]
    assert [(f["url"], f["table_id"]) for f in inputs] == [(f"{table}@v0", detail.id)]
    again = sl.reproduce(first.run, store=tmp_path / "store", spark=spark)
    assert (again.same, again.circumstances, again.outcomes) == (True, (), ())
    for path in (tmp_path / "t").glob("*.parquet"):  # what VACUUM does to old versions
        path.unlink()
    with pytest.raises(InputError, match="data files of this version are gone, as VACUUM removes them"):
        sl.reproduce(first.run, store=tmp_path / "store", spark=spark)


def test_the_same_rows_are_the_same_documents_wherever_they_lie(spark, tmp_path):
    rows = [{**row, "lang": "en", "note": str(i)} for i, row in enumerate(documents(40))]
    write(spark, tmp_path / "t", rows)
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet")
    spark.sql(f"CREATE DATABASE shelf LOCATION '{tmp_path / 'db'}'")
    try:
        spark.sql(f"CREATE TABLE shelf.pages USING delta LOCATION '{tmp_path / 't'}'")
        spark.sql("CREATE VIEW shelf.seen AS SELECT * FROM shelf.pages WHERE id != 'none'")
        given = {
            "path": f"delta:{tmp_path / 't'}",
            "catalog": "table:spark_catalog.shelf.pages@v0",
            "view": "table:shelf.seen",
            "file": str(tmp_path / "t.parquet"),
            "spark": spark.read.parquet(str(tmp_path / "t.parquet")),
            "arrow": pa.Table.from_pylist(rows),
            "pandas": pa.Table.from_pylist(rows).to_pandas(),
        }
        hashes = {name: run(spark, tmp_path / name, value).content_hash for name, value in given.items()}
        assert len(set(hashes.values())) == 1, hashes
    finally:
        spark.sql("DROP DATABASE shelf CASCADE")


def test_a_table_of_a_catalog_has_older_versions_too(spark, tmp_path):
    write(spark, tmp_path / "t", documents(10))
    write(spark, tmp_path / "t", documents(5, start=10))
    spark.sql(f"CREATE DATABASE drawer LOCATION '{tmp_path / 'db'}'")
    try:
        spark.sql(f"CREATE TABLE drawer.pages USING delta LOCATION '{tmp_path / 't'}'")
        read = [run(spark, tmp_path, f"table:drawer.pages{v}").counts["read"] for v in ("@v0", "@v1", "")]
        assert read == [10, 15, 15]
    finally:
        spark.sql("DROP DATABASE drawer CASCADE")


def test_columns_in_folders_are_rows_columns(spark, tmp_path):
    rows = documents(12)
    days = [None if i % 4 == 3 else f"2024-01-0{i % 4 + 1}" for i in range(12)]
    frame = spark.createDataFrame(
        [(r["id"], r["text"], f"k {i % 2}/=%", days[i]) for i, r in enumerate(rows)],
        "id string, text string, kind string, day string",
    )
    kinds = frame.selectExpr("id", "text", "kind", "to_date(day) AS date")
    kinds.write.format("delta").partitionBy("date", "kind").save(str(tmp_path / "with space"))
    result = run(spark, tmp_path, f"delta:{tmp_path / 'with space'}")
    assert result.counts["read"] == 12
    found = {r.id: (r.meta, str(r.date)[:10]) for r in result.corpus.collect()}
    assert found
    for i, row in enumerate(rows):
        if row["id"] in found:
            assert found[row["id"]] == ({"kind": f"k {i % 2}/=%"}, str(days[i]))


def test_a_row_of_a_table_is_found_again(spark, tmp_path):
    write(spark, tmp_path / "t", documents(30))
    write(spark, tmp_path / "t", documents(30, start=30))
    result = run(spark, tmp_path, f"delta:{tmp_path / 't'}")
    record = Ledger(result.store).find(result.run)
    for number in (0, 29, 59):
        fate = find_records(result.store, record, f"https://a.example/{number}")[0]
        columns = read_again(result.store, record, rebuild(record), fate)
        assert columns["text"][0].as_py() == documents(60)[number]["text"]
        place = f"{fate.file}:{fate.offset}"
        assert explain(result.store, place, result.run)["doc_id"] == fate.doc_id


def test_a_copied_input_stays_with_its_store(spark, tmp_path):
    rows = spark.createDataFrame(pa.Table.from_pylist(documents(30)))
    store = tmp_path / "store"
    result = sl.run("quickstart", input={"mine": rows, "other": _jsonl(tmp_path)}, store=store, spark=spark)
    assert {r.source for r in result.fates.select("source").distinct().collect()} == {"mine", "other"}
    assert run(spark, tmp_path, rows).by_stage[0].reused is False  # nobody can tell that it is the same
    moved = tmp_path / "moved"
    shutil.move(tmp_path / "store", moved)
    again = sl.reproduce(result.run, store=moved, spark=spark)
    assert (again.same, again.circumstances) == (True, ())
    store = Store.open(spark, str(moved))
    assert not check_store(store).findings
    begun = "20240101T000000-00000000"  # a run that copies its input, and is in no ledger yet
    store.copy(f"{begun}-0").append_once(rows, "0", {})
    swept = collect_garbage(store)
    assert not [i for i in swept.removed if i.place.startswith("inputs/")]
    (spared,) = [item.why for item in swept.left if item.place.startswith("inputs/")]
    assert spared.startswith(f"run {begun} is about to begin")
    record = Ledger(store).find(result.run)
    fate = find_records(store, record, "https://a.example/5")[0]
    assert read_again(store, record, rebuild(record), fate)["id"][0].as_py() == "d5"
    shutil.rmtree(moved / "inputs")
    assert {f.place for f in check_store(store).findings} >= set(record.manifest["copies"])


def _jsonl(folder):
    from tests.runner.corpora import write_jsonl

    return write_jsonl(folder / "in.jsonl", documents(5, start=100))


def test_a_frame_that_is_never_the_same_twice_is_taken_once(spark, tmp_path):
    from pyspark.sql import functions as F

    frame = spark.range(200).select(
        F.expr("uuid()").alias("id"), F.expr("concat('the and of with ', uuid())").alias("text")
    )
    result = run(spark, tmp_path, frame, set="gates.min_kept=0")
    kept = {row.id for row in result.fates.collect()}
    assert len(kept) == result.counts["read"] == 200
    assert sl.reproduce(result.run, store=tmp_path / "store", spark=spark).same


@pytest.mark.parametrize(
    ("argument", "problem"),
    [
        ("table:no.such_table", "table:no.such_table: cannot be read .* expected table:CATALOG"),
        ("delta:{}/t@v9", "delta:.*/t@v9: cannot be read as of version 9 .* its newest version is 0"),
        ("delta:{}/nothing", "delta:.*/nothing: cannot be read"),
        ("table:a_view@v1", "keeps no versions .* leave out @v1"),
        ("delta:{}/other", "no column 'text'; it has body"),
    ],
)
def test_what_is_wrong_with_a_table_is_said_plainly(spark, tmp_path, argument, problem):
    write(spark, tmp_path / "t", documents(3))
    spark.createDataFrame([("x",)], "body string").write.format("delta").save(str(tmp_path / "other"))
    spark.range(3).createOrReplaceTempView("a_view")
    with pytest.raises(InputError, match=problem):
        run(spark, tmp_path, argument.format(tmp_path))
    assert not (tmp_path / "store/corpus").exists()


def test_an_empty_table_is_an_input_without_records(spark, tmp_path):
    write(spark, tmp_path / "t", documents(3))
    spark.sql(f"DELETE FROM delta.`{tmp_path / 't'}`")
    result = run(spark, tmp_path, f"delta:{tmp_path / 't'}", set="gates.min_kept=0")
    assert result.counts["read"] == 0


@pytest.mark.parametrize("folders", [(), ("kind",)])
def test_a_shallow_clone_has_the_rows_of_its_source(spark, tmp_path, folders):
    """Its data files lie in the folder of the table it was made from; what is written to it lies in its own."""
    rows = [{**row, "kind": str(i % 2)} for i, row in enumerate(documents(40))]
    frame = spark.createDataFrame(pa.Table.from_pylist(rows))
    frame.write.format("delta").partitionBy(*folders).save(str(tmp_path / "source table"))
    clone = tmp_path / "clone"
    spark.sql(f"CREATE TABLE delta.`{clone}` SHALLOW CLONE delta.`{tmp_path / 'source table'}`")
    more = [{**row, "kind": "2"} for row in documents(10, start=40)]
    spark.createDataFrame(pa.Table.from_pylist(more)).write.format("delta").mode("append").save(str(clone))
    result = run(spark, tmp_path, f"delta:{clone}")
    assert result.counts["read"] == 50
    plain = sl.run("quickstart", input=pa.Table.from_pylist(rows + more), store=tmp_path / "other", spark=spark)
    assert result.content_hash == plain.content_hash
    assert sl.reproduce(result.run, store=tmp_path / "store", spark=spark).same
