"""Structs in Parquet files whose members count as the record's own."""

from __future__ import annotations

from datetime import datetime, timezone

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import spark_llmdata as sl
from spark_llmdata.errors import InputError
from tests.runner.corpora import good_text, write_jsonl

pytestmark = pytest.mark.spark

RECIPE = "name: opened\nread: {columns: {meta: metadata}}\nstages: [dedup.exact]\n"


def test_members_of_a_struct_are_found_as_those_of_an_object(spark, tmp_path):
    rows = []
    for i, own in enumerate([None, "https://own/1"]):
        within = {"url": f"https://in/{i}", "date": "2024-01-02", "n": i, "l": [i]}
        rows.append({"text": good_text(i), "url": own, "metadata": within})
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    write_jsonl(tmp_path / "b.jsonl", [{"text": good_text(9), "metadata": {"url": "https://in/9", "n": 9}}])
    (tmp_path / "r.yaml").write_text(RECIPE)
    inputs = [tmp_path / "a.parquet", tmp_path / "b.jsonl"]
    run = sl.run(tmp_path / "r.yaml", input=inputs, store=tmp_path / "s", spark=spark)
    found = {r.text: r for r in run.corpus.collect()}
    first, second, third = (found[good_text(i)] for i in (0, 1, 9))
    assert (first.url, second.url, third.url) == ("https://in/0", "https://own/1", "https://in/9")
    assert first.meta == {"n": "0", "l": "[0]"}
    assert third.meta == {"n": "9"}
    assert first.date.astimezone(timezone.utc).date() == datetime(2024, 1, 2, tzinfo=timezone.utc).date()


def test_a_map_is_not_opened(spark, tmp_path):
    table = pa.table({"text": ["t"], "metadata": pa.array([[("url", "u")]], pa.map_(pa.string(), pa.string()))})
    pq.write_table(table, tmp_path / "a.parquet")
    (tmp_path / "r.yaml").write_text(RECIPE)
    with pytest.raises(InputError, match=r"metadata is map<string,string> in Parquet files; expected a struct"):
        sl.run(tmp_path / "r.yaml", input=tmp_path / "a.parquet", store=tmp_path / "s", spark=spark)
