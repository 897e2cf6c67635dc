"""What `llmdata plan --input` prints: by inputs that are read here, without Spark."""

from __future__ import annotations

import json
import re

import pytest

from spark_llmdata.cli import main
from tests.runner.corpora import documents, write_jsonl


@pytest.fixture
def inputs(tmp_path):
    write_jsonl(tmp_path / "in/a.jsonl", documents(140))
    return str(tmp_path / "in")


def told(capsys, *arguments) -> dict:
    assert main(["plan", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_rows_bytes_and_seconds_of_each_pass(inputs, capsys):
    facts = told(capsys, "quickstart", "--input", inputs, "--cores", "2")
    passes = facts["estimated"]["passes"]
    assert [p["step"] for p in passes] == ["start", "read", "judge", "compare", "fates", "corpus"]
    assert [p["rows"] for p in passes] == [0, 140, 140, 120, 140, 120]
    assert passes[1]["bytes"] == facts["input"]["bytes"]
    assert all(p["seconds"] > 0 for p in passes)
    assert facts["estimated"]["removed"]["filter.gopher_quality"] == pytest.approx(20 / 140, abs=1e-4)
    assert facts["estimated"]["by"]["sample"] == {
        "records": 140, "of_records": 140, "counted": True, "tried": [140, 140], "files": 1,
    }  # fmt: skip
    assert facts["reuse"] is None
    assert facts["by_former_runs"] is None


def test_a_person_gets_a_table_and_what_it_leaves_out(inputs, capsys):
    assert main(["plan", "quickstart", "--input", inputs, "--cores", "1"]) == 0
    text = capsys.readouterr().out
    assert re.search(r"estimated for 1 file, 0\.\d MB, 140 records, of which 140 were judged here", text)
    assert re.search(r"\n2  filter.gopher_quality +140 +120 ", text)
    assert re.search(r"in all \d+ s, and \d+ s before for Spark to start, on 1 core ", text)
    assert "dedup.exact is taken to remove nothing" in text
    assert max(map(len, text.splitlines())) <= 120


def test_a_new_store_has_nothing(inputs, capsys, tmp_path):
    facts = told(capsys, "quickstart", "--input", inputs, "--store", str(tmp_path / "store"))
    assert [r["share"] for r in facts["reuse"]] == [0, 0, 0]
    assert main(["plan", "quickstart", "--input", inputs, "--store", str(tmp_path / "store")]) == 0
    assert "in the store: nothing of it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--store", "s"], "--store belongs to --input"),
        (["--cores", "4"], "--cores belongs to --input"),
        (["--sample-rows", "4"], "--sample-rows belongs to --input"),
        (["--output", "o.yaml"], "--output saves the order that --optimize finds"),
        (["--optimize"], "--optimize measures stages on a sample of the input: add --input"),
        (["--input", "IN", "--cores", "0"], "--cores 0: expected how many cores"),
        (["--input", "IN", "--sample-rows", "0"], "--sample-rows 0: expected a number of records"),
        (["--input", "IN", "--optimize", "--cores", "2"], "--cores goes with estimates"),
        (["--input", "IN/none.jsonl"], "none.jsonl: does not exist"),
    ],
)
def test_what_makes_no_sense_is_refused(inputs, capsys, arguments, message):
    assert main(["plan", "quickstart", *(a.replace("IN", inputs) for a in arguments)]) == 2
    assert message in capsys.readouterr().err


def test_a_sample_of_a_run_needs_something_to_be_for(tmp_path, capsys):
    arguments = ["run", "quickstart", "--input", str(tmp_path), "--store", str(tmp_path / "s"), "--sample-rows", "5"]
    assert main(arguments) == 2
    assert "--sample-rows belongs to --optimize and --predict" in capsys.readouterr().err
