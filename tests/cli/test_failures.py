"""What the platform says becomes a sentence with what to do, and no trace."""

from __future__ import annotations

import pytest

from spark_llmdata.cli import main
from spark_llmdata.cli.failures import explain, summarize
from spark_llmdata.errors import UsageError
from spark_llmdata.session import check_master, explain_start
from spark_llmdata.store.delta import check_folder

TRACE = "An error occurred while calling o80.save.\n: {}\n\tat org.apache.spark.Some.method(Some.scala:12)\n"


@pytest.mark.parametrize(
    ("said", "code", "words"),
    [
        ("java.io.IOException: No space left on device", 3, "the disk is full (No space left on device): free some"),
        (
            "DeltaIOException: [DELTA_CANNOT_CREATE_LOG_PATH] Cannot create file:/proc/x/runs/_delta_log",
            2,
            "the store's folder file:/proc/x/runs/_delta_log cannot be made",
        ),
        ('UnsupportedFileSystemException: No FileSystem for scheme "s3a"', 3, "cannot write to s3a: URLs"),
        ("java.lang.OutOfMemoryError: Java heap space", 3, "(OutOfMemoryError: Java heap space); give it more: --conf"),
        ("java.io.FileNotFoundException: /x/y (Permission denied)", 2, "(/x/y (Permission denied)); change the"),
        ("java.lang.Unknown: something", 1, "RuntimeError: An error occurred while calling o80.save."),
    ],
)
def test_a_trace_becomes_a_sentence(said, code, words):
    found, sentence = explain(RuntimeError(TRACE.format(said)))
    assert found == code
    assert words in sentence
    assert "\n" not in sentence
    assert "Some.scala" not in sentence


def test_a_place_without_permission_is_named():
    assert explain(PermissionError(13, "Permission denied", "a/b.yaml")) == (
        2,
        "a/b.yaml: this user may not read or write it; change its permissions, or name another place",
    )


def test_a_store_that_cannot_be_there_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="--store is empty"):
        check_folder(" ")
    with pytest.raises(UsageError, match=r"lies below .*file, which is a file; expected a folder"):
        check_folder(str(tmp_path / "file/store"), must_write=True)
    assert check_folder(str(tmp_path / "new/store"), must_write=True) == str(tmp_path / "new/store")


def test_a_folder_of_somebody_else_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(UsageError, match=f"this user may not write to {tmp_path}"):
        check_folder(str(tmp_path / "store"), must_write=True)
    check_folder(str(tmp_path / "store"))  # to read is something else


@pytest.mark.parametrize(
    "master",
    [
        "local",
        "local[2]",
        "local[*]",
        "local[*,4]",
        "local-cluster[2,1,1024]",
        "yarn",
        "spark://a:7077,b:7077",
        "k8s://https://c:443",
    ],
)
def test_masters(master):
    check_master(master)


@pytest.mark.parametrize("master", ["lokal[2]", "local[]", "spark://a", "", "sc://a:15002", "Yarn"])
def test_masters_that_are_none(master):
    with pytest.raises(UsageError, match=r"Spark knows no such master; expected local\[N\]"):
        check_master(master)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["run", "quickstart", "a.jsonl", "--store", "s"],
            "'a.jsonl'; what to read is named by --input; see llmdata run",
        ),
        (["run", "quickstart", "--store", "s", "--sett", "x=1"], "'--sett', did you mean '--set'?"),
        (["why", "x", "y", "--store", "s"], "unknown argument 'y'; see llmdata why --help"),
    ],
)
def test_an_argument_too_many(arguments, words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            (
                "at a.b.X(X.scala:1)\njava.lang.IllegalArgumentException: System memory 102760448 must be at least "
                "471859200. Please increase heap size"
            ),
            "System memory 102760448 must be at least 471859200; give it at least 1g: --conf spark.driver.memory=1g",
        ),
        ("Invalid maximum heap size: -Xmxlots\nError: Could not create", "such as --conf spark.driver.memory=4g"),
        (
            "SparkException: All masters are unresponsive! Giving up.",
            "nobody answers at --master; expected a Spark master that runs",
        ),
        ("[JAVA_GATEWAY_EXITED] x\n:: UNRESOLVED DEPENDENCIES ::", "Delta's jars cannot be fetched; fetch them once"),
        (
            (
                "An error occurred while calling None.X.\n: a.b.SparkException: one\n\tat a.b.C(D.scala:1)\n"
                "Caused by: java.net.BindException: Cannot assign requested address\n\tat e.f.G(H.java:2)\n"
            ),
            "Spark did not start: java.net.BindException: Cannot assign requested address; `llmdata doctor` checks",
        ),
        ("\nsomething else\nmore", "Spark did not start: something else; `llmdata doctor`"),
        ("", "Spark did not start: it said nothing; "),
    ],
)
def test_a_start_that_fails_says_why(said, words):
    told = explain_start(said)
    assert words in told
    assert "\n" not in told
    assert ".scala" not in told


@pytest.mark.parametrize(
    ("noted", "line"),
    [
        ("RunFailed: too few\nmore", "RunFailed: too few"),
        ("PythonException: \n  File x\nspark_llmdata.errors.EnvironmentProblem: http://a: 403", "http://a: 403"),
        ("PythonException: \n  An exception was thrown\nValueError: no\n", "PythonException: ValueError: no"),
        ("PythonException:", "PythonException:"),
        ("", "no reason was noted"),
    ],
)
def test_a_noted_error_is_told_in_a_line(noted, line):
    assert summarize(noted) == line
