"""A session that dies under a command: a sentence of ours, not the connection's."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from spark_llmdata.cli import commands, main, spark
from spark_llmdata.cli.main import _COMMANDS
from spark_llmdata.errors import UsageError
from spark_llmdata.session import tries_once
from spark_llmdata.sources.split import InputFile


def test_a_jvm_that_was_killed(monkeypatch, capsys, tmp_path):
    from pyspark.sql import SparkSession

    def refuse(*_: object) -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setitem(_COMMANDS, "runs", refuse)
    monkeypatch.setattr(SparkSession, "getActiveSession", refuse)
    assert main(["runs", "--store", str(tmp_path), "--json"]) == 3
    out, err = capsys.readouterr()
    assert "Spark's JVM has ended" in json.loads(out)["error"]
    assert "Spark's JVM has ended" in err


def test_another_lost_connection_is_told_as_it_is(monkeypatch, capsys, tmp_path):
    from pyspark.sql import SparkSession

    def refuse(*_: object) -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setitem(_COMMANDS, "runs", refuse)
    monkeypatch.setattr(SparkSession, "getActiveSession", lambda: None)
    assert main(["runs", "--store", str(tmp_path)]) == 1
    assert "ConnectionRefusedError" in capsys.readouterr().err


@pytest.mark.parametrize(("size", "brief"), [(100, True), (spark.BRIEF_BYTES + 1, False)])
def test_a_small_input_takes_a_session_for_brief_work(monkeypatch, tmp_path, size, brief):
    asked = []

    def make(options, *, brief=False):
        asked.append(brief)
        raise UsageError("no session here")

    monkeypatch.setattr(commands, "session", make)
    with (tmp_path / "a.jsonl").open("wb") as file:
        file.truncate(size)
    main(["run", "quickstart", "--input", str(tmp_path / "a.jsonl"), "--store", str(tmp_path / "s")])
    assert asked == [brief]


def test_a_table_or_a_lookup_of_unknown_size_is_not_brief():
    small = InputFile("/a.jsonl", 100, 0, "default", "jsonl")
    assert spark.is_brief([small, small])
    assert not spark.is_brief([small, InputFile("table:lake.pages", 0, 0, "default", "table")])
    assert not spark.is_brief([InputFile("cdx:/a.cdxj?url=x", 100, 0, "default", "cdx")])


@pytest.mark.parametrize(
    ("master", "once"),
    [("local", True), ("local[*]", True), ("local[ 3 , 1 ]", True), ("local[*,4]", False), ("local[*, 4]", False),
     ("yarn", False), ("local-cluster[2,1,1024]", False), ("", False)],
)  # fmt: skip
def test_a_local_session_tries_a_task_once(master, once):
    assert tries_once(SimpleNamespace(conf={"spark.master": master})) is once
