"""The README is run: every block of it that a reader may copy, in order, in one empty folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.repo.blocks import find_blocks, run_block


@pytest.mark.spark
@pytest.mark.slow
@pytest.mark.usefixtures("spark")
def test_the_readme_runs(repository: Path, tmp_path: Path, address: Path) -> None:
    blocks = find_blocks((repository / "README.md").read_text("utf-8"))
    assert blocks, "README.md has no block that can be run"
    for name in ("conf", "jobs"):
        (tmp_path / name).symlink_to(repository / name)
    for block in blocks:
        if block.language != "yaml":
            run_block("README.md", block, tmp_path, address)
