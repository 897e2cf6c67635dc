"""Tables as inputs: how they are named. What Spark says of them is tested with runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from spark_llmdata.errors import InputError
from spark_llmdata.sources import tables
from spark_llmdata.sources.inputs import find_files, is_archive, plan_splits
from spark_llmdata.sources.split import InputFile
from spark_llmdata.sources.tables import Name, parse_table


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("table:a.b.c", Name("table:", "a.b.c", None)),
        ("table:docs@v0", Name("table:", "docs", 0)),
        ("delta:/x/y@v12", Name("delta:", "/x/y", 12)),
        ("delta:s3a://bucket/y@2024", Name("delta:", "s3a://bucket/y@2024", None)),
        ("delta:/x@v1@v2", Name("delta:", "/x@v1", 2)),
        ("copy:20240501T120000-1a2b3c4d-0:dataframe", Name("copy:", "20240501T120000-1a2b3c4d-0:dataframe", None)),
    ],
)
def test_a_table_is_a_name_and_perhaps_a_version(argument: str, expected: Name) -> None:
    assert parse_table(argument) == expected
    assert expected.url == argument


@pytest.mark.parametrize("argument", ["table:", "table:a..b", "delta:", "table:.x"])
def test_what_names_no_table_is_said(argument: str) -> None:
    with pytest.raises(InputError, match="names no table; expected table:CATALOG.SCHEMA.NAME or delta:PATH"):
        find_files([f"web={argument}"])


def test_what_a_run_has_copied_is_no_input_of_another() -> None:
    with pytest.raises(
        InputError, match="copy:R-0:dataframe: is how a run calls what it has copied .* expected table:"
    ):
        find_files(["web=copy:R-0:dataframe"])
    (noted,) = find_files(["web=copy:R-0:dataframe"], noted=True).files
    assert (noted.url, noted.format) == ("copy:R-0:dataframe", "table")


def test_tables_stand_beside_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.jsonl").write_text("{}")
    monkeypatch.chdir(tmp_path)
    found = find_files(["web=table:lake.pages@v3", "old=delta:deep/table", "a.jsonl"]).files
    assert [(f.source, f.url, f.format) for f in found] == [
        ("default", f"{tmp_path}/a.jsonl", "jsonl"),
        ("old", f"delta:{tmp_path}/deep/table", "table"),
        ("web", "table:lake.pages@v3", "table"),
    ]
    assert len(plan_splits(found)) == 1
    assert not any(is_archive(f"table:x.{name}") for name in ("warc", "arc"))


def test_a_table_has_one_source() -> None:
    with pytest.raises(InputError, match="two sources, a and b"):
        find_files(["a=table:t", "b=table:t"])


def test_its_own_id_and_not_its_size_tell_a_table() -> None:
    one = InputFile("table:t@v3", 10, 0, "web", "table", etag="x")
    assert one.digest == InputFile("table:t@v3", 99, 0, "web", "table", etag="x").digest
    assert one.digest != InputFile("table:t@v3", 10, 0, "web", "table", etag="y").digest
    assert one.digest != InputFile("table:t@v4", 10, 0, "web", "table", etag="x").digest


def test_a_copy_lies_in_the_store_wherever_that_is() -> None:
    copy = InputFile("copy:R-0:dataframe", 0, 0, "web", "table")
    assert tables.locate(copy, "/moved/inputs").at == "/moved/inputs/R-0"
    assert tables.locate(copy, "/moved/inputs").digest == tables.locate(copy, "/x/inputs").digest
    other = InputFile("table:t", 0, 0, "web", "table")
    assert tables.locate(other, "/x") is other


@pytest.mark.parametrize(
    ("types", "problem"),
    [
        ({"body": "string"}, "t: no column 'text'; it has body. Say which one holds the text"),
        ({"text": "bigint"}, r"t: column 'text' \(text\) is bigint; expected a string column"),
        ({"text": "string", "url": "struct<a:int>"}, r"column 'url' \(url\) is struct<a:int>"),
    ],
)
def test_columns_are_checked_before_anything_is_read(types: dict[str, str], problem: str) -> None:
    columns = {c: c for c in ("id", "url", "text", "lang", "source")}
    tables.check_types("t", {"text": "varchar(9)", "url": "void", "n": "int"}, columns)
    with pytest.raises(InputError, match=problem):
        tables.check_types("t", types, columns)
