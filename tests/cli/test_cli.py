"""The command line: exit codes, pure JSON on standard output, sentences on standard error."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from spark_llmdata.cli import main
from spark_llmdata.errors import UsageError
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
        "outcome",
        "stage",
        "reason",
        "score",
        "threshold",
        "evidence",
        "survivor",
        "path",
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


def test_no_command_is_wrong_use():
    ran = subprocess.run([sys.executable, "-m", "spark_llmdata.cli.main"], capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "COMMAND" in ran.stderr


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
    monkeypatch.setattr("spark_llmdata.cli.commands.session", lambda options: None)
    write_jsonl(tmp_path / "a.jsonl", documents(1))
    settings = ["gates.min_kept=1", "filter.gopher_quality.min_words=60"]
    arguments = ["--input", str(tmp_path / "a.jsonl"), "--store", str(tmp_path / "s")]
    assert main(["run", "quickstart", *arguments, *(word for s in settings for word in ("--set", s))]) == 2
    assert "far enough" in capsys.readouterr().err
    assert (given["recipe"], list(given["set"])) == ("quickstart", settings)
