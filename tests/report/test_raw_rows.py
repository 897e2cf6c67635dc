"""`llmdata show --raw` of a document from a table or a data frame: its row, as long as it can be read."""

from __future__ import annotations

import json
import shutil

import pyarrow as pa
import pytest

import spark_llmdata as sl
from spark_llmdata.cli import main
from spark_llmdata.errors import InputError
from spark_llmdata.report.raw import read_raw
from tests.runner.corpora import documents

pytestmark = pytest.mark.spark


def test_the_record_of_a_document_from_a_table_is_its_row(spark, tmp_path, capsysbinary):
    rows = [{**row, "a.b": i, "blob": bytes([i])} for i, row in enumerate(documents(20))]
    table, store = tmp_path / "t", tmp_path / "store"
    spark.createDataFrame(pa.Table.from_pylist(rows)).repartition(3).write.format("delta").save(str(table))
    run = sl.run("quickstart", input=f"web=delta:{table}", store=store, spark=spark)
    spark.sql(f"DELETE FROM delta.`{table}` WHERE id = 'd5'")  # it is there at the version that was read
    expected = {**rows[5], "blob": "\x05"}
    found = read_raw(run.store, "https://a.example/5")
    assert json.loads(found.data) == expected
    assert (found.facts["format"], found.facts["id"]) == ("table", "d5")
    assert main(["show", "d5", "--store", str(store), "--raw"]) == 0
    told = capsysbinary.readouterr()
    assert json.loads(told.out) == expected
    row = f"row {found.facts['location']['offset']} of delta:{table}@v0 (id d5)"
    assert told.err.decode() == f"llmdata: the document came from {row}; the record is that row, here as JSON\n"
    assert main(["show", "d5", "--store", str(store), "--raw", "--output", str(tmp_path / "one.json")]) == 0
    assert f"one.json: the document came from {row}" in capsysbinary.readouterr().out.decode()
    assert json.loads((tmp_path / "one.json").read_bytes()) == expected
    for path in table.glob("*.parquet"):  # as VACUUM does it
        path.unlink()
    with pytest.raises(InputError, match=rf"d5 came from row \d+ of delta:{table}@v0; its record is that row.*VACUUM"):
        read_raw(run.store, "d5")
    shutil.rmtree(table)
    with pytest.raises(InputError, match="d5 came from row .* which cannot be read any more .*cannot be read"):
        read_raw(run.store, "d5")


def test_the_record_of_a_document_from_a_frame_is_the_row_of_its_copy(spark, tmp_path):
    frame = pa.Table.from_pylist(documents(12))
    run = sl.run("quickstart", input={"mine": frame}, store=tmp_path / "store", spark=spark)
    found = json.loads(read_raw(run.store, "d4").data)
    assert {name: found[name] for name in ("id", "url", "text")} == documents(12)[4]
    shutil.rmtree(tmp_path / "store/inputs")
    with pytest.raises(InputError, match="d4 came from row 4 of copy:.*:dataframe; .* the store keeps its copy"):
        read_raw(run.store, "d4")
