"""CONTRIBUTING's example is true: the diff applies, touches three files, and its stage passes the contract tests."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path


def test_the_diff_adds_a_stage(repository: Path, tmp_path: Path):
    found = re.search(r"^```diff\n(.*?)^```$", (repository / "CONTRIBUTING.md").read_text("utf-8"), re.M | re.S)
    assert found
    for folder in ("spark_llmdata", "tests", "conf"):
        shutil.copytree(repository / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(repository / "pyproject.toml", tmp_path)
    diff = found[1]
    assert len(re.findall(r"^\+\+\+ b/", diff, re.M)) == 3
    subprocess.run(["git", "apply", "-"], input=diff, text=True, cwd=tmp_path, check=True)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "word_count", "tests/contract"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(r"^1[0-9] passed", ran.stdout, re.M), ran.stdout
    kinds = [sys.executable, "-m", "spark_llmdata.cli.main", "stages", "filter.word_count"]
    told = subprocess.run(kinds, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
    assert "word_count.too_few" in told.stdout
