"""The command line: exit codes, pure JSON on standard output, sentences on standard error."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings

import pytest

from spark_llmdata.cli import commands, main
from spark_llmdata.cli.main import _COMMANDS
from spark_llmdata.errors import PartOfInput, UsageError
from spark_llmdata.stages import BUILTIN
from tests.runner.corpora import documents, write_jsonl


def answer(capsys, *arguments: str) -> tuple[int, dict, str]:
    """Exit code, the JSON object on standard output (nothing else may be there) and standard error."""
    code = main([*arguments, "--json"])
    out, err = capsys.readouterr()
    return code, json.loads(out), err


@pytest.fixture(scope="module")
def store(spark, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    write_jsonl(folder / "a.jsonl", [*documents(12), "{"])
    return folder


@pytest.mark.spark
def test_run_then_ask(store, capsys):
    arguments = ["--input", str(store / "a.jsonl"), "--store", str(store / "s")]
    code, facts, err = answer(capsys, "run", "quickstart", *arguments)
    assert code == 0
    assert set(facts) >= {"run", "state", "recipe", "counts", "by_stage", "corpus", "seconds"}
    assert facts["state"] == "done"
    assert set(facts["counts"]) == {"read", "created", "kept", "removed", "rejected"}
    assert set(facts["by_stage"][0]) >= {"stage", "in", "kept", "removed", "seconds", "reused"}
    assert set(facts["corpus"]) == {"path", "version", "content_hash"}
    assert "filter.gopher_quality: 12 in, 2 removed" in err

    assert main(["run", "quickstart", *arguments, "--resume"]) == 0
    assert f"run {facts['run']} was done before, nothing was run again" in capsys.readouterr().out

    code, runs, _ = answer(capsys, "runs", "--store", str(store / "s"))
    assert [r["run"] for r in runs["runs"]] == [facts["run"]]

    code, why, _ = answer(capsys, "why", "https://a.example/3", "--store", str(store / "s"))
    assert code == 0
    assert set(why) == {
        "doc_id",
        "url",
        "lang",
        "outcome",
        "stage",
        "reason",
        "score",
        "threshold",
        "evidence",
        "survivor",
        "path",
        "portion",
        "run",
        "run_state",
        "source",
        "location",
        "others",
    }
    assert main(["why", "https://a.example/3", "--store", str(store / "s")]) == 0
    told = capsys.readouterr().out
    assert "removed" in told
    assert "gopher_quality.too_few_words: 2, the threshold is 50" in told
    assert told.index("removed by filter.gopher_quality") < told.index("kept by    read"), "who decided comes first"

    code, nothing, err = answer(capsys, "why", "https://a.example/none", "--store", str(store / "s"))
    assert code == 1
    assert nothing["state"] == "failed"
    assert "searched 13 fates" in err

    code, exported, _ = answer(capsys, "export", "jsonl", "--store", str(store / "s"), "--output", str(store / "out"))
    assert exported["documents"] == facts["counts"]["kept"]


@pytest.mark.spark
def test_a_run_that_fails_says_so_in_json(store, capsys, tmp_path):
    write_jsonl(tmp_path / "a.jsonl", [{"text": f"short {i}"} for i in range(1000)])
    code, facts, err = answer(
        capsys, "run", "quickstart", "--input", str(tmp_path / "a.jsonl"), "--store", str(tmp_path / "s")
    )
    assert code == 1
    assert facts["state"] == "failed"
    assert facts["run"]
    assert "removed 1,000 of 1,000 documents" in err


@pytest.mark.spark
def test_doctor_tries_for_real(spark, capsys):
    code, facts, _ = answer(capsys, "doctor")
    assert [c for c in facts["checks"] if not c["ok"]] == []
    assert code == 0
    assert {c["check"] for c in facts["checks"]} >= {
        "java",
        "spark",
        "delta write and MERGE",
        "native module on executors",
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "no_such", "--input", "{input}", "--store", "s"], "neither a file nor the name of a recipe"),
        (["run", "quickstart", "--input", "{missing}", "--store", "s"], "does not exist"),
        (["run", "quickstart", "--input", "{empty}", "--store", "s"], "{empty}"),
        (
            ["run", "quickstart", "--input", "{input}", "--store", "s", "--set", "x=1"],
            "no setting of a stage or section in 'x'",
        ),
        (["stages", "filter.gopher"], "did you mean 'filter.gopher_quality'?"),
        (["runs", "--store", "{store}", "--conf", "shuffle=1"], "expected spark.key=value"),
        (["runs", "--store", "{empty}"], "holds no store"),
        (["why", "x", "--store", "{input}"], "is a file; expected a folder"),
        (["export", "jsonl", "--store", "{store}", "--output", "{store}"], "is not empty"),
    ],
)
def test_wrong_use_is_told_before_spark_starts(arguments, words, tmp_path, capsys):
    """None of these needs a session; with a wrong one (`--conf`) none is made."""
    places = {
        "input": write_jsonl(tmp_path / "a.jsonl", documents(1)),
        "missing": tmp_path / "no.jsonl",
        "empty": tmp_path / "empty",
        "store": tmp_path / "store",
    }
    (tmp_path / "empty").mkdir()
    (tmp_path / "store/runs/_delta_log").mkdir(parents=True)
    code, facts, err = answer(capsys, *(a.format(**places) for a in arguments))
    assert code == 2
    assert words.format(**places) in err
    assert facts["error"] in err


def test_stages_describe_themselves(capsys):
    facts = answer(capsys, "stages")[1]
    assert {s["kind"] for s in facts["stages"]} == set(BUILTIN)
    assert main(["stages", "filter.gopher_quality"]) == 0
    told = capsys.readouterr().out
    assert "min_words: Annotated" not in told
    assert "min_words" in told
    assert "gopher_quality.too_few_words" in told


def test_stages_tell_the_settings_of_a_language(capsys):
    def settings(*arguments):
        facts = answer(capsys, "stages", "filter.gopher_quality", *arguments)[1]
        return {s["name"]: s["default"] for s in facts["settings"]}

    usual, english, german = settings(), settings("--language", "en"), settings("--language", "deu")
    assert "nicht" in german["stop_words"]
    assert english["stop_words"] == usual["stop_words"] != german["stop_words"]
    for arguments, words in [
        (["filter.gopher_quality", "--language", "xx"], "knows nothing of it"),
        (["filter.http", "--language", "de"], "the same settings for all languages"),
        (["--language", "de"], "name the stage"),
    ]:
        code, _, err = answer(capsys, "stages", *arguments)
        assert (code, words in err) == (2, True)


def test_no_command_is_wrong_use():
    ran = subprocess.run([sys.executable, "-m", "spark_llmdata.cli.main"], capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "COMMAND" in ran.stderr
    assert "Warning" not in ran.stderr


def test_a_machine_without_java(tmp_path, monkeypatch, capsys):
    from pyspark.sql import SparkSession

    monkeypatch.setattr(SparkSession, "getActiveSession", classmethod(lambda cls: None))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    (tmp_path / "runs/_delta_log").mkdir(parents=True)
    code, _, err = answer(capsys, "runs", "--store", str(tmp_path))
    assert code == 3
    assert "Java is missing" in err
    assert "apt-get install openjdk-17" in err


def test_a_run_is_told_the_recipe_and_the_settings_as_they_were_given(tmp_path, monkeypatch, capsys):
    """The manifest holds them, for commands that say how to run it again."""
    given = {}

    def execute(recipe, **others):
        given.update(others, recipe=recipe)
        raise UsageError("far enough")

    monkeypatch.setattr("spark_llmdata.runner.run", execute)
    monkeypatch.setattr("spark_llmdata.cli.commands.session", lambda options, **_: None)
    write_jsonl(tmp_path / "a.jsonl", documents(1))
    settings = ["gates.min_kept=1", "filter.gopher_quality.min_words=60"]
    arguments = ["--input", str(tmp_path / "a.jsonl"), "--store", str(tmp_path / "s")]
    assert main(["run", "quickstart", *arguments, *(word for s in settings for word in ("--set", s))]) == 2
    assert "far enough" in capsys.readouterr().err
    assert (given["recipe"], list(given["set"])) == ("quickstart", settings)


def test_a_long_error_is_cut_between_two_words():
    assert commands._shorten("one line\nand a trace") == "one line"
    told = commands._shorten("seven77 " * 100)
    assert told == "seven77 " * 37 + "..."
    assert len(told) <= commands.MAX_ERROR


def test_of_parts_alone_a_command_says_so_and_nothing_else_changes(monkeypatch, capsys):
    def ask(options):
        warnings.warn("only a part", PartOfInput, stacklevel=1)
        warnings.warn("of a library", UserWarning, stacklevel=1)
        return {"a": 1}, "text"

    monkeypatch.setitem(_COMMANDS, "stages", ask)
    for _ in range(2):
        code, facts, err = answer(capsys, "stages")
        assert (code, facts) == (0, {"a": 1})
        assert err.startswith("llmdata: only a part\n")
        assert "UserWarning: of a library" in err


def test_an_empty_corpus_is_told():
    from dataclasses import replace

    from spark_llmdata.cli.commands import _describe_run
    from tests.runner.test_result import RESULT

    counts = {"read": 5, "created": 0, "kept": 0, "removed": 0, "rejected": 5}
    assert "the corpus is empty: nothing was kept" in _describe_run(replace(RESULT, counts=counts), "corpus", "store")
    assert "the corpus is empty" not in _describe_run(RESULT, "corpus", "store")
