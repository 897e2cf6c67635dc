"""docs/own_data.md is run, in the session of the tests; what it says comes out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.repo.blocks import find_blocks, run_block

PAGE = "docs/own_data.md"


@pytest.mark.spark
@pytest.mark.slow
@pytest.mark.usefixtures("spark")
def test_the_page_runs(repository: Path, tmp_path: Path, address: Path) -> None:
    blocks = find_blocks((repository / PAGE).read_text("utf-8"))
    said = [run_block(PAGE, block, tmp_path, address) for block in blocks if block.language != "yaml"]
    ran = next(text for text in said if "recent.undecided" in text)
    for reason in (
        "url.listed_",
        "no_shouting.too_many_capitals",
        "licensed.unknown_licence",
        "recent.unmet",
        "minhash.near_duplicate",
    ):
        assert reason in ran
    manifest = json.loads((tmp_path / "training" / "_export.json").read_text("utf-8"))
    assert manifest["seed"] == 7
    swahili = [line for f in tmp_path.glob("training/*/*.jsonl") for line in f.open() if '"lang":"sw"' in line]
    assert len(swahili) == 1  # three that are nearly the same
    kept = manifest["documents"]
    assert said[-1].count(f"kept {kept}") == 2  # what went out came in again, and no document of it was lost
