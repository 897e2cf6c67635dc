"""A session that dies under a command: a sentence of ours, not the connection's."""

from __future__ import annotations

import json

from spark_llmdata.cli import main
from spark_llmdata.cli.main import _COMMANDS


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
