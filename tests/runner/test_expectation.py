"""A run that was predicted: rows as they come, and what the store holds is told before."""

from __future__ import annotations

import json

import pytest

import spark_llmdata as sl
from spark_llmdata.cli import main
from spark_llmdata.store.ledger import Ledger
from tests.runner.corpora import documents, write_jsonl

pytestmark = pytest.mark.spark


@pytest.fixture
def inputs(tmp_path):
    write_jsonl(tmp_path / "in/a.jsonl", documents(140))
    return tmp_path


def plan(capsys, folder, *more) -> dict:
    arguments = ["plan", "quickstart", "--input", str(folder / "in"), "--store", str(folder / "store"), "--json"]
    assert main([*arguments, *more]) == 0
    return json.loads(capsys.readouterr().out)


def test_predicted_rows_are_those_of_the_run_and_the_next_run_is_told_what_is_there(spark, inputs, capsys):
    before = plan(capsys, inputs)
    assert [r["share"] for r in before["reuse"]] == [0, 0, 0]
    said: list[str] = []
    first = sl.run(
        "quickstart", input=inputs / "in", store=inputs / "store", spark=spark, predict=True, progress=said.append
    )
    assert any("predicted by the sample: " in line for line in said)
    manifest = Ledger(first.store).find(first.run).manifest
    predicted, measured = manifest["predicted"], manifest["measured"]
    assert [p["step"] for p in predicted] == [m["step"] for m in first.measured]
    assert [p["stages"] for p in predicted] == [m["stages"] for m in first.measured]
    assert [m["step"] for m in measured] == ["start", "read", "judge", "compare", "fates"]  # written before the corpus
    for p, m in list(zip(predicted, first.measured, strict=True))[:3]:
        assert (p["rows"], p["rows_out"], p["bytes"]) == (m["rows"], m["rows_out"], m["bytes"])
        assert p["bytes_out"] == pytest.approx(m["bytes_out"], abs=1)
    assert predicted[3]["rows_out"] >= first.measured[3]["rows_out"] == first.counts["kept"]
    assert first.measured[-1]["bytes"] == sum(r.bytes for r in first.fates.where("outcome = 'kept'").collect())
    measured_here = ("seconds", "cpu_seconds", "memory_bytes")
    for p, q in zip(before["estimated"]["passes"], predicted, strict=True):
        assert {k: v for k, v in p.items() if k not in measured_here} == {
            k: v for k, v in q.items() if k not in measured_here
        }

    told = plan(capsys, inputs)
    assert [(r["share"], r["run"]) for r in told["reuse"]] == [(1, first.run)] * 3
    assert told["estimated"]["passes"][3]["rows_out"] == first.counts["kept"]
    assert told["by_former_runs"]["by"] == {"runs": [first.run]}
    write_jsonl(inputs / "in/b.jsonl", documents(140, start=140))
    assert [r["share"] for r in plan(capsys, inputs)["reuse"]] == pytest.approx([0.5, 0.5, 0], abs=0.02)

    again = sl.run("quickstart", input=inputs / "in/a.jsonl", store=inputs / "store", spark=spark)
    assert [p["rows"] for p in again.predicted] == [m["rows"] for m in first.measured[:5]] + [first.counts["kept"]]
    assert [m["reused"] for m in again.measured] == [0, 1, 1, 1, 0, 0]
    assert all(p["seconds"] <= m["seconds"] for p, m in list(zip(again.predicted, first.measured, strict=True))[1:4])
