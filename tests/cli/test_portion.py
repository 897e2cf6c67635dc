"""What part of the input to look at, as it is typed: what leaves nothing is refused before anything starts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spark_llmdata.cli import main
from spark_llmdata.cli.portion import tell_part


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--sample", "0"], "--sample 0: expected a share of the documents above 0 and below 1, such as 0.01"),
        (["--sample", "10"], "--sample 10: expected a share"),
        (["--limit", "-5"], "--limit -5: expected how many records to read, 1 or more"),
        (["--sample-seed", "3"], "--sample-seed belongs to --sample; add it"),
    ],
)
@pytest.mark.parametrize("command", ["run", "plan"])
def test_what_leaves_nothing_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, command: str, arguments: list[str], said: str
) -> None:
    more = ["--input", "x.jsonl", "--store", str(tmp_path / "store")] if command == "run" else []
    assert main([command, "quickstart", *more, *arguments]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "store").exists()


def test_a_plan_says_what_is_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "quickstart", "--sample", "0.1", "--sample-seed", "1", "--limit", "50", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["portion"] == {"sample": 0.1, "seed": 1, "limit": 50, "cut": True}
    assert main(["plan", "quickstart", "--sample", "0.1"]) == 0
    assert capsys.readouterr().out.startswith("recipe quickstart, of the input only a sample of 10 %\n")


def test_a_remark_says_what_was_looked_at() -> None:
    assert tell_part(None) == []
    assert tell_part({"sample": 0.01, "seed": 0}) == ["of the input only a sample of 1 %\n"]
    limited = tell_part({"limit": 5, "cut": True})
    assert limited[0] == "of the input only the first 5 records\n"
    assert limited[1].startswith("not reproducible: which records are the first ones")
    assert len(tell_part({"limit": 5, "cut": False})) == 1
