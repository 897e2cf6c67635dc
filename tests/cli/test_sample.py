"""`llmdata sample` and `llmdata demo`: what they print, what they refuse, and that all that was planted is found."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from spark_llmdata.cli import main, sample
from spark_llmdata.cli.sample import describe_rows, suggest_commands
from spark_llmdata.errors import MissingExtra, NotFound
from spark_llmdata.sample import PAGES, Fate, Label, Row


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_sample_says_what_it_wrote_and_how_to_go_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "my sample"
    code, out, err = call(capsys, "sample", str(folder), "--pages", "50")
    assert (code, err) == (0, "")
    assert "clean" in out
    assert f"llmdata run demo --input '{folder}' --store STORE" in out
    assert (folder / "_labels.jsonl").is_file()


@pytest.mark.parametrize("command", ["sample", "demo"])
def test_the_help_names_the_usual_number_of_pages(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert f"in addition ({PAGES})" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--check", "store", "--pages", "60"], "--pages is for writing a sample"),
        (["--run", "x"], "--run belongs to --check"),
        (["--check", "nowhere"], "holds no _labels.jsonl"),
        (["--pages", "1"], "expected 50 to 20,000"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_spark(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    code, out, err = call(capsys, "sample", str(tmp_path), *arguments)
    assert (code in (1, 2), out) == (True, "")
    assert told in err


def test_the_table_is_plain_where_nobody_sees_colors() -> None:
    rows = [
        Row("near copy", 3, 2, 0, {"minhash.near_duplicate": 2}, ["https://a.example: kept"]),
        Row("clean", 2_000, 0, 4, {}, [], ["https://b.example: removed, c4.curly_bracket"] * 4),
    ]
    text = describe_rows(rows)
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 100
    lines = [line.split() for line in text.splitlines()]
    assert ["near", "copy", "3", "2", "1", "0", "minhash.near_duplicate"] in lines
    assert ["clean", "2,000", "-", "-", "4"] in lines
    assert text.count("wrongly   clean: https://b.example") == 2
    assert "missed    near copy: https://a.example: kept" in text


def test_questions_are_of_records_that_are_there() -> None:
    labels = [
        Label("f", 1, "https://a.example/?x=1&y=2", "near copy", "one of a group"),
        Label("f", 2, "https://b.example/", "near copy", "one of a group"),
        Label("f", 3, None, "damaged member", "rejected"),
    ]
    fates = {("f", 1): Fate("removed", "r"), ("f", 2): Fate("removed", "r"), ("f", 3): Fate("rejected", "r")}
    commands = [command for _, command in suggest_commands(labels, fates, "my store", "llmdata")]
    assert commands == [
        "llmdata why 'https://a.example/?x=1&y=2' --store 'my store'",
        "llmdata why f:3 --store 'my store'",
    ]


def test_a_run_over_other_files_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spark_llmdata.sample.collect_fates", lambda run, labels: {("other.jsonl", 0): Fate("kept")})
    run = SimpleNamespace(run="20260101T000000-00000000")
    with pytest.raises(NotFound, match="read none of the 1 records that the labels name"):
        sample._compare(run, [Label("f", 1, None, "clean", "kept")])  # type: ignore[arg-type]


@pytest.mark.parametrize("missing", [False, True])
def test_a_report_that_cannot_be_drawn_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, missing: bool) -> None:
    asked: dict[str, Any] = {}

    def write(run: str, **options: Any) -> None:
        asked.update(options, run=run)
        if missing:
            raise MissingExtra("altair is not installed")

    monkeypatch.setattr("spark_llmdata.report.page.api.write_report", write)
    run = SimpleNamespace(run="20260101T000000-00000000", store=SimpleNamespace(spark="session"))
    said: list[str] = []
    written = sample._write_report(run, "store", tmp_path / "report.html", said.append)  # type: ignore[arg-type]
    assert written == (None if missing else str(tmp_path / "report.html"))
    assert (asked["run"], asked["store"], asked["spark"]) == (run.run, "store", "session")
    assert ("  no report: altair is not installed" in said) == missing


@pytest.fixture(scope="module")
def demo(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A small demo, and the object it printed."""
    folder = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        said: list[str] = []
        patch.setattr(sys.modules["spark_llmdata.cli.main"], "_print", said.append)
        assert main(["demo", str(folder), "--pages", "120", "--json"]) == 0
    return folder, json.loads(said[0])


@pytest.mark.spark
@pytest.mark.slow
def test_all_that_was_planted_is_found(demo: tuple[Path, dict[str, Any]]) -> None:
    _, facts = demo
    rows = {row["defect"]: row for row in facts["defects"]}
    assert len(rows) == 21
    assert {defect: row["missed_examples"] for defect, row in rows.items() if row["missed"]} == {}
    assert {
        d: row["wrongly_removed_examples"] for d, row in rows.items() if row["wrongly_removed"] and d != "clean"
    } == {}
    assert rows["clean"]["planted"] == 120
    assert rows["clean"]["wrongly_removed"] <= 2
    assert rows["near copy"]["by"] == {"minhash.near_duplicate": rows["near copy"]["planted"]}


@pytest.mark.spark
def test_the_questions_have_answers(demo: tuple[Path, dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    _, facts = demo
    reasons = []
    for command in facts["try"]:
        _, *arguments = shlex.split(command)
        code, out, _ = call(capsys, *arguments, "--json")
        assert code == 0
        reasons.append(json.loads(out)["reason"])
    assert reasons == ["minhash.near_duplicate", "gopher_quality.too_many_hashes", "read.corrupt"]


@pytest.mark.spark
def test_check_tells_the_same_of_the_store(
    demo: tuple[Path, dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, facts = demo
    code, out, _ = call(capsys, "sample", str(folder / "crawl"), "--check", str(folder / "store"), "--json")
    assert code == 0
    assert json.loads(out) == {"run": facts["run"], "defects": facts["defects"]}
