"""Runs that look at a part of their input: a sample by hash, or the first records; nothing is passed off as more."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import spark_llmdata as sl
from spark_llmdata.errors import NotFound, UsageError
from spark_llmdata.report.why import explain
from spark_llmdata.store.ledger import Ledger
from spark_llmdata.upkeep import check_store
from tests.runner.corpora import documents, write_jsonl

pytestmark = pytest.mark.spark


def run(spark, folder, *inputs, store="store", **more):
    return sl.run("quickstart", input=list(inputs), store=folder / store, spark=spark, **more)


def outcomes(result):
    return {row.doc_id: (row.outcome, row.reason) for row in result.fates.collect()}


def test_a_sample_is_the_same_in_other_files_and_grows_into_all(spark, tmp_path):
    rows = documents(400)
    write_jsonl(tmp_path / "a/one.jsonl", rows)
    for part in range(4):
        write_jsonl(tmp_path / f"b/{part}.jsonl", rows[part::4])
    one = run(spark, tmp_path, tmp_path / "a", sample=0.2)
    parts = run(spark, tmp_path, tmp_path / "b", store="other", sample=0.2)
    more = run(spark, tmp_path, tmp_path / "a", sample=0.6)
    whole = run(spark, tmp_path, tmp_path / "a")
    assert one.content_hash == parts.content_hash
    assert [r.counts["read"] for r in (one, more, whole)] == [400] * 3
    sets = [{i for i, (_, why) in outcomes(r).items() if why != "read.not_sampled"} for r in (one, more, whole)]
    assert sets[0] < sets[1] < sets[2]
    assert 40 < len(sets[0]) < 120
    every = outcomes(whole)
    for document in sets[0]:
        if not str(every[document][1]).startswith("exact."):  # a copy is one only beside its original
            assert outcomes(one)[document][0] == every[document][0]
    read = one.by_stage[0]
    assert (read.not_sampled, read.judged) == (400 - len(sets[0]), len(sets[0]))
    assert one.counts["kept"] + one.counts["removed"] + one.counts["rejected"] == 400
    assert one.reproducible
    record = Ledger(one.store).find(one.run)
    assert record.manifest["portion"] == {"sample": 0.2, "seed": 0}
    assert (
        record.manifest["segments"][0]["table"] != Ledger(whole.store).find(whole.run).manifest["segments"][0]["table"]
    )
    assert sl.reproduce(one.run, store=tmp_path / "store", spark=spark).same
    left_out = next(i for i, (_, why) in outcomes(one).items() if why == "read.not_sampled")
    facts = explain(one.store, left_out, one.run)
    assert (facts["outcome"], facts["stage"], facts["portion"]) == ("removed", "read", {"sample": 0.2, "seed": 0})
    segment = one.store.spark.read.format("delta").load(f"{one.store.root}/{record.manifest['segments'][0]['table']}")
    unsampled = segment.where("verdict.reason = 'read.not_sampled'")
    assert unsampled.where("text IS NOT NULL OR payload IS NOT NULL OR meta IS NOT NULL").count() == 0


def test_gates_do_not_count_what_is_not_sampled(spark, tmp_path):
    write_jsonl(tmp_path / "in.jsonl", documents(3000))
    gates = ["gates.max_removed=0.9", "gates.min_kept=2000", "gates.max_removed_by_source.default=0.9"]
    result = run(spark, tmp_path, tmp_path / "in.jsonl", sample=0.05, set=gates)
    assert result.counts["removed"] > 2700
    assert result.by_stage[0].sources["default"].shown == result.by_stage[0].judged


def test_a_limit_reads_the_first_records_and_is_no_whole_file_later(spark, tmp_path):
    write_jsonl(tmp_path / "in/a.jsonl", documents(50))
    write_jsonl(tmp_path / "in/b.jsonl.gz", documents(50, start=50))
    pq.write_table(pa.Table.from_pylist(documents(50, start=100)), tmp_path / "in/c.parquet")
    some = run(spark, tmp_path, tmp_path / "in", limit=70)
    assert {row.url for row in some.fates.collect()} == {f"https://a.example/{i}" for i in range(70)}
    assert (some.counts["read"], some.reproducible, dict(some.portion)) == (70, False, {"limit": 70, "cut": True})
    record = Ledger(some.store).find(some.run)
    assert [f.get("first") for f in record.manifest["inputs"]] == [None, 20]
    with pytest.raises(NotFound, match="the run read only the first 70 records"):
        explain(some.store, "https://a.example/99", some.run)
    whole = run(spark, tmp_path, tmp_path / "in")
    assert whole.counts["read"] == 150
    assert whole.content_hash == run(spark, tmp_path, tmp_path / "in", store="fresh").content_hash
    table = whole.store.spark.read.format("delta").load(f"{whole.store.root}/{record.manifest['segments'][0]['table']}")
    held = {
        r.file.rsplit("/", 1)[1]: r["count"] for r in table.where("split IS NULL").groupBy("file").count().collect()
    }
    assert held == {"a.jsonl": 50, "b.jsonl.gz": 70, "c.parquet": 50}  # a.jsonl was read whole and is reused
    third = run(spark, tmp_path, tmp_path / "in", limit=120, store="third")
    assert {row.url for row in third.fates.collect()} == {f"https://a.example/{i}" for i in range(120)}
    assert sl.reproduce(some.run, store=tmp_path / "store", spark=spark).same
    assert not check_store(some.store).findings
    same = run(spark, tmp_path, tmp_path / "in", limit=70, resume=True)
    assert same.found
    assert not same.reproducible


def test_a_limit_that_is_not_reached_takes_nothing_away(spark, tmp_path):
    write_jsonl(tmp_path / "in/a.jsonl", documents(20))
    result = run(spark, tmp_path, tmp_path / "in", limit=1000)
    assert (result.counts["read"], result.reproducible, dict(result.portion)) == (
        20,
        True,
        {"limit": 1000, "cut": False},
    )


def test_tables_and_frames_have_first_records_too(spark, tmp_path):
    frame = spark.createDataFrame(pa.Table.from_pylist(documents(90))).repartition(3)
    path = str(tmp_path / "t")
    frame.write.format("delta").option("delta.enableDeletionVectors", "true").save(path)
    spark.sql(f"DELETE FROM delta.`{path}` WHERE id IN ('d1', 'd2', 'd30', 'd60')")
    few = run(spark, tmp_path, f"delta:{path}", limit=50)
    assert (few.counts["read"], few.reproducible) == (50, False)
    assert max(r.offset for r in few.fates.collect()) < 60
    again = run(spark, tmp_path, f"delta:{path}", limit=50)
    assert again.by_stage[0].reused
    assert run(spark, tmp_path, frame, limit=7, sample=0.9).counts["read"] == 7
    assert run(spark, tmp_path, f"delta:{path}", optimize=True, sample_rows=20).counts["read"] == 86


def test_what_leaves_nothing_is_refused(spark, tmp_path):
    for wrong in ({"sample": 0.0}, {"sample": 1.5}, {"limit": 0}):
        with pytest.raises(UsageError, match="expected"):
            run(spark, tmp_path, tmp_path, **wrong)
    with pytest.raises(UsageError, match="input: int cannot be read; expected a path, a data frame"):
        run(spark, tmp_path, 7)
    with pytest.raises(UsageError, match="names no source"):
        sl.run("quickstart", input={"a b": "x"}, store=tmp_path / "store", spark=spark)
