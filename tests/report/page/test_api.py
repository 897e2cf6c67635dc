"""Where a report is written, and what is refused before Spark is started."""

from __future__ import annotations

import sys
from datetime import datetime, timezone
from types import SimpleNamespace

import pytest

import spark_llmdata as sl
from spark_llmdata.cli.main import main
from spark_llmdata.errors import UsageError
from spark_llmdata.report.page import api


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"output": "report.txt"}, "--output report.txt: expected the name of a file that ends in .html"),
        ({"output": "nowhere/report.html"}, "--output nowhere/report.html: there is no folder "),
        ({"output": "r.html", "examples": 0}, "--examples 0: expected a number from 1 to 20"),
        ({"output": "r.html", "examples": 21}, "--examples 21: expected a number from 1 to 20"),
        ({"output": "r.html", "tokenizer": "nowhere.json"}, "--tokenizer nowhere.json: "),
    ],
)
def test_what_is_wrong_is_said_before_spark_starts(options, said, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as raised:
        sl.write_report(store="nowhere", **options)
    assert str(raised.value).startswith(said)


def test_the_command_says_it_too(tmp_path, capsys) -> None:
    assert main(["report", "--store", str(tmp_path), "--output", str(tmp_path / "a.pdf")]) == 2
    assert "ends in .html" in capsys.readouterr().err


def test_a_page_is_replaced_whole(tmp_path, monkeypatch) -> None:
    told = SimpleNamespace(run="r1", started=datetime(2026, 1, 1, tzinfo=timezone.utc))
    monkeypatch.setattr(api, "collect", lambda store, run, **options: told)
    monkeypatch.setattr(api.Store, "open", lambda *given, **options: None)
    page = SimpleNamespace(render=lambda report: f"<p>{report.run} \u00fc")
    monkeypatch.setitem(sys.modules, "spark_llmdata.report.page.render", page)
    target = tmp_path / "report.html"
    target.write_text("old", "utf-8")
    written = sl.write_report(store="s", output=target, spark=SimpleNamespace())
    assert target.read_text("utf-8") == "<p>r1 \u00fc"
    assert written.as_json() == {"run": "r1", "output": str(target), "bytes": len("<p>r1 \u00fc".encode())}
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
