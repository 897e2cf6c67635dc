"""Columns of Parquet as pandas and others write them: instants in nanoseconds, types that Spark has not."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import spark_llmdata as sl
from spark_llmdata.errors import InputError
from spark_llmdata.report.raw import read_raw
from spark_llmdata.report.show import show
from tests.runner.corpora import good_text

pytestmark = pytest.mark.spark

ROWS = range(6)
TEXTS = [good_text(i) + "\r\n" + good_text(i + 10) for i in ROWS]  # an edit, which `show` replays from the input
#: Before and behind 1970; the last ones that are there, of which a quotient by way of a double would be another.
NANOSECONDS = [1_700_000_000_123_456_789, -1, -(2**63) + 1, 2**63 - 1, None, -1_000]


@pytest.fixture(scope="module")
def built(spark, tmp_path_factory):
    folder = tmp_path_factory.mktemp("types")
    table = pa.table(
        {
            "id": [str(i) for i in ROWS],
            "text": TEXTS,
            "date": pa.array(NANOSECONDS, pa.timestamp("ns")),
            "crawled": pa.array(NANOSECONDS, pa.timestamp("ns", "UTC")),
            "number": pa.array([7] * 6, pa.int64()),
        }
    )
    (folder / "in").mkdir()
    pq.write_table(table, folder / "in/pandas.parquet")
    other = pa.table({"id": ["plain"], "text": [TEXTS[0]], "date": pa.array([datetime(2024, 1, 1, 3)])})
    pq.write_table(other, folder / "in/plain.parquet")
    old = pa.table({"id": ["int96"], **{n: table[n][:1] for n in ("text", "date", "crawled", "number")}})
    pq.write_table(old, folder / "in/spark.parquet", use_deprecated_int96_timestamps=True)
    packed = {"id": [b"b0", b"\xff"], "text": TEXTS[:2], "sha": [b"text", b"\xff\xfe"]}
    pq.write_table(pa.table(packed), folder / "in/binary.parquet")
    (folder / "none.yaml").write_text("name: none\nstages:\n  - clean.unicode\n")
    return sl.run(folder / "none.yaml", input=folder / "in", store=folder / "store", spark=spark)


def test_nanoseconds_are_instants_cut_to_microseconds(built):
    asked = "CAST(id AS INT) AS id", "unix_micros(date) AS date", "meta['number'] AS number"
    rows = {r.id: r for r in built.corpus.where("id RLIKE '^[0-9]$'").selectExpr(*asked).collect()}
    assert [rows[i].date for i in ROWS] == [None if n is None else n // 1000 for n in NANOSECONDS]
    assert {r.number for r in rows.values()} == {"7"}


def test_other_instants_are_told_as_such_in_meta(built):
    row = built.corpus.where("id = '0'").selectExpr("meta['crawled'] AS crawled").collect()[0]
    assert row.crawled == "2023-11-14 22:13:20.123456"


@pytest.mark.parametrize(("doc", "date"), [("0", "2023-11-14T22:13:20.123456789"), ("plain", "2024-01-01T03:00:00")])
def test_a_row_is_read_again_in_a_session_of_another_time_zone(built, spark, doc, date):
    """A date without a zone is UTC in a run; taken for New York's it would make another document's id."""
    before = spark.conf.get("spark.sql.session.timeZone")
    spark.conf.set("spark.sql.session.timeZone", "America/New_York")
    try:
        data = read_raw(built.store, doc).data.decode()
        assert show(built.store, doc)["shown"]["proven"]
    finally:
        spark.conf.set("spark.sql.session.timeZone", before)
    assert f'"date": "{date}"' in data


def test_the_older_form_of_instants_is_read_beside(built):
    """Spark's own, until late: to Arrow it is in nanoseconds as well."""
    rows = built.corpus.where("id IN ('int96', '0')").selectExpr("unix_micros(date) AS date").collect()
    assert [r.date for r in rows] == [NANOSECONDS[0] // 1000] * 2


def test_binary_columns_are_texts_where_they_can_be(built):
    rows = built.corpus.where("id LIKE 'b%' OR id = '/w=='").selectExpr("id", "meta['sha'] AS sha").collect()
    assert {r.id: r.sha for r in rows} == {"b0": "text", "/w==": "//4="}


def test_instants_in_nanoseconds_of_an_opened_column(spark, tmp_path):
    inner = pa.StructArray.from_arrays(
        [pa.array(NANOSECONDS, pa.timestamp("ns")), pa.array(NANOSECONDS, pa.timestamp("ns"))], ["created", "seen"]
    )
    pq.write_table(pa.table({"text": TEXTS, "id": [str(i) for i in ROWS], "metadata": inner}), tmp_path / "in.parquet")
    recipe = "name: opened\nread:\n  columns: {date: created, meta: metadata}\nstages:\n  - clean.unicode\n"
    (tmp_path / "opened.yaml").write_text(recipe)
    run = sl.run(tmp_path / "opened.yaml", input=tmp_path / "in.parquet", store=tmp_path / "s", spark=spark)
    asked = "CAST(id AS INT) AS id", "unix_micros(date) AS date", "meta['seen'] AS seen"
    rows = {r.id: r for r in run.corpus.selectExpr(*asked).collect()}
    assert [rows[i].date for i in ROWS] == [None if n is None else n // 1000 for n in NANOSECONDS]
    assert rows[0].seen == "2023-11-14 22:13:20.123456"


@pytest.mark.parametrize(
    ("names", "column", "told"),
    [
        (["text", "part"], pa.array([1, 2], pa.time64("ns")), r"TIME\(NANOS"),
        (["text", "part"], pa.array([1, 2], pa.float16()), "FLOAT16"),
        (["text", "TEXT"], pa.array(["a", "b"]), "`text` already exists"),
        (["text", "_metadata"], pa.array(["a", "b"]), '"_metadata"'),
    ],
)
def test_what_spark_cannot_read_is_told_with_its_file(spark, tmp_path, names, column, told):
    pq.write_table(pa.table([pa.array(TEXTS[:2]), column], names=names), tmp_path / "odd.parquet")
    with pytest.raises(InputError, match=rf"odd.parquet: Spark, which reads Parquet itself, cannot \(.*{told}"):
        sl.run("quickstart", input=tmp_path / "odd.parquet", store=tmp_path / "s", spark=spark)


def test_instants_in_nanoseconds_within_a_list_are_refused(spark, tmp_path):
    """Numbers in `meta` would be taken for something else."""
    lists = pa.ListArray.from_arrays([0, 1, 2], pa.array([1, 2], pa.timestamp("ns")))
    pq.write_table(pa.table({"text": TEXTS[:2], "seen": lists}), tmp_path / "in.parquet")
    with pytest.raises(
        InputError, match=r"in.parquet: seen\..*: instants in nanoseconds within a list.*in microseconds"
    ):
        sl.run("quickstart", input=tmp_path / "in.parquet", store=tmp_path / "s", spark=spark)
